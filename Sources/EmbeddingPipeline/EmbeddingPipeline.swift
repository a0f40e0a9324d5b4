// SPDX-License-Identifier: Apache-2.0
//
// bytes -> digest, decode, prepare (decoding lane) -> forward pass in batches (inference lane) -> vectors.
//
// Thread rule: `submit` may be called from any thread and does not block; completions come on a queue of their own.
// Decoding never runs on the inference thread. One forward pass runs at a time and uses all threads of the pool, so
// one request has both cores and many requests do not fight for them.

internal import Dispatch
package import ImageDecoding
package import Kernels
package import Telemetry
internal import ModelFolders
internal import Networks
internal import Preprocessing
internal import Synchronization
internal import Tensors
internal import Vectors

/// The way from uploaded bytes to vectors, with a bounded queue in front.
///
///     let pipeline = EmbeddingPipeline(pool: pool)
///     try pipeline.submit(request) { answer in ... }
package final class EmbeddingPipeline: Sendable {
    package let limits: QueueLimits
    package let imageLimits: ImageLimits
    package let metrics = PipelineMetrics()
    package let pool: ComputePool
    let decoder: ImageDecoder
    private let ticker: any Ticker
    let admission: Mutex<Admission>
    let decoding: WorkLane
    private let inference: InferenceLane
    let answering = DispatchQueue(label: "facet.answer", qos: .userInitiated, attributes: .concurrent)

    /// A pipeline that computes on `pool` and decodes on as many threads as the pool has.
    package init(
        pool: ComputePool, limits: QueueLimits = QueueLimits(), imageLimits: ImageLimits = ImageLimits(),
        ticker: any Ticker = MonotonicTicker()
    ) {
        self.pool = pool
        self.limits = limits
        self.imageLimits = imageLimits
        self.ticker = ticker
        decoder = ImageDecoder(limits: imageLimits)
        admission = Mutex(Admission(limits: limits))
        decoding = WorkLane(name: "facet.decode", width: pool.threads, ticker: ticker)
        inference = InferenceLane(pool: pool, ticker: ticker, metrics: metrics)
    }

    /// Images admitted and not yet answered.
    package var queueDepth: Int { admission.withLock { $0.images } }

    /// Bytes of the images admitted and not yet answered.
    package var queueBytes: Int { admission.withLock { $0.bytes } }

    /// Whether one more image would be admitted now; cheap, for refusing a request before its body is read.
    package var hasRoom: Bool { admission.withLock { $0.images < limits.images && $0.bytes < limits.bytes } }

    /// How long the oldest decoded image has been waiting for the end of its forward pass; zero when none waits.
    ///
    /// Grows without bound when the inference thread is stuck, within a pass or before one: readiness looks at it.
    package var oldestWait: Duration { inference.oldestWait }

    /// How long the decoder that has been at one image the longest has been at it; zero when none works.
    ///
    /// The limits on images bound it to seconds: a decoder that takes much longer is stuck, and readiness looks at it.
    package var oldestDecode: Duration { decoding.longestRun }

    /// Admits a request and starts on it; `completion` is called exactly once, on another thread.
    ///
    /// - Throws: ``AdmissionError`` at once when there is no room; nothing was started then.
    package func submit(
        _ request: EmbeddingRequest, completion: @escaping @Sendable (EmbeddingAnswer) -> Void
    ) throws(AdmissionError) {
        precondition(!request.images.isEmpty && !request.spaces.isEmpty, "a request without images or spaces")
        let (count, bytes) = (request.images.count, request.byteCount)
        do {
            try admission.withLock { admission throws(AdmissionError) in
                try admission.admit(images: count, bytes: bytes)
            }
        } catch {
            metrics.refused.add()
            throw error
        }
        let pending = PendingRequest(request) { [self] answer in
            admission.withLock { $0.release(images: count, bytes: bytes) }
            metrics.record(answer)
            answering.async { completion(answer) }
        }
        let start = ticker.now
        for index in 0..<count { decoding.submit { self.decode(index, of: pending, submitted: start) } }
    }

    private func decode(_ index: Int, of pending: PendingRequest, submitted: Duration) {
        let start = ticker.now
        let request = pending.request
        guard !request.isCancelled() else { return pending.finish(index, .failure(.cancelled)) }
        let bytes = request.images[index]
        let digest = ContentDigest(of: bytes)
        do throws(ImageDecodingError) {
            let (input, thumbnail) = try prepare(bytes, request)
            let end = ticker.now
            metrics.decode.observe(end - start)
            pending.record {
                $0.queue += start - submitted
                $0.decode += end - start
            }
            inference.submit(
                PreparedImage(
                    pending: pending, index: index, digest: digest, input: input, thumbnail: thumbnail,
                    waited: start - submitted, ready: end))
        } catch {
            pending.record { $0.decode += ticker.now - start }
            pending.finish(index, .failure(.image(error)))
        }
    }

    /// The network's input for one image, and the small picture where one was asked for.
    private func prepare(
        _ bytes: [UInt8], _ request: EmbeddingRequest
    ) throws(ImageDecodingError) -> (input: Tensor, thumbnail: [UInt8]?) {
        let preprocessing = request.model.manifest.preprocessing
        if request.content == .pixels { return (Self.input(pixels: bytes, side: preprocessing.size), nil) }
        let image = try decoder.decode(bytes, atLeast: preprocessing.minimumDecodeSize)
        return (preprocessing.prepare(image), request.thumbnailSide.flatMap { image.thumbnail(side: $0) })
    }

    /// [side, side, 3] out of the little-endian floats of [3, side, side].
    private static func input(pixels bytes: [UInt8], side: Int) -> Tensor {
        let plane = side * side
        precondition(bytes.count == plane * 3 * 4, "\(bytes.count) bytes of pixels for a side of \(side)")
        return Tensor(unsafeUninitialized: [side, side, 3]) { out in
            bytes.withUnsafeBytes { bytes in
                for place in 0..<plane {
                    for channel in 0..<3 {
                        let bits = bytes.loadUnaligned(fromByteOffset: (channel * plane + place) * 4, as: UInt32.self)
                        out.initializeElement(
                            at: place * 3 + channel, to: Float(bitPattern: UInt32(littleEndian: bits)))
                    }
                }
            }
        }
    }
}

/// What the pipeline counts and times.
package struct PipelineMetrics: Sendable {
    /// Images answered with vectors.
    package let embedded = Counter()
    /// Images answered with an error.
    package let failed = Counter()
    /// Requests refused because the queue was full.
    package let refused = Counter()
    /// Seconds a decoded image took: digest, decoding, resizing.
    package let decode = Histogram()
    /// Seconds an image waited, for a decoder and for the network together.
    package let queue = Histogram()
    /// Seconds a forward pass took.
    package let inference = Histogram()
    /// Images a forward pass carried.
    package let batch = Histogram(bounds: [1, 2, 4, 8, 16, 32])

    func record(_ answer: EmbeddingAnswer) {
        for outcome in answer.outcomes {
            if case .success = outcome { embedded.add() } else { failed.add() }
        }
    }
}
