// SPDX-License-Identifier: Apache-2.0

/// What one line of the training log says: the state of a run after a step.
///
/// Dictionaries are keyed by the name of the embedding space. Losses and accuracies are means over the steps since the
/// record before; numbers that are not finite are kept as they are.
package struct TrainingRecord: Codable, Sendable, Equatable {
    /// Optimiser steps done, from 1.
    package var step: Int
    /// Passes over the data set done, with their fraction.
    package var epoch: Double
    /// Query images seen since step 0.
    package var samples: Int
    /// The loss that is minimised: the mean over the spaces, in nats.
    package var loss: Double
    /// The contrastive loss of each space, in nats.
    package var spaceLosses: [String: Double]
    /// Share of comparisons in which the positive is nearer to the query than another key of the same image, 0...1.
    package var accuracy: [String: Double]
    /// Share of queries whose positive is nearer than every negative, 0...1.
    package var queueAccuracy: [String: Double]
    /// The learning rate of the step.
    package var learningRate: Double
    /// Query images a second since the record before.
    package var samplesPerSecond: Double
    /// Share of the processor time that went into rendering views, 0...1.
    package var renderShare: Double
    /// Effective rank of each space's vectors (``EmbeddingStatistics/effectiveRank``).
    package var effectiveRank: [String: Double]
    /// Spread of each space's vectors (``EmbeddingStatistics/spread``).
    package var embeddingSpread: [String: Double]
    /// Seconds of training since step 0, added up over resumes.
    package var time: Double
    /// Resident memory of the process, in bytes.
    package var memory: Int
    /// The held-out check, in the records of the steps it was run after.
    package var heldOut: HeldOutResult?

    package init(
        step: Int, epoch: Double, samples: Int, loss: Double, spaceLosses: [String: Double] = [:],
        accuracy: [String: Double] = [:], queueAccuracy: [String: Double] = [:], learningRate: Double,
        samplesPerSecond: Double, renderShare: Double, effectiveRank: [String: Double] = [:],
        embeddingSpread: [String: Double] = [:], time: Double, memory: Int, heldOut: HeldOutResult? = nil
    ) {
        self.step = step
        self.epoch = epoch
        self.samples = samples
        self.loss = loss
        self.spaceLosses = spaceLosses
        self.accuracy = accuracy
        self.queueAccuracy = queueAccuracy
        self.learningRate = learningRate
        self.samplesPerSecond = samplesPerSecond
        self.renderShare = renderShare
        self.effectiveRank = effectiveRank
        self.embeddingSpread = embeddingSpread
        self.time = time
        self.memory = memory
        self.heldOut = heldOut
    }

    private enum CodingKeys: String, CodingKey {
        case step, epoch, samples, loss, accuracy, time
        case spaceLosses = "space_losses"
        case queueAccuracy = "queue_accuracy"
        case learningRate = "learning_rate"
        case samplesPerSecond = "samples_per_second"
        case renderShare = "render_share"
        case effectiveRank = "effective_rank"
        case embeddingSpread = "embedding_spread"
        case memory = "memory_bytes"
        case heldOut = "held_out"
    }
}
