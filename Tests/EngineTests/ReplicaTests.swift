// SPDX-License-Identifier: Apache-2.0

import Catalog
import Collections
import Foundation
import PostgresCatalog
import Synchronization
import TestSupport
import Testing
import VectorSearch
import Vectors

@Suite("Several processes share one server", .enabled(if: EngineCase.hasPostgres, "no PostgreSQL to be had"))
struct ReplicaTests {
    @Test("What one replica was told is there, the next search and read of another has")
    func readYourWrites() throws {
        let (first, other) = (try Shelf(Bench(.postgres)), try Bench(.postgres))
        for number in 0..<20 {
            try first.put("i\(number)")
            let query = first.segments(try #require(first.items["i\(number)"]).vector)
            let answer = try other.engine.search(first.name, SearchRequest(.vectors(query), k: 100))
            #expect(answer.hits.count == number + 1 && answer.hits.contains { $0.item.id.text == "i\(number)" })
            #expect(try other.store.collection(first.name).items == number + 1)
        }
        try first.delete("i3")
        #expect(throws: CatalogError.noSuchItem) { _ = try other.store.item(ItemID("i3"), in: first.name) }
    }

    @Test("A collection deleted and made anew elsewhere is not mistaken for the old one")
    func madeAnew() throws {
        let (first, other) = (try Shelf(Bench(.postgres)), try Bench(.postgres))
        try first.put("old")
        let query = SearchRequest(.vectors(first.segments(first.vector())))
        #expect(try other.engine.search(first.name, query).hits.count == 1)
        _ = try other.store.upsert(first.draft("second"), into: first.name)
        try first.store.deleteCollection(first.name)
        #expect(throws: CollectionsError.catalog(.noSuchCollection)) { _ = try other.engine.search(first.name, query) }
        #expect(throws: CatalogError.noSuchCollection) {
            _ = try other.store.upsert(first.draft("x"), into: first.name)
        }
        _ = try first.store.create(first.definition)
        #expect(try other.engine.search(first.name, query).hits.isEmpty)
        #expect(try other.store.upsert(first.draft("old"), into: first.name).isNew)
        #expect(try other.engine.search(first.name, query).hits.map(\.item.id.text) == ["old"])
    }

    @Test("Writers of several replicas that want the same items all succeed, and the counts are those of the items")
    func contention() throws {
        let shelf = try Shelf(Bench(.postgres))
        let replicas = try (0..<3).map { _ in try Bench(.postgres) }
        let stores = replicas.map(\.store)
        let (name, drafts) = (shelf.name, try (0..<40).map { try shelf.draft("i\($0)") })
        let failures = Tally()
        DispatchQueue.concurrentPerform(iterations: 6) { worker in
            let store = stores[worker % stores.count]
            for round in 0..<8 {
                do {
                    let batch = (worker + round).isMultiple(of: 2) ? drafts : drafts.reversed()
                    for result in try store.upsert(Array(batch), into: name) { _ = try result.get() }
                    if round % 3 == 2 { _ = try store.delete(drafts.prefix(20).map(\.id), from: name) }
                } catch {
                    failures.add("\(error)")
                }
            }
        }
        // A bench closes its store with it.
        withExtendedLifetime(replicas) {}
        #expect(failures.all.isEmpty, "\(failures.all)")
        let record = try shelf.store.collection(name)
        let items = try shelf.store.list(name, after: nil, limit: 1_000).items
        #expect(record.items == items.count && record.bytes == items.count * (18 * 4 + 2))
    }

    @Test("Of a collection with a graph the best are found, the recall is said, and an exact search scans")
    func graph() throws {
        let bench = try Bench(.postgres) { $0.approximation = ApproximationSettings(leastRows: 500, recall: 0.9) }
        let shelf = try Shelf(bench)
        let service = try #require(bench.engine as? PostgresService)
        #expect(try service.approximation(of: shelf.name)?.phase == .off)
        let drafts = try (0..<1_500).map {
            try shelf.draft("i\($0)", Metadata(Array(#"{"part":\#($0 % 50)}"#.utf8)))
        }
        for draft in drafts { shelf.items[draft.id.text] = (draft.vector, draft.metadata) }
        for result in try shelf.store.upsert(drafts, into: shelf.name) { _ = try result.get() }
        try service.keepGraphs()
        let status = try #require(try service.approximation(of: shelf.name))
        #expect(status.phase == .ready && status.linked == 1_500 && status.bytes > 0)
        #expect(status.measured.count == 5 && status.measured.contains(where: \.isUsed), "\(status.measured)")
        let weights = Dictionary(uniqueKeysWithValues: Shelf.spaces.map { ($0, 1.0) })
        let filter = try Filter(Array(#"{"part":7}"#.utf8))
        var found = 0
        for round in 0..<20 {
            let query = shelf.vector()
            let isExact = round % 4 == 0
            let condition = round % 2 == 0 ? Filter.everything : filter
            let answer = try shelf.engine.search(
                shelf.name,
                SearchRequest(
                    .vectors(shelf.segments(query)), weights: weights, k: 10, filter: condition, exact: isExact))
            let wanted = try shelf.naive(query, weights, condition).prefix(10).map(\.id)
            #expect(answer.isExact == isExact && (isExact || (0.9...1).contains(answer.expectedRecall)))
            #expect(answer.hits.count == 10)
            let hits = Set(answer.hits.map(\.item.id.text)).intersection(wanted).count
            if isExact { #expect(hits == 10) }
            found += hits
        }
        #expect(found >= 180, "\(found) of 200")
        // A second replica reads what the first measured.
        let other = try Bench(.postgres) { $0.approximation = ApproximationSettings(leastRows: 500, recall: 0.9) }
        let second = try #require(other.engine as? PostgresService)
        try second.keepGraphs()
        #expect(try second.approximation(of: shelf.name)?.measured == status.measured)
    }
}

@Suite("A server that cannot be used")
struct ServerTroubleTests {
    @Test(
        "An address that is none is refused without its password",
        arguments: ["postgres://u:secret@[::1", "nonsense=1"])
    func address(_ url: String) throws {
        do throws(CatalogError) {
            _ = try PostgresStore(PostgresConfiguration(url: url))
            Issue.record("taken")
        } catch {
            #expect(error.code == "catalog_unusable" && !"\(error)".contains("secret"))
        }
    }

    @Test("A server that is not there is said to be unreachable, the second time at once")
    func unreachable() throws {
        var configuration = PostgresConfiguration(url: "postgres://nobody@%2Fnonexistent-folder/none")
        configuration.retryDelay = .seconds(60)
        let store = try PostgresStore(configuration)
        for _ in 0..<2 {
            #expect(throws: CatalogError.unavailable(.unreachable)) { try store.open() }
            #expect(throws: CatalogError.unavailable(.unreachable)) { _ = try store.collections() }
        }
        let service = PostgresService(store)
        #expect(service.trouble == .unreachable)
        service.stop()
        try store.close()
        #expect(throws: CatalogError.closed) { _ = try store.collections() }
    }

    @Test(
        "A statement that takes too long ends with a time-out, and the next call succeeds",
        .enabled(if: EngineCase.hasPostgres, "no PostgreSQL to be had"))
    func timeout() throws {
        let shelf = try Shelf(Bench(.postgres))
        let drafts = try (0..<3_000).map { try shelf.draft("i\($0)", Metadata(Array(#"{"a":[1,2,3]}"#.utf8))) }
        _ = try shelf.store.upsert(drafts, into: shelf.name)
        let hasty = try Bench(.postgres) { $0.statementTimeout = .milliseconds(40) }
        // A thousand looks into every item's list.
        let part = #"{"a":{"$contains":9}}"#
        let filter = try Filter(
            Array(#"{"$or":[\#([String](repeating: part, count: 480).joined(separator: ","))]}"#.utf8))
        #expect(throws: CatalogError.unavailable(.timedOut)) { _ = try hasty.store.count(shelf.name, filter: filter) }
        #expect(hasty.engine.trouble == nil)
        #expect(try hasty.store.item(ItemID("i7"), in: shelf.name).id.text == "i7")
    }

    @Test(
        "A server that takes no writes answers reads, refuses writes as a standby does, and nothing is half-written",
        .enabled(if: EngineCase.hasPostgres, "no PostgreSQL to be had"))
    func standby() throws {
        let shelf = try Shelf(Bench(.postgres))
        try shelf.put("kept")
        let mark = (TestServer.url ?? "").contains("?") ? "&" : "?"
        let only = try Bench(.postgres) {
            $0.url += mark + "options=-cdefault_transaction_read_only%3Don&target_session_attrs=any"
        }
        #expect(try only.store.item(ItemID("kept"), in: shelf.name).id.text == "kept")
        #expect(throws: CatalogError.unavailable(.standby)) {
            _ = try only.store.upsert(shelf.draft("new"), into: shelf.name)
        }
        #expect(only.engine.trouble == .standby)
        #expect(throws: CatalogError.noSuchItem) { _ = try shelf.store.item(ItemID("new"), in: shelf.name) }
        #expect(try shelf.store.collection(shelf.name).items == 1)
    }
}

/// Words of several threads.
final class Tally: Sendable {
    private let list = Mutex<[String]>([])

    func add(_ word: String) { list.withLock { $0.append(word) } }
    var all: [String] { list.withLock { $0 } }
}

@Suite("A server that comes back", .enabled(if: EngineCase.hasPostgres, "no PostgreSQL to be had"))
struct RecoveryTests {
    @Test("Under calls without a pause the server is found again as soon as it is there")
    func recovery() throws {
        // The server's socket under another name, which is not there at first.
        let url = try #require(TestServer.url)
        guard let start = url.range(of: "@%2F"), let end = url.range(of: "/", range: start.upperBound..<url.endIndex)
        else { return }
        let folder = try #require(
            String(url[url.index(start.lowerBound, offsetBy: 1)..<end.lowerBound]).removingPercentEncoding)
        let link = "/tmp/facet-link-\(UUID().uuidString.prefix(8))"
        defer { try? FileManager.default.removeItem(atPath: link) }
        let encoded = link.replacingOccurrences(of: "/", with: "%2F")
        var configuration = PostgresConfiguration(
            url: url[..<start.lowerBound] + "@" + encoded + url[end.lowerBound...])
        configuration.retryDelay = .milliseconds(100)
        let store = try PostgresStore(configuration)
        defer { try? store.close() }
        let ended = Mutex(false)
        for _ in 0..<3 {
            Thread.detachNewThread {
                while !ended.withLock({ $0 }) {
                    _ = try? store.collections()
                    Thread.sleep(forTimeInterval: 0.001)
                }
            }
        }
        defer { ended.withLock { $0 = true } }
        Thread.sleep(forTimeInterval: 0.3)
        #expect(throws: CatalogError.unavailable(.unreachable)) { _ = try store.collections() }
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder)
        let deadline = ContinuousClock.now + .seconds(20)
        while (try? store.collections()) == nil {
            try #require(ContinuousClock.now < deadline, "never found again")
            Thread.sleep(forTimeInterval: 0.01)
        }
    }
}
