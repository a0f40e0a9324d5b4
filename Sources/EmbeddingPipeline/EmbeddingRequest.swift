// SPDX-License-Identifier: Apache-2.0

package import ImageDecoding
package import ModelFolders
package import Vectors

/// Images to embed with one model into some of its spaces.
package struct EmbeddingRequest: Sendable {
    /// What the bytes of an image are.
    package enum Content: Sendable, Equatable {
        /// A PNG, JPEG or WebP file.
        case files
        /// What the network reads, resized and normalised by the caller: little-endian float32 of [3, side, side], all
        /// finite, with the side of the model's preprocessing.
        case pixels
    }

    /// The files' bytes, or the pixels', in the order of the answer.
    package var images: [[UInt8]]
    package var content: Content
    package var model: EmbeddingModel
    /// At least one; vectors come in this order.
    package var spaces: [ModelManifest.Space]
    /// Whether vectors that the network gives with their length (backbone, representations, concat) are L2-normalised.
    package var normalise: Bool
    /// Pixels of the longer side of the small JPEG file that is made of each image, at most; nil for none.
    package var thumbnailSide: Int?
    /// Asked before each stage; work for a caller who has gone is dropped.
    package var isCancelled: @Sendable () -> Bool

    package init(
        images: [[UInt8]], content: Content = .files, model: EmbeddingModel, spaces: [ModelManifest.Space],
        normalise: Bool = false,
        thumbnailSide: Int? = nil, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) {
        self.images = images
        self.content = content
        self.model = model
        self.spaces = spaces
        self.normalise = normalise
        self.thumbnailSide = thumbnailSide
        self.isCancelled = isCancelled
    }

    /// Bytes of all images together.
    package var byteCount: Int { images.reduce(0) { $0 + $1.count } }
}

/// One image's vectors.
package struct EmbeddedImage: Sendable, Equatable {
    /// SHA-256 of the file's bytes.
    package let digest: ContentDigest
    /// A vector for each space asked for, in that order.
    package let embeddings: [Embedding]
    /// A small JPEG file of the image, where one was asked for.
    package let thumbnail: [UInt8]?

    package init(digest: ContentDigest, embeddings: [Embedding], thumbnail: [UInt8]? = nil) {
        self.digest = digest
        self.embeddings = embeddings
        self.thumbnail = thumbnail
    }
}

/// Why one image has no vectors.
package enum EmbeddingFailure: Error, Sendable, Equatable {
    case image(ImageDecodingError)
    /// The caller had gone.
    case cancelled
    /// A vector was not finite: a defect of the model or of this program, never of the image alone.
    case notFinite
}

/// The answer to a request: an outcome for each image in order, and where the time went.
package struct EmbeddingAnswer: Sendable {
    package let outcomes: [Result<EmbeddedImage, EmbeddingFailure>]
    package let timing: EmbeddingTiming
}

/// Where the time of a request went, summed over its images.
package struct EmbeddingTiming: Sendable, Equatable {
    /// Waiting for a decoder and for the network.
    package var queue = Duration.zero
    /// Digest, decoding, resizing.
    package var decode = Duration.zero
    /// The forward passes the images rode in.
    package var inference = Duration.zero

    package init() {}
}

/// How much work may be waiting or under way.
package struct QueueLimits: Sendable, Equatable {
    /// Images admitted and not yet answered, 256 by default.
    package var images: Int
    /// Bytes of those images' files, 256 MiB by default.
    package var bytes: Int

    package init(images: Int = 256, bytes: Int = 256 << 20) {
        self.images = images
        self.bytes = bytes
    }
}

/// Why a request was not admitted.
package enum AdmissionError: Error, Sendable, Equatable {
    /// Full now; the caller may come back after some seconds.
    case queueFull(retryAfter: Int)
    /// The request alone is larger than the queue will ever be.
    case neverFits(limit: Int)
}
