// SPDX-License-Identifier: Apache-2.0

/// The constants of a training step; the published values are the defaults (METHOD.md, sections 1.4 and 1.8).
package struct StepSettings: Sendable, Codable, Equatable {
    /// What queue i receives of an image.
    package enum QueueContent: String, Sendable, Codable, CaseIterable {
        /// The key that is the positive of space i.
        case positive
        /// The key that shares nothing, in every space.
        case first = "k0"
    }

    /// Images a step.
    package var batch = 256
    /// Groups of a batch that batch normalisation sees apart.
    ///
    /// One device has no other way of keeping the statistics of a
    /// batch from telling which key belongs to which query; the keys' groups are drawn anew every step.
    package var groups = 8
    package var temperature: Float = 0.2
    package var queueLength = 16_384
    package var queueContent = QueueContent.positive
    /// Momentum of the key encoder.
    package var encoderMomentum = 0.999
    package var momentum: Float = 0.9
    package var weightDecay: Float = 1e-4
    /// Leaves rows of the queue out of the negatives of the image they came from.
    package var skipsOwnImage = true
    /// Leaves keys out of the same-image negatives when they share the space's factor with the query by chance.
    package var skipsSharedFactors = false

    package init() {}
}
