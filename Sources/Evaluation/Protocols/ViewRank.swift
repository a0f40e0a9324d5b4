// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// Whether a space tells views of one image apart by a parameter of their making.
///
/// For each image the views are ranked by their cosine with the image's query view; the view that shares the query's
/// parameter should come first where the space keeps that parameter, and anywhere where it ignores it. With two views
/// this is the share of images where the sharing view is the nearer one.
package struct ViewRank: Sendable, Equatable, Codable {
    /// The mean place of the matching view, from 1; equal views share their places.
    package let rank: Estimate
    /// The share of the other views that the matching one beats: 1 = it always comes first, 0.5 = chance.
    package let advantage: Estimate
    /// The share of images where the matching view comes first.
    package let first: Estimate
    /// The mean place by chance.
    package let chance: Double

    /// Row i of every table is a view of image i; `views[matching]` shares the parameter with `queries`.
    ///
    /// Needs two tables of views. Costs one pass.
    /// - Throws: ``ProtocolError/noRows(role:)`` when there are no images.
    package init(
        queries: FeatureTable, views: [FeatureTable], matching: Int, bootstrap: Bootstrap = Bootstrap()
    ) throws(ProtocolError) {
        precondition(views.count > 1 && views.indices.contains(matching), "view \(matching) of \(views.count)")
        precondition(
            views.allSatisfy { $0.count == queries.count && $0.dimensions == queries.dimensions },
            "views of another shape than the queries")
        guard queries.count > 0 else { throw .noRows(role: "queries") }
        let (units, targets) = (queries.unitRows(), views.map { $0.unitRows() })
        let ranks = (0..<queries.count).map { row in
            Self.place(matching, of: targets.map { PairCosines.product(units[row], $0[row]) })
        }
        let others = Double(views.count - 1)
        chance = Double(views.count + 1) / 2
        rank = bootstrap.mean(of: ranks, groups: queries.groups)
        advantage = bootstrap.mean(of: ranks.map { 1 - ($0 - 1) / others }, groups: queries.groups)
        first = .proportion(of: ranks.map { $0 == 1 }, groups: queries.groups)
    }

    /// The mean place, from 1, that value `number` has over all orders of equals.
    private static func place(_ number: Int, of values: [Double]) -> Double {
        let above = values.count { $0 > values[number] }
        let equal = values.count { $0 == values[number] } - 1
        return 1 + Double(above) + Double(equal) / 2
    }
}
