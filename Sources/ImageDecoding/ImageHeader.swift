// SPDX-License-Identifier: Apache-2.0

/// What a file says about itself before any pixel is decoded.
package struct ImageHeader: Sendable, Hashable {
    package let format: ImageFormat
    /// Pixels of a row once the orientation is applied.
    package let width: Int
    /// Rows once the orientation is applied.
    package let height: Int
    /// EXIF's tag 274, 1 to 8; 1 when absent or invalid.
    package let orientation: Int

    init(format: ImageFormat, storedWidth: Int, storedHeight: Int, orientation: Orientation) {
        self.format = format
        self.orientation = orientation.rawValue
        width = orientation.swapsSides ? storedHeight : storedWidth
        height = orientation.swapsSides ? storedWidth : storedHeight
    }

    var turn: Orientation { Orientation(rawValue: orientation) ?? .upright }
    var storedWidth: Int { turn.swapsSides ? height : width }
    var storedHeight: Int { turn.swapsSides ? width : height }
}
