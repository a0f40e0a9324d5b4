// SPDX-License-Identifier: Apache-2.0

internal import COpenBLAS
internal import Tensors

/// Convolution as im2col and OpenBLAS's sgemm: a second opinion on the packed kernels, independent of them.
package struct BLASConvolution: Sendable {
    package let geometry: ConvolutionGeometry
    /// Laid out [tap, input channel, output channel].
    private let weights: Tensor
    private let bias: [Float]

    /// Takes OIHW `weights`, multiplying output channel o by `scale[o]`.
    package init(
        _ geometry: ConvolutionGeometry, weights source: UnsafeBufferPointer<Float>, scale: [Float], bias: [Float]
    ) {
        precondition(source.count == geometry.weightCount, "\(source.count) weights for \(geometry)")
        self.geometry = geometry
        self.bias = bias
        let taps = geometry.kernel * geometry.kernel
        let (inputs, outputs) = (geometry.inputChannels, geometry.outputChannels)
        weights = Tensor(unsafeUninitialized: [taps, inputs, outputs]) { packed in
            for o in 0..<outputs {
                for c in 0..<inputs {
                    for t in 0..<taps {
                        packed[(t * inputs + c) * outputs + o] = source[(o * inputs + c) * taps + t] * scale[o]
                    }
                }
            }
        }
    }

    /// As ``PackedConvolution/forward(images:map:input:output:epilogue:pool:)``, on unpadded input, one image at a time.
    package func forward(
        images: Int, map: MapShape, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
        epilogue: PackedConvolution.Epilogue
    ) {
        let target = map.convolved(by: geometry)
        let depth = geometry.kernel * geometry.kernel * geometry.inputChannels
        let columns = FloatStorage(count: target.pixels * depth)
        for image in 0..<images {
            gather(map: map, target: target, input: input + image * map.count, columns: columns.buffer.baseAddress!)
            let out = output + image * target.count
            weights.withUnsafeBuffer {
                cblas_sgemm(
                    CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(target.pixels), Int32(target.channels),
                    Int32(depth), 1, columns.buffer.baseAddress, Int32(depth), $0.baseAddress, Int32(target.channels),
                    0, out, Int32(target.channels))
            }
            finish(out, target: target, residual: epilogue.residual.map { $0 + image * target.count }, epilogue.relu)
        }
    }

    /// im2col: a row of kernel x kernel x channels inputs for every output pixel.
    private func gather(
        map: MapShape, target: MapShape, input: UnsafePointer<Float>, columns: UnsafeMutablePointer<Float>
    ) {
        var out = columns
        for row in 0..<target.height {
            for column in 0..<target.width {
                for i in 0..<geometry.kernel {
                    for j in 0..<geometry.kernel {
                        let y = row * geometry.stride + i - geometry.padding
                        let x = column * geometry.stride + j - geometry.padding
                        if y >= 0 && y < map.height && x >= 0 && x < map.width {
                            out.update(from: input + (y * map.width + x) * map.channels, count: map.channels)
                        } else {
                            out.update(repeating: 0, count: map.channels)
                        }
                        out += map.channels
                    }
                }
            }
        }
    }

    private func finish(
        _ out: UnsafeMutablePointer<Float>, target: MapShape, residual: UnsafePointer<Float>?, _ relu: Bool
    ) {
        for pixel in 0..<target.pixels {
            for c in 0..<target.channels {
                let at = pixel * target.channels + c
                let value = out[at] + bias[c] + (residual?[at] ?? 0)
                out[at] = relu ? max(0, value) : value
            }
        }
    }
}
