// SPDX-License-Identifier: Apache-2.0

package import ContrastiveTraining
package import Statistics

/// Everything an evaluation measured, as plain values: the report is drawn from it and it is kept as JSON.
package struct EvaluationResults: Sendable, Codable, Equatable {
    package var conditions: Conditions
    package var subjects: [SubjectNote] = []
    package var tasks: [TaskNote] = []
    package var scores: [Score] = []
    package var corruptions: [CorruptionScore] = []
    package var profiles: [SpaceProfile] = []
    package var claims: [Claim] = []

    /// Under what conditions it was measured.
    package struct Conditions: Sendable, Codable, Equatable {
        package var command: String
        package var seed: UInt64
        /// Digest of the images' names and contents.
        package var dataDigest: String
        package var trainImages: Int
        package var testImages: Int
        package var threads: Int
        package var seconds = 0.0
    }

    /// What was evaluated.
    package struct SubjectNote: Sendable, Codable, Equatable {
        package var name: String
        package var spaces: [String]
        /// The space that stands for the subject in comparisons.
        package var principal: String
        package var facts: [[String]]
    }

    /// A task and what it consists of.
    package struct TaskNote: Sendable, Codable, Equatable {
        package var name: String
        package var note: String
        package var classes: [String]
        package var trainItems: Int
        package var testItems: Int
    }

    /// How a number was measured; the raw value is its name in tables and files.
    package enum Measure: String, Sendable, Codable, CaseIterable {
        case probe = "linear probe"
        case neighbours = "kNN"
        case fiveShot = "5-shot"
        case tenShot = "10-shot"
        case recall1 = "recall@1"
        case recall10 = "recall@10"
        case precision = "mAP"
    }

    /// One number of one representation on one task.
    package struct Score: Sendable, Codable, Equatable {
        package var subject: String
        package var space: String
        package var task: String
        package var measure: Measure
        package var estimate: Estimate
        /// Chosen on validation rows; nil where nothing is chosen.
        package var strength: Double?
    }

    /// The accuracy of the coarse probe under a corruption.
    package struct CorruptionScore: Sendable, Codable, Equatable {
        package var subject: String
        package var space: String
        package var corruption: Corruption
        package var severity: Int
        package var estimate: Estimate
    }

    /// What a space makes of one factor.
    package struct SpaceProfile: Sendable, Codable, Equatable {
        package var subject: String
        package var space: String
        package var factor: Augmentation
        /// 1 = ignores it, 0 = as if it were another image.
        package var invariance: Estimate
        /// Share of the other views that the view with the query's parameter beats; 0.5 = blind to it.
        package var advantage: Estimate?
        /// Accuracy of telling the parameter from the pair of images.
        package var prediction: Estimate?
        package var predictionChance: Double?
    }

    /// A claim of the method, put to the test.
    package struct Claim: Sendable, Codable, Equatable {
        package enum Verdict: String, Sendable, Codable {
            case holds
            /// It points the claimed way, or falls short by less than the interval.
            case undecided
            case fails
        }

        package var text: String
        /// What was compared, with the numbers.
        package var evidence: String
        package var verdict: Verdict
        /// What was asked for and what was found, in the same unit.
        package var wanted: Double
        package var found: Estimate
    }

    package init(conditions: Conditions) { self.conditions = conditions }

    /// The estimate for one representation, task and measure.
    package func score(_ subject: String, _ space: String, _ task: String, _ measure: Measure) -> Estimate? {
        scores.first { $0.subject == subject && $0.space == space && $0.task == task && $0.measure == measure }?
            .estimate
    }

    /// The profile of one space and factor.
    package func profile(_ subject: String, _ space: String, _ factor: Augmentation) -> SpaceProfile? {
        profiles.first { $0.subject == subject && $0.space == space && $0.factor == factor }
    }
}

/// What may be chosen about an evaluation.
package struct EvaluationSettings: Sendable {
    package var seed: UInt64 = 0
    /// How the linear probes choose their regularisation; their split is named by ``seed``.
    package var probe = LinearProbe.Settings()
    /// Draws of the few-shot protocol.
    package var draws = 10
    package var corruptions = Corruption.allCases
    package var severities = Array(Corruption.severities)
    /// Images that the profile and the parameter tasks are measured on, at most, from the test half.
    package var profileImages = 1_000
    /// Views that compete with the one that shares the query's parameter.
    package var otherViews = 4
    /// Whether few-shot draws and corruptions are left out.
    package var isQuick = false
    /// How the views of the profile and of instance retrieval are drawn.
    package var augmentation = AugmentationSettings()

    package init() {}
}
