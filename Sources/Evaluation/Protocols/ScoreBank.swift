// SPDX-License-Identifier: Apache-2.0

internal import Kernels
internal import Synchronization
internal import Tensors

/// Dot products of query rows with all rows of a bank, block by block.
///
/// The bank is packed as the weights of a fully connected layer, so the products run at the speed of the network's
/// convolutions. All results have the same bits on any number of threads.
struct ScoreBank: Sendable {
    let count: Int
    let dimensions: Int
    private let operand: TrainableConvolution

    /// Scores that are held at a time: 16 MiB.
    private static let blockFloats = 4 << 20

    /// Packs the rows of `table`, which must have some.
    init(_ table: FeatureTable, pool: ComputePool?) {
        count = table.count
        dimensions = table.dimensions
        let geometry = ConvolutionGeometry(inputChannels: dimensions, outputChannels: count, kernel: 1)
        operand = TrainableConvolution(geometry, carriesGradient: false)
        operand.pack(table.pointer(row: 0), pool: pool)
    }

    /// What `body` makes of each query: it gets the query's row number and its products with the bank's rows.
    ///
    /// `body` runs on all threads of the pool and must not use the pool.
    func map<Result: Sendable>(
        _ queries: FeatureTable, pool: ComputePool?,
        _ body: @Sendable (Int, UnsafeBufferPointer<Float>) -> Result
    ) -> [Result] {
        precondition(queries.dimensions == dimensions, "queries of \(queries.dimensions), a bank of \(dimensions)")
        let block = min(256, max(8, Self.blockFloats / count))
        let scores = FloatStorage(count: min(block, queries.count) * count)
        let results = Mutex([Result?](repeating: nil, count: queries.count))
        for start in stride(from: 0, to: queries.count, by: block) {
            let rows = min(block, queries.count - start)
            score(queries, start, rows, into: scores, pool)
            ComputePool.run(on: pool, count: rows) { row in
                let own = UnsafeBufferPointer(rebasing: scores.buffer[row * count..<(row + 1) * count])
                let result = body(start + row, own)
                results.withLock { $0[start + row] = result }
            }
        }
        return results.withLock { $0.compactMap(\.self) }
    }

    private func score(
        _ queries: FeatureTable, _ start: Int, _ rows: Int, into scores: FloatStorage, _ pool: ComputePool?
    ) {
        guard let target = scores.buffer.baseAddress else { return }
        let map = MapShape(height: 1, width: 1, channels: dimensions)
        operand.forward(images: rows, map: map, input: queries.pointer(row: start), output: target, pool: pool)
    }
}
