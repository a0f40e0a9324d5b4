// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reports
import Testing

/// The colours against what eyes can tell apart.
@Suite("Colours of a report")
struct PaletteTests {
    private struct RGB {
        var r, g, b: Double

        init(_ hex: String) {
            let value = UInt32(hex.dropFirst(), radix: 16) ?? 0
            func linear(_ shift: UInt32) -> Double {
                let c = Double(value >> shift & 255) / 255
                return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4)
            }
            (r, g, b) = (linear(16), linear(8), linear(0))
        }

        var luminance: Double { 0.2126 * r + 0.7152 * g + 0.0722 * b }

        /// As seen without one kind of cone (Machado, Oliveira and Fernandes 2009, severity 1).
        func seen(_ m: [Double]) -> RGB {
            var out = self
            out.r = max(0, min(1, m[0] * r + m[1] * g + m[2] * b))
            out.g = max(0, min(1, m[3] * r + m[4] * g + m[5] * b))
            out.b = max(0, min(1, m[6] * r + m[7] * g + m[8] * b))
            return out
        }

        /// CIE 1976 L*a*b*, D65.
        var lab: [Double] {
            func f(_ t: Double) -> Double { t > 0.008856 ? cbrt(t) : 7.787 * t + 16.0 / 116 }
            let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505)
            let y = f(luminance)
            let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
            return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
        }

        func distance(_ other: RGB) -> Double {
            zip(lab, other.lab).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        }
    }

    private static let eyes: [(String, [Double])] = [
        ("all cones", [1, 0, 0, 0, 1, 0, 0, 0, 1]),
        (
            "no long ones",
            [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998]
        ),
        (
            "no middle ones",
            [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881]
        ),
        (
            "no short ones",
            [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900]
        ),
    ]

    @Test("Every colour stands out from its background by at least 3:1")
    func contrasts() {
        for colour in Palette.series {
            let pairs = [(colour.light, Palette.lightBackground), (colour.dark, Palette.darkBackground)]
            for (front, back) in pairs {
                let (a, b) = (RGB(front).luminance, RGB(back).luminance)
                #expect((max(a, b) + 0.05) / (min(a, b) + 0.05) >= 3, "\(front) on \(back)")
            }
        }
    }

    @Test("Every two colours differ for every kind of colour vision", arguments: eyes.indices)
    func differs(index: Int) {
        let (eye, matrix) = Self.eyes[index]
        for mode in [\Palette.Colour.light, \.dark] {
            let seen = Palette.series.map { RGB($0[keyPath: mode]).seen(matrix) }
            for i in seen.indices {
                for j in 0..<i {
                    let distance = seen[i].distance(seen[j])
                    #expect(distance >= 20, "\(i) and \(j) are \(distance) apart with \(eye)")
                }
            }
        }
    }
}
