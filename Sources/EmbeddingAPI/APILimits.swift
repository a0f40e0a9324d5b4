// SPDX-License-Identifier: Apache-2.0

/// What one request may ask for.
package struct APILimits: Sendable, Equatable {
    /// Bytes of a request body. Default 32 MiB: a 20 MiB image as base64 fits.
    package var bodyBytes: Int
    /// Images in one request. Default 64.
    package var images: Int

    package init(bodyBytes: Int = 32 << 20, images: Int = 64) {
        self.bodyBytes = bodyBytes
        self.images = images
    }
}
