// SPDX-License-Identifier: Apache-2.0
//
// The colour a person would name a picture by, from its pixels alone:
//  1. Pixels that are nearly white (every channel above 0.92) are background and do not count.
//  2. A pixel's chroma is max - min of red, green, blue (0 to 1). From 0.2 on it is coloured; its hue falls into one of six
//     sectors, with its chroma as weight.
//  3. A picture is named by a sector when at least 30 % of what counts is coloured and that sector has 75 % of the weight.
//  4. It is black-gray-white when at most 3 % of what counts has a chroma of 0.1 or more.
//  5. Otherwise, and when less than 2 % of the picture counts, it has no name and is left out.
// The sectors are cut where the pictures have few hues, not at equal steps: red 345-12 degrees, orange and brown 12-40,
// yellow 40-68, green 68-165, cyan and blue 165-258, purple and pink 258-345.

package import ContrastiveTraining

/// A name for the colour of a picture.
package enum DominantHue: Int, CaseIterable, Sendable {
    case red, orange, yellow, green, blue, purple, achromatic

    /// For tables.
    package var name: String {
        switch self {
        case .red: "red"
        case .orange: "orange-brown"
        case .yellow: "yellow"
        case .green: "green"
        case .blue: "cyan-blue"
        case .purple: "purple-pink"
        case .achromatic: "black-gray-white"
        }
    }

    /// The name by the rule above; nil where no colour dominates.
    ///
    /// Reads every pixel once.
    package init?(of picture: CachedImage) {
        var tally = HueTally()
        for pixel in 0..<picture.width * picture.height {
            let sample = picture.pixels + 3 * pixel
            tally.add(Int(sample[0]), Int(sample[1]), Int(sample[2]))
        }
        guard let name = tally.name(total: picture.width * picture.height) else { return nil }
        self = name
    }

    /// The sector of a hue in degrees, 0 ..< 360.
    static func sector(_ degrees: Double) -> DominantHue {
        switch degrees {
        case 12..<40: .orange
        case 40..<68: .yellow
        case 68..<165: .green
        case 165..<258: .blue
        case 258..<345: .purple
        default: .red
        }
    }
}

/// What has been seen of a picture.
private struct HueTally {
    private var counted = 0
    private var colored = 0
    private var tinted = 0
    private var weights = [Double](repeating: 0, count: 6)

    mutating func add(_ red: Int, _ green: Int, _ blue: Int) {
        let (highest, lowest) = (max(red, green, blue), min(red, green, blue))
        // 0.92 * 255 = 234.6, 0.1 * 255 = 25.5, 0.2 * 255 = 51.
        guard lowest < 235 else { return }
        counted += 1
        let chroma = highest - lowest
        guard chroma >= 26 else { return }
        tinted += 1
        guard chroma >= 51 else { return }
        colored += 1
        let sextant: Double =
            if highest == red {
                Double(green - blue) / Double(chroma)
            } else if highest == green {
                Double(blue - red) / Double(chroma) + 2
            } else {
                Double(red - green) / Double(chroma) + 4
            }
        weights[DominantHue.sector(sextant < 0 ? 60 * sextant + 360 : 60 * sextant).rawValue] += Double(chroma)
    }

    func name(total: Int) -> DominantHue? {
        guard Double(counted) >= 0.02 * Double(total), counted > 0 else { return nil }
        if Double(tinted) <= 0.03 * Double(counted) { return .achromatic }
        guard Double(colored) >= 0.3 * Double(counted), let highest = weights.max(),
            highest >= 0.75 * weights.reduce(0, +), let sector = weights.firstIndex(of: highest)
        else { return nil }
        return DominantHue(rawValue: sector)
    }
}
