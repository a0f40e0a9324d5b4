// SPDX-License-Identifier: Apache-2.0

internal import CJPEG

extension RGBImage {
    /// The picture as a baseline JPEG file with 2x2 chroma subsampling, as most programs write by default.
    ///
    /// `quality` is libjpeg's, 1 to 100. Throws ``ImageDecodingError/tooLarge(_:limit:found:)`` for a side above 65,500
    /// pixels, and ``ImageDecodingError/corrupt(_:_:)`` when memory runs out.
    package func jpeg(quality: Int) throws(ImageDecodingError) -> [UInt8] {
        precondition((1...100).contains(quality), "quality \(quality) of 1...100")
        let side = max(width, height)
        guard side <= JPEGFile.largestSide else {
            throw .tooLarge(width >= height ? .width : .height, limit: JPEGFile.largestSide, found: side)
        }
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = pixels.withUnsafeBufferPointer {
            cjpeg_encode($0.baseAddress, UInt32(width), UInt32(height), Int32(quality), &bytes, &count)
        }
        guard status == CJPEG_OK, let bytes else { throw .corrupt(.jpeg, .memory) }
        defer { cjpeg_free(bytes) }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}
