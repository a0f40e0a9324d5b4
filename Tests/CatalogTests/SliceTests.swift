// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Vectors

import Catalog

@Suite("Vectors read ahead in slices")
struct SliceTests {
    private func filled(_ folder: CatalogFolder, _ count: Int, _ element: VectorElement = .float32) throws
        -> CatalogStore
    {
        let store = try folder.open()
        let name = try store.create(Sample.definition(element: element)).record.definition.name
        _ = try store.create(Sample.definition("other", element: element))
        for number in 0..<count {
            try store.upsert(Sample.draft(number), into: name)
            if number % 3 == 0 { try store.upsert(Sample.draft(number), into: Sample.name("other")) }
        }
        return store
    }

    @Test(
        "Slices have every row once, in order, with its floats, whatever their size",
        arguments: [(1, VectorElement.float32), (7, .float32), (7, .float16), (50, .float32), (1_000, .float16)])
    func complete(rows: Int, element: VectorElement) throws {
        let folder = try CatalogFolder()
        let store = try filled(folder, 50, element)
        let expected = try store.streamed(Sample.name()).mapValues { bytes in
            bytes.withUnsafeBytes { VectorCoding.decode($0, as: element) }
        }
        let shop = try Sample.name()
        let found = try store.snapshot { (snapshot) throws(CatalogError) -> ([Int64], [[Float]], [Int]) in
            var (keys, vectors, sizes): ([Int64], [[Float]], [Int]) = ([], [], [])
            try snapshot.slices(of: snapshot.collection(shop), rows: rows) { (part, floats) throws(CatalogError) in
                keys += part
                sizes.append(part.count)
                for place in part.indices { vectors.append(Array(floats[place * 8..<place * 8 + 8])) }
            }
            return (keys, vectors, sizes)
        }
        #expect(found.0 == expected.keys.sorted() && found.0.count == 50)
        #expect(found.1 == found.0.map { expected[$0] })
        #expect(found.2.dropLast().allSatisfy { $0 == rows } && (found.2.last ?? 0) <= rows)
    }

    @Test("A collection without items has no slices")
    func empty() throws {
        let folder = try CatalogFolder()
        let store = try filled(folder, 0)
        let shop = try Sample.name()
        try store.snapshot { (snapshot) throws(CatalogError) in
            try snapshot.slices(of: snapshot.collection(shop), rows: 4) { (_, _) throws(CatalogError) in
                Issue.record("there was a slice")
            }
        }
    }

    @Test("A damaged vector ends the slices with an error, and so does one from their user")
    func errors() throws {
        let folder = try CatalogFolder()
        let store = try filled(folder, 50)
        let shop = try Sample.name()
        #expect(throws: CatalogError.noSuchItem) {
            try store.snapshot { (snapshot) throws(CatalogError) in
                try snapshot.slices(of: snapshot.collection(shop), rows: 2) { (_, _) throws(CatalogError) in
                    throw .noSuchItem
                }
                // The connection is the caller's again: the reader has ended.
            }
        }
        try store.close()
        try Connection(folder.path, mode: .writer).run(
            "UPDATE vectors SET bytes = zeroblob(32) WHERE row = (SELECT row FROM items WHERE id = 'item-40' AND collection = 1)"
        )
        let damaged = try folder.open()
        #expect(throws: CatalogError.damaged(place: "vectors")) {
            try damaged.snapshot { (snapshot) throws(CatalogError) in
                try snapshot.slices(of: snapshot.collection(shop), rows: 2) { (_, _) throws(CatalogError) in }
            }
        }
    }

    @Test("Whoever follows the catalog can tell how far the loading is")
    func progress() throws {
        let folder = try CatalogFolder()
        let store = try filled(folder, 30)
        let shop = try Sample.name()
        #expect(store.loading.total == 0)
        let (seen, observation) = try store.follow { (snapshot) throws(CatalogError) -> [Int] in
            var seen: [Int] = []
            try snapshot.slices(of: snapshot.collection(shop), rows: 10) { (_, _) throws(CatalogError) in
                seen.append(store.loading.done)
            }
            return seen
        } apply: { _ in
        }
        #expect(seen == [0, 10, 20] && store.loading.done == 30 && store.loading.total == 40)
        observation.cancel()
    }
}
