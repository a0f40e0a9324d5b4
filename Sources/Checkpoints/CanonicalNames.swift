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
    /// The file's tensors that inference has no use for: key encoders, queues, classifiers, heads that are not run.
    package let ignored: [String]
    /// What was left out and why, for people; empty when nothing noteworthy was.
    package let notes: [String]

    /// Finds the layout of a file with these tensors.
    ///
    /// - Throws: ``CheckpointError/unknownLayout(examples:)`` when no layout fits.
    package init(_ entries: [TensorDescriptor]) throws(CheckpointError) {
        let names = entries.map(\.name)
        let present = Set(names)
        guard let layout = NameLayout.all.first(where: { present.contains($0.stem) }) else {
            throw .unknownLayout(examples: names.prefix(5).map { String($0.prefix(100)) })
        }
        var mapping: [String: String] = [:]
        for name in names {
            if let canonical = layout.backboneName(name) { mapping[canonical] = name }
        }
        var heads: [String: String] = [:]
        if let prefixes = layout.heads.first(where: { Self.isUsed($0, by: names) }) {
            for name in names {
                if let canonical = prefixes.canonical(name) { heads[canonical] = name }
            }
        }
        let reason = Self.reasonToDrop(heads.keys, isClassifierAllowed: layout.dropsClassifier)
        if reason == nil { mapping.merge(heads) { first, _ in first } }
        self.layout = layout.title
        self.mapping = mapping
        notes = reason.map { ["\($0): only the backbone is kept"] } ?? []
        let used = Set(mapping.values)
        ignored = names.filter { !used.contains($0) }
    }

    private static func isUsed(_ prefix: NameLayout.HeadPrefix, by names: [String]) -> Bool {
        names.contains { prefix.canonical($0) != nil }
    }

    /// Why heads with these canonical names cannot be run; nil when they can.
    private static func reasonToDrop(_ names: some Collection<String>, isClassifierAllowed: Bool)
        -> String?
    {
        let perceptron = names.filter { !$0.contains(".layer4.") }
        if perceptron.contains(where: { $0.hasSuffix(".running_mean") || $0.hasSuffix(".running_var") }) {
            return "its projection head has batch normalisation, which is not run"
        }
        if let stranger = perceptron.first(where: { !isLayer($0) }) {
            return "its projection head has more than two linear layers (\(stranger.prefix(100)))"
        }
        if isClassifierAllowed, names.contains("heads.0.0.weight"), !names.contains("heads.0.2.weight") {
            return "its fc is a classifier, which is no embedding space"
        }
        return nil
    }

    /// Whether a name is `heads.{i}.{0,2}.{weight,bias}` or `heads.{i}.fc.{0,2}.{weight,bias}`.
    private static func isLayer(_ name: String) -> Bool {
        var parts = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst(2)
        if parts.first == "fc" { parts = parts.dropFirst() }
        guard parts.count == 2, let layer = parts.first, let kind = parts.last else { return false }
        return (layer == "0" || layer == "2") && (kind == "weight" || kind == "bias")
    }
}
