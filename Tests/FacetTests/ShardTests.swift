// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import facet

@Suite("Shares of a long list")
struct ShardTests {
    @Test(
        "Every path belongs to exactly one of the shares, and the shares are about equally large",
        arguments: [1, 2, 7, 64])
    func partition(_ count: Int) throws {
        let shards = try (0..<count).map { try Shard("\($0)/\(count)") }
        var sizes = [Int](repeating: 0, count: count)
        for number in 0..<3_200 {
            let owners = shards.filter { $0.holds("folder/image \(number).jpg") }
            #expect(owners.count == 1)
            for owner in owners { sizes[owner.index] += 1 }
        }
        let mean = 3_200.0 / Double(count)
        #expect(sizes.allSatisfy { abs(Double($0) - mean) < 6 * mean.squareRoot() + 1 }, "\(sizes)")
    }

    @Test("A path's share is that of its SHA-256, which does not change from version to version")
    func stable() throws {
        // printf a.png | sha256sum begins with 7f071235805fbf58, which is 672 modulo 1000.
        #expect(try Shard("672/1000").holds("a.png"))
    }

    @Test(
        "What is no share is refused",
        arguments: ["", "1", "/", "8/8", "-1/8", "0/0", "a/8", "1/2/3", "0/1000001", " 0/8"])
    func refusals(_ text: String) {
        #expect(throws: (any Error).self) { try Shard(text) }
    }

    @Test("A list gives each of its paths once, without the line ends of any system, and shares divide it")
    func lists() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("facet-list-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let list = folder.appendingPathComponent("list")
        try Data("b.png\r\na b.png\n\n\nb.png\né.jpg".utf8).write(to: list)
        #expect(try FileList([], list: list.path).paths == ["b.png", "a b.png", "é.jpg"])
        #expect(try FileList(["b.png", "c.png"], list: list.path).paths == ["b.png", "c.png", "a b.png", "é.jpg"])
        let parts = try (0..<3).map { try FileList([], list: list.path, shard: Shard("\($0)/3")).paths }
        #expect(parts.flatMap { $0 }.sorted() == ["a b.png", "b.png", "é.jpg"])
        #expect(throws: (any Error).self) { try FileList([], list: folder.path + "/none") }
        #expect(throws: (any Error).self) { try FileList([], list: folder.path) }
    }

    @Test("A folder's shares depend on the paths within it and not on where it is")
    func folders() throws {
        let places = ["one", "two/deep"].map {
            FileManager.default.temporaryDirectory.appendingPathComponent("facet-share-\(UUID().uuidString)/\($0)")
        }
        defer { for place in places { try? FileManager.default.removeItem(at: place) } }
        var found: [[[String]]] = []
        for place in places {
            let inner = place.appendingPathComponent("x")
            try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
            for number in 0..<40 { try Data().write(to: inner.appendingPathComponent("\(number).png")) }
            found.append(
                try (0..<4).map { part in
                    try FileList([place.path], shard: Shard("\(part)/4")).paths.map {
                        String($0.dropFirst(place.path.count))
                    }
                })
        }
        #expect(found[0] == found[1] && Set(found[0].flatMap { $0 }).count == 40)
        #expect(found[0].allSatisfy { !$0.isEmpty })
    }
}
