// SPDX-License-Identifier: Apache-2.0

/// Conversions of decoded rows to RGB; `rgb` may be the same memory as the source, since it is written behind it.
enum Flattening {
    /// Composites RGBA over white: `(v * a + 255 * (255 - a)) / 255`, rounded as Pillow's `alpha_composite` does.
    static func overWhite(_ rgba: UnsafePointer<UInt8>, to rgb: UnsafeMutablePointer<UInt8>, count: Int) {
        for index in 0..<count {
            let source = rgba + 4 * index
            let alpha = UInt32(source[3])
            let white = 255 &* (255 &- alpha)
            let red = over(source[0], alpha, white)
            let green = over(source[1], alpha, white)
            let blue = over(source[2], alpha, white)
            rgb[3 * index] = red
            rgb[3 * index + 1] = green
            rgb[3 * index + 2] = blue
        }
    }

    /// `sum / 255` in binary: x / 255 is close to (x + x / 256) / 256, with 7 more bits of precision as Pillow keeps.
    @inline(__always)
    private static func over(_ value: UInt8, _ alpha: UInt32, _ white: UInt32) -> UInt8 {
        let sum = UInt32(value) &* alpha &+ white &+ 128
        return UInt8(truncatingIfNeeded: (sum << 7 &+ sum >> 1) >> 15)
    }

    /// Converts CMYK as JPEG files hold it (inverted: 255 is no ink) to RGB, without a profile, as Pillow does.
    static func invertedCMYK(_ cmyk: UnsafePointer<UInt8>, to rgb: UnsafeMutablePointer<UInt8>, count: Int) {
        for index in 0..<count {
            let source = cmyk + 4 * index
            let key = UInt32(source[3])
            let red = key &- inked(source[0], key)
            let green = key &- inked(source[1], key)
            let blue = key &- inked(source[2], key)
            rgb[3 * index] = UInt8(truncatingIfNeeded: red)
            rgb[3 * index + 1] = UInt8(truncatingIfNeeded: green)
            rgb[3 * index + 2] = UInt8(truncatingIfNeeded: blue)
        }
    }

    /// Light taken by an ink: `(255 - value) * key / 255`, rounded; at most `key`.
    @inline(__always)
    private static func inked(_ value: UInt8, _ key: UInt32) -> UInt32 {
        let sum = (255 &- UInt32(value)) &* key &+ 128
        return (sum >> 8 &+ sum) >> 8
    }
}
