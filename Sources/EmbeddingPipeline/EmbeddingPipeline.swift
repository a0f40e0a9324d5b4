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
        decoding = WorkLane(name: "facet.decode", width: pool.threads)
        inference = InferenceLane(pool: pool, ticker: ticker, metrics: metrics)
    }

    /// Images admitted and not yet answered.
    package var queueDepth: Int { admission.withLock { $0.images } }

    /// Whether one more image would be admitted now; cheap, for refusing a request before its body is read.
    package var hasRoom: Bool { admission.withLock { $0.images < limits.images && $0.bytes < limits.bytes } }

    /// How long the oldest image has been waiting for a forward pass; zero when none waits.
    ///
    /// Grows without bound when the inference thread is stuck, which is what readiness looks at.
    package var oldestWait: Duration { inference.oldestWait }

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
        let preprocessing = request.model.manifest.preprocessing
        do {
            let image = try decoder.decode(bytes, atLeast: preprocessing.minimumDecodeSize)
            let input = preprocessing.prepare(image)
            let thumbnail = request.thumbnailSide.flatMap { image.thumbnail(side: $0) }
            let end = ticker.now
            metrics.decode.observe(end - start)
            pending.record {
                $0.queue += start - submitted
                $0.decode += end - start
            }
            inference.submit(
                PreparedImage(
                    pending: pending, index: index, digest: digest, input: input, thumbnail: thumbnail, ready: end))
        } catch {
            pending.record { $0.decode += ticker.now - start }
            pending.finish(index, .failure(.image(error)))
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
