// SPDX-License-Identifier: Apache-2.0

/// The inference half of a batch normalisation: one entry a channel.
package struct BatchNorm: Sendable {
    package var weight: [Float]
    package var bias: [Float]
    package var mean: [Float]
    package var variance: [Float]
    /// Added to the variance; PyTorch's default.
    package var epsilon: Float = 1e-5

    package init(weight: [Float], bias: [Float], mean: [Float], variance: [Float]) {
        let count = weight.count
        precondition(
            bias.count == count && mean.count == count && variance.count == count,
            "batch norm of \(count), \(bias.count), \(mean.count), \(variance.count) channels")
        self.weight = weight
        self.bias = bias
        self.mean = mean
        self.variance = variance
    }

    /// The affine map it amounts to: y = scale x + shift, so that it can be folded into the convolution before it.
    package var folded: (scale: [Float], shift: [Float]) {
        var scale = weight
        var shift = bias
        for c in weight.indices {
            let factor = Double(weight[c]) / (Double(variance[c]) + Double(epsilon)).squareRoot()
            scale[c] = Float(factor)
            shift[c] = Float(Double(bias[c]) - Double(mean[c]) * factor)
        }
        return (scale, shift)
    }
}
