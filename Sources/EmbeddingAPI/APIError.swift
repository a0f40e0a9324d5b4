// SPDX-License-Identifier: Apache-2.0

/// An error as a caller sees it: the one shape of every route, `{"error":{"message","type","param","code"}}`.
///
/// `code` is a stable word that openapi.yaml lists; nothing of a payload is ever part of a message.
package struct APIError: Error, Sendable, Equatable {
    package let status: Int
    package let code: Code
    package let message: String
    /// The request's field or query parameter at fault.
    package var param: String?
    /// Seconds after which trying again makes sense.
    package var retryAfter: Int?

    package init(_ code: Code, _ message: String, param: String? = nil, retryAfter: Int? = nil) {
        status = code.status
        self.code = code
        self.message = message
        self.param = param
        self.retryAfter = retryAfter
    }

    /// The class of error, in OpenAI's words.
    package var type: String {
        switch status {
        case 401, 403: "authentication_error"
        case 404: "not_found_error"
        case 429: "rate_limit_error"
        case 500...: "server_error"
        default: "invalid_request_error"
        }
    }

    /// Every stable word, with its status.
    package enum Code: String, Sendable, CaseIterable {
        case invalidRequest = "invalid_request"
        case invalidJSON = "invalid_json"
        case invalidBase64 = "invalid_base64"
        case invalidMultipart = "invalid_multipart"
        case missingInput = "missing_input"
        case unknownField = "unknown_field"
        case unknownParameter = "unknown_parameter"
        case unknownSpace = "unknown_space"
        case invalidDimensions = "invalid_dimensions"
        case malformedHTTP = "malformed_http"
        case notFound = "not_found"
        case modelNotFound = "model_not_found"
        case methodNotAllowed = "method_not_allowed"
        case notAcceptable = "not_acceptable"
        case requestTimeout = "request_timeout"
        case bodyTooLarge = "body_too_large"
        case imageTooManyBytes = "image_too_many_bytes"
        case imageTooLarge = "image_too_large"
        case tooManyImages = "too_many_images"
        case targetTooLong = "target_too_long"
        case unsupportedMediaType = "unsupported_media_type"
        case imageFormatUnsupported = "image_format_unsupported"
        case expectationFailed = "expectation_failed"
        case imageEmpty = "image_empty"
        case imageTruncated = "image_truncated"
        case imageCorrupt = "image_corrupt"
        case imageVariantUnsupported = "image_variant_unsupported"
        case queueFull = "queue_full"
        case headersTooLarge = "headers_too_large"
        case internalError = "internal_error"
        case unsupportedTransferCoding = "unsupported_transfer_coding"
        case unsupportedMethod = "unsupported_method"
        case notReady = "not_ready"
        case tooManyConnections = "too_many_connections"
        case cancelled
        case unsupportedHTTPVersion = "unsupported_http_version"
        case invalidCollectionName = "invalid_collection_name"
        case invalidItemID = "invalid_item_id"
        case invalidMetadata = "invalid_metadata"
        case invalidFilter = "invalid_filter"
        case invalidCursor = "invalid_cursor"
        case invalidWeights = "invalid_weights"
        case invalidVector = "invalid_vector"
        case invalidSpaces = "invalid_spaces"
        case nothingToSearch = "nothing_to_search"
        case nothingToCompare = "nothing_to_compare"
        case noCatalog = "no_catalog"
        case collectionNotFound = "collection_not_found"
        case itemNotFound = "item_not_found"
        case thumbnailNotFound = "thumbnail_not_found"
        case checkpointConflict = "checkpoint_conflict"
        case collectionConflict = "collection_conflict"
        case tooLarge = "too_large"
        case catalogQueueFull = "catalog_queue_full"
        case catalogUnavailable = "catalog_unavailable"
        case catalogFailed = "catalog_failed"
        case diskFull = "disk_full"
        case modelUnusable = "model_unusable"
        case defaultModel = "default_model"
        case keyMissing = "key_missing"
        case keyUnknown = "key_unknown"
        case keyForbidden = "key_forbidden"
        case rateLimited = "rate_limited"
        case invalidTensor = "invalid_tensor"

        /// The status that goes with the word.
        package var status: Int {
            switch self {
            case .invalidRequest, .invalidJSON, .invalidBase64, .invalidMultipart, .missingInput, .unknownField,
                .unknownParameter, .unknownSpace, .invalidDimensions, .malformedHTTP, .invalidCollectionName,
                .invalidItemID, .invalidMetadata, .invalidFilter, .invalidCursor, .invalidWeights, .invalidVector,
                .invalidSpaces, .nothingToSearch, .nothingToCompare, .invalidTensor:
                400
            case .keyMissing, .keyUnknown: 401
            case .keyForbidden: 403
            case .notFound, .modelNotFound, .noCatalog, .collectionNotFound, .itemNotFound, .thumbnailNotFound: 404
            case .methodNotAllowed: 405
            case .notAcceptable: 406
            case .requestTimeout: 408
            case .checkpointConflict, .collectionConflict, .defaultModel: 409
            case .bodyTooLarge, .imageTooManyBytes, .imageTooLarge, .tooManyImages, .tooLarge: 413
            case .targetTooLong: 414
            case .unsupportedMediaType, .imageFormatUnsupported: 415
            case .expectationFailed: 417
            case .imageEmpty, .imageTruncated, .imageCorrupt, .imageVariantUnsupported, .modelUnusable: 422
            case .queueFull, .catalogQueueFull, .rateLimited: 429
            case .headersTooLarge: 431
            case .internalError, .catalogFailed: 500
            case .unsupportedTransferCoding, .unsupportedMethod: 501
            case .notReady, .tooManyConnections, .cancelled, .catalogUnavailable: 503
            case .diskFull: 507
            case .unsupportedHTTPVersion: 505
            }
        }
    }
}
