// SPDX-License-Identifier: Apache-2.0

import Catalog
import Collections
import Foundation
import Testing
import VectorSearch

@Suite("Large collections")
struct ApproximateSearchTests {
    /// Waits until a graph over all items was measured; false when that takes a minute.
    private func settles(_ service: CollectionService, _ name: CollectionName) throws -> Bool {
        for _ in 0..<6000 {
            if let status = try service.approximation(of: name), status.phase == .ready, status.pending == 0 {
                return true
            }
            Thread.sleep(forTimeInterval: 0.01)
        }
        return false
    }

    @Test("A graph answers where there are many items, says so with its recall, and steps back when asked to")
    func graphAndExact() throws {
        let shop = try Shop()
        for number in 0..<1200 { try shop.put("i\(number)", price: number % 90) }
        let service = try CollectionService(
            shop.store, threads: 1,
            approximation: ApproximationSettings(leastRows: 500, threads: 1, probes: 20))
        try #require(try settles(service, shop.name))
        let measured = try #require(try service.approximation(of: shop.name)).measured
        #expect(measured.count == 9, "three mixed kinds, and each space alone for and against")
        let usual = try #require(try CollectionService(shop.store, threads: 1).approximation(of: shop.name))
        #expect(usual.phase == .off && usual.recall == nil)
        var request = SearchRequest(.vectors(shop.segments(shop.vector())))
        let first = try service.search(shop.name, request)
        #expect(first.isExact == (first.expectedRecall == 1))
        request.exact = true
        let exact = try service.search(shop.name, request)
        let plain = try shop.service.search(shop.name, request)
        #expect(exact.isExact && exact.expectedRecall == 1 && exact == plain && exact.hits.count == 10)
        // What was written last is found at once, by either way, and what was deleted is not.
        try shop.put("new", price: 1)
        let vector = try #require(shop.items["new"]?.vector)
        for isExact in [false, true] {
            let request = SearchRequest(.vectors(shop.segments(vector)), k: 1, exact: isExact)
            #expect(try service.search(shop.name, request).hits.first?.item.id.text == "new")
        }
        try shop.delete("new")
        for isExact in [false, true] {
            let request = SearchRequest(.vectors(shop.segments(vector)), k: 1, exact: isExact)
            #expect(try service.search(shop.name, request).hits.first?.item.id.text != "new")
        }
    }
}
