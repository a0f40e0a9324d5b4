// SPDX-License-Identifier: Apache-2.0

/// What one request may ask for.
package struct APILimits: Sendable, Equatable {
    /// Bytes of a request body, 32 MiB by default: a 20 MiB image as base64 fits.
    package var bodyBytes: Int
    /// Images in one request, 64 by default.
    package var images: Int

    package init(bodyBytes: Int = 32 << 20, images: Int = 64) {
        self.bodyBytes = bodyBytes
        self.images = images
    }
}
