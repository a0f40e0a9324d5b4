// SPDX-License-Identifier: Apache-2.0
//
// Conventions of the compute half, stated once:
// - Elements are Float (binary32), row-major, contiguous, 64-byte aligned.
// - Activations are NHWC (batch, row, column, channel); weights on disk are OIHW as PyTorch writes them.
// - Kernels take whole buffers; element access across modules is for tests.
// - A Tensor is a value: copies share storage until one of them is written (copy on write).

/// A dense array of Float with a shape.
///
///     var t = Tensor(zeros: [2, 3])
///     t.withUnsafeMutableBuffer { $0[5] = 1 }
package struct Tensor: Sendable {
    package let shape: Shape
    private var storage: FloatStorage

    /// All elements zero.
    package init(zeros shape: Shape) {
        self.shape = shape
        storage = FloatStorage(count: shape.count)
        storage.buffer.initialize(repeating: 0)
    }

    /// Elements in row-major order; `values.count` must be the shape's.
    package init(_ values: some Collection<Float>, shape: Shape) {
        precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
        self.shape = shape
        storage = FloatStorage(count: shape.count)
        _ = storage.buffer.initialize(from: values)
    }

    /// Uninitialised memory that `fill` must write completely.
    package init(unsafeUninitialized shape: Shape, fill: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        self.shape = shape
        storage = FloatStorage(count: shape.count)
        try fill(storage.buffer)
    }

    package var count: Int { shape.count }

    /// A copy of the elements in row-major order; O(count).
    package var values: [Float] { Array(storage.buffer) }

    /// The whole buffer for reading, valid during `body` only.
    package func withUnsafeBuffer<R, E: Error>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeBufferPointer(storage.buffer))
    }

    /// The whole buffer for writing, valid during `body` only; copies first when the storage is shared.
    package mutating func withUnsafeMutableBuffer<R, E: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        if !isKnownUniquelyReferenced(&storage) { storage = FloatStorage(copying: storage) }
        defer { withExtendedLifetime(storage) {} }
        return try body(storage.buffer)
    }

    /// The same elements under another shape of equal count.
    package func reshaped(_ shape: Shape) -> Tensor {
        precondition(shape.count == count, "cannot reshape \(self.shape) to \(shape)")
        return Tensor(shape: shape, storage: storage)
    }

    private init(shape: Shape, storage: FloatStorage) {
        self.shape = shape
        self.storage = storage
    }
}
