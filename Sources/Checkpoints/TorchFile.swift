// SPDX-License-Identifier: Apache-2.0

internal import Tensors

/// Reads what torch.save wrote: the zip container (since PyTorch 1.6) and the legacy one (0.1.10 to 1.5).
struct TorchFile {
    private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

    private let bytes: UnsafeRawBufferPointer
    private var machine: PickleMachine

    /// Whether `bytes` begin as the legacy container does: with a pickle of its magic number, of any protocol.
    static func isLegacy(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.first == 0x80 else { return false }
        return [4, 13].contains { bytes.part($0, magic.count)?.elementsEqual(magic) == true }
    }

    // MARK: Containers

    static func readZip(
        _ bytes: UnsafeRawBufferPointer, limits: CheckpointLimits
    ) throws(CheckpointError) -> TensorTable {
        let archive = try ZipArchive(bytes)
        guard let (root, entry) = archive.first(endingWith: "data.pkl"),
            let pickle = bytes.part(entry.offset, entry.count)
        else {
            throw .unsupported(
                what: "the zip holds no data.pkl", advice: "give a file written by torch.save")
        }
        if let order = archive.entries[root + "byteorder"],
            let text = bytes.part(order.offset, order.count),
            !text.elementsEqual("little".utf8)
        {
            throw bigEndian
        }
        var file = TorchFile(
            bytes: bytes, machine: PickleMachine(pickle, fileBytes: bytes.count, limits: limits))
        let object = try file.machine.run()
        return try file.table(object) { key in
            key.utf8.count <= limits.nameBytes ? archive.entries[root + "data/" + key]?.range : nil
        }
    }

    static func readLegacy(
        _ bytes: UnsafeRawBufferPointer, limits: CheckpointLimits
    ) throws(CheckpointError) -> TensorTable {
        var file = TorchFile(
            bytes: bytes, machine: PickleMachine(bytes, fileBytes: bytes.count, limits: limits))
        _ = try file.machine.run()
        guard case .int(1001) = try file.machine.run() else {
            throw .unsupported(
                what: "the file's protocol is not 1001",
                advice: "save it again with a current PyTorch's torch.save")
        }
        let system = try file.machine.run()
        if file.isBigEndian(system) { throw bigEndian }
        let object = try file.machine.run()
        guard case .list(let keys) = try file.machine.run() else {
            throw malformed(file.machine.position, "the storage keys are missing")
        }
        let blobs = try file.legacyBlobs(keys: file.machine.sequences[keys])
        return try file.table(object) { blobs[$0] }
    }

    private func isBigEndian(_ system: PickleValue) -> Bool {
        guard case .dict(let index) = system else { return false }
        return machine.dicts[index].contains { entry in
            if case (.text("little_endian"), .bool(false)) = (entry.key, entry.value) {
                true
            } else {
                false
            }
        }
    }

    /// After the pickles: for each key an 8-byte element count and the raw elements.
    private func legacyBlobs(keys: [PickleValue]) throws(CheckpointError) -> [String: Range<Int>] {
        let sizes = Dictionary(machine.storages.map { ($0.key, $0.elementBytes) }) { first, _ in first }
        var blobs: [String: Range<Int>] = [:]
        var position = machine.position
        for value in keys {
            guard case .text(let key) = value, let known = sizes[key] else {
                throw Self.malformed(position, "a storage nobody refers to")
            }
            guard let elementBytes = known else { throw Self.unreadType }
            guard let count = bytes.number(Int64.self, at: position).flatMap({ Int(exactly: $0) }),
                count >= 0
            else {
                throw .truncated(
                    what: "a storage's length", expected: 8, found: max(0, bytes.count - position))
            }
            let (size, overflow) = count.multipliedReportingOverflow(by: elementBytes)
            guard !overflow, bytes.part(position + 8, size) != nil else {
                throw .truncated(
                    what: "a storage", expected: overflow ? .max : size, found: max(0, bytes.count - position - 8))
            }
            blobs[key] = (position + 8)..<(position + 8 + size)
            position += 8 + size
        }
        return blobs
    }

    // MARK: From values to tensors

    /// The named tensors of `object`; `blob` finds the bytes of a storage by its key.
    ///
    /// Tensors of types that are not read are left out, unless there are no others.
    private func table(
        _ object: PickleValue, blob: (String) -> Range<Int>?
    ) throws(CheckpointError) -> TensorTable {
        var found = ObjectWalk(machine, fileBytes: bytes.count)
        try found.walk(object)
        var table = TensorTable(metadata: found.scalars)
        for (name, index) in found.tensors {
            table.tensors[name] = try stored(name, machine.tensors[index], blob)
        }
        guard !table.tensors.isEmpty || found.tensors.isEmpty else { throw Self.unreadType }
        return table
    }

    private func stored(
        _ name: String, _ tensor: PickledTensor, _ blob: (String) -> Range<Int>?
    ) throws(CheckpointError) -> StoredTensor? {
        let storage = machine.storages[tensor.storage]
        guard let type = storage.type else { return nil }
        guard let range = blob(storage.key) else {
            throw .badTensor(name: name, reason: "its storage is not in the file")
        }
        guard let shape = Shape(validating: tensor.size) else {
            throw .badTensor(name: name, reason: "shape \(tensor.size) is impossible")
        }
        let (offset, overflow) = storage.start.addingReportingOverflow(tensor.offset)
        guard !overflow else { throw .badTensor(name: name, reason: "it begins outside its storage") }
        return try StoredTensor(
            name: name, type: type, shape: shape, storage: range, offset: offset, strides: tensor.stride,
            fileBytes: bytes.count)
    }

    // MARK: Errors

    private static var bigEndian: CheckpointError {
        .unsupported(what: "the file is big-endian", advice: "save it again on a little-endian machine")
    }

    private static var unreadType: CheckpointError {
        .unsupported(
            what: "the file holds tensors of an element type that is not read, such as a quantised one",
            advice: "save its tensors as float32")
    }

    private static func malformed(_ offset: Int, _ reason: String) -> CheckpointError {
        .malformed(format: "legacy torch file", offset: offset, reason: reason)
    }
}
