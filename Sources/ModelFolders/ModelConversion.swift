// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
package import Foundation
package import Networks
package import Preprocessing
package import Vectors
internal import Tensors

/// A checkpoint of any layout that is read, on its way to a model folder.
///
///     let conversion = try ModelConversion(checkpoint)
///     try conversion.write(to: folder, headNames: nil, preprocessing: nil)
package struct ModelConversion {
    package let checkpoint: Checkpoint
    package let names: CanonicalNames
    package let architecture: Architecture
    private let weights: CheckpointWeights

    /// Recognises the layout and reads the architecture off the shapes; nothing is computed yet.
    ///
    /// - Throws: ``CheckpointError`` or ``NetworkError``, naming the tensor at fault.
    package init(_ checkpoint: Checkpoint) throws {
        self.checkpoint = checkpoint
        names = try CanonicalNames(checkpoint.entries)
        weights = CheckpointWeights(checkpoint, names: names)
        architecture = try Architecture(reading: weights)
    }

    /// The head names used when none are given.
    package var defaultHeadNames: [SpaceName] { ModelManifest.defaultHeadNames(architecture.heads.count) }

    /// What most checkpoints of this stem were trained with: ImageNet's constants, 224 with a centre crop, or 32 for the
    /// CIFAR stem.
    package var defaultPreprocessing: Preprocessing {
        get throws {
            try Preprocessing(
                size: architecture.stem == .imagenet ? 224 : 32, resize: .crop, mean: [0.485, 0.456, 0.406],
                std: [0.229, 0.224, 0.225])
        }
    }

    /// Writes `model.safetensors` and then `model.json` into `folder`, which is made when it is not there.
    ///
    /// Only tensors that inference reads are written, as float32 under canonical names.
    package func write(
        to folder: URL, headNames: [SpaceName]? = nil, preprocessing: Preprocessing? = nil,
        training: [String: JSONScalar]? = nil, licence: String? = nil
    ) throws {
        let heads = headNames ?? defaultHeadNames
        guard heads.count == architecture.heads.count else {
            throw ConversionError.wrongHeadCount(given: heads.count, needed: architecture.heads.count)
        }
        let reserved: Set<SpaceName> = [.backbone, .concat]
        guard Set(heads).count == heads.count, reserved.isDisjoint(with: heads) else {
            throw ConversionError.badHeadNames(heads.map(\.text))
        }
        let manifest = ModelManifest(
            architecture, headNames: heads, preprocessing: try preprocessing ?? defaultPreprocessing,
            training: training, licence: licence)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try SafetensorsWriter.write(
            try tensors(), to: folder.appendingPathComponent(ModelFolder.weightsFile).path,
            metadata: ["format": "pt"])
        try ModelFolder.write(manifest, to: folder)
    }

    private func tensors() throws -> [String: Tensor] {
        var tensors: [String: Tensor] = [:]
        for name in architecture.tensorNames {
            guard let shape = weights.shape(of: name) else { continue }
            tensors[name] = try weights.withFloats(name) { Tensor($0, shape: shape) }
        }
        return tensors
    }
}

/// Why a checkpoint that can be read cannot be converted as asked.
package enum ConversionError: Error, Equatable, CustomStringConvertible {
    case wrongHeadCount(given: Int, needed: Int)
    case badHeadNames([String])

    package var description: String {
        switch self {
        case .wrongHeadCount(let given, let needed):
            "\(given) head names were given; the checkpoint has \(needed) heads"
        case .badHeadNames(let names):
            "head names must differ from each other and from 'backbone' and 'concat': \(names.joined(separator: ","))"
        }
    }
}
