// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
package import Tensors

/// The weights of a checkpoint file under canonical names, read in place where they are float32.
package struct CheckpointWeights: WeightSource {
    private let checkpoint: Checkpoint
    /// The file's name by canonical name; nil when the file's names are canonical.
    private let mapping: [String: String]?

    /// A checkpoint whose names are canonical, or are mapped by `names`.
    package init(_ checkpoint: Checkpoint, names: CanonicalNames? = nil) {
        self.checkpoint = checkpoint
        mapping = names?.mapping
    }

    package func shape(of name: String) -> Shape? {
        resolve(name).flatMap(checkpoint.shape)
    }

    package func withFloats<R>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R) throws -> R {
        guard let resolved = resolve(name) else { throw NetworkError.missingTensor(name) }
        return try checkpoint.withFloats(resolved, body)
    }

    private func resolve(_ name: String) -> String? {
        mapping.map { $0[name] } ?? name
    }
}
