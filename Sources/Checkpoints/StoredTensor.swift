// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// A tensor as it lies in a file.
package struct TensorDescriptor: Sendable, Equatable {
    package let name: String
    package let type: ElementType
    package let shape: Shape

    package init(name: String, type: ElementType, shape: Shape) {
        self.name = name
        self.type = type
        self.shape = shape
    }
}

/// Where a tensor's elements are in the file; checked when it is made, so reading cannot leave the file.
struct StoredTensor: Sendable {
    let type: ElementType
    let shape: Shape
    /// Byte of the file at which the element of index 0 lies.
    let offset: Int
    /// Elements between neighbours along each dimension, 0 where there is but one; nil for row-major without gaps.
    let strides: [Int]?

    /// A tensor whose bytes the caller has checked: row-major without gaps from `offset` on.
    init(type: ElementType, shape: Shape, checkedOffset offset: Int) {
        self.type = type
        self.shape = shape
        self.offset = offset
        strides = nil
    }

    /// Checks that every element lies within `storage`, a range of bytes that lies within a file of `fileBytes` bytes.
    ///
    /// `offset` counts elements from the storage's start; strides may be zero or negative. A tensor with more elements
    /// than the file has bytes is refused, so that strides of zero cannot ask for memory out of proportion.
    init(
        name: String, type: ElementType, shape: Shape, storage: Range<Int>, offset: Int, strides: [Int],
        fileBytes: Int
    ) throws(CheckpointError) {
        guard type.bits % 8 == 0, shape.count <= fileBytes else {
            throw .badTensor(
                name: name, reason: "shape \(shape) has more elements than the file has bytes")
        }
        self.type = type
        self.shape = shape
        self.strides =
            shape.count == 0 || Self.isContiguous(shape, strides)
            ? nil : zip(shape.dimensions, strides).map { extent, stride in extent == 1 ? 0 : stride }
        guard shape.count > 0 else {
            self.offset = storage.lowerBound
            return
        }
        guard let reach = Self.reach(shape, offset: offset, strides: strides) else {
            throw .badTensor(
                name: name, reason: "offset \(offset) with strides \(strides) is out of range")
        }
        let elements = storage.count / type.size
        guard reach.lowerBound >= 0, reach.upperBound < elements else {
            throw .badTensor(
                name: name,
                reason:
                    "its elements are \(reach.lowerBound)...\(reach.upperBound) of a storage of \(elements)")
        }
        self.offset = storage.lowerBound + offset * type.size
    }

    /// The first and the last element that any index leads to, for dimensions of at least 1; nil on overflow.
    private static func reach(_ shape: Shape, offset: Int, strides: [Int]) -> ClosedRange<Int>? {
        var (low, high) = (offset, offset)
        for (extent, stride) in zip(shape.dimensions, strides) {
            let (span, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
            let (sum, carried) = (stride < 0 ? low : high).addingReportingOverflow(span)
            guard !overflow, !carried else { return nil }
            if stride < 0 { low = sum } else { high = sum }
        }
        return low...high
    }

    /// Whether the elements can be used as floats where they lie.
    func isPlainFloat(in bytes: UnsafeRawBufferPointer) -> Bool {
        guard type == .float32, strides == nil, let base = bytes.baseAddress else { return false }
        return (UInt(bitPattern: base) + UInt(offset)) % UInt(MemoryLayout<Float>.alignment) == 0
    }

    /// The elements in row-major order as Float; the type must be convertible.
    func copy(from bytes: UnsafeRawBufferPointer, to out: UnsafeMutableBufferPointer<Float>) {
        guard out.count > 0, let base = bytes.baseAddress else { return }
        guard let strides else {
            if type == .float32 {
                UnsafeMutableRawBufferPointer(out).copyMemory(
                    from: UnsafeRawBufferPointer(start: base + offset, count: out.count * type.size))
            } else {
                type.convert(base + offset, step: type.size, to: out)
            }
            return
        }
        copyStrided(base + offset, strides.map { $0 * type.size }, to: out)
    }

    /// Runs along the last dimension, and counts through the others as an odometer does.
    private func copyStrided(
        _ start: UnsafeRawPointer, _ steps: [Int], to out: UnsafeMutableBufferPointer<Float>
    ) {
        let last = shape.rank - 1
        let run = shape[last]
        var index = [Int](repeating: 0, count: last)
        var (position, source) = (0, start)
        while true {
            type.convert(
                source, step: steps[last],
                to: UnsafeMutableBufferPointer(rebasing: out[position..<(position + run)]))
            position += run
            var axis = last - 1
            while axis >= 0 {
                index[axis] += 1
                source += steps[axis]
                if index[axis] < shape[axis] { break }
                source -= steps[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }

    private static func isContiguous(_ shape: Shape, _ strides: [Int]) -> Bool {
        var natural = 1
        for axis in stride(from: shape.rank - 1, through: 0, by: -1) {
            if shape[axis] > 1, strides[axis] != natural { return false }
            natural *= shape[axis]
        }
        return true
    }
}
