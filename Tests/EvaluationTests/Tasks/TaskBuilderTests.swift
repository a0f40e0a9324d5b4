// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Evaluation
import Statistics
import Testing

@Suite("Tasks")
struct TaskBuilderTests {
    private static let colors: [Painted.Color] = [(220, 20, 30), (30, 170, 60), (30, 80, 220)]

    private static let counts: [(category: String, subcategory: String, train: Int, test: Int)] = [
        ("animals", "birds", 30, 8), ("animals", "fish", 19, 9), ("plants", "", 24, 6), ("tools", "hand", 40, 4),
        ("", "", 30, 30),
    ]

    private let entries: [ImageEntry]
    private let builder: TaskBuilder

    init() {
        // Position 3 of a category is a variant of position 2.
        entries = Painted.entries(Self.counts) { $0 % 10 == 2 || $0 % 10 == 3 ? "variant \($0 / 10)" : nil }
        builder = Self.builder(entries)
    }

    private static func builder(_ entries: [ImageEntry], seed: UInt64 = 0) -> TaskBuilder {
        TaskBuilder(entries: entries, settings: .init(size: 32, seed: seed)) {
            Painted.stripe(colors[$0 % 3], share: 0.5)
        }
    }

    @Test("Coarse names the category; classes short of pictures in either half are left out and counted")
    func coarse() throws {
        let task = try #require(builder.coarse())
        #expect(task.classes == ["animals", "plants"])
        #expect(task.counts(of: .train) == [49, 24] && task.counts(of: .test) == [17, 6])
        #expect(task.note.contains("1 classes have too few pictures"))
        for item in task.items {
            #expect(entries[item.image].category == task.classes[item.label])
            #expect(entries[item.image].split == item.split && item.transformation == .none && item.corruption == nil)
        }
    }

    @Test("Fine names the sub-category, and the minimum is 20 and 5 pictures exactly")
    func fine() throws {
        // animals/fish has 19 to train on; with one more it is in.
        #expect(builder.fine() == nil)
        let more = Painted.entries([
            ("animals", "birds", 30, 8), ("animals", "fish", 20, 5), ("tools", "hand", 40, 4), ("x", "", 30, 30),
        ])
        let task = try #require(Self.builder(more).fine())
        #expect(task.classes == ["animals/birds", "animals/fish"] && task.counts(of: .test) == [8, 5])
    }

    @Test("Colour is what the pixels are painted with, in the order of the circle")
    func color() throws {
        let task = try #require(builder.color())
        #expect(task.classes == ["red", "green", "cyan-blue"])
        #expect(task.items.count == entries.count && task.items.allSatisfy { $0.label == $0.image % 3 })
    }

    @Test("Rotation has every picture in its four turns, the classes in balance")
    func rotation() throws {
        let task = try #require(builder.rotation())
        #expect(task.classes == ["0", "90", "180", "270"] && task.items.count == 4 * entries.count)
        for split in ImageEntry.Split.allCases {
            #expect(Set(task.counts(of: split)).count == 1)
        }
        for (number, item) in task.items.enumerated() {
            #expect(item.image == number / 4 && item.label == number % 4)
            #expect(item.transformation == .turned(quarterTurns: item.label, frame: .square))
        }
        #expect(try #require(builder.rotation(frame: .whole)).name == "rotation-whole")
    }

    @Test("The upright rotation is that of things with an upright")
    func upright() throws {
        let task = try #require(builder.uprightRotation())
        let categories = Set(task.items.map { entries[$0.image].category + "/" + entries[$0.image].subcategory })
        #expect(categories == ["animals/birds", "plants/"])
    }

    @Test("Texture has every picture through every filter")
    func texture() throws {
        let task = try #require(builder.texture())
        #expect(task.classes == ["none", "fine", "medium", "coarse", "streaked"])
        #expect(Set(task.counts(of: .test)).count == 1 && task.items.count == 5 * entries.count)
        #expect(task.items.allSatisfy { $0.transformation == .filtered(TextureFamily.allCases[$0.label]) })
    }

    @Test("Instance retrieval asks for one test picture of each group", arguments: Augmentation.allCases)
    func retrieval(_ augmentation: Augmentation) throws {
        let task = try #require(builder.retrieval(augmentation))
        let (bank, queries) = (task.items(of: .train), task.items(of: .test))
        #expect(task.kind == .instanceRetrieval && task.name == "retrieval-" + augmentation.rawValue)
        #expect(bank.count == queries.count && Set(bank.map(\.group)).count == bank.count)
        #expect(bank.map(\.label) == Array(0..<bank.count) && queries.map(\.label) == Array(0..<bank.count))
        #expect(bank.map(\.image) == queries.map(\.image))
        #expect(bank.allSatisfy { $0.transformation == .none && entries[$0.image].split == .test })
        let whole = CropParameters(top: 0, left: 0, height: 32, width: 32)
        for query in queries {
            guard case .augmented(let view) = query.transformation else {
                Issue.record("a query without a view")
                continue
            }
            #expect((view.color != nil) == (augmentation == .color))
            #expect((view.rotation != nil) == (augmentation == .rotation))
            #expect((view.texture != nil) == (augmentation == .texture))
            #expect((view.crop != whole) == (augmentation == .crop))
            #expect(view.flip == (augmentation == .flip))
            #expect((view.blur != nil) == (augmentation == .blur))
        }
    }

    @Test("Variants of a picture share a group, others have their own")
    func groups() throws {
        let task = try #require(builder.color())
        for item in task.items {
            for other in task.items where other.image > item.image {
                let groups = (entries[item.image].group, entries[other.image].group)
                #expect((item.group == other.group) == (groups.0 != nil && groups.0 == groups.1))
            }
        }
    }

    @Test("The same data and seed give the same tasks; another seed other views, not other labels")
    func seeded() throws {
        #expect(Self.builder(entries).all() == builder.all())
        let other = Self.builder(entries, seed: 1)
        #expect(other.coarse() == builder.coarse() && other.rotation() == builder.rotation())
        #expect(other.retrieval(.color) != builder.retrieval(.color))
        #expect(Set(builder.all().map(\.name)).count == builder.all().count && builder.all().count == 11)
    }

    @Test("Data of one class, or all of it in one half, gives no such task")
    func impossible() {
        let one = Self.builder(Painted.entries([("animals", "birds", 30, 8)]))
        #expect(one.coarse() == nil && one.fine() == nil && one.rotation() != nil)
        let untested = Self.builder(Painted.entries([("a", "", 30, 0), ("b", "", 30, 0)]))
        #expect(untested.all().isEmpty && Self.builder([]).all().isEmpty)
        var still = AugmentationSettings()
        still.blurProbability = 0
        var settings = TaskBuilder.Settings(size: 32)
        settings.augmentation = still
        let builder = TaskBuilder(entries: entries, settings: settings) { _ in Painted.scene(8, 8) }
        #expect(builder.retrieval(.blur) == nil && builder.retrieval(.flip) != nil)
    }

    @Test("A corrupted task has clean training items and damaged test items")
    func corrupted() throws {
        let task = try #require(builder.coarse())
        let damaged = task.corrupted(by: .fog, severity: 3, seed: 9)
        #expect(damaged.items(of: .train) == task.items(of: .train))
        #expect(
            damaged.items(of: .test).allSatisfy { $0.corruption == .init(corruption: .fog, severity: 3, seed: 9) })
        #expect(damaged.items.map(\.label) == task.items.map(\.label))
    }
}
