// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import HTTPServer
internal import ImageDecoding

// The one table from what goes wrong inside to what a caller sees.

extension APIError {
    /// An image that was refused; `place` is where in the request it stood.
    init(_ error: ImageDecodingError, place: String) {
        let code: Code =
            switch error {
            case .empty: .imageEmpty
            case .unsupportedFormat: .imageFormatUnsupported
            case .tooManyBytes: .imageTooManyBytes
            case .tooLarge: .imageTooLarge
            case .truncated: .imageTruncated
            case .corrupt: .imageCorrupt
            case .unsupportedVariant: .imageVariantUnsupported
            }
        self.init(code, error.description, param: place)
    }

    /// An image without vectors.
    init(_ failure: EmbeddingFailure, place: String) {
        switch failure {
        case .image(let error): self.init(error, place: place)
        case .cancelled: self.init(.cancelled, "The client closed the connection before the image's turn came.")
        case .notFinite: self.init(.internalError, "The model gave a vector that is not finite. Tell its owner.")
        }
    }

    /// A request that the queue did not take.
    init(_ error: AdmissionError) {
        switch error {
        case .queueFull(let seconds):
            self.init(.queueFull, "The queue is full. Try again in \(seconds) s.", retryAfter: seconds)
        case .neverFits(let limit):
            self.init(
                .tooManyImages, "The request alone is larger than the queue (\(limit)). Split it.", param: "input")
        }
    }

    /// A request that the server refused before a route saw it.
    init(_ error: HTTPProtocolError) {
        let code: Code =
            switch error {
            case .malformedRequestLine, .malformedTarget, .malformedHeader, .invalidHost, .invalidContentLength,
                .invalidTransferEncoding, .ambiguousLength, .malformedChunk:
                .malformedHTTP
            case .requestTimeout: .requestTimeout
            case .payloadTooLarge: .bodyTooLarge
            case .targetTooLong: .targetTooLong
            case .expectationFailed: .expectationFailed
            case .headTooLarge: .headersTooLarge
            case .handlerFailed: .internalError
            case .unsupportedMethod: .unsupportedMethod
            case .unsupportedTransferCoding: .unsupportedTransferCoding
            case .tooManyConnections: .tooManyConnections
            case .unsupportedVersion: .unsupportedHTTPVersion
            }
        self.init(code, error.message, retryAfter: error == .tooManyConnections ? 1 : nil)
    }
}
