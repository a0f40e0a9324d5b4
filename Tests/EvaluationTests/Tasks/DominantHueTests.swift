// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Evaluation
import Statistics
import Testing

@Suite("The dominant hue")
struct DominantHueTests {
    private static let palette: [(Painted.Color, DominantHue)] = [
        ((220, 20, 30), .red), ((200, 110, 20), .orange), ((150, 90, 40), .orange), ((230, 220, 30), .yellow),
        ((30, 170, 60), .green), ((20, 200, 210), .blue), ((30, 80, 220), .blue), ((170, 40, 200), .purple),
        ((250, 120, 200), .purple), ((128, 128, 128), .achromatic), ((0, 0, 0), .achromatic),
    ]

    @Test("Painted pictures have the hue they were painted with, whatever white is around", arguments: [0.03, 0.5, 1])
    func palette(share: Double) {
        for (color, hue) in Self.palette {
            #expect(DominantHue(of: Painted.stripe(color, share: share)) == hue, "\(color)")
        }
    }

    @Test("White alone has no name, nor has a colour on less than 2% of the picture")
    func background() {
        #expect(DominantHue(of: Painted.stripe(Painted.white, share: 1)) == nil)
        #expect(DominantHue(of: Painted.stripe((220, 20, 30), share: 0.01)) == nil)
        // 0.92 of full is 234.6: one level on either side.
        #expect(DominantHue(of: Painted.stripe((235, 235, 235), share: 1)) == nil)
        #expect(DominantHue(of: Painted.stripe((234, 234, 234), share: 1)) == .achromatic)
    }

    @Test("Two colours need one that has three quarters of the weight")
    func mixtures() {
        func mixed(_ share: Double) -> DominantHue? {
            DominantHue(of: Painted.stripe((200, 0, 0), share: share, on: (0, 0, 200)))
        }
        #expect(mixed(0.74) == nil && mixed(0.76) == .red && mixed(0.24) == .blue && mixed(0.26) == nil)
    }

    @Test("A colour on grey needs 30% of what counts; less is neither coloured nor grey")
    func onGray() {
        func onGray(_ share: Double) -> DominantHue? {
            DominantHue(of: Painted.stripe((0, 180, 0), share: share, on: (90, 90, 90)))
        }
        #expect(onGray(0.31) == .green && onGray(0.29) == nil && onGray(0.04) == nil && onGray(0.03) == .achromatic)
    }

    @Test("The hue of red wraps around, and pale colours do not count")
    func edges() {
        #expect(DominantHue(of: Painted.stripe((200, 0, 20), share: 1)) == .red)
        #expect(DominantHue(of: Painted.stripe((200, 20, 0), share: 1)) == .red)
        // A chroma of 50 of 255 tints, but does not colour.
        #expect(DominantHue(of: Painted.stripe((200, 150, 150), share: 1)) == nil)
        #expect(DominantHue(of: Painted.stripe((201, 150, 150), share: 1)) == .red)
    }

    @Test("Names are different, for tables")
    func names() { #expect(Set(DominantHue.allCases.map(\.name)).count == 7) }
}
