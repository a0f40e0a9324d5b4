// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Foundation
import Kernels
import Reports
import TestSupport

/// A folder of painted pictures, with labels, that goes away with the test.
///
/// Discs and bars of any colour on white, each in two sizes: `disc/large/...`. Shape, size and hue are told by pixels.
final class PaintedFolder {
    let url: URL
    let pool = ComputePool(threads: 2)
    static let side = 32

    init(perClass: Int = 40) throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("facet-painted-\(UUID().uuidString)")
        var random = SeededGenerator(seed: 5)
        for shape in ["bar", "disc"] {
            for size in ["large", "small"] {
                let folder = url.appendingPathComponent("images/\(shape)/\(size)")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                for number in 0..<perClass {
                    let image = Self.paint(shape, isLarge: size == "large", hue: number % 2 * 3, &random)
                    try Data(image.bytes).write(to: folder.appendingPathComponent("\(number).png"))
                }
            }
        }
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func data() throws -> TrainingData {
        try TrainingData(
            url.appendingPathComponent("images"), size: Self.side, cache: url.appendingPathComponent("cache"),
            pool: pool)
    }

    private static func paint(
        _ shape: String, isLarge: Bool, hue: Int, _ random: inout SeededGenerator
    ) -> EmbeddedImage {
        let palette: [[UInt8]] = [
            [220, 20, 30], [240, 140, 20], [230, 220, 30], [30, 170, 60], [30, 80, 220], [170, 40, 200],
        ]
        let (x0, y0) = (Int.random(in: 12...20, using: &random), Int.random(in: 12...20, using: &random))
        let reach = isLarge ? 10 : 5
        var pixels: [UInt8] = []
        for y in 0..<side {
            for x in 0..<side {
                let (dx, dy) = (x - x0, y - y0)
                let isInside =
                    shape == "disc" ? dx * dx + dy * dy <= reach * reach : abs(dx) <= reach && abs(dy) <= reach / 4
                // A notch on one side, so that there is an upright.
                let isNotch = dx > 0 && abs(dy) <= 1
                pixels += isInside && !isNotch ? palette[hue] : [255, 255, 255]
            }
        }
        return EmbeddedImage(width: side, height: side, rgb: pixels)
    }
}
