// SPDX-License-Identifier: Apache-2.0

internal import CPostgres

/// The rows that one statement returned, in binary.
///
/// Used on one thread at a time. Columns are counted from 0; a value of another size than its type's is 0 or empty, which
/// is what our own statements never return.
final class Rows {
    private let result: OpaquePointer

    /// Takes the result over.
    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    var count: Int { Int(PQntuples(result)) }
    var indices: Range<Int> { 0..<count }

    func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(result, Int32(row), Int32(column)) == 1 }

    /// The value's bytes, which live as long as these rows.
    func view(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        let count = Int(PQgetlength(result, Int32(row), Int32(column)))
        return UnsafeRawBufferPointer(start: PQgetvalue(result, Int32(row), Int32(column)), count: count)
    }

    func bytes(_ row: Int, _ column: Int) -> [UInt8] { Array(view(row, column)) }
    func text(_ row: Int, _ column: Int) -> String { String(decoding: view(row, column), as: UTF8.self) }

    /// A `smallint`, `integer`, `bigint` or `boolean`.
    func integer(_ row: Int, _ column: Int) -> Int64 {
        let bytes = view(row, column)
        switch bytes.count {
        case 1: return Int64(bytes[0])
        case 2: return Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        case 4: return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        case 8: return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        default: return 0
        }
    }

    /// A `vector` or, with `isHalf`, a `halfvec`.
    func vector(_ row: Int, _ column: Int, isHalf: Bool) -> [Float] {
        let bytes = view(row, column)
        guard bytes.count >= 4 else { return [] }
        let body = UnsafeRawBufferPointer(rebasing: bytes[4...])
        if isHalf {
            return (0..<body.count / 2).map { place in
                let bits = UInt16(bigEndian: body.loadUnaligned(fromByteOffset: place * 2, as: UInt16.self))
                return Float(Float16(bitPattern: bits))
            }
        }
        return [Float](unsafeUninitializedCapacity: body.count / 4) { out, filled in
            filled = body.count / 4
            for place in 0..<filled {
                let bits = UInt32(bigEndian: body.loadUnaligned(fromByteOffset: place &* 4, as: UInt32.self))
                out[place] = Float(bitPattern: bits)
            }
        }
    }
}
