// SPDX-License-Identifier: Apache-2.0

internal import Access
internal import Catalog
internal import Foundation
internal import HTTPServer
internal import ImageDecoding
internal import ModelFolders

/// Requests read from the same bytes whole and cut where the bytes themselves say: both must mean the same.
struct RequestTarget: FuzzTarget {
    func run(_ bytes: [UInt8]) {
        let whole = Self.events([bytes[...]])
        expect(whole == Self.events(Self.pieces(bytes)), "read whole \(whole)")
    }

    private static func pieces(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        var (start, step) = (0, bytes.last ?? 1)
        while start < bytes.count {
            let end = min(bytes.count, start + 1 + Int(step % 23))
            pieces.append(bytes[start..<end])
            (start, step) = (end, step &* 31 &+ 7)
        }
        return pieces
    }

    static func events(_ pieces: [ArraySlice<UInt8>]) -> [String] {
        var limits = HTTPLimits()
        (limits.headBytes, limits.targetBytes, limits.fieldCount, limits.chunkLineBytes) = (400, 120, 8, 40)
        var parser = RequestParser(limits: limits)
        var events: [String] = []
        for piece in pieces {
            let goesOn = piece.withUnsafeBytes { bytes in
                var input = InputCursor(bytes)
                return read(&parser, &input, &events)
            }
            guard goesOn else { break }
        }
        return events
    }

    /// Reads until more is needed; false after an error.
    private static func read(
        _ parser: inout RequestParser, _ input: inout InputCursor, _ events: inout [String]
    ) -> Bool {
        while true {
            switch parser.next(&input) {
            case .needMore:
                expect(input.isEmpty, "bytes are left although more is needed")
                return true
            case .head(let head):
                events.append("\(head.method) \(head.target) \(head.headers.pairs)")
                parser.collectBody(limit: 200)
            case .bodyEnd:
                events.append("\(parser.takeBody())")
            case .failed(let error):
                events.append("\(error)")
                return false
            }
        }
    }
}

/// PNG, JPEG and WebP, with limits that keep an input's cost low.
struct ImageTarget: FuzzTarget {
    func run(_ bytes: [UInt8]) {
        let decoder = ImageDecoder(limits: ImageLimits(bytes: 1 << 20, width: 2_000, height: 2_000, pixels: 250_000))
        guard let header = try? decoder.header(of: bytes) else { return }
        guard let image = try? decoder.decode(bytes, atLeast: .shorterSide(32)) else { return }
        expect(image.pixels.count == image.width * image.height * 3, "\(image.width)x\(image.height) of \(header)")
    }
}

/// A search's filter; one that is read must match or not, without trouble.
struct FilterTarget: FuzzTarget {
    func run(_ bytes: [UInt8]) {
        guard let filter = try? Filter(bytes) else { return }
        for metadata in Self.metadata { _ = filter.matches(metadata) }
    }

    private static let metadata = [#"{}"#, #"{"a":1,"b":{"c":"x"},"d":[1,null,true]}"#]
        .compactMap { try? JSONValue(Array($0.utf8), depth: 8, size: 1_000) }
}

/// A key file.
struct KeysTarget: FuzzTarget {
    func run(_ bytes: [UInt8]) {
        guard let keys = try? KeyFile.parse(String(decoding: bytes, as: UTF8.self)) else { return }
        let again = try? KeyFile.parse(keys.map(KeyFile.line).joined(separator: "\n"))
        expect(again?.count == keys.count, "\(keys.count) keys written and read again are \(again?.count ?? -1)")
    }
}

/// A model.json.
struct ManifestTarget: FuzzTarget {
    func run(_ bytes: [UInt8]) {
        guard let manifest = try? JSONDecoder().decode(ModelManifest.self, from: Data(bytes)) else { return }
        for space in manifest.spaces { _ = manifest.space(space.name) }
        _ = try? JSONEncoder().encode(manifest)
    }
}
