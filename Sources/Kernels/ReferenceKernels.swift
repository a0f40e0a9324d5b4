// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// Every kernel written as its plain loop nest: slow, obvious, and what the fast ones are tested against.
///
/// Maps are NHWC tensors of rank 4, weights OIHW as PyTorch writes them; sums run in Double.
package enum ReferenceKernels {
    /// 2-D cross-correlation with zero padding, plus bias per output channel.
    package static func convolution(
        _ input: Tensor, weights: [Float], bias: [Float], geometry: ConvolutionGeometry
    ) -> Tensor {
        let (batch, source) = extents(input)
        let target = source.convolved(by: geometry)
        let x = input.values
        var out: [Float] = []
        out.reserveCapacity(batch * target.count)
        for n in 0..<batch {
            for row in 0..<target.height {
                for column in 0..<target.width {
                    for channel in 0..<target.channels {
                        let sum = correlation(
                            x, source, image: n, row: row, column: column, channel: channel, weights, geometry)
                        out.append(Float(sum + Double(bias[channel])))
                    }
                }
            }
        }
        return Tensor(out, shape: [batch, target.height, target.width, target.channels])
    }

    private static func correlation(
        _ x: [Float], _ source: MapShape, image: Int, row: Int, column: Int, channel: Int, _ weights: [Float],
        _ geometry: ConvolutionGeometry
    ) -> Double {
        var sum = 0.0
        let size = geometry.kernel
        for i in 0..<size {
            for j in 0..<size {
                let y = row * geometry.stride + i - geometry.padding
                let z = column * geometry.stride + j - geometry.padding
                guard (0..<source.height).contains(y), (0..<source.width).contains(z) else { continue }
                let pixel = ((image * source.height + y) * source.width + z) * source.channels
                for c in 0..<source.channels {
                    let weight = weights[((channel * source.channels + c) * size + i) * size + j]
                    sum += Double(x[pixel + c]) * Double(weight)
                }
            }
        }
        return sum
    }

    /// Largest value under the kernel; positions outside the map do not take part.
    package static func maxPool(_ input: Tensor, geometry: ConvolutionGeometry) -> Tensor {
        let (batch, source) = extents(input)
        let target = source.convolved(by: geometry)
        let x = input.values
        var out: [Float] = []
        for n in 0..<batch {
            for row in 0..<target.height {
                for column in 0..<target.width {
                    for c in 0..<target.channels {
                        var best = -Float.infinity
                        for i in 0..<geometry.kernel {
                            for j in 0..<geometry.kernel {
                                let y = row * geometry.stride + i - geometry.padding
                                let z = column * geometry.stride + j - geometry.padding
                                guard (0..<source.height).contains(y), (0..<source.width).contains(z) else { continue }
                                best = max(best, x[((n * source.height + y) * source.width + z) * source.channels + c])
                            }
                        }
                        out.append(best)
                    }
                }
            }
        }
        return Tensor(out, shape: [batch, target.height, target.width, target.channels])
    }

    /// Mean over all pixels: [batch, channels].
    package static func meanPool(_ input: Tensor) -> Tensor {
        let (batch, source) = extents(input)
        let x = input.values
        var out: [Float] = []
        for n in 0..<batch {
            for c in 0..<source.channels {
                var sum = 0.0
                for p in 0..<source.pixels { sum += Double(x[(n * source.pixels + p) * source.channels + c]) }
                out.append(Float(sum / Double(source.pixels)))
            }
        }
        return Tensor(out, shape: [batch, source.channels])
    }

    /// Element-wise sum with an optional ReLU.
    package static func add(_ left: Tensor, _ right: Tensor, relu: Bool) -> Tensor {
        let sums = zip(left.values, right.values).map { relu ? max(0, $0 + $1) : $0 + $1 }
        return Tensor(sums, shape: left.shape)
    }

    /// Batch normalisation in inference: (x - mean) / sqrt(variance + epsilon) * weight + bias, a channel at a time.
    package static func batchNorm(_ input: Tensor, _ norm: BatchNorm) -> Tensor {
        let channels = input.shape[input.shape.rank - 1]
        let values = input.values.enumerated().map { index, x in
            let c = index % channels
            let deviation = (Double(norm.variance[c]) + Double(norm.epsilon)).squareRoot()
            return Float((Double(x) - Double(norm.mean[c])) / deviation * Double(norm.weight[c]) + Double(norm.bias[c]))
        }
        return Tensor(values, shape: input.shape)
    }

    private static func extents(_ input: Tensor) -> (batch: Int, map: MapShape) {
        let shape = input.shape
        precondition(shape.rank == 4, "a batch of maps is [n, h, w, c], not \(shape)")
        return (shape[0], MapShape(height: shape[1], width: shape[2], channels: shape[3]))
    }
}
