// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Statistics

/// Puts the claims of LooC (Xiao et al., ICLR 2021) to the test on the measured numbers.
///
/// A claim holds when the whole interval of the paired difference is on its side of the bar or, for "not below", when the
/// interval does not lie below zero; it fails when the whole interval is on the other side.
struct ClaimJudge {
    let results: EvaluationResults
    let rows: RowScores
    let subjects: [Subject]

    /// Every claim for which the subjects are there.
    func claims() -> [EvaluationResults.Claim] {
        guard let looc = subjects.first(where: { $0.role == .looc }) else { return [] }
        let (moco, all) = (subjects.first { $0.role == .moco }, subjects.first { $0.role == .mocoAll })
        var claims: [EvaluationResults.Claim?] = []
        if let all {
            claims.append(margin("V keeps the rotation that moco-all loses", looc, all, "rotation", by: 0.15))
        }
        if let moco {
            claims.append(notBelow("V knows the rotation as well as moco", looc, moco, "rotation"))
            claims.append(margin("V keeps the colour that moco loses", looc, moco, "color", by: 0.10))
        }
        for other in [moco, all].compactMap(\.self) {
            for task in ["coarse", "fine"] {
                claims.append(notBelow("V is as good as \(other.name) on \(task)", looc, other, task))
            }
            claims.append(corrupted("V is as robust as \(other.name) under corruptions", looc, other))
        }
        for concatenated in subjects where concatenated.role == .loocpp || concatenated.name == looc.name {
            for (task, measure) in [
                ("coarse", "probe"), ("fine", "probe"), ("coarse", "5-shot"), ("fine", "5-shot"), ("fine", "10-shot"),
            ] {
                claims.append(concatenation(concatenated, looc, task, measure))
            }
        }
        return claims.compactMap(\.self) + heads(of: looc)
    }

    private func margin(
        _ text: String, _ first: Subject, _ second: Subject, _ task: String, by bar: Double
    ) -> EvaluationResults.Claim? {
        difference(first, first.principal.name, second, second.principal.name, task, "probe").map { difference in
            let interval = difference.difference.interval
            return claim(
                text, difference, bar,
                verdict: interval.low >= bar ? .holds : interval.high < bar ? .fails : .undecided,
                evidence: "\(task) probe, \(first.name) minus \(second.name), at least \(Int(100 * bar)) points wanted")
        }
    }

    private func notBelow(
        _ text: String, _ first: Subject, _ second: Subject, _ task: String
    ) -> EvaluationResults.Claim? {
        difference(first, first.principal.name, second, second.principal.name, task, "probe").map {
            claim(
                text, $0, 0, verdict: Self.verdict($0), evidence: "\(task) probe, \(first.name) minus \(second.name)")
        }
    }

    private func corrupted(_ text: String, _ first: Subject, _ second: Subject) -> EvaluationResults.Claim? {
        difference(first, first.principal.name, second, second.principal.name, "coarse", "corrupted").map {
            claim(
                text, $0, 0, verdict: Self.verdict($0),
                evidence: "coarse probe over all corruptions and severities, \(first.name) minus \(second.name)")
        }
    }

    private func concatenation(
        _ subject: Subject, _ looc: Subject, _ task: String, _ measure: String
    ) -> EvaluationResults.Claim? {
        guard subject.spaces.contains(where: { $0.name == "concat" }) else { return nil }
        return difference(subject, "concat", looc, looc.principal.name, task, measure).map {
            claim(
                "The concatenation of \(subject.name) is at least as good as V on \(task), \(measure)", $0, 0,
                verdict: Self.verdict($0), evidence: "\(measure) on \(task), concatenation minus V of \(looc.name)")
        }
    }

    private func difference(
        _ first: Subject, _ firstSpace: String, _ second: Subject, _ secondSpace: String, _ task: String,
        _ measure: String
    ) -> PairedDifference? {
        guard let a = rows[first.name, firstSpace, task, measure],
            let b = rows[second.name, secondSpace, task, measure],
            a.values.count == b.values.count
        else { return nil }
        return PairedDifference(
            first: a.values, second: b.values, groups: a.groups,
            bootstrap: Bootstrap(seed: results.conditions.seed))
    }

    /// For "not below": holds unless the whole interval is below zero; close calls are told as such.
    private static func verdict(_ difference: PairedDifference) -> EvaluationResults.Claim.Verdict {
        if difference.isWorse { return .fails }
        return difference.difference.value >= 0 ? .holds : .undecided
    }

    private func claim(
        _ text: String, _ difference: PairedDifference, _ wanted: Double,
        verdict: EvaluationResults.Claim.Verdict, evidence: String
    ) -> EvaluationResults.Claim {
        .init(text: text, evidence: evidence, verdict: verdict, wanted: wanted, found: difference.difference)
    }

    /// Each head is the best among the heads at its own factor, and ignores it less than Z0 does.
    private func heads(of looc: Subject) -> [EvaluationResults.Claim] {
        let heads = looc.spaces.filter {
            $0.sensitiveTo?.count == 1 && !$0.isPrincipal && $0.name == $0.sensitiveTo?[0]
        }
        guard looc.spaces.contains(where: { $0.name == "invariant" }) else { return [] }
        return heads.flatMap { head -> [EvaluationResults.Claim] in
            guard let factor = Augmentation(rawValue: head.name),
                let own = results.profile(looc.name, head.name, factor),
                let blind = results.profile(looc.name, "invariant", factor), let advantage = own.advantage
            else { return [] }
            let others = (heads.map(\.name) + ["invariant"]).filter { $0 != head.name }
                .compactMap { results.profile(looc.name, $0, factor)?.advantage }
            let best = others.max { $0.value < $1.value }
            let ahead = best.map { Self.apart(advantage, $0) }
            let less = Self.apart(blind.invariance, own.invariance)
            return [
                ahead.map {
                    .init(
                        text: "\(head.name) sees its own factor best of all heads",
                        evidence: "share of views with another \(factor) that the matching view beats, minus the best "
                            + "other head's",
                        verdict: $0.interval.low > 0 ? .holds : $0.interval.high < 0 ? .fails : .undecided,
                        wanted: 0, found: $0)
                },
                .init(
                    text: "\(head.name) ignores its own factor less than invariant does",
                    evidence: "normalised invariance to \(factor), invariant minus \(head.name)",
                    verdict: less.interval.low > 0 ? .holds : less.interval.high < 0 ? .fails : .undecided, wanted: 0,
                    found: less),
            ].compactMap(\.self)
        }
    }

    /// The difference of two estimates taken as independent, which makes the interval wider than it need be.
    private static func apart(_ first: Estimate, _ second: Estimate) -> Estimate {
        let value = first.value - second.value
        let reach = ((first.interval.width * first.interval.width + second.interval.width * second.interval.width) / 4)
            .squareRoot()
        return Estimate(
            value: value, interval: Interval(low: value - reach, high: value + reach),
            count: min(first.count, second.count))
    }
}

extension Subject {
    /// What part a subject plays in the paper's tables.
    package enum Role: Sendable, Equatable {
        case looc, loocpp, moco, mocoAll, other
    }

    /// By the recipe that it was trained with; the factors of the smaller LooC variants are not all of them.
    package var role: Role {
        let recipe = facts.first { $0.name == "recipe" }?.value
        switch recipe {
        case "moco": return .moco
        case "moco-all": return .mocoAll
        case "loocpp": return .loocpp
        case "looc": return heads == Set(Factor.allCases.map(\.rawValue)) ? .looc : .other
        default:
            let family = facts.first { $0.name == "family" }?.value
            let isWhole = heads == Set(Factor.allCases.map(\.rawValue))
            return family == "looc" && isWhole ? .looc : family == "loocpp" && isWhole ? .loocpp : .other
        }
    }

    private var heads: Set<String> {
        Set(spaces.filter { $0.sensitiveTo == [$0.name] }.map(\.name))
    }
}
