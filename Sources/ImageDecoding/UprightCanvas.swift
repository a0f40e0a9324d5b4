// SPDX-License-Identifier: Apache-2.0

/// The RGB memory of the finished picture, addressed by the coordinates of the stored one.
///
/// An orientation is an affine map: stored pixel (x, y) lives at `origin + x * stepX + y * stepY`.
struct UprightCanvas {
    let base: UnsafeMutablePointer<UInt8>
    let storedWidth: Int
    let storedHeight: Int
    let stepX: Int
    let stepY: Int
    private let origin: Int

    /// `base` has room for `3 * storedWidth * storedHeight` bytes.
    init(base: UnsafeMutablePointer<UInt8>, storedWidth: Int, storedHeight: Int, orientation: Orientation) {
        self.base = base
        self.storedWidth = storedWidth
        self.storedHeight = storedHeight
        let (acrossX, acrossY) = orientation.swapsSides ? (3 * storedHeight, 3) : (3, 3 * storedWidth)
        stepX = orientation.reversesX ? -acrossX : acrossX
        stepY = orientation.reversesY ? -acrossY : acrossY
        origin =
            (orientation.reversesX ? acrossX * (storedWidth - 1) : 0)
            + (orientation.reversesY ? acrossY * (storedHeight - 1) : 0)
    }

    /// Whether a stored row is a row of the picture, so that codecs can write to ``row(_:)`` directly.
    var keepsRows: Bool { stepX == 3 }

    /// Where the stored row `y` begins.
    func row(_ y: Int) -> UnsafeMutablePointer<UInt8> { base + origin + y * stepY }

    /// Puts the RGB pixels of stored row `y` where they belong.
    func store(_ pixels: UnsafePointer<UInt8>, row y: Int) {
        store(pixels, row: y, from: 0, count: storedWidth)
    }

    /// Puts `count` RGB pixels of stored row `y`, from column `x` on, where they belong.
    func store(_ pixels: UnsafePointer<UInt8>, row y: Int, from x: Int, count: Int) {
        var target = row(y) + x * stepX
        if keepsRows {
            target.update(from: pixels, count: 3 * count)
            return
        }
        for x in 0..<count {
            target[0] = pixels[3 * x]
            target[1] = pixels[3 * x + 1]
            target[2] = pixels[3 * x + 2]
            target += stepX
        }
    }

    /// Uninitialised bytes that `fill` must write completely.
    static func bytes(
        _ count: Int, fill: (UnsafeMutablePointer<UInt8>) throws(ImageDecodingError) -> Void
    ) throws(ImageDecodingError) -> [UInt8] {
        var failure: ImageDecodingError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            guard let base = buffer.baseAddress else { return }
            do throws(ImageDecodingError) {
                try fill(base)
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
