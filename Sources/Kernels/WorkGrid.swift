// SPDX-License-Identifier: Apache-2.0

/// How one convolution is cut into independent pieces: blocks of output pixels times groups of weight panels.
///
/// A group's panels stay in the L2 cache while the pixels of a block pass by. A piece is at least ``smallest``
/// multiply-adds, so that handing it to a thread costs little beside it.
struct WorkGrid: Sendable {
    private let pixels: Int
    private let panels: Int
    private let blockPixels: Int
    private let groupPanels: Int
    private let blocks: Int
    let count: Int
    /// Panels from one that a thread computes to the one in its next piece.
    var panelsAhead: Int { groupPanels }

    /// Bytes of weights kept in L2 by one group.
    static let groupBytes = 256 << 10
    /// Multiply-adds below which a piece is not cut further: about 3 microseconds.
    static let smallest = 1 << 18

    init(pixels: Int, panels: Int, tileRows: Int, panelBytes: Int, work: Int, threads: Int) {
        self.pixels = pixels
        self.panels = panels
        let groupLimit = max(1, min(panels, Self.groupBytes / max(1, panelBytes)))
        let groups = (panels + groupLimit - 1) / groupLimit
        groupPanels = (panels + groups - 1) / groups
        let groupCount = (panels + groupPanels - 1) / groupPanels
        let wanted = threads == 1 ? 1 : max(1, min(threads * 4, work / Self.smallest))
        let blocksWanted = max(1, (wanted + groupCount - 1) / groupCount)
        let tiles = (pixels + tileRows - 1) / tileRows
        let tilesPerBlock = max(1, (tiles + blocksWanted - 1) / blocksWanted)
        blockPixels = tilesPerBlock * tileRows
        blocks = max(1, (pixels + blockPixels - 1) / blockPixels)
        count = blocks * groupCount
    }

    /// The pixels and panels of one piece; all pieces together cover every pair once.
    subscript(item: Int) -> (pixels: Range<Int>, panels: Range<Int>) {
        let block = item % blocks
        let group = item / blocks
        let firstPixel = block * blockPixels
        let firstPanel = group * groupPanels
        return (
            firstPixel..<min(pixels, firstPixel + blockPixels), firstPanel..<min(panels, firstPanel + groupPanels)
        )
    }
}
