// SPDX-License-Identifier: Apache-2.0

/// One part of a multipart/form-data body; `body` is a range of the whole, nothing is copied.
package struct MultipartPart: Sendable, Equatable {
    package let name: String
    package let filename: String?
    package let contentType: String?
    package let body: Range<Int>
}

/// Why a multipart body cannot be read; the sentences are for the caller and quote nothing.
package enum MultipartError: String, Error, Sendable, CaseIterable, CustomStringConvertible {
    case noBoundary = "The Content-Type is not multipart/form-data with one boundary of 1 to 70 characters."
    case noParts = "The boundary of the Content-Type does not occur in the body."
    case unterminated = "The last part is not ended by the closing boundary."
    case malformedPart = "A part's header lines are malformed."
    case partHeadTooLong = "A part's header lines are too long."
    case tooManyParts = "There are too many parts."
    case noName = "A part has no Content-Disposition: form-data with one name."
    case transferEncoding = "A part has a Content-Transfer-Encoding; send its bytes as they are."

    package var description: String { rawValue }
}

/// What one multipart body may hold.
package struct MultipartLimits: Sendable, Equatable {
    /// Default 1024.
    package var parts: Int
    /// Bytes of a part's header lines; default 8192.
    package var headBytes: Int

    package init(parts: Int = 1024, headBytes: Int = 8192) {
        self.parts = parts
        self.headBytes = headBytes
    }
}
