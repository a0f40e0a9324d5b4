// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Batch normalisation in training: statistics of the batch at hand, and the gradient through them.
///
/// Maps are NHWC, `pixels` counts those of the whole batch. Statistics are summed in double, in an order that does not
/// depend on threads. Formulas: Ioffe and Szegedy, 2015, section 3; variance is biased where it normalises, as in PyTorch.
package struct TrainableNorm: Sendable {
    package let channels: Int
    /// Added to the variance; PyTorch's default.
    package let epsilon = 1e-5
    let instructions: InstructionSet

    package init(channels: Int, instructions: InstructionSet = .best) {
        self.channels = channels
        self.instructions = instructions
    }

    /// Statistics of one batch: `channels` numbers each.
    package struct Statistics {
        package let mean: UnsafeMutablePointer<Float>
        /// 1 / sqrt(biased variance + epsilon).
        package let inverse: UnsafeMutablePointer<Float>
        /// With the n - 1 of an estimate, for running statistics.
        package let unbiased: UnsafeMutablePointer<Float>

        package init(
            mean: UnsafeMutablePointer<Float>, inverse: UnsafeMutablePointer<Float>,
            unbiased: UnsafeMutablePointer<Float>
        ) {
            self.mean = mean
            self.inverse = inverse
            self.unbiased = unbiased
        }
    }

    /// A layer's trained numbers: a scale and a shift a channel.
    package struct Parameters {
        package let weight: UnsafePointer<Float>
        package let bias: UnsafePointer<Float>

        package init(weight: UnsafePointer<Float>, bias: UnsafePointer<Float>) {
            self.weight = weight
            self.bias = bias
        }
    }

    /// Measures `x` into `statistics`, normalises it, adds `residual` where there is one, and clips at 0 with `relu`.
    ///
    /// `y` may be `x`.
    package func forward(
        pixels: Int, x: UnsafePointer<Float>, parameters: Parameters, statistics: Statistics,
        residual: UnsafePointer<Float>? = nil, relu: Bool, y: UnsafeMutablePointer<Float>, pool: ComputePool? = nil
    ) {
        withScratch(doubles: 2, floats: 2) { doubles, floats in
            let (mean, spread) = (doubles, doubles + channels)
            let (scale, shift) = (floats, floats + channels)
            let lent = Borrowed(
                (x: x, y: y, mean: mean, spread: spread, scale: scale, shift: shift, residual: residual))
            let (code, channels) = (instructions.code, channels)
            eachPart(pool) { part in
                facet_moments(
                    code, lent.value.x, pixels, channels, part.lowerBound, part.upperBound, lent.value.mean,
                    lent.value.spread)
            }
            settle(pixels: pixels, mean, spread, parameters, statistics, scale, shift)
            eachPart(pool) { part in
                facet_affine(
                    code, lent.value.x, lent.value.scale, lent.value.shift, lent.value.residual, relu ? 1 : 0,
                    lent.value.y, pixels, channels, part.lowerBound, part.upperBound)
            }
        }
    }

    private func settle(
        pixels: Int, _ mean: UnsafePointer<Double>, _ spread: UnsafePointer<Double>, _ parameters: Parameters,
        _ statistics: Statistics, _ scale: UnsafeMutablePointer<Float>, _ shift: UnsafeMutablePointer<Float>
    ) {
        for c in 0..<channels {
            let inverse = 1 / (spread[c] / Double(pixels) + epsilon).squareRoot()
            let factor = Double(parameters.weight[c]) * inverse
            statistics.mean[c] = Float(mean[c])
            statistics.inverse[c] = Float(inverse)
            statistics.unbiased[c] = Float(spread[c] / Double(max(1, pixels - 1)))
            scale[c] = Float(factor)
            shift[c] = Float(Double(parameters.bias[c]) - mean[c] * factor)
        }
    }

    /// Gradients of the input and of the parameters.
    ///
    /// `gradient` is that of the output; where `output` is given, the ReLU that made it is undone first. The gradient
    /// before the ReLU, which is also that of a residual, is left in `masked` (which may be `gradient`), and that of the
    /// input in `target` (which may be `masked`).
    package func backward(
        pixels: Int, gradient: UnsafePointer<Float>, output: UnsafePointer<Float>?, x: UnsafePointer<Float>,
        weight: UnsafePointer<Float>, statistics: Statistics, masked: UnsafeMutablePointer<Float>,
        target: UnsafeMutablePointer<Float>, weightGradient: UnsafeMutablePointer<Float>,
        biasGradient: UnsafeMutablePointer<Float>, pool: ComputePool? = nil
    ) {
        withScratch(doubles: 2, floats: 3) { doubles, floats in
            let (sum, product) = (doubles, doubles + channels)
            let factors = (a: floats, b: floats + channels, d: floats + 2 * channels)
            let lent = Borrowed(
                (
                    gradient: gradient, output: output, x: x, mean: statistics.mean, masked: masked, target: target,
                    sum: sum, product: product, factors: factors
                ))
            let (code, channels) = (instructions.code, channels)
            eachPart(pool) { part in
                let it = lent.value
                facet_norm_sums(
                    code, it.gradient, it.output, it.x, it.mean, it.masked, pixels, channels, part.lowerBound,
                    part.upperBound, it.sum, it.product)
            }
            for c in 0..<channels {
                let inverse = Double(statistics.inverse[c])
                let scale = Double(weight[c]) * inverse
                let share = scale * inverse * inverse * product[c] / Double(pixels)
                weightGradient[c] = Float(product[c] * inverse)
                biasGradient[c] = Float(sum[c])
                factors.a[c] = Float(scale)
                factors.b[c] = Float(-share)
                factors.d[c] = Float(share * Double(statistics.mean[c]) - scale * sum[c] / Double(pixels))
            }
            eachPart(pool) { part in
                let it = lent.value
                facet_norm_gradient(
                    code, it.masked, it.x, it.factors.a, it.factors.b, it.factors.d, it.target, pixels, channels,
                    part.lowerBound, part.upperBound)
            }
        }
    }

    /// Deals the channels out to the threads, whole panels at a time.
    private func eachPart(_ pool: ComputePool?, _ body: @Sendable (Range<Int>) -> Void) {
        let width = instructions.panelWidth
        let channels = channels
        guard let pool, pool.threads > 1 else { return body(0..<channels) }
        pool.run(count: (channels + width - 1) / width) { body($0 * width..<min(channels, ($0 + 1) * width)) }
    }

    private func withScratch(
        doubles: Int, floats: Int, _ body: (UnsafeMutablePointer<Double>, UnsafeMutablePointer<Float>) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: Double.self, capacity: doubles * channels) { doubles in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: floats * channels) { floats in
                body(doubles.baseAddress!, floats.baseAddress!)
            }
        }
    }
}
