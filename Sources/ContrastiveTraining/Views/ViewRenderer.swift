// SPDX-License-Identifier: Apache-2.0
//
// The order of a view, and why:
//  1. Flip, then rotation, both exact. A flip turns a rotation of the picture around when it comes second; before it, "the
//     same rotation" means that the upright direction of the content points the same way, flipped or not. For 90 and 270
//     degrees width and height change places.
//  2. Crop of the turned picture, and an antialiased linear resize of the crop to the square.
//  3. Colour jitter in the drawn order, then the loss of colour, on values of 0 to 1.
//  4. Gaussian blur with reflected edges.
//  5. Whitening, (x - mean) / std, then texture: RandConv is defined on whitened input, where the zeros around the
//     picture are the mean colour. It comes last because it does not keep values within 0 to 1, which the colour
//     operations need, and because the mean and spread it gives back to each channel are then those of the jittered
//     picture: the texture factor does not undo the colour factor.

internal import Glibc
package import Kernels
private import Tensors

/// Makes the network's input out of a picture and the parameters of a view.
///
/// May be used from several threads at a time; each call takes a scratch area from a common store.
package struct ViewRenderer: Sendable {
    /// Side of the result in pixels.
    package let size: Int
    private let settings: AugmentationSettings
    private let kernels: ImageKernels
    private let finish: ViewFinish
    private let scratch = ScratchStore()

    /// A renderer for views of `size` x `size`; `mean` and `std` are those of the network's preprocessing.
    package init(
        size: Int, mean: [Float], std: [Float], settings: AugmentationSettings, instructions: InstructionSet = .best
    ) {
        self.size = size
        self.settings = settings
        kernels = ImageKernels(size: size, instructions: instructions)
        finish = ViewFinish(kernels, mean: mean, std: std, keepsStatistics: settings.textureKeepsStatistics)
    }

    /// Writes `size * size * 3` floats: rows of pixels of red, green, blue, normalised.
    package func render(_ image: CachedImage, _ view: ViewParameters, into out: UnsafeMutablePointer<Float>) {
        let (window, turn) = Self.place(view, on: image)
        let convolution = view.texture?.convolution
        let rooms = Rooms(
            kernels, width: window.width, height: window.height, kernel: convolution?.kernel ?? 1)
        scratch.withRoom(rooms.total) { memory in
            let areas = (planes: memory, first: memory + rooms.planes, second: memory + rooms.planes + rooms.area)
            kernels.resize(window, turn: turn, into: areas.planes, scratch: areas.first, other: areas.second)
            recolor(view, areas.planes)
            if let blur = view.blur { soften(blur, areas.planes, scratch: areas.first) }
            if let convolution {
                let weights = areas.first + kernels.frameCount(radius: convolution.kernel / 2)
                convolution.fillWeights(weights, channels: settings.textureChannels)
                finish.texture(
                    areas.planes, kernel: convolution.kernel, weights: weights, alpha: convolution.alpha,
                    frame: areas.first, result: areas.second, into: out)
            } else {
                finish.plain(areas.planes, into: out)
            }
        }
        withExtendedLifetime(image) {}
    }

    /// Sizes of the scratch areas: the picture's planes, and two areas that change their use.
    private struct Rooms {
        let planes: Int
        let area: Int
        var total: Int { planes + 2 * area }

        init(_ kernels: ImageKernels, width: Int, height: Int, kernel: Int) {
            planes = 3 * kernels.planeStride
            let frame = kernels.frameCount(radius: kernel / 2) + 9 * kernel * kernel
            area = max(kernels.resizeScratch(width: width, height: height), frame, planes)
        }
    }

    /// Where the crop lies in the picture as it is stored, and how its pixels are to be laid down.
    static func place(_ view: ViewParameters, on image: CachedImage) -> (ImageKernels.Window, ImageKernels.Turn) {
        let turns = view.rotation?.quarterTurns ?? 0
        let turn = ImageKernels.Turn(
            reversesRows: turns >= 2, reversesColumns: (turns == 1 || turns == 2) != view.flip,
            swapsAxes: turns % 2 == 1)
        let crop = view.crop
        var (top, left, height, width) = (crop.top, crop.left, crop.height, crop.width)
        if turn.swapsAxes { (top, left, height, width) = (left, top, width, height) }
        precondition(
            top >= 0 && left >= 0 && top + height <= image.height && left + width <= image.width,
            "\(crop), \(turns) quarter turns, on \(image.width) x \(image.height)")
        if turn.reversesRows { top = image.height - top - height }
        if turn.reversesColumns { left = image.width - left - width }
        let window = ImageKernels.Window(
            pixels: image.pixels + 3 * (top * image.width + left), rowBytes: 3 * image.width, width: width,
            height: height)
        return (window, turn)
    }

    private func recolor(_ view: ViewParameters, _ planes: UnsafeMutablePointer<Float>) {
        if let jitter = view.color?.jitter {
            for operation in jitter.order { kernels.adjust(operation, jitter.amount(of: operation), planes) }
        }
        if view.grayscale || view.color?.grayscale == true { kernels.grayscale(planes) }
    }

    private func soften(
        _ blur: BlurParameters, _ planes: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let sigma = Self.scaled(blur, size: size, settings)
        let radius = min(size - 1, ImageKernels.largestRadius, Int((4 * sigma).rounded(.up)))
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * radius + 1) { taps in
            Self.fillGaussian(taps, sigma: sigma)
            kernels.blur(planes, taps: UnsafeBufferPointer(taps), scratch: scratch)
        }
    }

    /// The standard deviation in pixels of the training size.
    static func scaled(_ blur: BlurParameters, size: Int, _ settings: AugmentationSettings) -> Double {
        Double(blur.sigma) * Double(size) / settings.blurSide
    }

    /// exp(-x^2 / (2 sigma^2)) around the middle, normalised.
    static func fillGaussian(_ taps: UnsafeMutableBufferPointer<Float>, sigma: Double) {
        let radius = taps.count / 2
        func weight(_ tap: Int) -> Double {
            let x = Double(tap - radius) / sigma
            return exp(-0.5 * x * x)
        }
        let sum = taps.indices.reduce(0) { $0 + weight($1) }
        for tap in taps.indices { taps.initializeElement(at: tap, to: Float(weight(tap) / sum)) }
    }
}

extension ColorParameters.Jitter {
    func amount(of operation: ImageKernels.ColorOperation) -> Float {
        switch operation {
        case .brightness: brightness
        case .contrast: contrast
        case .saturation: saturation
        case .hue: hue
        }
    }
}
