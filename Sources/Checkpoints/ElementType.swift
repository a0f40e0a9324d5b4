// SPDX-License-Identifier: Apache-2.0

/// The type of a tensor's elements, by its name in safetensors.
package enum ElementType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case uint8 = "U8"
    case int8 = "I8"
    case int16 = "I16"
    case uint16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case uint32 = "U32"
    case float32 = "F32"
    case float64 = "F64"
    case int64 = "I64"
    case uint64 = "U64"

    /// Bytes an element.
    package var size: Int {
        switch self {
        case .bool, .uint8, .int8: 1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .int32, .uint32, .float32: 4
        case .float64, .int64, .uint64: 8
        }
    }

    /// The element at `offset` as a Float; `offset` must lie inside `bytes`.
    func float(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Float {
        func load<T>(_ type: T.Type) -> T { bytes.loadUnaligned(fromByteOffset: offset, as: T.self) }
        return switch self {
        case .bool: load(UInt8.self) == 0 ? 0 : 1
        case .uint8: Float(load(UInt8.self))
        case .int8: Float(load(Int8.self))
        case .int16: Float(Int16(littleEndian: load(Int16.self)))
        case .uint16: Float(UInt16(littleEndian: load(UInt16.self)))
        case .float16: Self.half(UInt16(littleEndian: load(UInt16.self)))
        case .bfloat16: Float(bitPattern: UInt32(UInt16(littleEndian: load(UInt16.self))) << 16)
        case .int32: Float(Int32(littleEndian: load(Int32.self)))
        case .uint32: Float(UInt32(littleEndian: load(UInt32.self)))
        case .float32: Float(bitPattern: UInt32(littleEndian: load(UInt32.self)))
        case .float64: Float(Double(bitPattern: UInt64(littleEndian: load(UInt64.self))))
        case .int64: Float(Int64(littleEndian: load(Int64.self)))
        case .uint64: Float(UInt64(littleEndian: load(UInt64.self)))
        }
    }

    /// IEEE 754 binary16 to binary32, subnormals, infinities and NaN included.
    static func half(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
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
