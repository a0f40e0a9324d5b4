// SPDX-License-Identifier: Apache-2.0

/// Finds the tensors in what a pickle built, by dotted names, and the plain words and numbers beside them.
///
/// The state dict is looked for under the keys that training programs use; where there is none, all dictionaries of the
/// object are walked, so that a dictionary of modules' state dicts gives `backbone.conv1.weight`.
struct ObjectWalk {
    private let machine: PickleMachine
    private let limits: CheckpointLimits
    /// Indices into the machine's tensors.
    private(set) var tensors: [String: Int] = [:]
    private(set) var scalars: [String: String] = [:]
    /// Entries still allowed: a dictionary shared many times over cannot blow the walk up.
    private var allowance: Int

    /// Where training programs put the weights.
    private static let stateKeys = ["state_dict", "model_state_dict", "classy_state_dict"]
    private static let mostScalars = 100

    init(_ machine: PickleMachine, fileBytes: Int) {
        self.machine = machine
        limits = machine.limits
        allowance = limits.entries(for: fileBytes)
    }

    /// Walks the object that the pickle left.
    mutating func walk(_ object: PickleValue) throws(CheckpointError) {
        guard case .dict(let root) = object else {
            throw .unsupported(
                what: "the file holds no dictionary, but a whole module or another object",
                advice: "save its state_dict()")
        }
        let entries = machine.dicts[root]
        for (key, value) in entries { note(key, value) }
        for name in Self.stateKeys {
            if let state = entries.last(where: { Self.text($0.key) == name }),
                case .dict(let index) = state.value
            {
                return try collect(index, prefix: "", depth: 0)
            }
        }
        try collect(root, prefix: "", depth: 0)
    }

    private mutating func collect(_ index: Int, prefix: String, depth: Int) throws(CheckpointError) {
        guard depth < limits.walkedDepth else { return }
        for (key, value) in machine.dicts[index] {
            allowance -= 1
            guard allowance >= 0 else {
                throw .unsupported(
                    what: "the file holds more entries than a checkpoint of its size",
                    advice: "save a state_dict alone")
            }
            guard let name = Self.text(key) else { continue }
            switch value {
            case .tensor(let tensor): tensors[try join(prefix, name)] = tensor
            case .dict(let inner): try collect(inner, prefix: join(prefix, name) + ".", depth: depth + 1)
            default: break
            }
        }
    }

    private func join(_ prefix: String, _ name: String) throws(CheckpointError) -> String {
        let length = prefix.utf8.count + name.utf8.count
        guard length <= limits.nameBytes else {
            throw .unsupported(
                what: "the file has a name of \(length) bytes, more than \(limits.nameBytes)",
                advice: "save a state_dict alone")
        }
        return prefix + name
    }

    private mutating func note(_ key: PickleValue, _ value: PickleValue) {
        guard scalars.count < Self.mostScalars, let name = Self.text(key),
            name.utf8.count <= limits.nameBytes
        else {
            return
        }
        switch value {
        case .int(let number): scalars[name] = String(number)
        case .double(let number): scalars[name] = String(number)
        case .bool(let truth): scalars[name] = String(truth)
        case .text(let words) where words.utf8.count <= 1000: scalars[name] = words
        default: break
        }
    }

    private static func text(_ key: PickleValue) -> String? {
        switch key {
        case .text(let text): text
        case .int(let number): String(number)
        default: nil
        }
    }
}
