// SPDX-License-Identifier: Apache-2.0

package import ImageDecoding

/// Red, green and blue of one picture, 0 to 1 unless an operation left that range.
package struct Planes: Sendable, Equatable {
    package var red: Plane
    package var green: Plane
    package var blue: Plane

    var width: Int { red.width }
    var height: Int { red.height }

    /// Samples of 0 to 255 as 0 to 1.
    package init(_ image: RGBImage) {
        let count = image.width * image.height
        func plane(_ channel: Int) -> Plane {
            let values = image.pixels.withUnsafeBufferPointer { pixels in
                [Float](unsafeUninitializedCapacity: count) { target, filled in
                    for pixel in 0..<count {
                        target.initializeElement(at: pixel, to: Float(pixels[3 * pixel + channel]) / 255)
                    }
                    filled = count
                }
            }
            return Plane(width: image.width, height: image.height, values: values)
        }
        (red, green, blue) = (plane(0), plane(1), plane(2))
    }

    /// Values of 0 to 1 as samples of 0 to 255, rounded; what lies outside is cut off.
    package var image: RGBImage {
        let count = width * height
        let pixels = [UInt8](unsafeUninitializedCapacity: 3 * count) { target, filled in
            for (channel, plane) in [red, green, blue].enumerated() {
                plane.values.withUnsafeBufferPointer { values in
                    for pixel in 0..<count {
                        target.initializeElement(at: 3 * pixel + channel, to: Self.byte(values[pixel]))
                    }
                }
            }
            filled = 3 * count
        }
        return RGBImage(width: width, height: height, pixels: pixels)
    }

    @inline(__always)
    static func byte(_ value: Float) -> UInt8 { UInt8(min(255, max(0, value * 255 + 0.5))) }

    /// The same for each channel.
    package func mapped(_ body: (Plane) -> Plane) -> Planes {
        var result = self
        result.red = body(red)
        result.green = body(green)
        result.blue = body(blue)
        return result
    }

    /// Changes each channel in place.
    mutating func forEachChannel(_ body: (inout Plane) -> Void) {
        body(&red)
        body(&green)
        body(&blue)
    }

    /// Changes every pixel by itself.
    mutating func forEachPixel(_ body: (inout Float, inout Float, inout Float) -> Void) {
        let count = width * height
        red.values.withUnsafeMutableBufferPointer { red in
            green.values.withUnsafeMutableBufferPointer { green in
                blue.values.withUnsafeMutableBufferPointer { blue in
                    for pixel in 0..<count { body(&red[pixel], &green[pixel], &blue[pixel]) }
                }
            }
        }
    }
}
