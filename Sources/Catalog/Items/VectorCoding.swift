// SPDX-License-Identifier: Apache-2.0

/// Vectors as the file keeps them: little-endian float32 or float16, without gaps.
package enum VectorCoding {
    /// Encodes `values`; throws ``CatalogError/vectorNotFinite`` where a component is, or becomes, infinite or NaN.
    package static func encode(_ values: [Float], as element: VectorElement) throws(CatalogError) -> [UInt8] {
        // A sum is not finite exactly when some x - x is not zero; one pass that the compiler vectorises.
        var fault: Float = 0
        for value in values { fault += value - value }
        guard fault == 0 else { throw .vectorNotFinite }
        switch element {
        case .float32:
            return [UInt8](unsafeUninitializedCapacity: values.count * 4) { out, count in
                for (index, value) in values.enumerated() { store(value.bitPattern, to: out, at: index) }
                count = values.count * 4
            }
        case .float16:
            var isFinite = true
            let bytes = [UInt8](unsafeUninitializedCapacity: values.count * 2) { out, count in
                for (index, value) in values.enumerated() {
                    let half = Float16(value)
                    if !half.isFinite { isFinite = false }
                    store(half.bitPattern, to: out, at: index)
                }
                count = values.count * 2
            }
            guard isFinite else { throw .vectorNotFinite }
            return bytes
        }
    }

    /// Decodes bytes of ``encode(_:as:)``; a last, incomplete component is ignored.
    package static func decode(_ bytes: UnsafeRawBufferPointer, as element: VectorElement) -> [Float] {
        let count = bytes.count / element.byteCount
        return [Float](unsafeUninitializedCapacity: count) { out, filled in
            decode(bytes, as: element, into: UnsafeMutableBufferPointer(rebasing: out[..<count]))
            filled = count
        }
    }

    /// Decodes as many components as `out` has; there must be bytes for them.
    static func decode(
        _ bytes: UnsafeRawBufferPointer, as element: VectorElement, into out: UnsafeMutableBufferPointer<Float>
    ) {
        precondition(
            bytes.count / element.byteCount >= out.count, "\(bytes.count) bytes for \(out.count) components")
        switch element {
        case .float32 where 1.littleEndian == 1:
            UnsafeMutableRawBufferPointer(out).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: bytes[..<(out.count * 4)]))
        case .float32:
            for index in out.indices {
                let bits = bytes.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self)
                out[index] = Float(bitPattern: UInt32(littleEndian: bits))
            }
        case .float16:
            for index in out.indices {
                let bits = bytes.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)
                out[index] = Float(Float16(bitPattern: UInt16(littleEndian: bits)))
            }
        }
    }

    private static func store<Bits: FixedWidthInteger>(
        _ bits: Bits, to out: UnsafeMutableBufferPointer<UInt8>, at index: Int
    ) {
        UnsafeMutableRawBufferPointer(out).storeBytes(
            of: bits.littleEndian, toByteOffset: index &* MemoryLayout<Bits>.size, as: Bits.self)
    }
}
