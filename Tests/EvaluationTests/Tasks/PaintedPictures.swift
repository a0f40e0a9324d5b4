// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Evaluation
import ImageDecoding
import TestSupport
import Vectors

/// Pictures and entries made up by tests.
enum Painted {
    typealias Color = (UInt8, UInt8, UInt8)

    static let white: Color = (255, 255, 255)

    /// A picture whose pixels are `color(x, y)`.
    static func picture(_ width: Int, _ height: Int, _ color: (Int, Int) -> Color) -> CachedImage {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                let (red, green, blue) = color(x, y)
                pixels += [red, green, blue]
            }
        }
        return CachedImage(width: width, height: height, pixels: pixels)
    }

    /// The first `share` of the columns in `color` on `ground`.
    static func stripe(_ color: Color, share: Double, on ground: Color = white) -> CachedImage {
        picture(100, 20) { x, _ in Double(x) < share * 100 ? color : ground }
    }

    /// Ramps with an edge that is nowhere symmetric.
    static func scene(_ width: Int, _ height: Int) -> CachedImage {
        picture(width, height) { x, y in
            let isEdge = x * 3 < width && y * 2 < height
            return (UInt8(20 + 200 * x / width), UInt8(30 + 180 * y / height), isEdge ? 230 : 40)
        }
    }

    static func image(of picture: CachedImage) -> RGBImage {
        let bytes = UnsafeBufferPointer(start: picture.pixels, count: 3 * picture.width * picture.height)
        return RGBImage(width: picture.width, height: picture.height, pixels: Array(bytes))
    }

    /// Entries of `counts[category]` training and test pictures each; `groups` names the group of a position.
    static func entries(
        _ counts: [(category: String, subcategory: String, train: Int, test: Int)],
        groups: (Int) -> String? = { _ in nil }
    ) -> [ImageEntry] {
        var entries: [ImageEntry] = []
        for (category, subcategory, train, test) in counts {
            for number in 0..<train + test {
                let path = "\(category)/\(subcategory)/\(number).png"
                entries.append(
                    ImageEntry(
                        path: path, category: category, subcategory: subcategory,
                        split: number < train ? .train : .test,
                        group: groups(entries.count), digest: ContentDigest(of: Array(path.utf8))))
            }
        }
        return entries
    }
}
