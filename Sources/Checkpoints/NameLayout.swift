// SPDX-License-Identifier: Apache-2.0

/// One family of files: what the names of its tensors begin with.
struct NameLayout: Sendable {
    /// Where the heads are, and what they become.
    struct HeadPrefix: Sendable {
        let from: String
        var to = "heads."
        /// Whether `<from>weight` itself is a layer: one head of one layer, as MoCo v1's `fc`.
        var isSingle = false

        /// The canonical name of a head's tensor; nil for any other tensor.
        func canonical(_ name: String) -> String? {
            guard name.hasPrefix(from) else { return nil }
            let rest = name.dropFirst(from.count)
            if isSingle, rest == "weight" || rest == "bias" { return to + "0." + rest }
            return to + rest
        }
    }

    let title: String
    /// Beginning of the backbone's names; the rest is torchvision's.
    let backbone: String
    /// The first of these that a file uses is taken.
    var heads: [HeadPrefix] = []
    /// Names torchvision's by number: `0` is conv1, `4` is layer1 (a ResNet in a Sequential).
    var isNumbered = false
    /// Whether a single `fc` layer is a classifier.
    var dropsClassifier = false

    /// The tensor that tells the layout: the stem's convolution, where the layout puts it.
    var stem: String { backbone + (isNumbered ? "0.weight" : "conv1.weight") }

    /// The canonical name of the backbone's tensor; nil for one that inference has no use for.
    func backboneName(_ name: String) -> String? {
        guard name.hasPrefix(backbone) else { return nil }
        let rest = name.dropFirst(backbone.count)
        let parts = isNumbered ? Self.numbered : Self.numbered.map { ($0.1, $0.1) }
        guard let (from, to) = parts.first(where: { rest.hasPrefix($0.0) }) else { return nil }
        return "backbone." + to + rest.dropFirst(from.count)
    }

    private static let numbered = [
        ("0.", "conv1."), ("1.", "bn1."), ("4.", "layer1."), ("5.", "layer2."), ("6.", "layer3."),
        ("7.", "layer4."),
    ]

    /// Every layout that is known, from the most particular to the most general; wrappers put a word before all names.
    static let all: [NameLayout] = layouts("") + layouts("module.") + layouts("model.")

    private static func layouts(_ w: String) -> [NameLayout] {
        let looc = HeadPrefix(from: w + "heads_q.")
        let facet = HeadPrefix(from: w + "heads.")
        let lightly = HeadPrefix(from: w + "projection_head.layers.", to: "heads.0.")
        let solo = HeadPrefix(from: w + "projector.", to: "heads.0.")
        let (query, base, plain) = (w + "encoder_q.", w + "base_encoder.", w)
        return [
            NameLayout(title: "LooC re-implementation", backbone: w + "backbone_q.", heads: [looc]),
            NameLayout(title: "MoCo", backbone: query, heads: [fc(query)]),
            NameLayout(title: "MoCo v3 style", backbone: base, heads: [fc(base)]),
            NameLayout(title: "VISSL", backbone: w + "base_model.model.trunk._feature_blocks."),
            NameLayout(title: "VISSL trunk", backbone: w + "_feature_blocks."),
            NameLayout(title: "lightly, numbered", backbone: w + "backbone.", heads: [lightly], isNumbered: true),
            NameLayout(
                title: "Facet, lightly or solo-learn", backbone: w + "backbone.", heads: [facet, lightly, solo]),
            NameLayout(title: "solo-learn, older", backbone: w + "encoder.", heads: [solo]),
            NameLayout(title: "torchvision", backbone: plain, heads: [fc(plain)], dropsClassifier: true),
        ]
    }

    /// MoCo's head: one layer `fc` (v1) or two, `fc.0` and `fc.2` (v2).
    private static func fc(_ prefix: String) -> HeadPrefix {
        HeadPrefix(from: prefix + "fc.", to: "heads.0.", isSingle: true)
    }
}
