// SPDX-License-Identifier: Apache-2.0

/// Bytes received and how far they are read.
///
/// Borrowed: it must not outlive the buffer it was made from.
package struct InputCursor {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    /// A cursor at the start of `bytes`.
    package init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// What is not read yet.
    package var rest: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[position...])
    }

    package var count: Int { bytes.count - position }
    package var isEmpty: Bool { position == bytes.count }

    /// Reads `amount` bytes, which must be there.
    package mutating func skip(_ amount: Int) {
        precondition(amount >= 0 && amount <= count, "skipping \(amount) of \(count) bytes")
        position += amount
    }

    /// The next byte, read.
    mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }
}
