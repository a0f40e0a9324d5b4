// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
package import Foundation
internal import Networks
internal import Tensors

/// A run's state on disk: one safetensors file, replaced by rename, from which the run goes on with the same bits.
///
/// Tensors: `query.<name>`, `key.<name>`, `velocity.<name>`, `running.<name>`, `queue.<i>` [length, dimensions] and
/// `queue_images.<i>`. Metadata: `configuration`, `steps` done, `seconds` spent, `next.<i>` of each queue.
package struct StateFile {
    package let url: URL

    package init(_ url: URL) {
        self.url = url
    }

    package var exists: Bool { FileManager.default.fileExists(atPath: url.path) }

    /// A state and how far it is.
    package struct Saved {
        package let state: TrainingState
        package let configuration: TrainingConfiguration
        package let steps: Int
        package let seconds: Double
    }

    /// Writes everything, or nothing.
    ///
    /// - Throws: ``CheckpointError/cannotWrite(path:reason:)``, as when the disk is full; the old file is then still there.
    package func write(
        _ state: TrainingState, configuration: TrainingConfiguration, steps: Int, seconds: Double
    ) throws(CheckpointError) {
        var contents: [String: SafetensorsWriter.Content] = [:]
        for (prefix, buffer) in [("query", state.query), ("key", state.key), ("velocity", state.velocity)] {
            for (name, tensor) in state.layout.tensors(in: buffer) { contents["\(prefix).\(name)"] = .float32(tensor) }
        }
        for (name, tensor) in state.statistics.tensors(in: state.running) {
            contents["running.\(name)"] = .float32(tensor)
        }
        var metadata = [
            "format": "facet-training-1", "configuration": configuration.text, "steps": String(steps),
            "seconds": String(seconds),
        ]
        for (index, queue) in state.queues.enumerated() {
            let shape = Shape([queue.length, queue.dimensions])
            contents["queue.\(index)"] = .float32(Tensor(queue.rows.buffer, shape: shape))
            contents["queue_images.\(index)"] = .int64(queue.images.map(Int64.init), [queue.length])
            metadata["next.\(index)"] = String(queue.next)
        }
        try SafetensorsWriter.write(contents: contents, to: url.path, metadata: metadata)
    }

    /// Reads what ``write(_:configuration:steps:seconds:)`` wrote.
    ///
    /// - Throws: ``TrainingError/badState(path:reason:)``.
    package func read() throws(TrainingError) -> Saved {
        do {
            let file = try Checkpoint.open(url.path)
            guard file.metadata["format"] == "facet-training-1", let text = file.metadata["configuration"],
                let steps = file.metadata["steps"].flatMap({ Int($0) }), steps >= 0,
                let seconds = file.metadata["seconds"].flatMap({ Double($0) })
            else { throw TrainingError.badState(path: url.path, reason: "it is no training state") }
            let configuration = try TrainingConfiguration(text: text)
            let queues = try configuration.headNames.indices.map { try queue($0, of: file) }
            var state = try TrainingState(starting: PrefixedWeights(file, ["query.", "running."]), queues: queues)
            try state.layout.fill(state.key, from: PrefixedWeights(file, ["key."]))
            try state.layout.fill(state.velocity, from: PrefixedWeights(file, ["velocity."]))
            state.queues = queues
            return Saved(state: state, configuration: configuration, steps: steps, seconds: seconds)
        } catch let error as TrainingError {
            throw error
        } catch {
            throw .badState(path: url.path, reason: "\(error)")
        }
    }

    private func queue(_ index: Int, of file: Checkpoint) throws -> KeyQueue {
        guard let shape = file.shape(of: "queue.\(index)"), shape.rank == 2, shape[1] > 0,
            let next = file.metadata["next.\(index)"].flatMap({ Int($0) }), (0..<max(1, shape[0])).contains(next)
        else { throw TrainingError.badState(path: url.path, reason: "queue \(index) is missing or has no shape") }
        let values = try file.withFloats("queue.\(index)") { Array($0) }
        let images = try file.withFloats("queue_images.\(index)") { $0.map { Int32(exactly: $0) ?? -1 } }
        guard images.count == shape[0] else {
            throw TrainingError.badState(path: url.path, reason: "queue \(index) has \(images.count) image numbers")
        }
        return KeyQueue(values: values, images: images, next: next, dimensions: shape[1])
    }
}

/// The tensors of a file whose names begin with one of some prefixes, without them.
private struct PrefixedWeights: WeightSource {
    let file: Checkpoint
    let prefixes: [String]

    init(_ file: Checkpoint, _ prefixes: [String]) {
        self.file = file
        self.prefixes = prefixes
    }

    func shape(of name: String) -> Shape? {
        prefixes.lazy.compactMap { file.shape(of: $0 + name) }.first
    }

    func withFloats<R>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R) throws -> R {
        let full = prefixes.map { $0 + name }.first { file.shape(of: $0) != nil }
        return try file.withFloats(full ?? name, body)
    }
}
