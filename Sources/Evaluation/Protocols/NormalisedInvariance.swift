// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// How little a change of the images changes their features: 1 = not at all, 0 = as if they were other images.
///
/// (same - strangers) / (1 - strangers), where `same` is the mean cosine between an image and its own changed view and
/// `strangers` that between an image and the changed view of another. What all changed views have in common is in both, so
/// it neither helps nor harms; below 0, an image's own view is less like it than a stranger's.
package struct NormalisedInvariance: Sendable, Equatable, Codable {
    /// The mean cosine over the images.
    package let same: Double
    /// The mean cosine over all pairs of two images.
    package let strangers: Double
    /// The normalised value, its interval bootstrapped over the images; 1 when all features are one, as nothing differs.
    package let invariance: Estimate

    /// A view of row i of `images` is row i of `views`.
    ///
    /// Needs two rows. All pairs are taken into account, at the cost of two passes.
    /// - Throws: ``ProtocolError/noRows(role:)`` for fewer.
    package init(
        images: FeatureTable, views: FeatureTable, bootstrap: Bootstrap = Bootstrap()
    ) throws(ProtocolError) {
        precondition(
            images.count == views.count && images.dimensions == views.dimensions,
            "\(images.count) x \(images.dimensions) images, \(views.count) x \(views.dimensions) views")
        guard images.count > 1 else { throw .noRows(role: "images") }
        let pairs = PairCosines(images.unitRows(), views.unitRows())
        let count = Double(images.count)
        let (same, strangers) = (pairs.same.reduce(0, +) / count, pairs.strangers.reduce(0, +) / count)
        self.same = same
        self.strangers = strangers
        let redrawn = bootstrap.means(of: [pairs.same, pairs.strangers], groups: images.groups).map { means in
            // Every image is in the pairs twice, as the image and as the view: its influence counts double.
            Self.normalised(means[0], strangers + 2 * (means[1] - strangers))
        }
        invariance = Estimate(
            value: Self.normalised(same, strangers), interval: bootstrap.interval(of: redrawn), count: images.count)
    }

    /// Cosines of rows in Float are known to about this.
    private static let rounding = 1e-6

    private static func normalised(_ same: Double, _ strangers: Double) -> Double {
        let room = 1 - strangers
        return room > rounding ? (same - strangers) / room : 1
    }
}

/// For each image: its cosine with its own view, and its mean cosine with strangers, both as the image and as the view.
struct PairCosines {
    let same: [Double]
    let strangers: [Double]

    /// Both tables have unit rows.
    init(_ images: FeatureTable, _ views: FeatureTable) {
        let (imageSum, viewSum) = (Self.sum(images), Self.sum(views))
        let others = Double(images.count - 1)
        var (same, strangers): ([Double], [Double]) = ([], [])
        for row in 0..<images.count {
            let own = Self.product(images[row], views[row])
            let away = Self.product(images[row], viewSum) + Self.product(views[row], imageSum)
            same.append(own)
            strangers.append((away / 2 - own) / others)
        }
        self.same = same
        self.strangers = strangers
    }

    private static func sum(_ table: FeatureTable) -> [Double] {
        var sums = [Double](repeating: 0, count: table.dimensions)
        for row in 0..<table.count {
            for (column, value) in table[row].enumerated() { sums[column] += Double(value) }
        }
        return sums
    }

    /// The dot product in doubles.
    static func product<A: BinaryFloatingPoint, B: BinaryFloatingPoint>(
        _ a: some Sequence<A>, _ b: some Sequence<B>
    ) -> Double {
        zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
    }
}
