// SPDX-License-Identifier: Apache-2.0

private import Foundation
internal import Statistics

/// Says in plain words what the scores of the spaces mean for a task.
struct AdviceText {
    let spaces: [Adviser.Space]
    let ranking: [Advice.Candidate]
    let best: Advice.Candidate
    let trust: Advice.Trust
    let perClass: Int

    var text: String {
        switch trust {
        case .noSignal:
            "No space tells these labels apart better than guessing would: the pictures may not show what the labels "
                + "mean, or there are too few of them."
        case .tooFew:
            main + " This rests on only \(perClass) examples of the rarest label: give at least "
                + "\(Adviser.enoughPerClass) of each before relying on it."
        case .good: main
        }
    }

    private var main: String {
        let top = ranking[0]
        var text =
            "\(name(top)) gets \(percent(top.score.value)) of comparisons right "
            + "(\(percent(top.score.interval.low)) to \(percent(top.score.interval.high)); guessing gives 50%)"
        if ranking.count > 1, let last = ranking.last {
            text += ", \(last.name) \(percent(last.score.value))"
        }
        return text + ". " + meaning + advice
    }

    /// What the winner's factor says about the labels.
    private var meaning: String {
        let top = ranking[0]
        guard ranking.count < 2 || top.score.interval.low > ranking[1].score.value else {
            return "The spaces hardly differ for these labels. "
        }
        guard let factors = spaces.first(where: { $0.name == top.name })?.sensitiveTo else { return "" }
        switch factors.count {
        case 0:
            return "The labels are about what stays the same when colours, turns and textures change. "
        case 1:
            return "The labels seem to depend on \(factors[0]), which the other sub-spaces are trained to ignore. "
        default: return ""
        }
    }

    private var advice: String {
        switch best.name {
        case "equal": "Weighting all spaces alike is as good as anything found."
        case "fitted":
            "The fitted mixture does better than any one space: \(percent(best.score.value)) on examples that it was not "
                + "fitted to."
        default: "Use \(best.name) alone: no mixture is better."
        }
    }

    private func name(_ candidate: Advice.Candidate) -> String {
        candidate.name.prefix(1).uppercased() + candidate.name.dropFirst()
    }

    /// Whole per cents; one digit more where they would round to 100.
    private func percent(_ share: Double) -> String {
        guard share < 1, share >= 0.995 else { return "\(Int((100 * share).rounded()))%" }
        return "\((1_000 * min(share, 0.999)).rounded() / 10)%"
    }
}
