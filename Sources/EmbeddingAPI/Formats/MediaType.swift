// SPDX-License-Identifier: Apache-2.0

/// The forms an answer can have, and which of them an `Accept` header prefers (RFC 9110, section 12.5.1).
enum MediaType: String, CaseIterable, Sendable {
    case json = "application/json"
    case octetStream = "application/octet-stream"
    case npy = "application/x-npy"

    /// The form with the highest quality, JSON first among equals; nil when none is acceptable.
    ///
    /// The most particular range decides about a form: `application/json;q=0` excludes it in spite of `*/*`.
    static func negotiate(_ fields: [String]) -> MediaType? {
        let ranges = fields.flatMap { $0.split(separator: ",") }.compactMap(Range.init)
        guard !ranges.isEmpty else { return .json }
        var best: (type: MediaType, quality: Double)?
        for type in allCases {
            let quality = ranges.filter { $0.matches(type) }.max { $0.precision < $1.precision }?.quality ?? 0
            if quality > best?.quality ?? 0 { best = (type, quality) }
        }
        return best?.type
    }

    /// One range of an Accept header with its quality.
    private struct Range {
        let pattern: String
        let quality: Double

        init?(_ text: Substring) {
            let parts = text.split(separator: ";", omittingEmptySubsequences: false).map {
                $0.trimmingSpaces().lowercased()
            }
            guard let first = parts.first, !first.isEmpty else { return nil }
            pattern = first
            let value = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
            quality = min(1, max(0, value ?? 1))
        }

        var precision: Int { pattern == "*/*" ? 0 : pattern.hasSuffix("/*") ? 1 : 2 }

        func matches(_ type: MediaType) -> Bool {
            pattern == type.rawValue || pattern == "*/*" || pattern == "application/*"
        }
    }
}
