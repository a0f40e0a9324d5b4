// SPDX-License-Identifier: Apache-2.0

internal import Checkpoints
package import Foundation
package import Kernels
package import ModelFolders
package import Networks
package import Vectors
internal import Preprocessing
internal import Synchronization
internal import Tensors

/// A model ready to embed: manifest, digest and a compiled plan that has run once.
///
/// Immutable; any thread may use it.
package final class EmbeddingModel: Sendable {
    package let id: ModelID
    /// SHA-256 of the checkpoint file: which model a vector came from.
    package let digest: ContentDigest
    /// Everything a vector depends on beside the image and the checkpoint: a cache of vectors is keyed by it.
    package let identity: String
    package let manifest: ModelManifest
    package let plan: InferencePlan

    /// Opens, checks and compiles the model folder at `url`, then runs one forward pass.
    ///
    /// The digest is computed while the weights are packed. ResNet-50 takes well under half a second. In half precision
    /// the vectors of some made-up images are compared with those of single precision first, which takes another half.
    package init(loading url: URL, precision: Precision = .single, pool: ComputePool?) throws {
        let folder = try ModelFolder(opening: url)
        let checkpoint = folder.checkpoint
        let hashing = Hashing()
        DispatchQueue.global(qos: .userInitiated).async {
            hashing.finish(checkpoint.withBytes { ContentDigest(of: $0) })
        }
        defer { _ = hashing.wait() }
        let weights = CheckpointWeights(checkpoint)
        let plan = try InferencePlan(
            weights: weights, inputSize: folder.manifest.preprocessing.size, precision: precision, pool: pool)
        try Self.check(folder.manifest, against: plan.architecture)
        try Self.warmUp(plan, pool: pool)
        if precision == .half {
            let exact = try InferencePlan(weights: weights, inputSize: plan.inputSize, pool: pool)
            let found = try PlanComparison.leastCosine(plan, exact, images: Self.compared, pool: pool)
            guard found >= PlanComparison.leastCosine else { throw ModelLoadingError.losesPrecision(cosine: found) }
        }
        id = folder.id
        manifest = folder.manifest
        self.plan = plan
        digest = hashing.wait()
        identity =
            PreprocessingSummary(manifest.preprocessing).identity
            + (precision == .single ? "" : " \(precision.rawValue)")
    }

    /// Images that show whether half precision will do.
    private static let compared = 8

    /// Numbers that training adjusted.
    package var parameterCount: Int { plan.architecture.parameterCount }

    /// How images are prepared, in plain values for the serving half.
    package var preprocessing: PreprocessingSummary { PreprocessingSummary(manifest.preprocessing) }

    /// The network outputs that the vector of `space` is made of.
    func outputs(for space: ModelManifest.Space) -> [NetworkOutput] {
        switch space.kind {
        case .backbone: [.backbone]
        case .head: [.projection(space.head ?? 0)]
        case .representation: [.representation(space.head ?? 0)]
        case .concat: concatenated
        }
    }

    /// LooC++ concatenates the heads' own stage-4 representations; other networks' heads have only their projections.
    private var concatenated: [NetworkOutput] {
        plan.architecture.heads.indices.map {
            plan.architecture.isPlusPlus ? .representation($0) : .projection($0)
        }
    }

    /// Every space of the manifest must exist in the network with the dimensions it claims.
    private static func check(_ manifest: ModelManifest, against architecture: Architecture) throws {
        for space in manifest.spaces {
            let found: Int? =
                switch space.kind {
                case .backbone: architecture.backboneDimensions
                case .head: space.head.flatMap { architecture.dimensions(of: .projection($0)) }
                case .representation: space.head.flatMap { architecture.dimensions(of: .representation($0)) }
                case .concat: architecture.concatDimensions
                }
            guard let found else { throw ModelLoadingError.noSuchHead(space.name, heads: architecture.heads.count) }
            guard found == space.dimensions else {
                throw ModelLoadingError.wrongDimensions(space.name, expected: space.dimensions, found: found)
            }
        }
        guard !manifest.spaces.isEmpty else { throw ModelLoadingError.noSpaces }
        guard Set(manifest.spaces.map(\.name)).count == manifest.spaces.count else {
            throw ModelLoadingError.duplicateSpace
        }
    }

    /// One forward pass on a grey image: pages are touched, and weights that are not numbers are found out.
    private static func warmUp(_ plan: InferencePlan, pool: ComputePool?) throws {
        let size = plan.inputSize
        let outputs = plan.architecture.outputs
        let grey = Tensor(repeatElement(Float(0.1), count: size * size * 3), shape: [1, size, size, 3])
        let vectors = try plan.run(grey, outputs: outputs, pool: pool)
        for output in outputs where vectors[output]?.values.allSatisfy(\.isFinite) != true {
            throw ModelLoadingError.notFinite("\(output)")
        }
    }
}

/// How images become a network's input: what `/v1/models` tells.
package struct PreprocessingSummary: Sendable {
    /// Side of the square, in pixels.
    package let size: Int
    /// `crop` or `letterbox`.
    package let resize: String
    package let mean: [Float]
    package let std: [Float]
    /// The version of the preprocessing code; with the digest it tells which vectors belong together.
    package let version: Int

    /// Everything that a vector depends on beside the image and the checkpoint, as one text that is kept with vectors.
    package var identity: String { "v\(version) \(resize) \(size) \(mean) \(std)" }

    init(_ settings: Preprocessing) {
        size = settings.size
        resize = settings.resize.rawValue
        mean = settings.mean
        std = settings.std
        version = Preprocessing.version
    }
}

/// Why a model folder that opens still cannot be served.
package enum ModelLoadingError: Error, Equatable, CustomStringConvertible {
    case noSuchHead(SpaceName, heads: Int)
    case wrongDimensions(SpaceName, expected: Int, found: Int)
    case duplicateSpace
    case noSpaces
    case notFinite(String)
    case losesPrecision(cosine: Double)

    package var description: String {
        switch self {
        case .noSuchHead(let space, let heads):
            "model.json's space '\(space)' needs a head that the checkpoint, with \(heads) heads, does not have"
        case .wrongDimensions(let space, let expected, let found):
            "model.json gives space '\(space)' \(expected) dimensions; the checkpoint's has \(found)"
        case .duplicateSpace: "model.json names a space twice"
        case .noSpaces: "model.json lists no spaces"
        case .notFinite(let output):
            "the network's output \(output) is not finite: the weights are damaged or the training had diverged"
        case .losesPrecision(let cosine):
            "half precision changes this model's vectors: a cosine of \(cosine). Serve it with --precision single"
        }
    }
}

/// The digest on its way from another thread.
private final class Hashing: Sendable {
    private let result = Mutex<ContentDigest?>(nil)
    private let done = DispatchGroup()

    init() { done.enter() }

    func finish(_ digest: ContentDigest) {
        result.withLock { $0 = digest }
        done.leave()
    }

    func wait() -> ContentDigest {
        done.wait()
        guard let digest = result.withLock({ $0 }) else { preconditionFailure("hashing ended without a digest") }
        return digest
    }
}
