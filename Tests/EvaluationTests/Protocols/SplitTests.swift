// SPDX-License-Identifier: Apache-2.0

import Evaluation
import Tensors
import TestSupport
import Statistics
import Testing

@Suite("Splits of the training rows")
struct SplitTests {
    @Test("Every class is held out in the same share, every row is in one part", arguments: [0.1, 0.2, 0.5])
    func stratified(share: Double) {
        let labels = (0..<300).map { $0 < 200 ? 0 : $0 < 290 ? 1 : 2 }
        let split = Split(labels: labels, heldOut: share, seed: 3)
        #expect((split.kept + split.heldOut).sorted() == Array(0..<300))
        for (label, total) in [(0, 200.0), (1, 90), (2, 10)] {
            let held = split.heldOut.count { labels[$0] == label }
            #expect(abs(Double(held) - share * total) <= 0.5, "\(held) of \(total)")
        }
    }

    @Test("Groups are never parted, and the shares are met within a group", arguments: 0..<5)
    func grouped(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let groups = (0..<400).map { _ in Int.random(in: 0..<90, using: &random) }
        let labels = groups.map { $0 % 4 }
        let split = Split(labels: labels, groups: groups, heldOut: 0.25, seed: seed)
        #expect(Set(split.kept.map { groups[$0] }).isDisjoint(with: split.heldOut.map { groups[$0] }))
        for label in 0..<4 {
            let (held, all) = (split.heldOut.count { labels[$0] == label }, labels.count { $0 == label })
            #expect(abs(Double(held) - 0.25 * Double(all)) <= 5)
        }
    }

    @Test("Four turns of a picture stay together, with the classes in balance")
    func turns() {
        let (labels, groups) = ((0..<400).map { $0 % 4 }, (0..<400).map { $0 / 4 })
        let split = Split(labels: labels, groups: groups, heldOut: 0.2, seed: 1)
        #expect(split.heldOut.count == 80)
        #expect(Set(split.heldOut.map { groups[$0] }).count == 20)
    }

    @Test("A class keeps at least one row, and one of a single row is never held out")
    func smallClasses() {
        let labels = [0, 1, 1, 2, 2, 2] + Array(repeating: 3, count: 10)
        for seed in 0..<20 as Range<UInt64> {
            let split = Split(labels: labels, heldOut: 0.9, seed: seed)
            #expect(Set(split.kept.map { labels[$0] }) == [0, 1, 2, 3])
            #expect(!split.heldOut.contains(0))
        }
    }

    @Test("The seed decides, nothing else")
    func seeded() {
        let labels = (0..<100).map { $0 % 5 }
        #expect(
            Split(labels: labels, heldOut: 0.2, seed: 1) == Split(labels: labels, heldOut: 0.2, seed: 1))
        #expect(
            Split(labels: labels, heldOut: 0.2, seed: 1) != Split(labels: labels, heldOut: 0.2, seed: 2))
    }
}

@Suite("Few-shot draws")
struct FewShotTests {
    @Test("A draw has its shots of every class, without repeats, by the seed")
    func draws() {
        let classes = [[0, 3, 6, 9, 12], [1, 4, 7], [2, 5, 8, 11]]
        var seen: Set<[Int]> = []
        for number in 0..<10 {
            let rows = FewShot.draw(number, of: classes, shots: 3, seed: 5)
            #expect(rows.count == 9 && Set(rows).count == 9)
            for (place, members) in classes.enumerated() {
                #expect(Set(rows[3 * place..<3 * place + 3]).isSubset(of: members))
            }
            #expect(rows == FewShot.draw(number, of: classes, shots: 3, seed: 5))
            seen.insert(rows)
        }
        #expect(seen.count > 5)
        #expect(FewShot.draw(0, of: classes, shots: 3, seed: 6) != FewShot.draw(0, of: classes, shots: 3, seed: 5))
    }

    @Test("All representations are judged on the same draws")
    func paired() throws {
        let train = try Made.clusters(rows: 90, classes: 3, dimensions: 5, spread: 0.8, seed: 1)
        let test = try Made.clusters(rows: 90, classes: 3, dimensions: 5, spread: 0.8, seed: 2)
        // The same information in other units: the same accuracies, draw by draw, if the draws are the same.
        func rescaled(_ table: FeatureTable) throws -> FeatureTable {
            try FeatureTable(
                values: table.storage.buffer.map { 4 * $0 - 2 }, dimensions: 5, labels: table.labels)
        }
        let first = try FewShot(shots: 2, seed: 3).evaluate(train: train, test: test)
        let second = try FewShot(shots: 2, seed: 3).evaluate(train: try rescaled(train), test: try rescaled(test))
        #expect(zip(first.perDraw, second.perDraw).allSatisfy { abs($0 - $1) < 0.02 })
        #expect(Set(first.perDraw).count > 3 && first.perDraw.count == 10)
        #expect(try FewShot(shots: 2, seed: 4).evaluate(train: train, test: test).perDraw != first.perDraw)
    }

    @Test("The mean has Student's interval over the draws, and more shots are better")
    func interval() throws {
        let train = try Made.clusters(rows: 120, classes: 4, dimensions: 6, spread: 0.8, seed: 1)
        let test = try Made.clusters(rows: 120, classes: 4, dimensions: 6, spread: 0.8, seed: 2)
        let few = try FewShot(shots: 1).evaluate(train: train, test: test)
        let many = try FewShot(shots: 10).evaluate(train: train, test: test)
        #expect(many.accuracy.interval.low > few.accuracy.interval.high)
        let mean = few.perDraw.reduce(0, +) / 10
        let error = (few.perDraw.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 9 / 10).squareRoot()
        #expect(abs(few.accuracy.value - mean) < 1e-12)
        #expect(abs(few.accuracy.interval.width - 2 * 2.2622 * error) < 1e-3 * error)
    }

    @Test("Classes with too few images are left out on both sides, and said to be")
    func leftOut() throws {
        let labels = Array(repeating: 0, count: 6) + Array(repeating: 1, count: 6) + [2, 2]
        let rows = labels.map { [Float($0), 1, Float($0 * $0)] }
        let table = try Made.table(rows, labels: labels)
        let report = try FewShot(shots: 5, draws: 2).evaluate(train: table, test: table)
        #expect(report.classes == 2 && report.classesLeftOut == 1 && report.perDraw == [1, 1])
        #expect(throws: ProtocolError.tooFewClasses(found: 0, needed: 2)) {
            try FewShot(shots: 7).evaluate(train: table, test: table)
        }
        #expect(throws: ProtocolError.noRows(role: "test")) {
            try FewShot(shots: 5).evaluate(train: table, test: table.rows([12, 13]))
        }
    }
}
