// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Tensors

/// A folder of its own for a test's files, removed when the test is over.
final class Scratch {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("facet-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    /// Opens `bytes` as a checkpoint and reads every tensor.
    func open(
        _ bytes: [UInt8], limits: CheckpointLimits = CheckpointLimits()
    ) throws(CheckpointError) -> Checkpoint {
        let path = path("file\(UInt64.random(in: 0 ... .max))")
        // Not through Foundation, which waits for the disk: thousands of files are opened.
        let file = fopen(path, "wb")
        _ = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        fclose(file)
        defer { unlink(path) }
        let checkpoint = try Checkpoint.open(path, limits: limits)
        for entry in checkpoint.entries where entry.type.isConvertible { _ = try checkpoint.tensor(entry.name) }
        return checkpoint
    }
}

/// The files that PyTorch and safetensors wrote; `make_fixtures.py` beside them says how.
enum Fixture {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

    static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    static func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: folder.appendingPathComponent(name)))
    }
}

/// Little-endian bytes of a number.
func little<T: FixedWidthInteger>(_ number: T) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// A safetensors file with this header, whatever it says, and `body` zero bytes.
func safetensors(_ header: String, body: Int) -> [UInt8] {
    little(UInt64(header.utf8.count)) + Array(header.utf8) + [UInt8](repeating: 0, count: body)
}

/// Writes pickles by hand.
enum Pickle {
    static let stop: [UInt8] = [0x2E]
    static let mark: [UInt8] = [0x28]
    static let reduce = Array("R".utf8)
    static let emptyDict = Array("}".utf8)

    static func text(_ text: String) -> [UInt8] { Array("X".utf8) + little(UInt32(text.utf8.count)) + Array(text.utf8) }
    static func int(_ number: Int) -> [UInt8] { [0x8A, 8] + little(Int64(number)) }
    static func tuple(_ items: [[UInt8]]) -> [UInt8] { mark + items.joined() + Array("t".utf8) }
    static func global(_ module: String, _ name: String) -> [UInt8] { Array("c\(module)\n\(name)\n".utf8) }
    static func put(_ index: UInt8) -> [UInt8] { [0x71, index] }
    static func get(_ index: UInt8) -> [UInt8] { [0x68, index] }

    static func dict(_ pairs: [([UInt8], [UInt8])]) -> [UInt8] {
        emptyDict + mark + pairs.flatMap { $0.0 + $0.1 } + Array("u".utf8)
    }

    /// A reference to the storage called `key`.
    static func storage(_ key: String, type: String = "FloatStorage", count: Int, view: [UInt8]? = nil) -> [UInt8] {
        let items = [text("storage"), global("torch", type), text(key), text("cpu"), int(count)]
        return tuple(items + (view.map { [$0] } ?? [])) + Array("Q".utf8)
    }

    static func tensor(_ storage: [UInt8], offset: Int, size: [Int], stride: [Int]) -> [UInt8] {
        global("torch._utils", "_rebuild_tensor_v2")
            + tuple([storage, int(offset), tuple(size.map(int)), tuple(stride.map(int)), [0x89], emptyDict]) + reduce
    }

    /// A legacy file whose object is `object`, with these storages of raw bytes.
    static func legacy(_ object: [UInt8], storages: [(key: String, count: Int, bytes: [UInt8])] = []) -> [UInt8] {
        let magic: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
        let keys = [0x80, 2, 0x5D] + mark + storages.flatMap { text($0.key) } + Array("e".utf8) + stop
        return magic + stop + [0x80, 2] + int(1001) + stop + [0x80, 2] + emptyDict + stop + [0x80, 2] + object + stop
            + keys + storages.flatMap { little(Int64($0.count)) + $0.bytes }
    }

    /// A legacy file with one tensor `x` over a storage of floats 0, 1, 2 ...
    static func oneTensor(floats: Int, offset: Int, size: [Int], stride: [Int]) -> [UInt8] {
        let bytes = (0..<floats).flatMap { little(Float($0).bitPattern) }
        return legacy(
            dict([(text("x"), tensor(storage("0", count: floats), offset: offset, size: size, stride: stride))]),
            storages: [("0", floats, bytes)])
    }
}

/// Writes zip files by hand, well-formed unless told otherwise.
struct ZipFile {
    var entries: [(name: String, bytes: [UInt8])]
    var method: UInt16 = 0
    /// Added to the place of the last entry's data.
    var misplacedBy: Int = 0
    /// Says sizes and places in 64 bits only.
    var isWide = false

    var bytes: [UInt8] {
        var (file, directory): ([UInt8], [UInt8]) = ([], [])
        for (index, entry) in entries.enumerated() {
            let offset = file.count &+ (index == entries.count - 1 ? misplacedBy : 0)
            let name = Array(entry.name.utf8)
            file +=
                little(UInt32(0x0403_4B50)) + [UInt8](repeating: 0, count: 22) + little(UInt16(name.count)) + [3, 0]
            file += name + [0x46, 0x42, 0x5A] + entry.bytes
            let extra =
                isWide
                ? little(UInt16(1)) + little(UInt16(24)) + little(UInt64(entry.bytes.count))
                    + little(UInt64(entry.bytes.count)) + little(Int64(offset)) : []
            let size = isWide ? UInt32.max : UInt32(entry.bytes.count)
            directory += little(UInt32(0x0201_4B50)) + [0, 0, 0, 0, 0, 0] + little(method)
            directory += [UInt8](repeating: 0, count: 8) + little(size) + little(size) + little(UInt16(name.count))
            directory += little(UInt16(extra.count)) + [UInt8](repeating: 0, count: 10)
            directory += little(isWide ? UInt32.max : UInt32(truncatingIfNeeded: offset)) + name + extra
        }
        return file + directory + end(directoryAt: file.count, after: file.count + directory.count)
    }

    private func end(directoryAt start: Int, after wideEnd: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        let count = UInt16(entries.count)
        if isWide {
            bytes += little(UInt32(0x0606_4B50)) + little(UInt64(44)) + [UInt8](repeating: 0, count: 12)
            bytes +=
                little(UInt64(count)) + little(UInt64(count)) + little(UInt64(wideEnd - start)) + little(UInt64(start))
            bytes += little(UInt32(0x0706_4B50)) + [0, 0, 0, 0] + little(UInt64(wideEnd)) + [1, 0, 0, 0]
        }
        let offset = isWide ? UInt32.max : UInt32(start)
        bytes += little(UInt32(0x0605_4B50)) + [0, 0, 0, 0] + little(isWide ? UInt16.max : count)
        return bytes + little(isWide ? UInt16.max : count) + [0, 0, 0, 0] + little(offset) + [0, 0]
    }

    /// A checkpoint with one tensor `x`, two floats, kept in the storage `0`.
    static func checkpoint(root: String = "m/", storage: [UInt8] = little(UInt64(0x4000_0000_3F80_0000))) -> ZipFile {
        let object = Pickle.dict([
            (Pickle.text("x"), Pickle.tensor(Pickle.storage("0", count: 2), offset: 0, size: [2], stride: [1]))
        ])
        return ZipFile(entries: [
            (root + "data.pkl", [0x80, 2] + object + Pickle.stop), (root + "byteorder", Array("little".utf8)),
            (root + "data/0", storage),
        ])
    }
}
