// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// The features of a set of images: one row an image (or a view of one), with a class label and, optionally, a group.
///
/// Rows with the same group come from the same thing (the four rotations of one image, near-duplicates): splits keep
/// them on one side and intervals count them as one. Without groups every row is its own. Values are row-major and never
/// change, so any thread may read them. Every value is finite.
package struct FeatureTable: Sendable {
    package let count: Int
    package let dimensions: Int
    /// A class a row, from 0; classes that no row has are allowed.
    package let labels: [Int]
    /// A group a row; nil when every row stands for itself.
    package let groups: [Int]?
    /// count x dimensions floats; written only before the table is made.
    package let storage: FloatStorage

    /// Takes over `storage`, which nobody may write afterwards.
    ///
    /// - Throws: ``ProtocolError/notFinite(row:column:)`` for the first feature that is no number.
    package init(storage: FloatStorage, dimensions: Int, labels: [Int], groups: [Int]? = nil) throws(ProtocolError) {
        if let place = storage.buffer.firstIndex(where: { !$0.isFinite }) {
            throw .notFinite(row: place / max(1, dimensions), column: place % max(1, dimensions))
        }
        self.init(finite: storage, dimensions: dimensions, labels: labels, groups: groups)
    }

    /// Copies `values`, row after row.
    ///
    /// - Throws: ``ProtocolError/notFinite(row:column:)`` for the first feature that is no number.
    package init(values: [Float], dimensions: Int, labels: [Int], groups: [Int]? = nil) throws(ProtocolError) {
        let storage = FloatStorage(count: values.count)
        _ = storage.buffer.initialize(from: values)
        try self.init(storage: storage, dimensions: dimensions, labels: labels, groups: groups)
    }

    /// As the others, for values known to be finite.
    init(finite storage: FloatStorage, dimensions: Int, labels: [Int], groups: [Int]?) {
        precondition(
            dimensions > 0 && storage.buffer.count == labels.count * dimensions,
            "\(storage.buffer.count) numbers for \(labels.count) rows of \(dimensions)")
        precondition(groups.map { $0.count == labels.count } ?? true, "groups and labels differ in number")
        precondition(labels.allSatisfy { $0 >= 0 }, "a label below 0")
        count = labels.count
        self.dimensions = dimensions
        self.labels = labels
        self.groups = groups
        self.storage = storage
    }

    /// One more than the highest label; 0 for no rows.
    package var classes: Int { (labels.max() ?? -1) + 1 }

    /// The features of one row.
    package subscript(row: Int) -> UnsafeBufferPointer<Float> {
        UnsafeBufferPointer(rebasing: storage.buffer[row * dimensions..<(row + 1) * dimensions])
    }

    /// The first feature of `row`; valid while the table lives.
    func pointer(row: Int) -> UnsafePointer<Float> {
        precondition((0...count).contains(row), "row \(row) of \(count)")
        return UnsafePointer(storage.buffer.baseAddress! + row * dimensions)
    }
}
