// SPDX-License-Identifier: Apache-2.0

package import Networks
package import Preprocessing
package import Vectors

extension ModelManifest {
    /// The manifest of a network: `backbone`, a space a head, `<head>.representation` where heads have a stage of their
    /// own, and `concat`.
    ///
    /// `names` are the heads' names in order. A head is taken to be sensitive to the factor it is named after, and
    /// `invariant` to none; the backbone keeps what any head needs.
    package init(
        _ architecture: Architecture, headNames names: [SpaceName], preprocessing: Preprocessing,
        training: [String: JSONScalar]? = nil, licence: String? = nil
    ) {
        precondition(
            names.count == architecture.heads.count, "\(names.count) names for \(architecture.heads.count) heads")
        let factors = names.filter { $0 != .invariant }.map(\.text)
        var spaces = [
            Space(
                name: .backbone, kind: .backbone, dimensions: architecture.backboneDimensions,
                sensitiveTo: names.isEmpty ? nil : factors)
        ]
        for (index, name) in names.enumerated() {
            let head = architecture.heads[index]
            let known = Self.isFactor(name) ? [name.text] : name == .invariant ? [] : nil
            spaces.append(
                Space(
                    name: name, kind: .head, dimensions: head.projectionDimensions, head: index, sensitiveTo: known))
            guard architecture.isPlusPlus else { continue }
            spaces.append(
                Space(
                    name: name.representation, kind: .representation, dimensions: head.representationDimensions,
                    head: index, sensitiveTo: known))
        }
        if let dimensions = architecture.concatDimensions {
            spaces.append(Space(name: .concat, kind: .concat, dimensions: dimensions, sensitiveTo: factors))
        }
        self.init(
            architecture: Summary(
                family: Self.family(of: architecture), backbone: architecture.name, width: architecture.width,
                heads: architecture.heads.count),
            spaces: spaces, preprocessing: preprocessing, training: training, licence: licence)
    }

    /// `invariant`, `head1`, `head2`, ...: names for heads that nobody has named.
    package static func defaultHeadNames(_ count: Int) -> [SpaceName] {
        (0..<count).compactMap { $0 == 0 ? .invariant : SpaceName("head\($0)") }
    }

    private static func family(of architecture: Architecture) -> String {
        switch (architecture.heads.count, architecture.isPlusPlus) {
        case (0, _): "resnet"
        case (_, true): "loocpp"
        case (1, _): "moco"
        default: "looc"
        }
    }

    /// Whether a head's name says what it is sensitive to, rather than being one of the default names.
    private static func isFactor(_ name: SpaceName) -> Bool {
        name != .invariant && !(name.text.hasPrefix("head") && name.text.dropFirst(4).allSatisfy(\.isNumber))
    }
}
