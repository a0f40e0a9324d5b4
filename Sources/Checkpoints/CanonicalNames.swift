// SPDX-License-Identifier: Apache-2.0

/// How a checkpoint's tensor names map to the canonical ones.
///
/// Canonical names are torchvision's under `backbone.`, and `heads.{i}.{0,2}.{weight,bias}` for the layers of head i, or
/// `heads.{i}.layer4.*` with `heads.{i}.fc.{0,2}.*` where each head has its own stage 4 (LooC++). Names are matched on
/// their beginning, never on what they contain: `momentum_backbone` is not `backbone`.
package struct CanonicalNames: Sendable, Equatable {
    /// Who writes files of this layout, for people.
    package let layout: String
    /// The file's name of each tensor, by its canonical name.
    package let mapping: [String: String]
    /// The file's tensors that inference has no use for: key encoders, queues, classifiers.
    package let ignored: [String]
    /// What was left out and why, for people; empty when nothing noteworthy was.
    package let notes: [String]

    /// Finds the layout of a file with these tensors.
    ///
    /// - Throws: ``CheckpointError/unknownLayout(examples:)`` when no layout fits.
    package init(_ entries: [TensorDescriptor]) throws(CheckpointError) {
        let names = entries.map(\.name)
        let shapes = Dictionary(entries.map { ($0.name, $0.shape) }) { first, _ in first }
        guard let layout = Layout.all.first(where: { $0.fits(names) }) else {
            throw .unknownLayout(examples: Array(names.prefix(5)))
        }
        var mapping: [String: String] = [:]
        var notes: [String] = []
        for name in names {
            if let canonical = layout.canonical(name) { mapping[canonical] = name }
        }
        if mapping.keys.contains(where: {
            $0.hasPrefix("heads.") && $0.hasSuffix("running_mean") && !$0.contains("layer4")
        }) {
            notes.append("its projection head has batch normalisation, which is not run: only the backbone is kept")
            mapping = mapping.filter { !$0.key.hasPrefix("heads.") }
        }
        if layout.dropsClassifier, mapping["heads.0.0.weight"] != nil, mapping["heads.0.2.weight"] == nil {
            notes.append("its fc is a classifier, which is no embedding space: only the backbone is kept")
            mapping = mapping.filter { !$0.key.hasPrefix("heads.") }
        }
        if shapes.count < names.count { notes.append("it names tensors twice") }
        self.layout = layout.title
        self.mapping = mapping
        self.notes = notes
        let used = Set(mapping.values)
        ignored = names.filter { !used.contains($0) }
    }
}

/// One family of files: what their names begin with.
private struct Layout {
    let title: String
    /// Beginning of the backbone's names; rest is torchvision's.
    let backbone: String
    /// Beginnings of the heads' names and what they become.
    var heads: [(from: String, to: String)] = []
    /// Names torchvision's by number: `0` is conv1, `4` is layer1 (a ResNet in a Sequential).
    var isNumbered = false
    /// A single `fc` layer is a classifier.
    var dropsClassifier = false

    /// From the most particular to the most general.
    static let all: [Layout] = {
        var layouts: [Layout] = []
        for wrapper in ["", "module.", "model."] {
            layouts += [
                Layout(
                    title: "LooC re-implementation", backbone: wrapper + "backbone_q.",
                    heads: [(wrapper + "heads_q.", "heads.")]),
                Layout(
                    title: "MoCo", backbone: wrapper + "encoder_q.", heads: fc(wrapper + "encoder_q.fc.")),
                Layout(
                    title: "MoCo v3 style", backbone: wrapper + "base_encoder.",
                    heads: fc(wrapper + "base_encoder.fc.")),
                Layout(
                    title: "VISSL", backbone: wrapper + "base_model.model.trunk._feature_blocks."),
                Layout(title: "VISSL trunk", backbone: wrapper + "_feature_blocks."),
                Layout(
                    title: "lightly, numbered", backbone: wrapper + "backbone.",
                    heads: [(wrapper + "projection_head.layers.", "heads.0.")], isNumbered: true),
                Layout(
                    title: "Facet, lightly or solo-learn", backbone: wrapper + "backbone.",
                    heads: [
                        (wrapper + "heads.", "heads."), (wrapper + "projection_head.layers.", "heads.0."),
                        (wrapper + "projector.", "heads.0."),
                    ]),
                Layout(
                    title: "solo-learn, older", backbone: wrapper + "encoder.",
                    heads: [(wrapper + "projector.", "heads.0.")]),
                Layout(
                    title: "torchvision", backbone: wrapper, heads: fc(wrapper + "fc."), dropsClassifier: true),
            ]
        }
        return layouts
    }()

    /// MoCo's head: one layer `fc` (v1) or two, `fc.0` and `fc.2` (v2).
    private static func fc(_ prefix: String) -> [(from: String, to: String)] {
        [
            (prefix + "weight", "heads.0.0.weight"), (prefix + "bias", "heads.0.0.bias"),
            (prefix + "0.", "heads.0.0."), (prefix + "2.", "heads.0.2."),
        ]
    }

    private static let numbered = [
        ("0.", "conv1."), ("1.", "bn1."), ("4.", "layer1."), ("5.", "layer2."), ("6.", "layer3."), ("7.", "layer4."),
    ]

    /// A file is of this layout when it has the stem's convolution where the layout puts it.
    func fits(_ names: [String]) -> Bool {
        names.contains(backbone + (isNumbered ? "0.weight" : "conv1.weight"))
    }

    /// The canonical name; nil for a tensor that inference has no use for.
    func canonical(_ name: String) -> String? {
        for (from, to) in heads where name.hasPrefix(from) { return to + name.dropFirst(from.count) }
        guard name.hasPrefix(backbone) else { return nil }
        let rest = String(name.dropFirst(backbone.count))
        if isNumbered {
            let match = Self.numbered.first { rest.hasPrefix($0.0) }
            return match.map { "backbone." + $0.1 + rest.dropFirst($0.0.count) }
        }
        let isPart = rest.hasPrefix("conv1.") || rest.hasPrefix("bn1.") || rest.hasPrefix("layer")
        return isPart ? "backbone." + rest : nil
    }
}
