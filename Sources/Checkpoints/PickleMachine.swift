// SPDX-License-Identifier: Apache-2.0

/// Reads a pickle (protocols 2 to 5) into inert values: nothing is imported and nothing is called.
///
/// The few calls that torch.save writes (tensors, parameters, ordered dictionaries, sizes) are recognised by name and
/// turned into data; every other class and call becomes ``PickleValue/opaque``. No value is ever copied out of the memo
/// at more cost than the operation that recalls it, and operations are counted against an allowance, so time and memory
/// are bounded by it.
struct PickleMachine {
    private let bytes: UnsafeRawBufferPointer
    let limits: CheckpointLimits
    /// The byte to read next.
    private(set) var position: Int
    /// Operations that may still be performed, over all pickles of the file.
    private var allowance: Int
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    var sequences: [[PickleValue]] = []
    var dicts: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [PickledStorage] = []
    var tensors: [PickledTensor] = []

    /// Reads from `bytes`, a part of a file of `fileBytes` bytes, by which the allowance is set.
    init(_ bytes: UnsafeRawBufferPointer, fileBytes: Int, limits: CheckpointLimits) {
        self.bytes = bytes
        self.limits = limits
        position = 0
        allowance = limits.operations(for: fileBytes)
    }

    /// Runs one pickle to its STOP and returns what it leaves; more may follow from ``position`` on.
    mutating func run() throws(CheckpointError) -> PickleValue {
        stack = []
        marks = []
        memo = [:]
        while true {
            try charge(1)
            let code = try take(UInt8.self)
            if code == UInt8(ascii: ".") { return try pop() }
            try perform(code)
        }
    }

    /// Counts `operations` against the allowance.
    mutating func charge(_ operations: Int) throws(CheckpointError) {
        allowance -= operations
        guard allowance >= 0 else {
            throw .unsupported(
                what: "the file holds more objects than a checkpoint of its size",
                advice: "save a state_dict alone")
        }
    }

    // MARK: Operations

    private mutating func perform(_ code: UInt8) throws(CheckpointError) {
        switch code {
        case 0x80:
            let version = try take(UInt8.self)
            guard version <= 5 else { throw malformed("protocol \(version) is not known") }
        case 0x95: _ = try take(UInt64.self)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "0"): _ = try pop()
        case UInt8(ascii: "1"): _ = try popToMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "q"): memo[Int(try take(UInt8.self))] = try top()
        case UInt8(ascii: "r"): memo[Int(try take(UInt32.self))] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): stack.append(try recall(Int(try take(UInt8.self))))
        case UInt8(ascii: "j"): stack.append(try recall(Int(try take(UInt32.self))))
        case UInt8(ascii: "c"): stack.append(global(module: try line(), name: try line()))
        case 0x93:
            let name = try pop()
            stack.append(global(module: Self.text(try pop()), name: Self.text(name)))
        case UInt8(ascii: "Q"): stack.append(try storage(try pop()))
        case UInt8(ascii: "R"), 0x81:
            let arguments = try pop()
            stack.append(try call(try pop(), arguments))
        case 0x92:
            let (_, arguments) = (try pop(), try pop())
            stack.append(try call(try pop(), arguments))
        case UInt8(ascii: "b"): _ = try pop()
        default:
            if try !performLiteral(code) { try performContainer(code) }
        }
    }

    /// Numbers, texts and bytes; false when `code` is none of them.
    private mutating func performLiteral(_ code: UInt8) throws(CheckpointError) -> Bool {
        switch code {
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "K"): stack.append(.int(Int(try take(UInt8.self))))
        case UInt8(ascii: "M"): stack.append(.int(Int(try take(UInt16.self))))
        case UInt8(ascii: "J"): stack.append(.int(Int(try take(Int32.self))))
        case UInt8(ascii: "G"):
            stack.append(.double(Double(bitPattern: try take(UInt64.self).byteSwapped)))
        case 0x8A: stack.append(try long(Int(try take(UInt8.self))))
        case 0x8B: stack.append(try long(Int(try take(UInt32.self))))
        case UInt8(ascii: "X"), UInt8(ascii: "T"):
            stack.append(.text(try text(Int(try take(UInt32.self)))))
        case 0x8C, UInt8(ascii: "U"): stack.append(.text(try text(Int(try take(UInt8.self)))))
        case 0x8D: stack.append(.text(try text(Int(clamping: try take(UInt64.self)))))
        case UInt8(ascii: "B"): try skip(Int(try take(UInt32.self)))
        case UInt8(ascii: "C"): try skip(Int(try take(UInt8.self)))
        case 0x8E, 0x96: try skip(Int(clamping: try take(UInt64.self)))
        default: return false
        }
        return true
    }

    private mutating func performContainer(_ code: UInt8) throws(CheckpointError) {
        switch code {
        case UInt8(ascii: "]"), 0x8F: stack.append(.list(newSequence([])))
        case UInt8(ascii: ")"): stack.append(.tuple(newSequence([])))
        case UInt8(ascii: "}"): stack.append(.dict(newDict([])))
        case UInt8(ascii: "l"): stack.append(.list(newSequence(try popToMark())))
        case UInt8(ascii: "t"), 0x91: stack.append(.tuple(newSequence(try popToMark())))
        case 0x85, 0x86, 0x87:
            let count = Int(code) - 0x84
            guard stack.count - (marks.last ?? 0) >= count else {
                throw malformed("a tuple of too few items")
            }
            let items = Array(stack.suffix(count))
            stack.removeLast(count)
            stack.append(.tuple(newSequence(items)))
        case UInt8(ascii: "d"):
            guard let pairs = Self.pairs(try popToMark()) else {
                throw malformed("a key without a value")
            }
            stack.append(.dict(newDict(pairs)))
        case UInt8(ascii: "a"):
            let item = try pop()
            try extend([item])
        case UInt8(ascii: "e"), 0x90: try extend(try popToMark())
        case UInt8(ascii: "s"):
            let value = try pop()
            try assign([try pop(), value])
        case UInt8(ascii: "u"): try assign(try popToMark())
        default:
            throw malformed("operation 0x\(String(code, radix: 16)) is not one that torch.save writes")
        }
    }

    // MARK: Stack

    private mutating func newSequence(_ items: [PickleValue]) -> Int {
        sequences.append(items)
        return sequences.count - 1
    }

    /// Keeps a dictionary and returns its index.
    mutating func newDict(_ pairs: [(key: PickleValue, value: PickleValue)]) -> Int {
        dicts.append(pairs)
        return dicts.count - 1
    }

    private mutating func extend(_ items: [PickleValue]) throws(CheckpointError) {
        switch try top() {
        case .list(let index): sequences[index] += items
        case .opaque: break
        default: throw malformed("items are appended to something that is no list")
        }
    }

    private mutating func assign(_ items: [PickleValue]) throws(CheckpointError) {
        guard let pairs = Self.pairs(items) else { throw malformed("a key without a value") }
        switch try top() {
        case .dict(let index): dicts[index] += pairs
        case .opaque: break
        default: throw malformed("keys are set on something that is no dictionary")
        }
    }

    private static func pairs(_ items: [PickleValue]) -> [(key: PickleValue, value: PickleValue)]? {
        guard items.count % 2 == 0 else { return nil }
        return stride(from: 0, to: items.count, by: 2).map { (items[$0], items[$0 + 1]) }
    }

    private func top() throws(CheckpointError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.last else {
            throw malformed("the stack is empty")
        }
        return value
    }

    private mutating func pop() throws(CheckpointError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
            throw malformed("the stack is empty")
        }
        return value
    }

    private mutating func popToMark() throws(CheckpointError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw malformed("there is no mark") }
        let items = Array(stack[mark...])
        stack.removeLast(stack.count - mark)
        return items
    }

    private func recall(_ index: Int) throws(CheckpointError) -> PickleValue {
        guard let value = memo[index] else { throw malformed("nothing is memorised under \(index)") }
        return value
    }

    // MARK: Bytes

    private mutating func take<T: FixedWidthInteger>(_ type: T.Type) throws(CheckpointError) -> T {
        guard let number = bytes.number(type, at: position) else {
            throw cutShort(MemoryLayout<T>.size)
        }
        position += MemoryLayout<T>.size
        return number
    }

    private mutating func skip(_ count: Int) throws(CheckpointError) {
        guard bytes.part(position, count) != nil else { throw cutShort(count) }
        position += count
        stack.append(.opaque)
    }

    private mutating func text(_ count: Int) throws(CheckpointError) -> String {
        guard let part = bytes.part(position, count) else { throw cutShort(count) }
        position += count
        return String(decoding: part, as: UTF8.self)
    }

    private mutating func line() throws(CheckpointError) -> String {
        let start = position
        while let byte = bytes.number(UInt8.self, at: position), byte != 0x0A { position += 1 }
        guard position < bytes.count else { throw cutShort(1) }
        position += 1
        return String(decoding: bytes[start..<(position - 1)], as: UTF8.self)
    }

    /// A little-endian two's complement number; one that needs more than 64 bits is opaque.
    private mutating func long(_ count: Int) throws(CheckpointError) -> PickleValue {
        guard let part = bytes.part(position, count) else { throw cutShort(count) }
        position += count
        guard count <= 8 else { return .opaque }
        var value: UInt64 = part.last.map { $0 >= 0x80 } == true ? .max : 0
        for byte in part.reversed() { value = value << 8 | UInt64(byte) }
        return .int(Int(bitPattern: UInt(value)))
    }

    private func cutShort(_ needed: Int) -> CheckpointError {
        .truncated(what: "the pickle", expected: needed, found: max(0, bytes.count - position))
    }

    /// An error at the byte that is next.
    func malformed(_ reason: String) -> CheckpointError {
        .malformed(format: "pickle", offset: position, reason: reason)
    }
}
