// SPDX-License-Identifier: Apache-2.0

/// EXIF's orientation (CIPA DC-008, tag 274): where the stored first row and first column belong.
enum Orientation: Int {
    case upright = 1
    case mirrored, turnedHalf, flipped, transposed, turnedRight, transversed, turnedLeft

    /// Whether rows of the file are columns of the picture.
    var swapsSides: Bool { rawValue >= 5 }

    /// Whether stored pixels run from right to left, or from bottom to top where the sides are swapped.
    var reversesX: Bool { [.mirrored, .turnedHalf, .transversed, .turnedLeft].contains(self) }

    /// Whether stored rows run from bottom to top, or from right to left where the sides are swapped.
    var reversesY: Bool { [.turnedHalf, .flipped, .turnedRight, .transversed].contains(self) }

    /// Reads tag 274 from the first directory of a TIFF structure; 1 for anything malformed.
    init(exif bytes: ByteView) {
        var tiff = bytes
        while tiff.has("Exif\u{0}\u{0}", at: 0) { tiff = tiff.slice(at: 6, count: tiff.count) }
        self = Self.value(in: tiff).flatMap { Orientation(rawValue: $0) } ?? .upright
    }

    private static func value(in tiff: ByteView) -> Int? {
        let bigEndian = tiff.has("MM\u{0}*", at: 0)
        guard bigEndian || tiff.has("II*\u{0}", at: 0) else { return nil }
        func number(_ offset: Int, _ width: Int) -> Int? {
            tiff.number(at: offset, bytes: width, bigEndian: bigEndian)
        }
        guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
        for index in 0..<entries {
            let entry = directory + 2 + 12 * index
            guard let tag = number(entry, 2) else { return nil }
            guard tag == 274 else { continue }
            guard number(entry + 4, 4) == 1, let type = number(entry + 2, 2), let width = widths[type] else {
                return nil
            }
            return number(entry + 8, width)
        }
        return nil
    }

    /// Bytes of a value by TIFF type: BYTE, SHORT and LONG are accepted, since all three are found.
    private static let widths = [1: 1, 3: 2, 4: 4]
}
