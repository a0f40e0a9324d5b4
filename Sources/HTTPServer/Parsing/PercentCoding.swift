// SPDX-License-Identifier: Apache-2.0

/// Percent-decoding to validated text (RFC 3986 section 2.1).
enum PercentCoding {
    /// The text of `bytes`, which are visible ASCII; nil for a broken escape, bytes that are not UTF-8, or a NUL.
    ///
    /// With `plusIsSpace`, `+` means a space, as in the query of a form.
    static func decode(_ bytes: UnsafeRawBufferPointer, plusIsSpace: Bool = false) -> String? {
        let plain = !bytes.contains { $0 == ASCII.percent || plusIsSpace && $0 == ASCII.plus }
        if plain { return String(decoding: bytes, as: UTF8.self) }
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == ASCII.percent {
                guard index + 2 < bytes.count, let high = ASCII.hexValue(bytes[index + 1]),
                    let low = ASCII.hexValue(bytes[index + 2]), high | low != 0
                else { return nil }
                decoded.append(high << 4 | low)
                index += 3
            } else {
                decoded.append(plusIsSpace && byte == ASCII.plus ? ASCII.space : byte)
                index += 1
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }
}
