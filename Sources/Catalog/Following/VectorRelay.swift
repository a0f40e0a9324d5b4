// SPDX-License-Identifier: Apache-2.0

private import Dispatch
internal import Synchronization

/// Some rows of a collection with their vectors as floats, one after the other; used over and over.
struct VectorSlice: Sendable {
    var rows: [Int64] = []
    var floats: [Float]
    /// Components of one vector.
    let components: Int

    init(rows: Int, components: Int) {
        self.rows.reserveCapacity(rows)
        self.components = components
        floats = [Float](repeating: 0, count: rows * components)
    }

    /// Adds a row; there must be room.
    mutating func append(_ row: Int64, _ vector: UnsafeRawBufferPointer, as element: VectorElement) {
        let start = rows.count * components
        floats.withUnsafeMutableBufferPointer { floats in
            let place = UnsafeMutableBufferPointer(rebasing: floats[start..<start + components])
            VectorCoding.decode(vector, as: element, into: place)
        }
        rows.append(row)
    }
}

/// Slices on their way from one thread that reads them to another that uses them; a few are under way at a time.
final class VectorRelay: Sendable {
    private struct State {
        var free: [VectorSlice]
        var ready: [VectorSlice] = []
        var end: Result<Int, CatalogError>?
        var isStopped = false
    }

    private let state: Mutex<State>
    private let places = DispatchSemaphore(value: 0)
    private let events = DispatchSemaphore(value: 0)

    init(slices: Int, rows: Int, components: Int) {
        state = Mutex(State(free: (0..<slices).map { _ in VectorSlice(rows: rows, components: components) }))
        // Counted up from 0: libdispatch traps when a semaphore is let go below the value it was made with.
        for _ in 0..<slices { places.signal() }
    }

    // MARK: The reader's side

    /// An empty slice, when there is one; nil once nobody wants more.
    func take() -> VectorSlice? {
        places.wait()
        return state.withLock { state in state.isStopped ? nil : state.free.popLast() }
    }

    func send(_ slice: VectorSlice) {
        state.withLock { $0.ready.append(slice) }
        events.signal()
    }

    /// Says how many rows there were, or why there are no more.
    func finish(_ end: Result<Int, CatalogError>) {
        state.withLock { $0.end = end }
        events.signal()
    }

    // MARK: The user's side

    /// The next slice, in the reader's order; nil at the end, where ``end`` is known.
    func next() -> VectorSlice? {
        events.wait()
        return state.withLock { $0.ready.isEmpty ? nil : $0.ready.removeFirst() }
    }

    func giveBack(_ slice: VectorSlice) {
        var slice = slice
        slice.rows.removeAll(keepingCapacity: true)
        state.withLock { $0.free.append(slice) }
        places.signal()
    }

    var end: Result<Int, CatalogError>? { state.withLock { $0.end } }

    /// Ends the reader and waits until it has ended.
    func stop() {
        state.withLock { $0.isStopped = true }
        places.signal()
        while end == nil { events.wait() }
    }
}
