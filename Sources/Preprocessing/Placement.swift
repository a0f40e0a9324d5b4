// SPDX-License-Identifier: Apache-2.0

/// Where the resized image lies relative to the square.
struct Placement: Hashable {
    /// One axis: the image is resized to `resized` points, of which `window` lands at `offset` in the square.
    struct Axis: Hashable {
        let resized: Int
        let window: Range<Int>
        let offset: Int
    }

    let horizontal: Axis
    let vertical: Axis

    /// From the file's own size, so that a decoder's scaling does not change the framing.
    init(_ resize: Preprocessing.Resize, size: Int, sourceWidth: Int, sourceHeight: Int) {
        switch resize {
        case .crop:
            let shorter = Self.shorterSide(size)
            let scale = Double(shorter) / Double(min(sourceWidth, sourceHeight))
            horizontal = Self.cropped(max(shorter, Self.rounded(Double(sourceWidth) * scale)), size)
            vertical = Self.cropped(max(shorter, Self.rounded(Double(sourceHeight) * scale)), size)
        case .letterbox:
            let scale = Double(size) / Double(max(sourceWidth, sourceHeight))
            horizontal = Self.fitted(Self.rounded(Double(sourceWidth) * scale), size)
            vertical = Self.fitted(Self.rounded(Double(sourceHeight) * scale), size)
        }
    }

    /// What a centre crop of `size` resizes the shorter side to: 256 for 224.
    static func shorterSide(_ size: Int) -> Int { rounded(Double(size * 256) / 224) }

    private static func cropped(_ resized: Int, _ size: Int) -> Axis {
        let start = (resized - size) / 2
        return Axis(resized: resized, window: start..<start + size, offset: 0)
    }

    private static func fitted(_ rounded: Int, _ size: Int) -> Axis {
        let resized = min(size, max(1, rounded))
        return Axis(resized: resized, window: 0..<resized, offset: (size - resized) / 2)
    }

    /// Halves go to the even number, as in Python, which defined the reference.
    private static func rounded(_ value: Double) -> Int { Int(value.rounded(.toNearestOrEven)) }
}
