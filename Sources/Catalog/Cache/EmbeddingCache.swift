// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
package import Vectors

/// Embeddings of uploads seen before, in the catalog's file, bounded in bytes; the longest unused go first.
///
/// One entry holds an image's vectors by space; spaces asked for later are added to it. A new value waits in memory,
/// where it is found at once, and is written with others within half a second; uses are remembered in memory and
/// written along, or when there are 4,096. So a hit never writes, and a crash loses at most the last half second of what
/// can be computed again.
/// A damaged row is a miss and is dropped. Any thread.
///
///     if let known = store.cache.find(key, spaces: spaces) { return known }
///     store.cache.keep(embeddings, for: key)
package final class EmbeddingCache: Sendable {
    /// What the cache did since the store was opened, and how large it is.
    package struct Counts: Sendable, Equatable {
        /// Lookups that found every space asked for.
        package var hits = 0
        /// Lookups that did not find every space asked for.
        package var misses = 0
        /// Images dropped for the bound on bytes.
        package var evictions = 0
        /// Lookups that met a row whose check disagreed.
        package var damagedRows = 0
        /// Images in the file.
        package var entries = 0
        /// Bytes of their values, without those that wait.
        package var bytes = 0

        package init() {}
    }

    private struct Waiting {
        var embeddings: [Embedding]
        /// Tells a value from a later one of the same key.
        let generation: Int
    }

    private struct State {
        var waiting: [EmbeddingKey: Waiting] = [:]
        var waitingBytes = 0
        var generation = 0
        var touched: Set<EmbeddingKey> = []
        var damaged: Set<EmbeddingKey> = []
        var isScheduled = false
        var mark: Int64
        var counts = Counts()
    }

    /// What one write takes along; the values stay in the state until they are in the file.
    private struct Batch: Sendable {
        let values: [EmbeddingKey: Waiting]
        let touched: Set<EmbeddingKey>
        let damaged: Set<EmbeddingKey>
        let mark: Int64
        let bytes: Int

        var isEmpty: Bool { values.isEmpty && touched.isEmpty && damaged.isEmpty }
    }

    private static let delay = 0.5
    private static let mostWaitingBytes = 16 << 20
    private static let mostTouched = 4_096

    private let writer: Writer
    private let readers: ReaderPool
    package let limit: Int
    private let state: Mutex<State>

    init(writer: Writer, readers: ReaderPool, limit: Int, state found: EmbeddingRows.State) {
        self.writer = writer
        self.readers = readers
        self.limit = limit
        var state = State(mark: found.mark)
        state.counts.bytes = found.size.bytes
        state.counts.entries = found.size.entries
        self.state = Mutex(state)
    }

    /// What the cache did so far; cheap.
    package var counts: Counts { state.withLock { $0.counts } }

    /// The embeddings of all `spaces`, in that order; nil, and a miss, unless every one is there.
    ///
    /// Reads one row. A store that cannot be read counts as empty; with a limit of 0 bytes nothing is counted.
    package func find(_ key: EmbeddingKey, spaces: [SpaceName]) -> [Embedding]? {
        guard limit > 0 else { return nil }
        let waiting = state.withLock { $0.waiting[key]?.embeddings } ?? []
        if let found = waiting.select(spaces) { return countHit(found, of: key) }
        let read = try? readers.read { (connection) throws(CatalogError) in
            try EmbeddingRows.find(key.bytes, on: connection)
        }
        switch read ?? .none {
        case .none: return countMiss(of: key, isDamaged: false)
        case .damaged: return countMiss(of: key, isDamaged: true)
        case .value(let bytes):
            guard let stored = EmbeddingCoding.decode(bytes) else { return countMiss(of: key, isDamaged: true) }
            guard let found = (waiting + stored).select(spaces) else {
                return countMiss(of: key, isDamaged: false)
            }
            return countHit(found, of: key)
        }
    }

    private func countHit(_ found: [Embedding], of key: EmbeddingKey) -> [Embedding] {
        noteUse(of: key)
        return found
    }

    /// Counts a hit that was answered without asking, and notes the use; returns at once.
    package func noteUse(of key: EmbeddingKey) {
        let isFull = state.withLock { state in
            state.counts.hits += 1
            if state.touched.count < Self.mostTouched { state.touched.insert(key) }
            return state.touched.count == Self.mostTouched
        }
        if isFull { schedule() }
    }

    private func countMiss(of key: EmbeddingKey, isDamaged: Bool) -> [Embedding]? {
        state.withLock { state in
            state.counts.misses += 1
            guard isDamaged else { return }
            state.counts.damagedRows += 1
            state.damaged.insert(key)
        }
        if isDamaged { schedule() }
        return nil
    }

    /// Keeps embeddings beside those of other spaces; returns at once.
    ///
    /// A value larger than the whole cache, or beyond 16 MiB that wait for the disk, is not kept.
    package func keep(_ embeddings: [Embedding], for key: EmbeddingKey) {
        guard limit > 0, EmbeddingCoding.bytes(of: embeddings) <= limit else { return }
        state.withLock { state in
            let known = state.waiting[key]?.embeddings ?? []
            let merged = embeddings.merged(over: known)
            let growth = EmbeddingCoding.bytes(of: merged) - (known.isEmpty ? 0 : EmbeddingCoding.bytes(of: known))
            guard state.waitingBytes + growth <= Self.mostWaitingBytes else { return }
            state.generation += 1
            state.waiting[key] = Waiting(embeddings: merged, generation: state.generation)
            state.waitingBytes += growth
        }
        schedule()
    }
}

// MARK: - Writing

extension EmbeddingCache {
    private func schedule() {
        let start = state.withLock { state in
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if start { writer.later(after: Self.delay) { [weak self] in self?.submit() } }
    }

    /// Writes what waits, and waits until it is on disk.
    package func flush() throws(CatalogError) {
        let batch = take()
        guard !batch.isEmpty else { return }
        let change = try writer.perform(bytes: batch.bytes) { [self] (scope) throws(CatalogError) in
            try write(batch, scope)
        }
        finish(batch, change)
    }

    /// Writes what waits before the writer closes, if that can be done.
    func flushForClosing() { try? flush() }

    private func submit() {
        let batch = take()
        guard !batch.isEmpty else { return }
        let job = WriteJob(bytes: batch.bytes) { [self] (scope) throws(CatalogError) -> EmbeddingRows.Change in
            try write(batch, scope)
        } completion: { [self] result in
            finish(batch, try? result.get())
        }
        writer.submit(job)
    }

    private func take() -> Batch {
        state.withLock { state in
            state.mark += 1
            state.isScheduled = false
            defer {
                state.touched = []
                state.damaged = []
            }
            return Batch(
                values: state.waiting, touched: state.touched, damaged: state.damaged, mark: state.mark,
                bytes: state.waitingBytes + 1_000)
        }
    }

    /// Forgets the values that are now in the file, or, without a change, that the store refused.
    private func finish(_ batch: Batch, _ change: EmbeddingRows.Change?) {
        state.withLock { state in
            for (key, value) in batch.values where state.waiting[key]?.generation == value.generation {
                state.waiting[key] = nil
                state.waitingBytes -= EmbeddingCoding.bytes(of: value.embeddings)
            }
            guard let change else { return }
            state.counts.bytes += change.growth.bytes
            state.counts.entries += change.growth.entries
            state.counts.evictions += change.evictions
        }
    }

    /// One transaction: drops damaged rows, notes uses, puts values, evicts; returns what that did to the table.
    private func write(_ batch: Batch, _ scope: WriteScope) throws(CatalogError) -> EmbeddingRows.Change {
        let connection = scope.connection
        var change = EmbeddingRows.Change()
        for key in batch.damaged { change.growth -= try EmbeddingRows.delete(key.bytes, on: connection) }
        for key in batch.touched { try EmbeddingRows.touch(key.bytes, mark: batch.mark, on: connection) }
        for (key, value) in batch.values {
            let stored = try EmbeddingRows.find(key.bytes, on: connection)
            let known =
                if case .value(let bytes) = stored { EmbeddingCoding.decode(bytes) ?? [] } else { [Embedding]() }
            let merged = EmbeddingCoding.encode(value.embeddings.merged(over: known))
            change.growth += try EmbeddingRows.put(merged, key: key.bytes, mark: batch.mark, on: connection)
        }
        let bytes = counts.bytes + change.growth.bytes
        guard bytes > limit else { return change }
        // A tenth more than needed, so that not every write evicts.
        let gone = try EmbeddingRows.evict(bytes - limit + limit / 10, on: connection)
        change.growth -= gone
        change.evictions = gone.entries
        scope.reportFreedPages()
        return change
    }
}
