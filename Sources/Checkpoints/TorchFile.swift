// SPDX-License-Identifier: Apache-2.0

internal import Tensors

/// Reads what torch.save wrote: the zip container (since PyTorch 1.6) and the legacy one (0.1.10 to 1.5).
enum TorchFile {
    /// First bytes of the legacy container: a pickle of its magic number.
    static let legacyStart: [UInt8] = [
        0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
    ]

    /// Byte ranges of storages, by their key.
    private typealias Blobs = [String: ZipArchive.Entry]

    static func readZip(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) -> TensorTable {
        let archive = try ZipArchive(bytes)
        guard let (root, entry) = archive.first(endingWith: "data.pkl"),
            let pickle = bytes.part(entry.offset, entry.count)
        else {
            throw .unsupported(what: "the zip holds no data.pkl", advice: "give a file written by torch.save")
        }
        if let order = archive.entries[root + "byteorder"], let text = bytes.part(order.offset, order.count),
            !text.elementsEqual("little".utf8)
        {
            throw .unsupported(what: "the file is big-endian", advice: "save it again on a little-endian machine")
        }
        var machine = PickleMachine(pickle)
        let object = try machine.run()
        var blobs: Blobs = [:]
        for storage in machine.storages { blobs[storage.key] = archive.entries[root + "data/" + storage.key] }
        return try table(object, machine, blobs, limit: bytes.count)
    }

    static func readLegacy(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) -> TensorTable {
        var machine = PickleMachine(bytes, at: legacyStart.count + 1)
        guard case .int(1001) = try machine.run() else {
            throw .unsupported(
                what: "the file's protocol is not 1001", advice: "save it again with a current PyTorch's torch.save")
        }
        let system = try machine.run()
        if case .dict(let index) = system,
            machine.dicts[index].contains(where: { Self.isText($0.key, "little_endian") && Self.isFalse($0.value) })
        {
            throw .unsupported(what: "the file is big-endian", advice: "save it again on a little-endian machine")
        }
        let object = try machine.run()
        guard case .list(let keys) = try machine.run() else {
            throw .malformed(
                format: "legacy torch file", offset: machine.position, reason: "the storage keys are missing")
        }
        let blobs = try legacyBlobs(bytes, machine, keys: machine.sequences[keys])
        return try table(object, machine, blobs, limit: bytes.count)
    }

    /// After the pickles: for each key an 8-byte element count and the raw elements.
    private static func legacyBlobs(
        _ bytes: UnsafeRawBufferPointer, _ machine: PickleMachine, keys: [PickleValue]
    ) throws(CheckpointError) -> Blobs {
        let types = Dictionary(machine.storages.map { ($0.key, $0.type) }) { first, _ in first }
        var blobs: Blobs = [:]
        var position = machine.position
        for value in keys {
            guard case .text(let key) = value, let type = types[key] else {
                throw .malformed(format: "legacy torch file", offset: position, reason: "a storage nobody refers to")
            }
            guard let count = bytes.number(Int64.self, at: position).flatMap({ Int(exactly: $0) }), count >= 0 else {
                throw .truncated(what: "storage '\(key)'", expected: 8, found: max(0, bytes.count - position))
            }
            let (size, overflow) = count.multipliedReportingOverflow(by: type.size)
            guard !overflow, bytes.part(position + 8, size) != nil else {
                throw .truncated(
                    what: "storage '\(key)'", expected: overflow ? .max : size,
                    found: max(0, bytes.count - position - 8))
            }
            blobs[key] = .init(offset: position + 8, count: size)
            position += 8 + size
        }
        return blobs
    }

    // MARK: From values to tensors

    private static func table(
        _ object: PickleValue, _ machine: PickleMachine, _ blobs: Blobs, limit: Int
    ) throws(CheckpointError) -> TensorTable {
        var found = ObjectWalk(machine)
        try found.walk(object)
        var table = TensorTable(metadata: found.scalars)
        for (name, index) in found.tensors {
            table.tensors[name] = try stored(name, machine.tensors[index], machine, blobs, limit)
        }
        return table
    }

    private static func stored(
        _ name: String, _ tensor: PickledTensor, _ machine: PickleMachine, _ blobs: Blobs, _ limit: Int
    ) throws(CheckpointError) -> StoredTensor {
        let storage = machine.storages[tensor.storage]
        guard let blob = blobs[storage.key] else {
            throw .badTensor(name: name, reason: "its storage '\(storage.key)' is not in the file")
        }
        guard let shape = Shape(validating: tensor.size) else {
            throw .badTensor(name: name, reason: "shape \(tensor.size) is impossible")
        }
        let (skipped, overflow) = tensor.offset.multipliedReportingOverflow(by: storage.type.size)
        guard !overflow, skipped >= 0, skipped <= blob.count else {
            throw .badTensor(name: name, reason: "it begins outside its storage of \(blob.count) bytes")
        }
        return try StoredTensor(
            name: name, type: storage.type, shape: shape, offset: blob.offset + skipped, strides: tensor.stride,
            limit: blob.offset + blob.count)
    }

    private static func isText(_ value: PickleValue, _ text: String) -> Bool {
        if case .text(text) = value { true } else { false }
    }

    private static func isFalse(_ value: PickleValue) -> Bool {
        if case .bool(false) = value { true } else { false }
    }
}

/// Finds the tensors in what a pickle built, by dotted names, and the plain words and numbers beside them.
private struct ObjectWalk {
    private let machine: PickleMachine
    private(set) var tensors: [String: Int] = [:]
    private(set) var scalars: [String: String] = [:]
    /// Entries still allowed: a dictionary shared many times over cannot blow the walk up.
    private var budget = 200_000

    /// Where training programs put the weights.
    private static let stateKeys = ["state_dict", "model_state_dict", "classy_state_dict"]
    private static let deepest = 12

    init(_ machine: PickleMachine) {
        self.machine = machine
    }

    mutating func walk(_ object: PickleValue) throws(CheckpointError) {
        guard case .dict(let root) = object else {
            throw .unsupported(what: "the file holds no dictionary", advice: "save a state_dict")
        }
        let entries = machine.dicts[root]
        for (key, value) in entries { note(key, value) }
        for name in Self.stateKeys {
            if let state = entries.first(where: { text($0.key) == name }), case .dict(let index) = state.value {
                return try collect(index, prefix: "", depth: 0)
            }
        }
        try collect(root, prefix: "", depth: 0)
    }

    private mutating func collect(_ index: Int, prefix: String, depth: Int) throws(CheckpointError) {
        guard depth < Self.deepest else { return }
        for (key, value) in machine.dicts[index] {
            budget -= 1
            guard budget > 0 else {
                throw .unsupported(what: "the file holds more than 200,000 entries", advice: "save a state_dict alone")
            }
            guard let name = text(key) else { continue }
            switch value {
            case .tensor(let tensor): tensors[prefix + name] = tensor
            case .dict(let inner): try collect(inner, prefix: prefix + name + ".", depth: depth + 1)
            default: break
            }
        }
    }

    private mutating func note(_ key: PickleValue, _ value: PickleValue) {
        guard let name = text(key), scalars.count < 100 else { return }
        switch value {
        case .int(let number): scalars[name] = String(number)
        case .double(let number): scalars[name] = String(number)
        case .bool(let truth): scalars[name] = String(truth)
        case .text(let words) where words.utf8.count <= 1000: scalars[name] = words
        default: break
        }
    }

    private func text(_ value: PickleValue) -> String? {
        switch value {
        case .text(let text): text
        case .int(let number): String(number)
        default: nil
        }
    }
}
