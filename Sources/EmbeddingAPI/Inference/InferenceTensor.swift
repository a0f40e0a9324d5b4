// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline

/// The one input of an inference request, taken apart into images.
///
/// `image`, BYTES of shape [n] or [n, 1]: files, as base64 or data URIs in JSON, as they are in binary. `pixels`, FP32 of
/// shape [n, 3, side, side]: what the network reads, resized and normalised by the caller.
struct InferenceTensor {
    /// Pixels further from zero than this are refused: normalised ones stay within a few units, and no network here
    /// leaves the range of a Float for them.
    static let largestPixel: Float = 1_000

    let content: EmbeddingRequest.Content
    private let input: InferenceRequest.Input
    private let side: Int
    private let limits: APILimits

    init(_ input: InferenceRequest.Input, side: Int, _ limits: APILimits) {
        self.input = input
        self.side = side
        self.limits = limits
        content = input.name == "pixels" ? .pixels : .files
    }

    /// Bytes of one image's pixels.
    private var pixelBytes: Int { side * side * 3 * 4 }

    /// The bytes of each image; `rest` is what follows the JSON.
    func images(behind rest: ArraySlice<UInt8>) throws(APIError) -> [[UInt8]] {
        try check()
        let count = input.shape[0]
        guard count > 0 else { throw APIError(.missingInput, "The input's shape says that it is empty.", param: place) }
        guard count <= limits.images else {
            throw APIError(
                .tooManyImages, "The request has \(count) images; the limit is \(limits.images). Split it.",
                param: place)
        }
        guard rest.count == input.binaryBytes ?? 0 else {
            throw wrong("\(rest.count) bytes follow the JSON; the input says \(input.binaryBytes ?? 0)")
        }
        switch (content, input.data) {
        case (.files, nil): return try Self.binaryFiles(rest, count: count)
        case (.files, .texts(let texts)) where texts.count == count: return try Self.files(texts)
        case (.pixels, nil) where rest.count == count * pixelBytes:
            return try split(Array(rest), count)
        case (.pixels, .numbers(let numbers)) where numbers.count == count * side * side * 3:
            var bytes: [UInt8] = []
            bytes.reserveCapacity(numbers.count * 4)
            NPY.append(numbers, to: &bytes)
            return try split(bytes, count)
        default: throw wrong("the data does not have the elements that datatype and shape say")
        }
    }

    private var place: String { "inputs[0]" }

    private func wrong(_ what: String) -> APIError {
        APIError(.invalidTensor, "Of the input '\(content == .files ? "image" : "pixels")': \(what).", param: place)
    }

    /// Name, datatype and shape.
    private func check() throws(APIError) {
        guard input.name == "image" || input.name == "pixels" else {
            throw APIError(.invalidTensor, "There is no such input; there are 'image' and 'pixels'.", param: place)
        }
        let shape = input.shape
        switch content {
        case .files:
            guard input.datatype == "BYTES" else { throw wrong("the datatype must be BYTES") }
            guard shape.count == 1 || (shape.count == 2 && shape[1] == 1), shape[0] >= 0 else {
                throw wrong("the shape must be [n] or [n, 1]")
            }
        case .pixels:
            guard input.datatype == "FP32" else { throw wrong("the datatype must be FP32") }
            guard shape.count == 4, shape[0] >= 0, shape[1...] == [3, side, side] else {
                throw wrong("the shape must be [n, 3, \(side), \(side)]")
            }
        }
    }

    /// Each file behind its length, four bytes little-endian.
    private static func binaryFiles(_ bytes: ArraySlice<UInt8>, count: Int) throws(APIError) -> [[UInt8]] {
        var rest = bytes
        var files: [[UInt8]] = []
        while files.count < count, rest.count >= 4 {
            let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard length <= rest.count else { break }
            files.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        guard files.count == count, rest.isEmpty else {
            throw APIError(
                .invalidTensor,
                "Of the input 'image': the binary data are not \(count) elements, each behind its "
                    + "length in four bytes.", param: "inputs[0]")
        }
        return files
    }

    private static func files(_ texts: [JSONText]) throws(APIError) -> [[UInt8]] {
        var files: [[UInt8]] = []
        for (place, text) in texts.enumerated() {
            do throws(DataURIError) {
                files.append(try text.withBytes(DataURI.imageBytes))
            } catch {
                throw APIError(.invalidBase64, error.description, param: "inputs[0].data[\(place)]")
            }
        }
        return files
    }

    /// Each image's pixels, which must be of sensible size.
    private func split(_ bytes: [UInt8], _ count: Int) throws(APIError) -> [[UInt8]] {
        let isSensible = bytes.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).allSatisfy { start in
                let bits = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt32.self))
                // False for what is not a number.
                return abs(Float(bitPattern: bits)) <= Self.largestPixel
            }
        }
        guard isSensible else {
            throw wrong("a value is not a number, or further from zero than \(Int(Self.largestPixel))")
        }
        return (0..<count).map { Array(bytes[($0 * pixelBytes)..<(($0 + 1) * pixelBytes)]) }
    }
}
