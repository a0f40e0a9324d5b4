// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// How the tiles of one Winograd convolution are cut into blocks that a thread computes from transform to transform.
struct TileBlocks: Sendable {
    /// Tiles of the whole batch.
    let tiles: Int
    let panels: Int
    /// Blocks of tiles.
    let count: Int
    private let points: Int
    private let inputChannels: Int
    private let panelWidth: Int
    /// Inputs take whole register tiles of this many Winograd tiles, or 1.
    private let rowsRoundedTo: Int
    private let threads: Int
    private let multiplyAdds: Int

    /// Tiles of a block: enough that the weights, which pass by once a block, arrive faster than they are used.
    private static let limit = 28
    /// Bytes of transformed inputs and products that stay in the L2 cache beside the weights that pass by.
    private static let cacheBytes = max(256 << 10, sysconf(Int32(_SC_LEVEL2_CACHE_SIZE)) / 8 * 5)
    /// Multiply-adds below which handing out a piece costs more than it saves: some 10 microseconds.
    private static let smallest = 1 << 18
    /// Floats of transformed inputs from which their transform is shared out.
    private static let smallestInputs = 1 << 16

    init(
        tiles: Int, points: Int, geometry: ConvolutionGeometry, panelWidth: Int, tileRows rows: Int, roundsUp: Bool,
        threads: Int
    ) {
        self.tiles = tiles
        self.points = points
        self.threads = threads
        inputChannels = geometry.inputChannels
        self.panelWidth = panelWidth
        rowsRoundedTo = roundsUp ? rows : 1
        panels = (geometry.outputChannels + panelWidth - 1) / panelWidth
        multiplyAdds = tiles * points * geometry.inputChannels * geometry.outputChannels
        let bytesPerTile = points * (inputChannels + panelWidth) * MemoryLayout<Float>.stride
        let largest = max(1, min(Self.limit, Self.cacheBytes / bytesPerTile) / rows) * rows
        let blocks = (tiles + largest - 1) / largest
        let wanted = (blocks + threads - 1) / threads * threads
        let size = max(1, (tiles + wanted - 1) / wanted)
        count = (tiles + size - 1) / size
        sharesInputs = threads > 1 && blocks < threads && panels >= threads
    }

    /// There are too few tiles for all threads, so they share the transformed inputs and divide the output channels.
    let sharesInputs: Bool

    var isWorthSharing: Bool { multiplyAdds >= 2 * Self.smallest }
    var inputsAreWorthSharing: Bool { inputFloats(tiles) >= 2 * Self.smallestInputs }

    /// The tiles of block `index`; sizes differ by at most one.
    subscript(index: Int) -> Range<Int> { index * tiles / count..<(index + 1) * tiles / count }

    func inputFloats(_ tiles: Int) -> Int {
        (tiles + rowsRoundedTo - 1) / rowsRoundedTo * rowsRoundedTo * points * inputChannels
    }

    func productFloats(_ tiles: Int) -> Int { tiles * points * panelWidth }
}
