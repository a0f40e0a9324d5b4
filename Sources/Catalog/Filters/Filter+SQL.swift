// SPDX-License-Identifier: Apache-2.0

/// A condition for WHERE with the values of its parameters.
struct FilterSQL {
    /// Never NULL, so that NOT is the opposite.
    private(set) var text = ""
    private(set) var values: [SQLValue]

    /// The filter over the column `metadata`; its parameters follow those of `before`.
    init(_ filter: Filter, after before: [SQLValue]) {
        values = before
        text = condition(filter)
    }

    private mutating func parameter(_ value: SQLValue) -> String {
        values.append(value)
        return "?\(values.count)"
    }

    private mutating func condition(_ filter: Filter) -> String {
        switch filter {
        case .and(let filters): return joined(filters, by: " AND ", none: "1")
        case .or(let filters): return joined(filters, by: " OR ", none: "0")
        case .not(let filter): return "(NOT \(condition(filter)))"
        case .compare(let path, let test): return "ifnull(\(comparison(path, test)), 0)"
        }
    }

    /// Joins as a balanced tree: SQLite allows an expression 1,000 levels.
    private mutating func joined(_ filters: [Filter], by word: String, none: String) -> String {
        var parts = filters.map { condition($0) }
        guard !parts.isEmpty else { return none }
        while parts.count > 1 {
            parts = stride(from: 0, to: parts.count, by: 2).map { index in
                index + 1 < parts.count ? "(\(parts[index])\(word)\(parts[index + 1]))" : parts[index]
            }
        }
        return parts[0]
    }

    private mutating func comparison(_ path: FilterPath, _ test: FilterTest) -> String {
        let place = parameter(.text(path.sqlPath))
        switch test {
        // Metadata is canonical, so values are equal exactly when their texts are.
        case .equals(let value): return "(metadata -> \(place)) = \(parameter(.text(value.canonicalText)))"
        case .isOneOf(let values):
            let texts = values.map { parameter(.text($0.canonicalText)) }.joined(separator: ", ")
            return "(metadata -> \(place)) IN (\(texts))"
        case .exists: return "(metadata -> \(place)) IS NOT NULL"
        case .contains(let value):
            let wanted = parameter(.text(value.canonicalText))
            // CASE, because SQLite may look into an object before it has compared the type, and fail on its keys.
            return """
                CASE json_type(metadata, \(place)) WHEN 'array' THEN EXISTS (SELECT 1 FROM json_each(metadata, \(place)) \
                AS element WHERE (metadata -> (\(place) || '[' || element.key || ']')) = \(wanted)) ELSE 0 END
                """
        case .ordered(let order, let bound): return ordered(place, order, bound)
        }
    }

    private mutating func ordered(_ place: String, _ order: FilterOrder, _ bound: FilterBound) -> String {
        let sign =
            switch order {
            case .greater: ">"
            case .greaterOrEqual: ">="
            case .less: "<"
            case .lessOrEqual: "<="
            }
        switch bound {
        case .string(let value):
            let wanted = parameter(.text(value.text))
            return "(json_type(metadata, \(place)) = 'text' AND (metadata ->> \(place)) \(sign) \(wanted))"
        case .integer(let value): return number(place, sign, .integer(value))
        case .number(let value): return number(place, sign, .real(value))
        }
    }

    private mutating func number(_ place: String, _ sign: String, _ value: SQLValue) -> String {
        let wanted = parameter(value)
        return """
            (json_type(metadata, \(place)) IN ('integer', 'real') AND \
            facet_number(metadata -> \(place)) \(sign) \(wanted))
            """
    }
}
