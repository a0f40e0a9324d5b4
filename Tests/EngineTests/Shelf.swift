// SPDX-License-Identifier: Apache-2.0

import Catalog
import Collections
import TestSupport
import Testing
import Vectors

/// A collection of three spaces in an engine, and what is in it once more in the plainest form.
final class Shelf {
    static let dimensions = [6, 4, 8]
    static let spaces = ["color", "rotation", "texture"].compactMap { SpaceName($0) }

    let bench: Bench
    let name: CollectionName
    let definition: CollectionDefinition
    var items: [String: (vector: [Float], metadata: Metadata)] = [:]
    /// Ids in the order of their first insertion.
    var order: [String] = []
    var random: SeededGenerator

    var engine: any CollectionEngine { bench.engine }
    var store: any ItemStore { bench.store }

    init(_ bench: Bench, element: VectorElement = .float32, seed: UInt64 = 5) throws {
        self.bench = bench
        random = SeededGenerator(seed: seed)
        name = try bench.name()
        definition = CollectionDefinition(
            name: name, model: try #require(ModelID("m")), checkpoint: ContentDigest(of: [1]),
            spaces: zip(Self.spaces, Self.dimensions).map { CollectionSpace(name: $0, dimensions: $1) },
            element: element, preprocessing: "p1")
        _ = try store.create(definition)
    }

    /// Segments of any length, now and then a zero one.
    func vector() -> [Float] {
        Self.dimensions.flatMap { size -> [Float] in
            if Int.random(in: 0..<20, using: &random) == 0 { return [Float](repeating: 0, count: size) }
            let scale = [Float(1), 0.25, 3][Int.random(in: 0..<3, using: &random)]
            return (0..<size).map { _ in scale * Float.random(in: -1...1, using: &random) }
        }
    }

    func draft(_ id: String, _ metadata: Metadata = .empty) throws -> ItemDraft {
        ItemDraft(
            id: try ItemID(id), digest: ContentDigest(of: Array(id.utf8)), metadata: metadata, vector: vector())
    }

    func put(_ id: String, _ metadata: Metadata = .empty) throws {
        let draft = try draft(id, metadata)
        let receipt = try store.upsert(draft, into: name)
        #expect(receipt.isNew == (items[id] == nil))
        if items[id] == nil { order.append(id) }
        items[id] = (draft.vector, metadata)
    }

    func delete(_ id: String) throws {
        try store.delete(ItemID(id), from: name)
        items[id] = nil
        order.removeAll { $0 == id }
    }

    func segments(_ vector: [Float]) -> [SpaceName: [Float]] {
        var start = 0
        var result: [SpaceName: [Float]] = [:]
        for (space, size) in zip(Self.spaces, Self.dimensions) {
            result[space] = Array(vector[start..<start + size])
            start += size
        }
        return result
    }

    static func cosine(_ a: [Float], _ b: [Float]) -> Double {
        func length(_ v: [Float]) -> Double { v.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
        let dot = zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        let lengths = length(a) * length(b)
        return lengths == 0 ? 0 : dot / lengths
    }

    /// The scores of all items by the plainest loop, best first.
    func naive(
        _ query: [Float], _ weights: [SpaceName: Double], _ filter: Filter = .everything
    ) throws -> [(id: String, score: Double)] {
        let total = weights.values.reduce(0) { $0 + abs($1) }
        let parts = segments(query)
        var scored: [(id: String, score: Double)] = []
        for (id, item) in items where filter.matches(try item.metadata.value) {
            let own = segments(item.vector)
            let sum = weights.reduce(0.0) { $0 + $1.value * Self.cosine(parts[$1.key] ?? [], own[$1.key] ?? []) }
            scored.append((id, sum / total))
        }
        return scored.sorted { a, b in a.score == b.score ? a.id < b.id : a.score > b.score }
    }

    func weights() -> [SpaceName: Double] {
        var weights: [SpaceName: Double] = [:]
        for space in Self.spaces { weights[space] = Double(Int.random(in: -2...2, using: &random)) / 2 }
        if weights.values.allSatisfy({ $0 == 0 }) { weights[Self.spaces[0]] = 1 }
        return weights
    }
}

/// Filters and metadata at random, out of few enough words that they meet.
struct RandomJSON {
    var random: SeededGenerator

    private static let scalars = [
        "null", "true", "false", "0", "1", "-1", "2", "1.5", "0.1", "1e300", "5e-324", "9007199254740993",
        "9223372036854775807", "-9223372036854775808", "1e19", #""""#, #""a""#, #""A""#, #""\u00e9""#, #""e\u0301""#,
        #""\ud83d\ude00""#, #""z'\"$1""#, #""10""#,
    ]
    private static let keys = ["a", "b", "0", "c d", "é"]

    private mutating func pick<Value>(_ values: [Value]) -> Value {
        values[Int.random(in: 0..<values.count, using: &random)]
    }

    mutating func value(_ depth: Int = 2) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 6:
            return "["
                + (0..<Int.random(in: 0..<4, using: &random)).map { _ in value(depth - 1) }.joined(separator: ",") + "]"
        case 7: return object(depth - 1)
        default: return pick(Self.scalars)
        }
    }

    mutating func object(_ depth: Int = 2) -> String {
        let keys = Self.keys.filter { _ in Bool.random(using: &random) }
        return "{" + keys.map { "\"\($0)\":\(value(depth))" }.joined(separator: ",") + "}"
    }

    mutating func filter(_ depth: Int = 2) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 12 : 9), using: &random) {
        case 9: return #"{"$and":[\#(filter(depth - 1)),\#(filter(depth - 1))]}"#
        case 10: return #"{"$or":[\#(filter(depth - 1)),\#(filter(depth - 1))]}"#
        case 11: return #"{"$not":\#(filter(depth - 1))}"#
        default:
            let path = Bool.random(using: &random) ? pick(Self.keys) : "\(pick(Self.keys)).\(pick(Self.keys))"
            return "{\"\(path)\":\(test())}"
        }
    }

    private mutating func test() -> String {
        let numbers = Self.scalars.filter { Double($0) != nil || $0.hasPrefix("\"") }
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return value(1).hasPrefix("{") ? "1" : value(0)
        case 1: return #"{"$in":[\#(value(0)),\#(value(1)),\#(value(0))]}"#
        case 2: return #"{"$exists":\#(Bool.random(using: &random))}"#
        case 3: return #"{"$contains":\#(value(1))}"#
        case 4: return #"{"$ne":\#(value(1))}"#
        case 5: return #"{"$nin":[\#(value(0)),\#(value(0))]}"#
        default: return #"{"\#(pick(["$gt", "$gte", "$lt", "$lte"]))":\#(pick(numbers))}"#
        }
    }
}
