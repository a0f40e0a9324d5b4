// SPDX-License-Identifier: Apache-2.0
//
// From a picture to a network's input. Layout: NHWC, one image, `size` rows of `size` pixels of red, green, blue.
// Resize rule: Pillow's antialiased BILINEAR on 8-bit samples, bit for bit, to a size computed from the file's own
// size. Values: (sample / 255 - mean) / std in Float. A value without state; use it from any thread.

/// How a model wants its images; the `preprocessing` object of `model.json`.
package struct Preprocessing: Sendable, Hashable {
    /// Changes whenever the same image and settings give other numbers; part of every cache key.
    package static let version = 1

    /// How an image of any shape becomes a square.
    package enum Resize: String, Sendable, Hashable, Codable {
        /// The shorter side becomes `size * 256 / 224`, then the centre is cut out.
        case crop
        /// The whole image fits inside, with white bars.
        case letterbox
    }

    /// Side of the square in pixels: 8 to 4,096.
    package let size: Int
    package let resize: Resize
    /// Subtracted from red, green, blue, which are 0 to 1.
    package let mean: [Float]
    /// Divides red, green, blue afterwards; positive.
    package let std: [Float]

    /// Settings that may come from a file.
    package init(size: Int, resize: Resize, mean: [Float], std: [Float]) throws(PreprocessingError) {
        guard Self.sizes.contains(size) else { throw .size(size) }
        guard mean.count == 3, std.count == 3 else { throw .channels(mean: mean.count, std: std.count) }
        guard mean.allSatisfy(\.isFinite), std.allSatisfy({ $0.isFinite && $0 > 0 }) else { throw .constants }
        self.size = size
        self.resize = resize
        self.mean = mean
        self.std = std
    }

    static let sizes = 8...4_096
}
