// SPDX-License-Identifier: Apache-2.0

import Advice
import Statistics
import Testing

@Suite("Advice on the spaces")
struct AdviserTests {
    @Test("The space that knows the label is recommended, alone, with what that means", arguments: [1, 2])
    func findsTheSpace(planted: Int) throws {
        var signal: [Float] = [0, 0, 0]
        signal[planted] = 0.6
        let advice = try PlantedTask(signal: signal, perClass: 12).advice()
        let name = PlantedTask.spaces[planted].name
        #expect(advice.ranking[0].name == name && advice.ranking[0].score.value > 0.8)
        #expect(advice.recommended.name == name)
        #expect(advice.recommended.weights == (0..<3).map { $0 == planted ? 1 : 0 })
        #expect(advice.trust == .good && advice.examples == 36 && advice.classes == 3)
        #expect(advice.sentence.contains("depend on \(name)") && advice.sentence.contains("Use \(name) alone"))
        for other in advice.ranking.dropFirst() { #expect(other.score.interval.low < 0.56, "\(other)") }
    }

    @Test("Where two spaces know a part each, a mixture is recommended that leaves the third out")
    func mixes() throws {
        let advice = try PlantedTask(signal: [0, 0.35, 0.35], perClass: 24).advice()
        let fitted = try #require(advice.blends.last)
        #expect(advice.recommended.name == "fitted", "\(advice.recommended) \(advice.ranking)")
        #expect(fitted.score.value > advice.ranking[0].score.value)
        #expect(abs(fitted.weights[0]) < 0.3 && fitted.weights[1] > 0.5 && fitted.weights[2] > 0.5, "\(fitted.weights)")
        #expect(fitted.weights.map(abs).max() == 1)
    }

    @Test("Labels that the pictures do not show are told as such, and the fit does not invent a signal")
    func noSignal() throws {
        var trusts: [Advice.Trust] = []
        for seed in 1...4 as ClosedRange<UInt64> {
            let advice = try PlantedTask(signal: [0, 0, 0], perClass: 15, seed: seed).advice()
            let fitted = try #require(advice.blends.last)
            #expect(fitted.score.value < 0.6, "\(fitted)")
            trusts.append(advice.trust)
        }
        #expect(trusts.count { $0 == .noSignal } >= 3, "\(trusts)")
    }

    @Test("Few examples give advice that says so; hardly any give none")
    func tooFew() throws {
        let advice = try PlantedTask(signal: [0, 0.9, 0], perClass: 3).advice()
        #expect(advice.trust == .tooFew && advice.sentence.contains("only 3 examples"))
        #expect(advice.recommended.name == "color")
        var lonely = PlantedTask(signal: [0, 0.9, 0], perClass: 1)
        #expect(throws: AdviceError.nothingToCompare(examples: 3, classes: 3)) { try lonely.advice() }
        lonely.labels = ["a", "a", "a"]
        #expect(throws: AdviceError.nothingToCompare(examples: 3, classes: 1)) { try lonely.advice() }
    }

    @Test("The same examples give the same advice; their order hardly matters")
    func repeats() throws {
        let task = PlantedTask(signal: [0.2, 0.6, 0], perClass: 10)
        #expect(try task.advice() == task.advice())
        var turned = task
        turned.labels.reverse()
        turned.vectors = task.vectors.map { $0.reversed() }
        #expect(try turned.advice().recommended.name == task.advice().recommended.name)
    }

    @Test("A space that finds the same label less alike gets a weight below zero")
    func negative() throws {
        // In space 0 items of one label lie apart: its centre is turned around for every second item.
        var task = PlantedTask(signal: [0, 0.4, 0], perClass: 20)
        for item in task.labels.indices where item / 3 % 2 == 1 {
            task.vectors[0][item] = task.vectors[0][item / 6 * 6 + item % 3].map { -$0 }
        }
        let fitted = try #require(try task.advice().blends.last)
        #expect(fitted.weights[0] < 0, "\(fitted)")
    }

    @Test("More than 400 examples are thinned out, every label kept")
    func thins() throws {
        let advice = try PlantedTask(signal: [0, 0.6, 0], perClass: 105, classes: 4).advice()
        #expect(advice.examples == 400 && advice.classes == 4)
    }
}

extension AdviserTests {
    @Test("Pairs that were judged give the same advice as labels do")
    func pairs() throws {
        let task = PlantedTask(signal: [0, 0, 0.6], perClass: 10)
        var (cosines, isSame): ([[Double]], [Bool]) = ([], [])
        for i in task.labels.indices {
            for j in 0..<i where (i * 7 + j * 3) % 5 == 0 {
                cosines.append(
                    task.vectors.map { rows in zip(rows[i], rows[j]).reduce(0) { $0 + Double($1.0) * Double($1.1) } })
                isSame.append(task.labels[i] == task.labels[j])
            }
        }
        let adviser = Adviser(spaces: PlantedTask.spaces)
        let advice = try adviser.advise(cosines: cosines, isSame: isSame)
        #expect(advice.recommended.name == "rotation" && advice.ranking[0].score.value > 0.8)
        #expect(throws: AdviceError.nothingToCompare(examples: 4, classes: 2)) {
            try adviser.advise(cosines: Array(cosines.prefix(4)), isSame: [true, false, false, false])
        }
    }
}
