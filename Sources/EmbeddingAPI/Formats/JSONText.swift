// SPDX-License-Identifier: Apache-2.0

/// A string as it stands in a JSON text, not copied out: what a base64 image of 20 MB is kept as.
package struct JSONText: Sendable {
    private let source: [UInt8]
    private let range: Range<Int>
    /// Whether there is a backslash, so that the content differs from the bytes.
    private let hasEscapes: Bool

    /// `range` is what stands between the quotes, with well-formed escapes.
    init(_ source: [UInt8], _ range: Range<Int>, hasEscapes: Bool) {
        self.source = source
        self.range = range
        self.hasEscapes = hasEscapes
    }

    /// Calls `body` with the content; copies only where there are escapes.
    ///
    /// The bytes are UTF-8 only if the source is: ``string`` checks, this does not.
    package func withBytes<Result, Failure>(
        _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let bytes = hasEscapes ? unescaped() : source
        let range = hasEscapes ? 0..<bytes.count : range
        let outcome = bytes.withUnsafeBufferPointer { bytes in
            Swift.Result { () throws(Failure) in try body(UnsafeBufferPointer(rebasing: bytes[range])) }
        }
        return try outcome.get()
    }

    /// The content; nil when it is not UTF-8.
    package var string: String? { withBytes { String(validating: $0, as: UTF8.self) } }

    /// The content with its escapes replaced; runs without any are copied whole.
    private func unescaped() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(range.count)
        var rest = source[range]
        while let slash = rest.firstIndex(of: UInt8(ascii: "\\")) {
            out.append(contentsOf: rest[..<slash])
            rest = rest[(slash + 1)...]
            guard let kind = rest.popFirst() else { break }
            if kind == UInt8(ascii: "u") {
                out.append(contentsOf: Self.utf8(Self.scalar(&rest)))
            } else {
                out.append(Self.byte(kind))
            }
        }
        out.append(contentsOf: rest)
        return out
    }

    private static func byte(_ kind: UInt8) -> UInt8 {
        switch kind {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: kind
        }
    }

    /// Reads the digits after `\u`, and a second escape where the first is half of a pair.
    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar {
        let first = number(rest.prefix(4))
        rest = rest.dropFirst(4)
        if let scalar = Unicode.Scalar(first) { return scalar }
        let second = number(rest.dropFirst(2).prefix(4))
        rest = rest.dropFirst(6)
        return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF) ?? "\u{FFFD}"
    }

    private static func utf8(_ scalar: Unicode.Scalar) -> Unicode.UTF8.EncodedScalar {
        UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
    }

    static func number(_ digits: ArraySlice<UInt8>) -> UInt32 {
        digits.reduce(0) { $0 << 4 | UInt32($1 & 0x0F) + ($1 >= 0x41 ? 9 : 0) }
    }
}
