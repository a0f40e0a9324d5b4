// SPDX-License-Identifier: Apache-2.0

/// The JSON header of a safetensors file: what is where, and what else it says.
///
/// Names are unique, and so are the fields of an entry and the keys of `__metadata__`; fields that the format does not
/// know are read over, as the reference reader does.
struct SafetensorsHeader {
    struct Entry {
        let name: String
        let type: ElementType
        let shape: [Int]
        /// First byte, and the byte after the last, counted from the end of the header.
        let begin: Int
        let end: Int
    }

    private(set) var entries: [Entry] = []
    private(set) var metadata: [String: String] = [:]

    /// Parses `text`, which begins at byte 8 of the file, in time and memory linear in its length.
    init(_ text: UnsafeRawBufferPointer, limits: CheckpointLimits) throws(CheckpointError) {
        var names: Set<String> = []
        var entries: [Entry] = []
        var metadata: [String: String] = [:]
        var scanner = JSONScanner(text, base: 8)
        try scanner.object { (scanner, name) throws(CheckpointError) in
            guard name.utf8.count <= limits.nameBytes else {
                throw scanner.malformed("a name of \(name.utf8.count) bytes, more than \(limits.nameBytes)")
            }
            guard names.insert(name).inserted else {
                throw scanner.malformed("two entries are called '\(name)'")
            }
            if name == "__metadata__" {
                metadata = try Self.metadata(&scanner)
            } else {
                entries.append(try Self.entry(name, &scanner, limits))
            }
        }
        guard scanner.peek() == nil else {
            throw scanner.malformed("something follows the header's end")
        }
        self.entries = entries
        self.metadata = metadata
    }

    private static func metadata(_ scanner: inout JSONScanner) throws(CheckpointError) -> [String:
        String]
    {
        var metadata: [String: String] = [:]
        try scanner.object { (scanner, key) throws(CheckpointError) in
            guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
                throw scanner.malformed("__metadata__ has a key twice")
            }
        }
        return metadata
    }

    private static func entry(
        _ name: String, _ scanner: inout JSONScanner, _ limits: CheckpointLimits
    ) throws(CheckpointError) -> Entry {
        var (dtype, shape, offsets): (String?, [Int]?, [Int]?)
        try scanner.object { (scanner, field) throws(CheckpointError) in
            let isNew: Bool
            switch field {
            case "dtype":
                isNew = dtype == nil
                dtype = try scanner.string()
            case "shape":
                isNew = shape == nil
                shape = try scanner.wholeNumbers(most: limits.rank)
            case "data_offsets":
                isNew = offsets == nil
                offsets = try scanner.wholeNumbers(most: limits.rank)
            default:
                isNew = true
                try scanner.skipValue(depth: limits.headerDepth)
            }
            guard isNew else { throw scanner.malformed("tensor '\(name)' has '\(field)' twice") }
        }
        guard let dtype, let shape, let offsets else {
            throw .badTensor(name: name, reason: "expected dtype, shape and data_offsets, found fewer")
        }
        guard let type = ElementType(rawValue: dtype) else {
            throw .unsupported(
                what: "tensor '\(name)' has the element type '\(dtype.prefix(40))'",
                advice: "save it as F32")
        }
        guard offsets.count == 2, offsets[0] <= offsets[1] else {
            throw .badTensor(name: name, reason: "data_offsets \(offsets) are not a range")
        }
        return Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1])
    }
}
