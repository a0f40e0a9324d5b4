// SPDX-License-Identifier: Apache-2.0

package import ContrastiveTraining
package import Foundation
package import Kernels
internal import ModelFolders
internal import Networks
package import Preprocessing
internal import Tensors
internal import Vectors
internal import Statistics

/// Something that is evaluated: a trained model, a network with random weights, or the pixels themselves.
///
/// It gives one or more representations of an image. Immutable; any thread may use it.
package struct Subject: Sendable {
    /// One representation of a subject.
    package struct Space: Sendable, Equatable {
        package let name: String
        package let dimensions: Int
        /// Whether it is the one the subject is judged by: V, and for LooC++ the concatenation.
        package let isPrincipal: Bool
        /// The factors that it is meant to be sensitive to; nil where nobody claims anything.
        package let sensitiveTo: [String]?
    }

    package let name: String
    package let spaces: [Space]
    package let preprocessing: Preprocessing
    /// What the subject is, for a report: architecture, recipe, steps.
    package let facts: [(name: String, value: String)]
    /// Nil for pixels and random networks.
    package let folder: URL?
    /// How the views were drawn that it was trained with; nil where that is not known.
    package let augmentation: AugmentationSettings?
    let source: Source

    enum Source: Sendable {
        case network(InferencePlan, [[NetworkOutput]])
        /// Mean colours over a grid of so many cells a side.
        case pixels(cells: Int)
    }

    /// Cells a side of the `pixels` baseline: 16 x 16 x 3 = 768 numbers.
    package static let pixelCells = 16
}

extension Subject {
    /// The model in `folder`, with every space its manifest names.
    ///
    /// Throws ``ModelFolderError`` and `NetworkError` for what cannot be loaded.
    package init(model folder: URL, pool: ComputePool?) throws {
        let model = try ModelFolder(opening: folder)
        let plan = try InferencePlan(
            weights: CheckpointWeights(model.checkpoint), inputSize: model.manifest.preprocessing.size, pool: pool)
        let all = plan.architecture.heads.indices.map {
            plan.architecture.isPlusPlus ? NetworkOutput.representation($0) : .projection($0)
        }
        let outputs = model.manifest.spaces.map { space -> [NetworkOutput] in
            switch space.kind {
            case .backbone: [.backbone]
            case .head: [.projection(space.head ?? 0)]
            case .representation: [.representation(space.head ?? 0)]
            case .concat: all
            }
        }
        let isPlusPlus = plan.architecture.isPlusPlus
        self.init(
            name: model.id.text,
            spaces: model.manifest.spaces.map { space in
                Space(
                    name: space.name.text, dimensions: space.dimensions,
                    isPrincipal: space.kind == (isPlusPlus ? .concat : .backbone), sensitiveTo: space.sensitiveTo)
            }, preprocessing: model.manifest.preprocessing, facts: Self.facts(of: model.manifest), folder: folder,
            augmentation: Self.augmentation(of: model.manifest), source: .network(plan, outputs))
    }

    /// The network of `other` with fresh random weights; nil when `other` is none that training can make.
    package init?(randomLike other: Subject, seed: UInt64, pool: ComputePool?) throws {
        guard case .network(let plan, _) = other.source,
            let backbone = NetworkSpecification.Backbone(rawValue: plan.architecture.name)
        else { return nil }
        let specification = NetworkSpecification(
            backbone: backbone, width: plan.architecture.width, stem: plan.architecture.stem, heads: 1)
        var stream = SeededStream(seed: seed, 0x3A4D)
        let random = try InferencePlan(
            weights: specification.initialWeights(using: &stream), inputSize: plan.inputSize, pool: pool)
        self.init(
            name: "random",
            spaces: [
                Space(
                    name: "backbone", dimensions: random.architecture.backboneDimensions, isPrincipal: true,
                    sensitiveTo: nil)
            ], preprocessing: other.preprocessing,
            facts: [("network", "\(plan.architecture.name), width \(plan.architecture.width), untrained")],
            folder: nil, augmentation: nil, source: .network(random, [[.backbone]]))
    }

    /// Mean colours of a grid over the input that `other` sees.
    package init(pixelsLike other: Subject) {
        let cells = min(Self.pixelCells, other.preprocessing.size)
        self.init(
            name: "pixels",
            spaces: [Space(name: "pixels", dimensions: 3 * cells * cells, isPrincipal: true, sensitiveTo: nil)],
            preprocessing: other.preprocessing, facts: [("input", "mean colours of \(cells) x \(cells) cells")],
            folder: nil, augmentation: nil, source: .pixels(cells: cells))
    }

    private static func augmentation(of manifest: ModelManifest) -> AugmentationSettings? {
        guard case .text(let text) = manifest.training?["configuration"] else { return nil }
        return try? TrainingConfiguration(text: text).augmentation
    }

    private static func facts(of manifest: ModelManifest) -> [(name: String, value: String)] {
        var facts = [
            (name: "network", value: "\(manifest.architecture.backbone), width \(manifest.architecture.width)"),
            (name: "family", value: manifest.architecture.family),
        ]
        for (key, value) in (manifest.training ?? [:]).sorted(by: { $0.key < $1.key }) {
            switch value {
            case .text(let text) where text.utf8.count <= 60: facts.append((key, text))
            case .number(let number): facts.append((key, "\(number.formatted(.number.grouping(.never)))"))
            case .truth(let flag): facts.append((key, flag ? "yes" : "no"))
            case .text: break
            }
        }
        return facts
    }
}

extension Subject {
    /// The representations of a batch [n, size, size, 3], one table of n rows a space, row after row.
    func embed(_ batch: Tensor, pool: ComputePool?) throws -> [[Float]] {
        switch source {
        case .network(let plan, let outputs):
            let found = try plan.run(batch, outputs: Array(Set(outputs.flatMap(\.self))), pool: pool)
            return outputs.map { Self.joined($0.compactMap { found[$0] }) }
        case .pixels(let cells): return [Self.cellMeans(batch, cells: cells)]
        }
    }

    /// One tensor as it is; several side by side, the rows of each at unit length.
    private static func joined(_ parts: [Tensor]) -> [Float] {
        guard parts.count > 1 else { return parts.first?.values ?? [] }
        let rows = parts[0].shape[0]
        let lists = parts.map { (width: $0.shape[1], values: $0.values) }
        var result: [Float] = []
        for row in 0..<rows {
            for part in lists {
                let segment = part.values[row * part.width..<(row + 1) * part.width]
                let length = segment.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
                result += length > 0 ? segment.map { $0 / length } : Array(segment)
            }
        }
        return result
    }

    private static func cellMeans(_ batch: Tensor, cells: Int) -> [Float] {
        let (images, size) = (batch.shape[0], batch.shape[1])
        return batch.withUnsafeBuffer { input in
            var result = [Float](repeating: 0, count: images * cells * cells * 3)
            var counts = [Float](repeating: 0, count: cells * cells)
            for y in 0..<size {
                for x in 0..<size { counts[y * cells / size * cells + x * cells / size] += 1 }
            }
            for image in 0..<images {
                for y in 0..<size {
                    for x in 0..<size {
                        let cell = y * cells / size * cells + x * cells / size
                        let (from, to) = (((image * size + y) * size + x) * 3, (image * cells * cells + cell) * 3)
                        for channel in 0..<3 { result[to + channel] += input[from + channel] / counts[cell] }
                    }
                }
            }
            return result
        }
    }
}
