// SPDX-License-Identifier: Apache-2.0

/// What calls mean: each is matched by name and turned into data.
extension PickleMachine {
    /// The value of an imported name; opaque when it is none of the few.
    func global(module: String?, name: String?) -> PickleValue {
        guard let module, let name, let known = PickledGlobal(module: module, name: name) else {
            return .opaque
        }
        return .known(known)
    }

    /// The result of calling `callee`; opaque unless it is one of the few that are understood.
    mutating func call(
        _ callee: PickleValue, _ arguments: PickleValue
    ) throws(CheckpointError) -> PickleValue {
        guard case .known(let function) = callee, case .tuple(let index) = arguments else {
            return .opaque
        }
        let items = sequences[index]
        switch function {
        case .dictionary: return .dict(newDict(try pairs(in: items.first)))
        case .rebuildTensor: return try tensor(items)
        case .rebuildFromType:
            guard items.count >= 3, case .known(.rebuildTensor) = items[0],
                case .tuple(let inner) = items[2]
            else {
                return .opaque
            }
            return try tensor(sequences[inner])
        case .firstArgument: return items.first ?? .opaque
        case .storage, .otherStorage: return .opaque
        }
    }

    /// ("storage", class, key, device, count[, view]): a persistent id, and (view key, start, count) the view.
    ///
    /// Any other id (of a module's source text) is opaque.
    mutating func storage(_ id: PickleValue) throws(CheckpointError) -> PickleValue {
        guard case .tuple(let index) = id else {
            throw malformed("a persistent id that is not a tuple")
        }
        let items = sequences[index]
        guard case .text("storage") = items.first else { return .opaque }
        guard items.count >= 5, case .text(let key) = items[2] else {
            throw malformed("a persistent id that is not a storage")
        }
        let (type, size): (ElementType?, Int?) =
            switch items[1] {
            case .known(.storage(let type)): (type, type.size)
            case .known(.otherStorage(let bytes)): (nil, bytes)
            default: (nil, nil)
            }
        var start = 0
        if items.count > 5, case .tuple(let view) = items[5] {
            guard sequences[view].count >= 2, case .int(let first) = sequences[view][1] else {
                throw malformed("a view of a storage is described in a way that is not known")
            }
            start = first
        }
        storages.append(PickledStorage(type: type, elementBytes: size, key: key, start: start))
        return .storage(storages.count - 1)
    }

    /// (storage, offset, size, stride, ...).
    private mutating func tensor(_ items: [PickleValue]) throws(CheckpointError) -> PickleValue {
        guard let first = items.first, case .storage(let storage) = first else { return .opaque }
        guard items.count >= 4, case .int(let offset) = items[1], let size = try integers(items[2]),
            let stride = try integers(items[3]), size.count == stride.count
        else { throw malformed("a tensor is described in a way that is not known") }
        tensors.append(PickledTensor(storage: storage, offset: offset, size: size, stride: stride))
        return .tensor(tensors.count - 1)
    }

    /// The numbers of a tuple no longer than tensors have dimensions; they are copied, so they count as operations.
    private mutating func integers(_ value: PickleValue) throws(CheckpointError) -> [Int]? {
        guard case .tuple(let index) = value, sequences[index].count <= limits.rank else { return nil }
        try charge(sequences[index].count)
        var numbers: [Int] = []
        for item in sequences[index] {
            guard case .int(let number) = item else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    /// The pairs that an ordered dictionary is made from: a list of two-item lists or tuples; none for anything else.
    private mutating func pairs(
        in value: PickleValue?
    ) throws(CheckpointError) -> [(key: PickleValue, value: PickleValue)] {
        guard case .list(let index) = value else { return [] }
        try charge(sequences[index].count)
        return sequences[index].compactMap { item in
            switch item {
            case .list(let pair), .tuple(let pair):
                sequences[pair].count == 2 ? (sequences[pair][0], sequences[pair][1]) : nil
            default: nil
            }
        }
    }

    /// The text in `value`; nil when it is something else.
    static func text(_ value: PickleValue) -> String? {
        if case .text(let text) = value { text } else { nil }
    }
}
