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

/// Where a tensor's elements are in the mapped file; checked when it is made, so reading cannot leave the file.
struct StoredTensor: Sendable {
    let type: ElementType
    let shape: Shape
    /// Byte at which the storage's first element used here lies.
    let offset: Int
    /// Elements between neighbours along each dimension; nil for row-major without gaps.
    let strides: [Int]?

    /// Checks that every element lies within the `limit` bytes of a file.
    ///
    /// A tensor with more elements than the file has bytes (strides of zero) is refused: memory stays in proportion.
    init(name: String, type: ElementType, shape: Shape, offset: Int, strides: [Int]?, limit: Int)
        throws(CheckpointError)
    {
        self.type = type
        self.shape = shape
        self.offset = offset
        self.strides = shape.count == 0 || Self.isContiguous(shape, strides) ? nil : strides
        guard shape.count > 0 else { return }
        guard shape.count <= limit else {
            throw .badTensor(name: name, reason: "shape \(shape) has more elements than the file has bytes")
        }
        var last = 0
        for (extent, stride) in zip(shape.dimensions, strides ?? Self.rowMajor(shape)) {
            let (reach, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
            let (sum, carried) = last.addingReportingOverflow(reach)
            guard stride >= 0, !overflow, !carried else {
                throw .badTensor(name: name, reason: "strides \(strides ?? []) are out of range")
            }
            last = sum
        }
        let (bytes, overflow) = last.multipliedReportingOverflow(by: type.size)
        guard !overflow, offset >= 0, offset <= limit, bytes <= limit - offset - type.size else {
            throw .badTensor(
                name: name,
                reason: "expected its last element before byte \(limit), found it \(last) elements after byte \(offset)"
            )
        }
    }

    /// Whether the elements can be used as floats where they lie.
    func isPlainFloat(in bytes: UnsafeRawBufferPointer) -> Bool {
        guard type == .float32, strides == nil, let base = bytes.baseAddress else { return false }
        return (UInt(bitPattern: base) + UInt(offset)) % UInt(MemoryLayout<Float>.alignment) == 0
    }

    /// The elements in row-major order.
    func copy(from bytes: UnsafeRawBufferPointer, to out: UnsafeMutableBufferPointer<Float>) {
        guard let strides else { return copyRun(from: bytes, at: offset, to: out) }
        var index = [Int](repeating: 0, count: shape.rank)
        for position in 0..<shape.count {
            var element = 0
            for (i, stride) in zip(index, strides) { element += i * stride }
            out[position] = type.float(bytes, at: offset + element * type.size)
            var axis = shape.rank - 1
            while axis >= 0 {
                index[axis] += 1
                if index[axis] < shape[axis] { break }
                index[axis] = 0
                axis -= 1
            }
        }
    }

    private func copyRun(from bytes: UnsafeRawBufferPointer, at start: Int, to out: UnsafeMutableBufferPointer<Float>) {
        if type == .float32, let source = bytes.part(start, out.count * 4) {
            UnsafeMutableRawBufferPointer(out).copyMemory(from: source)
            return
        }
        for position in out.indices { out[position] = type.float(bytes, at: start + position * type.size) }
    }

    private static func isContiguous(_ shape: Shape, _ strides: [Int]?) -> Bool {
        guard let strides else { return true }
        return zip(zip(shape.dimensions, strides), rowMajor(shape)).allSatisfy { pair, natural in
            pair.0 <= 1 || pair.1 == natural
        }
    }

    private static func rowMajor(_ shape: Shape) -> [Int] {
        var strides = [Int](repeating: 1, count: shape.rank)
        for axis in stride(from: shape.rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * max(1, shape[axis + 1])
        }
        return strides
    }
}
