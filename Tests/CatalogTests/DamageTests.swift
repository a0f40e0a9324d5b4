// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import TestSupport
import Vectors

import Catalog

struct DamageTests {
    private static let count = 30

    @Test("A damaged file is refused, or its values are right, or verify names it; it never crashes the program")
    func mutations() throws {
        let sound = try soundFile()
        var generator = SeededGenerator(seed: 3)
        var (refused, right) = (0, 0)
        let folder = try CatalogFolder()
        for round in 0..<80 {
            var bytes = sound
            mutate(&bytes, round, &generator)
            try write(bytes, folder)
            let answer = read(folder)
            switch answer {
            case .refused: refused += 1
            case .right: right += 1
            case .wrong:
                try write(bytes, folder)
                let report = try? CatalogStore.verify(fileAt: folder.path)
                #expect(report?.isSound != true, "round \(round) answered wrongly and verify found nothing")
            }
        }
        #expect(refused > 15 && right > 5, "\(refused) refused, \(right) right")
    }

    private enum Answer {
        case refused
        case right
        case wrong
    }

    private func soundFile() throws -> [UInt8] {
        let folder = try CatalogFolder()
        let store = try folder.open()
        let name = try store.create(Sample.definition()).record.definition.name
        _ = try store.upsert((0..<Self.count).map { try Sample.draft($0, thumbnail: 700) }, into: name)
        let key = EmbeddingKey(content: ContentDigest(of: []), checkpoint: ContentDigest(of: []), preprocessing: "1")
        store.cache.keep([Embedding(space: .backbone, values: [1, 2, 3])], for: key)
        try store.close()
        return try Array(Data(contentsOf: URL(fileURLWithPath: folder.path)))
    }

    private func mutate(_ bytes: inout [UInt8], _ round: Int, _ generator: inout SeededGenerator) {
        switch round % 5 {
        case 0: bytes.removeSubrange(Int.random(in: 0..<bytes.count, using: &generator)...)
        case 1:
            let start = Int.random(in: 0..<bytes.count - 512, using: &generator)
            for index in start..<start + 512 { bytes[index] = UInt8.random(in: 0...255, using: &generator) }
        case 2: bytes[Int.random(in: 0..<100, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        case 3:
            // The first bytes of a page are its header and cell pointers.
            let page = Int.random(in: 0..<bytes.count / 16_384, using: &generator) * 16_384
            for _ in 0..<3 {
                bytes[page + Int.random(in: 0..<120, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
        default:
            let used = bytes.indices.filter { bytes[$0] != 0 }
            for _ in 0..<4 {
                let index = used.randomElement(using: &generator) ?? 0
                bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            }
        }
    }

    private func write(_ bytes: [UInt8], _ folder: CatalogFolder) throws {
        for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.path + suffix) }
        try Data(bytes).write(to: URL(fileURLWithPath: folder.path))
    }

    /// Reads everything there is and compares it with what was written.
    private func read(_ folder: CatalogFolder) -> Answer {
        do {
            let store = try folder.open()
            defer { try? store.close() }
            let name = try Sample.name()
            guard try store.count(name) == Self.count, try store.collections().count == 1 else { return .wrong }
            let items = try store.list(name, limit: 1_000).items
            guard items.map(\.id.text) == (0..<Self.count).map({ "item-\($0)" }) else { return .wrong }
            for (number, item) in items.enumerated() {
                let draft = try Sample.draft(number, thumbnail: 700)
                guard try store.item(draft.id, in: name) == item, item.metadata == draft.metadata,
                    try store.vector(of: draft.id, in: name) == draft.vector,
                    try store.thumbnail(of: draft.id, in: name) == draft.thumbnail
                else { return .wrong }
            }
            _ = try store.streamed(name)
            try store.upsert(Sample.draft(99), into: name)
            try store.delete(ItemID("item-5"), from: name)
            return .right
        } catch CatalogError.noSuchItem, CatalogError.noSuchCollection {
            return .wrong
        } catch is CatalogError {
            return .refused
        } catch {
            Issue.record("an error of another type: \(error)")
            return .wrong
        }
    }
}
