// SPDX-License-Identifier: Apache-2.0

import Testing
import TestSupport
import Vectors

import Catalog

struct FilterTests {
    @Test("SQL and Swift give the same answer on random metadata and filters")
    func agreement() throws {
        var generator = SeededGenerator(seed: 11)
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        var values: [(row: Int64, value: JSONValue)] = []
        for number in 0..<150 {
            var draft = try Sample.draft(number)
            let value = JSONValue.object(&generator, depth: 3)
            draft.metadata = try Metadata(value)
            values.append((try store.upsert([draft], into: name)[0].get().row, value))
        }
        var matched = 0
        for _ in 0..<600 {
            let filter = try randomFilter(&generator, depth: 3)
            let expected = values.filter { filter.matches($0.value) }.map(\.row)
            #expect(try store.rows(name, matching: filter) == expected, "\(filter)")
            matched += expected.count
        }
        #expect(matched > 5_000 && matched < 85_000)
    }

    private func randomFilter(_ generator: inout SeededGenerator, depth: Int) throws -> Filter {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 5), using: &generator) {
        case 5:
            let count = Int.random(in: 0..<4, using: &generator)
            return .and(try (0..<count).map { _ in try randomFilter(&generator, depth: depth - 1) })
        case 6:
            let count = Int.random(in: 0..<4, using: &generator)
            return .or(try (0..<count).map { _ in try randomFilter(&generator, depth: depth - 1) })
        case 7: return .not(try randomFilter(&generator, depth: depth - 1))
        default: return .compare(try randomPath(&generator), randomTest(&generator))
        }
    }

    private func randomPath(_ generator: inout SeededGenerator) throws -> FilterPath {
        let paths = ["a", "b", "c d", #"e\.f"#, "é", "0", "$x", "a.b", "b.a", "a.a", "b.0", "missing", "a.b.a"]
        return try FilterPath(paths.randomElement(using: &generator) ?? "a")
    }

    private func randomTest(_ generator: inout SeededGenerator) -> FilterTest {
        let value = JSONValue.random(&generator, depth: 1)
        switch Int.random(in: 0..<7, using: &generator) {
        case 0: return .exists
        case 1: return .contains(value)
        case 2: return .isOneOf((0..<3).map { _ in JSONValue.random(&generator, depth: 1) })
        case 3: return .equals(value)
        default:
            let order = FilterOrder.allCases.randomElement(using: &generator) ?? .less
            switch value {
            case .integer(let value): return .ordered(order, .integer(value))
            case .number(let value): return .ordered(order, .number(value))
            case .string(let value): return .ordered(order, .string(value))
            default: return .ordered(order, .number(0.1))
            }
        }
    }

    @Test("Numbers a rounding step apart are told apart by both")
    func boundaries() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        var generator = SeededGenerator(seed: 5)
        for number in 0..<300 {
            let value = Double.random(in: 0..<1, using: &generator)
            var draft = try Sample.draft(number, id: "one")
            draft.metadata = try Metadata(Array("{\"x\":\(value)}".utf8))
            try store.upsert(draft, into: name)
            for (bound, holds) in [(value, true), (value.nextUp, false), (value.nextDown, true)] {
                let filter = Filter.compare(try FilterPath("x"), .ordered(.greaterOrEqual, .number(bound)))
                #expect(try store.rows(name, matching: filter).isEmpty != holds, "\(value) and \(bound)")
                #expect(filter.matches(try draft.metadata.value) == holds)
            }
        }
    }

    @Test(
        "Filters are read",
        arguments: [
            (#"{}"#, Filter.everything),
            (#"{"$not":{"a":null}}"#, .not(.compare(path("a"), .equals(.null)))),
            (
                #"{"a.b":{"$gt":1,"$lte":"x"}}"#,
                .and([
                    .compare(path("a", "b"), .ordered(.greater, .integer(1))),
                    .compare(path("a", "b"), .ordered(.lessOrEqual, .string("x"))),
                ])
            ),
            (
                #"{"a":{"$nin":[1]},"b":{"c":2}}"#,
                .and([
                    .not(.compare(path("a"), .isOneOf([.integer(1)]))),
                    .compare(path("b"), .equals(.object([JSONMember(key: "c", value: .integer(2))]))),
                ])
            ),
            (
                #"{"$or":[{"a":{"$exists":false}},{"a":{"$contains":"x"}},{"a":{"$ne":true}}]}"#,
                .or([
                    .not(.compare(path("a"), .exists)), .compare(path("a"), .contains(.string("x"))),
                    .not(.compare(path("a"), .equals(.bool(true)))),
                ])
            ),
        ])
    func reading(_ json: String, _ filter: Filter) throws {
        #expect(try Filter(Array(json.utf8)) == filter)
    }

    @Test(
        "Filters that mean nothing are refused",
        arguments: [
            ("[]", FilterFault.badOperand), (#"{"$and":{}}"#, .badOperand), (#"{"$nor":[]}"#, .unknownOperator),
            (#"{"a":{"$regex":"x"}}"#, .unknownOperator), (#"{"a":{"$gt":1,"b":2}}"#, .unknownOperator),
            (#"{"a":{"$gt":true}}"#, .badOperand), (#"{"a":{"$in":1}}"#, .badOperand),
            (#"{"a":{"$exists":1}}"#, .badOperand), (#"{"a..b":1}"#, .badPath), (#"{"":1}"#, .badPath),
            (#"{"a\"b":1}"#, .badPath), (#"{"a\\b":1}"#, .badPath), (#"{"a\\":1}"#, .badPath),
            ("{", .json(.malformed(offset: 1))),
        ])
    func refusals(_ json: String, _ fault: FilterFault) {
        #expect(throws: CatalogError.invalidFilter(fault)) { try Filter(Array(json.utf8)) }
    }

    @Test("A filter of as many conditions as allowed runs, one more is refused")
    func limits() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        func json(_ count: Int) -> [UInt8] {
            let parts = (0..<count - 1).map { "{\"a\":\($0)}" }.joined(separator: ",")
            return Array("{\"$or\":[\(parts)]}".utf8)
        }
        #expect(try store.rows(name, matching: Filter(json(1_000))).isEmpty)
        #expect(throws: CatalogError.invalidFilter(.tooManyConditions(limit: 1_000))) { try Filter(json(1_001)) }
    }
}

private func path(_ keys: JSONString...) -> FilterPath {
    // Paths of these tests are well formed; one that is not would compare unequal.
    (try? FilterPath(keys.map(\.text).joined(separator: "."))) ?? .missing
}

extension FilterPath {
    fileprivate static let missing = { () -> FilterPath in
        guard let path = try? FilterPath("missing") else { preconditionFailure("a plain path was refused") }
        return path
    }()
}
