// SPDX-License-Identifier: Apache-2.0

extension SafetensorsHeader {
    /// The first bytes of a file with these entries, which tile the rest of it: length, JSON, padding to 8 bytes.
    ///
    /// Compact JSON, `__metadata__` first with its keys in order, then the entries as given.
    static func text(_ entries: [Entry], metadata: [String: String]) -> [UInt8] {
        var members = entries.map { entry in
            quoted(entry.name) + #":{"dtype":"\#(entry.type.rawValue)","shape":"# + numbers(entry.shape)
                + #","data_offsets":"# + numbers([entry.begin, entry.end]) + "}"
        }
        if !metadata.isEmpty {
            let pairs = metadata.sorted { $0.key < $1.key }.map {
                quoted($0.key) + ":" + quoted($0.value)
            }
            members.insert(#""__metadata__":{"# + pairs.joined(separator: ",") + "}", at: 0)
        }
        let json = Array(("{" + members.joined(separator: ",") + "}").utf8)
        let padding = [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8)
        let length = UInt64(json.count + padding.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + json + padding
    }

    private static func numbers(_ numbers: [Int]) -> String {
        "[" + numbers.map(String.init).joined(separator: ",") + "]"
    }

    /// `text` as a JSON string (RFC 8259 section 7): only what must be escaped is.
    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\u{08}": out += "\\b"
            case "\u{0C}": out += "\\f"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case "\u{00}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
