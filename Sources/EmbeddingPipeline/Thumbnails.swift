// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
package import ImageDecoding
internal import ModelFolders
internal import Preprocessing
internal import Synchronization

extension RGBImage {
    /// libjpeg's quality: a picture of 160 pixels has about 5 KB.
    private static let thumbnailQuality = 80

    /// A small JPEG file with a longer side of at most `side` pixels; a smaller picture keeps its size.
    ///
    /// Nil when memory runs out: nobody's vectors are worth losing for a picture of them.
    package func thumbnail(side: Int) -> [UInt8]? {
        precondition(side > 0, "a thumbnail of \(side) pixels")
        return try? reduced(shorter: side, longer: side).jpeg(quality: Self.thumbnailQuality)
    }
}

extension EmbeddingPipeline {
    /// Makes thumbnails of images whose vectors are known, on the decoding threads; `completion` is called once, on
    /// another thread, with nil for each that cannot be decoded or whose caller has gone.
    ///
    /// They are those that ``submit(_:completion:)`` makes beside vectors. Counts against the same queue.
    /// - Throws: ``AdmissionError`` at once when there is no room; nothing was started then.
    package func makeThumbnails(
        of images: [[UInt8]], side: Int, for model: EmbeddingModel,
        isCancelled: @escaping @Sendable () -> Bool = { false },
        completion: @escaping @Sendable ([[UInt8]?]) -> Void
    ) throws(AdmissionError) {
        precondition(!images.isEmpty, "thumbnails of no images")
        let (count, bytes) = (images.count, images.reduce(0) { $0 + $1.count })
        try admission.withLock { admission throws(AdmissionError) in
            try admission.admit(images: count, bytes: bytes)
        }
        let made = ThumbnailBatch(count) { [self] thumbnails in
            admission.withLock { $0.release(images: count, bytes: bytes) }
            answering.async { completion(thumbnails) }
        }
        let size = model.manifest.preprocessing.minimumDecodeSize
        for (index, image) in images.enumerated() {
            decoding.submit { [self] in
                let decoded = isCancelled() ? nil : try? decoder.decode(image, atLeast: size)
                made.finish(index, decoded?.thumbnail(side: side))
            }
        }
    }
}

/// Gathers thumbnails and hands them over when all are there.
private final class ThumbnailBatch: Sendable {
    private let state: Mutex<(thumbnails: [[UInt8]?], missing: Int)>
    private let completion: @Sendable ([[UInt8]?]) -> Void

    init(_ count: Int, completion: @escaping @Sendable ([[UInt8]?]) -> Void) {
        state = Mutex(([[UInt8]?](repeating: nil, count: count), count))
        self.completion = completion
    }

    func finish(_ index: Int, _ thumbnail: [UInt8]?) {
        let all = state.withLock { state -> [[UInt8]?]? in
            state.thumbnails[index] = thumbnail
            state.missing -= 1
            return state.missing == 0 ? state.thumbnails : nil
        }
        if let all { completion(all) }
    }
}
