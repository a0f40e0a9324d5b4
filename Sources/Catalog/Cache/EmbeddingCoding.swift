// SPDX-License-Identifier: Apache-2.0

package import Vectors

/// Vectors by space as one blob: count, then for each space name length, name, components, float32 little-endian.
package enum EmbeddingCoding {
    package static func encode(_ embeddings: [Embedding]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes(of: embeddings))
        append(UInt32(clamping: embeddings.count), to: &out)
        for embedding in embeddings {
            append(UInt32(clamping: embedding.space.text.utf8.count), to: &out)
            out += embedding.space.text.utf8
            append(UInt32(clamping: embedding.values.count), to: &out)
            embedding.values.withUnsafeBytes { values in
                for offset in stride(from: 0, to: values.count, by: 4) {
                    append(values.loadUnaligned(fromByteOffset: offset, as: UInt32.self), to: &out)
                }
            }
        }
        return out
    }

    /// How many bytes ``encode(_:)`` makes.
    package static func bytes(of embeddings: [Embedding]) -> Int {
        embeddings.reduce(4) { $0 + 8 + $1.space.text.utf8.count + $1.values.count * 4 }
    }

    /// Nil for bytes that ``encode(_:)`` did not make.
    package static func decode(_ bytes: [UInt8]) -> [Embedding]? {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            guard let count = number(buffer, &offset) else { return nil }
            var embeddings: [Embedding] = []
            for _ in 0..<count {
                guard let embedding = embedding(buffer, &offset) else { return nil }
                embeddings.append(embedding)
            }
            return offset == buffer.count ? embeddings : nil
        }
    }

    private static func embedding(_ buffer: UnsafeRawBufferPointer, _ offset: inout Int) -> Embedding? {
        guard let length = number(buffer, &offset), length <= buffer.count - offset else { return nil }
        let name = String(decoding: buffer[offset..<offset + length], as: UTF8.self)
        offset += length
        guard let space = SpaceName(name), let count = number(buffer, &offset), count <= (buffer.count - offset) / 4
        else { return nil }
        let values = UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + count * 4])
        offset += count * 4
        return Embedding(space: space, values: VectorCoding.decode(values, as: .float32))
    }

    private static func append(_ number: UInt32, to out: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { out.append(contentsOf: $0) }
    }

    private static func number(_ buffer: UnsafeRawBufferPointer, _ offset: inout Int) -> Int? {
        guard buffer.count - offset >= 4 else { return nil }
        let bits = buffer.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
        offset += 4
        return Int(UInt32(littleEndian: bits))
    }
}
