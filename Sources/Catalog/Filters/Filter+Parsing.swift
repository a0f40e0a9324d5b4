// SPDX-License-Identifier: Apache-2.0

extension Filter {
    /// Reads a filter's JSON; throws ``CatalogError/invalidFilter(_:)``.
    package init(_ json: [UInt8], limits: CatalogLimits = CatalogLimits()) throws(CatalogError) {
        let value: JSONValue
        do throws(JSONFaultError) {
            value = try JSONReader.read(json, depth: limits.jsonDepth, size: limits.filterBytes)
        } catch { throw .invalidFilter(.json(error.fault)) }
        try self.init(value, limits: limits)
    }

    /// Reads a parsed filter; throws ``CatalogError/invalidFilter(_:)``.
    package init(_ value: JSONValue, limits: CatalogLimits = CatalogLimits()) throws(CatalogError) {
        guard value.depth <= limits.jsonDepth else {
            throw .invalidFilter(.json(.tooDeep(limit: limits.jsonDepth)))
        }
        var reader = FilterReader(limit: limits.filterConditions)
        self = try reader.filter(value)
    }
}

extension JSONValue {
    /// Nesting of arrays and objects, 0 for anything else.
    fileprivate var depth: Int {
        switch self {
        case .array(let values): 1 + (values.map(\.depth).max() ?? 0)
        case .object(let members): 1 + (members.map(\.value.depth).max() ?? 0)
        default: 0
        }
    }
}

/// Turns JSON into a filter and counts its conditions.
private struct FilterReader {
    let limit: Int
    private var conditions = 0

    init(limit: Int) {
        self.limit = limit
    }

    private mutating func count(_ more: Int = 1) throws(CatalogError) {
        conditions += more
        guard conditions <= limit else { throw .invalidFilter(.tooManyConditions(limit: limit)) }
    }

    mutating func filter(_ value: JSONValue) throws(CatalogError) -> Filter {
        guard case .object(let members) = value else { throw .invalidFilter(.badOperand) }
        var parts: [Filter] = []
        for member in members { parts.append(try part(member)) }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func part(_ member: JSONMember) throws(CatalogError) -> Filter {
        try count()
        switch member.key.text {
        case "$and": return .and(try filters(member.value))
        case "$or": return .or(try filters(member.value))
        case "$not": return .not(try filter(member.value))
        case let key where key.hasPrefix("$"): throw .invalidFilter(.unknownOperator)
        case let key: return try conditions(on: FilterPath(key), member.value)
        }
    }

    private mutating func filters(_ value: JSONValue) throws(CatalogError) -> [Filter] {
        guard case .array(let values) = value else { throw .invalidFilter(.badOperand) }
        var filters: [Filter] = []
        for value in values { filters.append(try filter(value)) }
        return filters
    }

    /// A value stands for equality; an object whose keys begin with `$` is a list of operators.
    private mutating func conditions(on path: FilterPath, _ value: JSONValue) throws(CatalogError) -> Filter {
        guard case .object(let members) = value, members.contains(where: { $0.key.text.hasPrefix("$") }) else {
            return .compare(path, .equals(value))
        }
        var parts: [Filter] = []
        for member in members {
            try count()
            parts.append(try condition(on: path, member))
        }
        return parts.count == 1 ? parts[0] : .and(parts)
    }

    private mutating func condition(on path: FilterPath, _ member: JSONMember) throws(CatalogError) -> Filter {
        switch (member.key.text, member.value) {
        case ("$eq", let value): return .compare(path, .equals(value))
        case ("$ne", let value): return .not(.compare(path, .equals(value)))
        case ("$contains", let value): return .compare(path, .contains(value))
        case ("$exists", .bool(true)): return .compare(path, .exists)
        case ("$exists", .bool(false)): return .not(.compare(path, .exists))
        case ("$in", .array(let values)):
            try count(values.count)
            return .compare(path, .isOneOf(values))
        case ("$nin", .array(let values)):
            try count(values.count)
            return .not(.compare(path, .isOneOf(values)))
        case ("$exists", _), ("$in", _), ("$nin", _): throw .invalidFilter(.badOperand)
        case (let name, let value):
            guard let order = FilterOrder(rawValue: name) else { throw .invalidFilter(.unknownOperator) }
            return .compare(path, .ordered(order, try bound(value)))
        }
    }

    private func bound(_ value: JSONValue) throws(CatalogError) -> FilterBound {
        switch value {
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let value): .string(value)
        default: throw .invalidFilter(.badOperand)
        }
    }
}
