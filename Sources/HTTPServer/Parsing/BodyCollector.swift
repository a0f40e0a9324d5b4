// SPDX-License-Identifier: Apache-2.0

/// The bytes of one body as they arrive, in one array.
///
/// Room is made for what has come, never for what was only announced: the array starts at 64 KiB at most and grows
/// fourfold, so a client that claims 20 MB and sends nothing costs 64 KiB.
struct BodyCollector {
    private static let firstCapacity = 64 * 1024

    private(set) var bytes: [UInt8] = []
    /// Bytes seen, kept or not.
    private(set) var received = 0
    private let limit: Int
    private let keeps: Bool

    /// Collects up to `limit` bytes, or only counts them when it does not keep them.
    init(limit: Int, keeps: Bool) {
        self.limit = limit
        self.keeps = keeps
    }

    /// How many more bytes fit.
    var allowance: Int { limit - received }

    /// Adds bytes that ``allowance`` has room for; `expected` more may come, these included.
    mutating func append(_ part: UnsafeRawBufferPointer, expected: Int) {
        received += part.count
        guard keeps else { return }
        makeRoom(part.count, expected: expected)
        bytes.append(contentsOf: part)
    }

    /// Lets `read` fill spare room of the array with at most `expected` bytes; it gives the count it wrote, or less than 1.
    mutating func receive(expected: Int, _ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        makeRoom(1, expected: expected)
        let room = min(expected, bytes.capacity - bytes.count)
        var result = 0
        bytes.append(addingCapacity: room) { span in
            span.withUnsafeMutableBufferPointer { free, count in
                result = read(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(free)[..<room]))
                count = max(0, result)
            }
        }
        received += max(0, result)
        return result
    }

    var isKept: Bool { keeps }

    private mutating func makeRoom(_ needed: Int, expected: Int) {
        guard bytes.capacity - bytes.count < needed else { return }
        let wanted = max(Self.firstCapacity, min(bytes.capacity, limit) * 4)
        bytes.reserveCapacity(bytes.count + max(needed, min(expected, wanted - bytes.count)))
    }
}
