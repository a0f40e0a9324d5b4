// SPDX-License-Identifier: Apache-2.0

internal import Catalog

/// A filter as a condition on the column `metadata`, which is `jsonb`; the same answers as the filter's own matching.
///
/// Numbers are decimals of any length there, and text compares by its bytes, so nothing is rounded. A step of a path
/// takes the key of an object and never the element of an array.
struct FilterCondition {
    /// Never NULL, so that NOT is the opposite.
    private(set) var text = ""
    private(set) var values: [Parameter]

    /// The condition; its parameters follow those of `before`.
    init(_ filter: Filter, after before: [Parameter]) {
        values = before
        text = condition(filter)
    }

    private mutating func parameter(_ value: Parameter) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    private mutating func condition(_ filter: Filter) -> String {
        switch filter {
        case .and(let filters): return joined(filters, by: " AND ", none: "true")
        case .or(let filters): return joined(filters, by: " OR ", none: "false")
        case .not(let filter): return "(NOT \(condition(filter)))"
        case .compare(let path, let test): return "coalesce(\(comparison(path, test)), false)"
        }
    }

    private mutating func joined(_ filters: [Filter], by word: String, none: String) -> String {
        let parts = filters.map { condition($0) }
        return parts.isEmpty ? none : "(" + parts.joined(separator: word) + ")"
    }

    private mutating func comparison(_ path: FilterPath, _ test: FilterTest) -> String {
        let place = path.keys.reduce("metadata") { "\($0) -> \(parameter(.text($1.text)))::text" }
        switch test {
        case .equals(let value): return "(\(place)) = \(json(value))"
        case .isOneOf(let values):
            guard !values.isEmpty else { return "false" }
            return "(\(place)) IN (\(values.map { json($0) }.joined(separator: ", ")))"
        case .exists: return "(\(place)) IS NOT NULL"
        case .contains(let value):
            let list = "CASE WHEN jsonb_typeof(\(place)) = 'array' THEN \(place) ELSE '[]'::jsonb END"
            return "EXISTS (SELECT FROM jsonb_array_elements(\(list)) AS element WHERE element = \(json(value)))"
        case .ordered(let order, let bound): return ordered(place, order, bound)
        }
    }

    private mutating func json(_ value: JSONValue) -> String { parameter(.json(value.canonicalText)) + "::jsonb" }

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
            // The text without its quotes: the path of no keys leads to the value itself.
            let text = "((\(place)) #>> '{}') COLLATE \"C\""
            return "(jsonb_typeof(\(place)) = 'string' AND \(text) \(sign) \(parameter(.text(value.text)))::text)"
        case .integer(let value): return number(place, sign, .integer(value))
        case .number(let value): return number(place, sign, .number(value))
        }
    }

    /// jsonb compares numbers as decimals.
    private mutating func number(_ place: String, _ sign: String, _ value: JSONValue) -> String {
        "(jsonb_typeof(\(place)) = 'number' AND (\(place)) \(sign) \(json(value)))"
    }
}
