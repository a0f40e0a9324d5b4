// SPDX-License-Identifier: Apache-2.0

internal import Catalog

/// What the items of a map can be coloured by: fields of their metadata with few values, or with numbers.
struct MapFields: Sendable {
    /// One field over all items.
    struct Column: Sendable {
        /// The distinct texts in the order in which they came; a number stands for itself.
        private(set) var labels: [String] = []
        private var places: [String: Int] = [:]
        /// The place of each item's label, -1 without one.
        private(set) var codes: [Int] = []
        /// Each item's number, nil without one.
        private(set) var numbers: [Double?] = []
        private(set) var isNumeric = true

        mutating func add(_ value: JSONValue, place: Int) {
            guard let label = value.mapLabel else { return }
            if value.double == nil { isNumeric = false }
            fill(place)
            if labels.count <= MapFields.mostLabels, places[label] == nil {
                places[label] = labels.count
                labels.append(label)
            }
            codes.append(places[label] ?? -1)
            numbers.append(value.double)
        }

        /// Items up to `count` that have nothing get nothing.
        mutating func fill(_ count: Int) {
            while codes.count < count {
                codes.append(-1)
                numbers.append(nil)
            }
        }

        /// Texts that differ from item to item tell nothing as colours.
        var isTelling: Bool {
            isNumeric ? labels.count > 1 : (2...MapFields.mostLabels).contains(labels.count)
        }
    }

    /// Labels of a field, and fields, at most; characters of a label.
    static let mostLabels = 64
    static let mostFields = 12
    static let longestLabel = 64

    private var names: [String] = []
    private var columns: [String: Column] = [:]

    /// Takes an item's metadata: its outermost texts, numbers and truth values.
    mutating func add(_ metadata: JSONValue, place: Int) {
        guard case .object(let members) = metadata else { return }
        for member in members {
            let name = member.key.text
            if columns[name] == nil {
                guard names.count < Self.mostFields * 2, member.value.mapLabel != nil else { continue }
                names.append(name)
            }
            columns[name, default: Column()].add(member.value, place: place)
        }
    }

    /// The fields worth colouring by, each as long as there are items.
    func telling(count: Int) -> [(name: String, column: Column)] {
        var result: [(name: String, column: Column)] = []
        for name in names {
            guard result.count < Self.mostFields, var column = columns[name], column.isTelling else {
                continue
            }
            column.fill(count)
            result.append((name, column))
        }
        return result
    }
}

extension JSONValue {
    /// A text, number or truth value in short; nil for anything else.
    fileprivate var mapLabel: String? {
        switch self {
        case .string(let text): String(text.text.prefix(MapFields.longestLabel))
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let truth): truth ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
