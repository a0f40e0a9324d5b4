// SPDX-License-Identifier: Apache-2.0

/// The extents of a tensor, outermost first.
///
/// Elements are row-major. Rank 0 is a scalar with one element.
package struct Shape: Hashable, Sendable, CustomStringConvertible, ExpressibleByArrayLiteral {
    package let dimensions: [Int]
    /// Product of the dimensions; 1 for a scalar.
    package let count: Int

    /// Returns nil when a dimension is negative or the product overflows: for shapes read from files.
    package init?(validating dimensions: [Int]) {
        var count = 1
        for dimension in dimensions {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else { return nil }
            count = product
        }
        self.dimensions = dimensions
        self.count = count
    }

    /// A shape of our own making; an invalid one is a bug and traps.
    package init(_ dimensions: [Int]) {
        guard let shape = Shape(validating: dimensions) else {
            preconditionFailure("invalid shape \(dimensions)")
        }
        self = shape
    }

    package init(arrayLiteral elements: Int...) {
        self.init(elements)
    }

    package var rank: Int { dimensions.count }

    package subscript(index: Int) -> Int { dimensions[index] }

    /// Extents as in `[64, 3, 7, 7]`.
    package var description: String { dimensions.description }
}
