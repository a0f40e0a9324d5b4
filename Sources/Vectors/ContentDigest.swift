// SPDX-License-Identifier: Apache-2.0

internal import CCrypto

/// SHA-256 of some bytes: the identity of an uploaded image or of a checkpoint.
///
///     ContentDigest(of: Array("abc".utf8)).description  // "sha256:ba7816bf..."
package struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    /// The 32 bytes of the digest.
    package let bytes: [UInt8]

    /// Hashes `bytes` in one pass, about 1.5 GB/s where the CPU has the SHA extensions.
    package init(of bytes: some Collection<UInt8>) {
        let digest = bytes.withContiguousStorageIfAvailable { Self(of: UnsafeRawBufferPointer($0)) }
        self = digest ?? Array(bytes).withUnsafeBytes { Self(of: $0) }
    }

    /// Hashes `buffer` in one pass.
    package init(of buffer: UnsafeRawBufferPointer) {
        var out = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 0
        let ok = EVP_Digest(buffer.baseAddress, buffer.count, &out, &length, EVP_sha256(), nil)
        precondition(ok == 1 && length == 32, "libcrypto's SHA-256 failed: returned \(ok), length \(length)")
        bytes = out
    }

    /// Reads the form that ``description`` writes; nil for anything else.
    package init?(_ text: String) {
        let prefix = "sha256:"
        guard text.hasPrefix(prefix) else { return nil }
        let digits = Array(text.utf8.dropFirst(prefix.utf8.count))
        guard digits.count == 64 else { return nil }
        var out: [UInt8] = []
        out.reserveCapacity(32)
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = Self.value(ofHex: digits[index]), let low = Self.value(ofHex: digits[index + 1]) else {
                return nil
            }
            out.append(high << 4 | low)
        }
        bytes = out
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String {
        func digit(_ value: UInt8) -> UInt8 { value + UInt8(ascii: value < 10 ? "0" : "a") - (value < 10 ? 0 : 10) }
        return String(unsafeUninitializedCapacity: 2 * bytes.count) { text in
            for (place, byte) in bytes.enumerated() {
                text[2 * place] = digit(byte >> 4)
                text[2 * place + 1] = digit(byte & 15)
            }
            return 2 * bytes.count
        }
    }

    /// `sha256:` followed by the hexadecimal digits.
    package var description: String { "sha256:" + hex }

    private static func value(ofHex digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
