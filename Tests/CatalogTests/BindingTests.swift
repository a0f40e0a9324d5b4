// SPDX-License-Identifier: Apache-2.0

import Testing
import Vectors

import Catalog

@Suite("What a collection is bound to, and its rule on thumbnails")
struct BindingTests {
    private func prepared(_ text: String?, _ name: String = Sample.shop) throws -> CollectionDefinition {
        let plain = try Sample.definition(name)
        return CollectionDefinition(
            name: plain.name, model: plain.model, checkpoint: plain.checkpoint, spaces: plain.spaces,
            preprocessing: text)
    }

    @Test("Another preparation of the images is refused with both; one that says nothing is not")
    func preprocessing() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        #expect(try store.create(prepared("v1 crop 224")).isNew)
        #expect(throws: CatalogError.preprocessingConflict(bound: "v1 crop 224", asked: "v2 crop 224")) {
            try store.create(prepared("v2 crop 224"))
        }
        #expect(try !store.create(prepared("v1 crop 224")).isNew)
        #expect(try !store.create(prepared(nil)).isNew)
        try store.upsert(Sample.draft(1), into: Sample.name())
        try store.close()
        let again = try folder.open()
        #expect(try again.collection(Sample.name()).definition.preprocessing == "v1 crop 224")
        #expect(try again.rename(Sample.name(), to: Sample.name("b")).definition.preprocessing == "v1 crop 224")
        #expect(try again.verify().isSound)
        #expect(throws: CatalogError.self) {
            try again.create(prepared(String(repeating: "x", count: 1_025), "c"))
        }
    }

    @Test("A collection that was made before preparations were kept goes on with any")
    func unbound() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(prepared(nil))
        let found = try store.create(prepared("v9"))
        #expect(!found.isNew && found.record.definition.preprocessing == nil)
        #expect(try store.collection(Sample.name()).definition.isPrepared(as: "v10"))
    }

    @Test("The rule on thumbnails is set, kept through writes and names, and changed by asking again")
    func thumbnails() throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        #expect(try store.create(Sample.definition()).record.thumbnails == nil)
        #expect(try store.create(Sample.definition(), thumbnails: .side(96)).record.thumbnails == .side(96))
        try store.upsert(Sample.draft(1, thumbnail: 100), into: Sample.name())
        #expect(try store.create(Sample.definition()).record.thumbnails == .side(96))
        try store.close()
        let again = try folder.open()
        #expect(try again.rename(Sample.name(), to: Sample.name("b")).thumbnails == .side(96))
        let record = try again.create(Sample.definition("b"), thumbnails: ThumbnailRule.none).record
        #expect(record.thumbnails == ThumbnailRule.none && record.items == 1)
        #expect(try again.verify().isSound)
    }

    @Test(
        "Rules are read and written as text",
        arguments: [("none", ThumbnailRule.none), ("16", .side(16)), ("1024", .side(1_024))])
    func rules(_ text: String, _ rule: ThumbnailRule) {
        #expect(ThumbnailRule(text) == rule && rule.description == text)
    }

    @Test("What is no rule is refused", arguments: ["", "0", "15", "1025", "None", "160px", "-1"])
    func badRules(_ text: String) {
        #expect(ThumbnailRule(text) == nil)
    }

    @Test(
        "A row whose preparation or rule was changed in the file is damaged",
        arguments: [
            "preprocessing = 'v2'", "preprocessing = NULL", "thumbnails = 97", "thumbnails = NULL", "thumbnails = 5",
        ])
    func damage(_ change: String) throws {
        let folder = try CatalogFolder()
        let store = try folder.open()
        _ = try store.create(prepared("v1"), thumbnails: .side(96))
        try store.close()
        try Connection(folder.path, mode: .writer).execute("UPDATE collections SET \(change)")
        #expect(throws: CatalogError.damaged(place: "collections")) { try folder.open() }
        #expect(try CatalogStore.verify(fileAt: folder.path).problems == ["collections: catalog_damaged"])
    }
}
