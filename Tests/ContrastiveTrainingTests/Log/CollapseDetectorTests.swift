// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Foundation
import Testing

/// What is warned of, when, and how often.
@Suite("Collapse detector")
struct CollapseDetectorTests {
    private typealias Health = CollapseDetector.SpaceHealth

    private func health(_ vectors: [Float], _ dimensions: Int, loss: Double = 2, negatives: Int? = 500) -> Health {
        Health(
            statistics: EmbeddingStatistics(vectors: vectors, dimensions: dimensions), loss: loss, negatives: negatives)
    }

    private func health(spread: Double = 0.8, rank: Double = 40, loss: Double = 2) -> Health {
        Health(
            statistics: EmbeddingStatistics(count: 1000, dimensions: 128, effectiveRank: rank, spread: spread),
            loss: loss, negatives: 500)
    }

    /// The verdicts on one space seen again and again.
    private func verdicts(_ values: [Health]) -> [CollapseDetector.Verdict] {
        var detector = CollapseDetector()
        return values.enumerated().map { detector.observe(step: $0.offset, spaces: ["color": $0.element]) }
    }

    private func warning(_ verdict: CollapseDetector.Verdict) -> String? {
        if case .warning(let text) = verdict { text } else { nil }
    }

    @Test("Healthy vectors are never warned of")
    func healthy() {
        let good = health(SyntheticVectors.sphere(600, 32), 32)
        #expect(verdicts(Array(repeating: good, count: 50)).allSatisfy { $0 == .healthy })
    }

    @Test("Vectors that are all the same are warned of once, after the third observation")
    func collapsed() throws {
        let bad = health(SyntheticVectors.cone(600, 32, width: 0.02), 32)
        let found = verdicts(Array(repeating: bad, count: 10))
        #expect(found[0] == .healthy && found[1] == .healthy)
        let text = try #require(warning(found[2]))
        #expect(text.hasPrefix("step 2, space color: all embeddings are about the same"))
        #expect(found[3...].allSatisfy { $0 == .stillUnhealthy })
    }

    @Test("Vectors that keep to a few directions are warned of with how many")
    func dimensionallyCollapsed() throws {
        let bad = health(SyntheticVectors.subspace(2000, 64, rank: 2), 64)
        let text = try #require(warning(verdicts([bad, bad, bad])[2]))
        #expect(text.contains("of 64 directions (healthy is above 2.56)") && !text.contains("about the same"))
    }

    @Test("A number that hovers at its threshold warns once; one that recovers and falls again warns again")
    func hasHysteresis() {
        let hovering = (0..<40).map { health(spread: $0 % 4 == 3 ? 0.11 : 0.09) }
        #expect(verdicts(hovering).compactMap(warning).count == 1)
        let fall = Array(repeating: health(spread: 0.05), count: 5)
        let rise = Array(repeating: health(spread: 0.5), count: 2)
        let found = verdicts(fall + rise + fall)
        #expect(found.compactMap(warning).count == 2)
        #expect(found[5] == .healthy && found[6] == .healthy)
    }

    @Test("A loss that is no number is warned of at once")
    func notFinite() throws {
        let text = try #require(warning(verdicts([health(loss: .nan)])[0]))
        #expect(text.contains("not finite"))
    }

    @Test("A loss that stays where guessing leaves it is warned of after twenty observations")
    func notLearning() throws {
        let stuck = health(loss: log(501) * 0.99)
        let found = verdicts(Array(repeating: stuck, count: 25))
        #expect(found[18] == .healthy && warning(found[19])?.contains("guessing gives 6.22") == true)
        #expect(verdicts(Array(repeating: health(loss: 5), count: 25)).allSatisfy { $0 == .healthy })
    }

    @Test("Several spaces are told in one warning, in the order of their names")
    func severalSpaces() throws {
        var detector = CollapseDetector()
        let bad = health(spread: 0.01)
        var last = CollapseDetector.Verdict.healthy
        for step in 1...3 { last = detector.observe(step: step, spaces: ["b": bad, "a": bad, "c": health()]) }
        let text = try #require(warning(last))
        let places = ["space a", "space b"].compactMap { text.range(of: $0)?.lowerBound }
        #expect(places.count == 2 && places[0] < places[1] && !text.contains("space c"))
    }

    @Test("A space whose vectors were not looked at is judged by its loss alone")
    func withoutStatistics() {
        #expect(verdicts(Array(repeating: Health(statistics: nil, loss: 1), count: 30)).allSatisfy { $0 == .healthy })
    }
}
