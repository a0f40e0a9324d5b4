// SPDX-License-Identifier: Apache-2.0

extension Filter {
    /// Whether parsed metadata meets the filter: the same answer as the filter's SQL gives.
    package func matches(_ metadata: JSONValue) -> Bool {
        switch self {
        case .and(let filters): filters.allSatisfy { $0.matches(metadata) }
        case .or(let filters): filters.contains { $0.matches(metadata) }
        case .not(let filter): !filter.matches(metadata)
        case .compare(let path, let test): metadata.value(at: path.keys).map(test.holds) ?? false
        }
    }
}

extension FilterTest {
    func holds(_ value: JSONValue) -> Bool {
        switch self {
        case .equals(let wanted): return value == wanted
        case .isOneOf(let wanted): return wanted.contains(value)
        case .exists: return true
        case .contains(let wanted):
            guard case .array(let elements) = value else { return false }
            return elements.contains(wanted)
        case .ordered(let order, let bound): return order.holds(bound, value)
        }
    }
}

extension FilterOrder {
    func holds(_ bound: FilterBound, _ value: JSONValue) -> Bool {
        let isLess: Bool
        let isEqual: Bool
        switch (value, bound) {
        case (.string(let value), .string(let bound)): (isLess, isEqual) = (value < bound, value == bound)
        case (.integer(let value), .integer(let bound)): (isLess, isEqual) = (value < bound, value == bound)
        case (.number(let value), .number(let bound)): (isLess, isEqual) = (value < bound, value == bound)
        case (.integer(let value), .number(let bound)):
            (isLess, isEqual) = (Self.isLess(value, bound), Double(exactly: value) == bound)
        case (.number(let value), .integer(let bound)):
            isEqual = Double(exactly: bound) == value
            isLess = !isEqual && !Self.isLess(bound, value)
        default: return false
        }
        switch self {
        case .less: return isLess
        case .lessOrEqual: return isLess || isEqual
        case .greater: return !isLess && !isEqual
        case .greaterOrEqual: return !isLess
        }
    }

    /// Compares exactly, where a conversion to Double would round.
    private static func isLess(_ left: Int64, _ right: Double) -> Bool {
        if right >= 0x1p63 { return true }
        guard let floor = Int64(exactly: right.rounded(.down)) else { return false }
        return left < floor || (left == floor && right > right.rounded(.down))
    }
}
