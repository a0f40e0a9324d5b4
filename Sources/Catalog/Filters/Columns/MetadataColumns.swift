// SPDX-License-Identifier: Apache-2.0

/// The metadata of one collection at the paths that filters asked for, in step with its rows.
struct MetadataColumns: Sendable {
    /// Ascending; rows that are gone stay until there are many.
    private var rows: [Int64] = []
    private var alive = RowBits(count: 0, all: false)
    private var gone = 0
    private(set) var columns: [FilterPath: MetadataColumn] = [:]
    /// Answers since the last change.
    private var answers: [(filter: Filter, rows: [Int64])] = []
    private static let mostAnswers = 8

    var isEmpty: Bool { columns.isEmpty }
    var bytes: Int { columns.values.reduce(rows.count * 8 + alive.words.count * 8) { $0 + $1.bytes } }

    /// The same value for a row of the file and for a change of it.
    struct Change: Sendable {
        let row: Int64
        /// Nil for a row that is gone.
        let metadata: JSONValue?
    }

    // MARK: Columns

    /// Adds a column read from one state of the file, and what changed since then.
    mutating func add(
        _ path: FilterPath, _ column: MetadataColumn, rows found: [Int64], changes: [Change]
    ) throws(CatalogError) {
        var column = column
        if columns.isEmpty {
            rows = found
            alive = RowBits(count: found.count, all: false)
            for place in found.indices { alive.set(place, true) }
            gone = 0
        } else {
            column.replace(aligned(column.codes, of: found))
        }
        columns[path] = column
        for change in changes { try apply(change) }
    }

    private func aligned(_ codes: [UInt32], of found: [Int64]) -> [UInt32] {
        var place = 0
        return rows.map { row in
            while place < found.count, found[place] < row { place += 1 }
            return place < found.count && found[place] == row ? codes[place] : 0
        }
    }

    mutating func drop(_ path: FilterPath) { columns[path] = nil }

    /// Makes one change in every column.
    mutating func apply(_ change: Change) throws(CatalogError) {
        guard !columns.isEmpty else { return }
        answers.removeAll()
        let place = place(of: change.row)
        let isKnown = place < rows.count && rows[place] == change.row
        guard let metadata = change.metadata else {
            if isKnown { remove(place) }
            return
        }
        guard isKnown || place == rows.count else { throw .damaged(place: "rows") }
        if !isKnown {
            rows.append(change.row)
            alive.append(true)
        }
        for path in Array(columns.keys) {
            let text = metadata.value(at: path.keys).map { JSONString($0.canonicalText) }
            guard let code = try columns[path]?.code(of: text) else { continue }
            if isKnown { columns[path]?.set(code, at: place) } else { columns[path]?.append(code) }
        }
    }

    private mutating func remove(_ place: Int) {
        alive.set(place, false)
        gone += 1
        guard gone > 1_024, gone > rows.count / 2 else { return }
        for path in Array(columns.keys) { columns[path]?.keep(alive) }
        var kept: [Int64] = []
        alive.forEach { kept.append(rows[$0]) }
        rows = kept
        alive = RowBits(count: kept.count, all: false)
        for place in kept.indices { alive.set(place, true) }
        gone = 0
    }

    /// The first place whose row is not below `row`.
    private func place(of row: Int64) -> Int {
        guard let last = rows.last, last >= row else { return rows.count }
        var (low, high) = (0, rows.count)
        while low < high {
            let middle = (low + high) / 2
            if rows[middle] < row { low = middle + 1 } else { high = middle }
        }
        return low
    }

    // MARK: Asking

    /// The rows that meet a filter, ascending; nil where a path of it has no column.
    mutating func rows(matching filter: Filter, at mark: Int) -> [Int64]? {
        for path in filter.paths {
            guard columns[path] != nil else { return nil }
            columns[path]?.used = mark
        }
        if let known = answers.first(where: { $0.filter == filter }) { return known.rows }
        var bits = bits(matching: filter)
        bits.formIntersection(alive)
        var found: [Int64] = []
        found.reserveCapacity(bits.population)
        bits.forEach { found.append(rows[$0]) }
        if answers.count == Self.mostAnswers { answers.removeFirst() }
        answers.append((filter, found))
        return found
    }

    private func bits(matching filter: Filter) -> RowBits {
        switch filter {
        case .and(let filters):
            var bits = RowBits(count: rows.count, all: true)
            for filter in filters { bits.formIntersection(self.bits(matching: filter)) }
            return bits
        case .or(let filters):
            var bits = RowBits(count: rows.count, all: false)
            for filter in filters { bits.formUnion(self.bits(matching: filter)) }
            return bits
        case .not(let filter):
            var bits = bits(matching: filter)
            bits.invert()
            return bits
        case .compare(let path, let test):
            guard let column = columns[path] else { preconditionFailure("no column for \(path.sqlPath)") }
            return column.bits(meeting: test)
        }
    }
}

extension Filter {
    /// The paths that it asks for.
    var paths: Set<FilterPath> {
        switch self {
        case .and(let filters), .or(let filters): filters.reduce(into: []) { $0.formUnion($1.paths) }
        case .not(let filter): filter.paths
        case .compare(let path, _): [path]
        }
    }
}
