// SPDX-License-Identifier: Apache-2.0

/// The constant part of a 2-D convolution or pooling: channels, square kernel, stride, zero padding on every side.
///
/// Explicit numbers, as in PyTorch; there is no "same" padding.
package struct ConvolutionGeometry: Hashable, Sendable {
    package let inputChannels: Int
    package let outputChannels: Int
    package let kernel: Int
    package let stride: Int
    package let padding: Int

    package init(inputChannels: Int, outputChannels: Int, kernel: Int, stride: Int = 1, padding: Int = 0) {
        precondition(
            inputChannels > 0 && outputChannels > 0 && kernel > 0 && stride > 0 && padding >= 0,
            "impossible convolution: \(inputChannels)->\(outputChannels), \(kernel)x\(kernel)/\(stride) pad \(padding)")
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
    }

    /// Rows or columns out for `extent` rows or columns in; at least 0.
    package func output(for extent: Int) -> Int {
        max(0, (extent + 2 * padding - kernel) / stride + (extent + 2 * padding < kernel ? 0 : 1))
    }

    /// Numbers in the OIHW weights.
    package var weightCount: Int { outputChannels * inputChannels * kernel * kernel }

    /// Multiply-adds an output pixel.
    package var workPerPixel: Int { weightCount }
}

/// Extents of a batch of feature maps in NHWC.
package struct MapShape: Hashable, Sendable, CustomStringConvertible {
    package let height: Int
    package let width: Int
    package let channels: Int

    package init(height: Int, width: Int, channels: Int) {
        self.height = height
        self.width = width
        self.channels = channels
    }

    package var pixels: Int { height * width }
    /// Numbers an image.
    package var count: Int { height * width * channels }

    /// The map that `geometry` makes of this one.
    package func convolved(by geometry: ConvolutionGeometry) -> MapShape {
        precondition(
            channels == geometry.inputChannels, "map \(self) into a convolution of \(geometry.inputChannels) channels")
        return MapShape(
            height: geometry.output(for: height), width: geometry.output(for: width), channels: geometry.outputChannels)
    }

    /// Extents as in `56x56x256`.
    package var description: String { "\(height)x\(width)x\(channels)" }
}
