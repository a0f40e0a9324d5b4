// SPDX-License-Identifier: Apache-2.0

extension ElementType {
    /// Writes `out.count` elements as Float, the first read at `start` and each next one `step` bytes on.
    ///
    /// The elements must lie in readable memory, aligned or not; the type must be convertible.
    func convert(_ start: UnsafeRawPointer, step: Int, to out: UnsafeMutableBufferPointer<Float>) {
        /// One loop for each type, so that the compiler sees a plain load and a plain conversion in it.
        @inline(__always)
        func run<T: BitwiseCopyable>(_ type: T.Type, _ float: (T) -> Float) {
            if step == MemoryLayout<T>.size {
                for i in out.indices {
                    out[i] = float(start.loadUnaligned(fromByteOffset: i * MemoryLayout<T>.size, as: T.self))
                }
            } else {
                for i in out.indices {
                    out[i] = float(start.loadUnaligned(fromByteOffset: i * step, as: T.self))
                }
            }
        }
        switch self {
        case .bool: run(UInt8.self) { $0 == 0 ? 0 : 1 }
        case .uint8: run(UInt8.self) { Float($0) }
        case .int8: run(Int8.self) { Float($0) }
        case .int16: run(Int16.self) { Float(Int16(littleEndian: $0)) }
        case .uint16: run(UInt16.self) { Float(UInt16(littleEndian: $0)) }
        case .float16: run(UInt16.self) { Self.half(UInt16(littleEndian: $0)) }
        case .bfloat16: run(UInt16.self) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
        case .int32: run(Int32.self) { Float(Int32(littleEndian: $0)) }
        case .uint32: run(UInt32.self) { Float(UInt32(littleEndian: $0)) }
        case .float32: run(UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
        case .float64: run(UInt64.self) { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
        case .int64: run(Int64.self) { Float(Int64(littleEndian: $0)) }
        case .uint64: run(UInt64.self) { Float(UInt64(littleEndian: $0)) }
        case .float4, .float6E2M3, .float6E3M2, .complex64, .float8E5M2, .float8E4M3, .float8E8M0,
            .float8E4M3FNUZ,
            .float8E5M2FNUZ:
            preconditionFailure("\(rawValue) is not convertible")
        }
    }

    /// IEEE 754 binary16 to binary32, subnormals, infinities and NaN included, without a branch.
    ///
    /// The 15 low bits, moved to binary32's place, are the value times 2^-112, subnormals too.
    @inline(__always)
    static func half(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let moved = UInt32(bits & 0x7FFF) << 13
        let finite = (Float(bitPattern: moved) * 0x1p112).bitPattern
        let special = moved | 0x7F80_0000
        return Float(bitPattern: sign | (moved >= 0x0F80_0000 ? special : finite))
    }

    /// The nearest binary16, ties to even; overflow to infinity.
    static func half(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(bits >> 16) & 0x8000
        let magnitude = bits & 0x7FFF_FFFF
        if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
        if magnitude >= 0x4780_0000 { return sign | 0x7C00 }
        if magnitude < 0x3880_0000 {
            let scaled = (Float(bitPattern: magnitude) * 0x1p24).rounded(.toNearestOrEven)
            return sign | UInt16(scaled)
        }
        let rounded = magnitude + 0xFFF + (magnitude >> 13 & 1)
        return rounded >= 0x4780_0000 ? sign | 0x7C00 : sign | UInt16((rounded - 0x3800_0000) >> 13)
    }
}
