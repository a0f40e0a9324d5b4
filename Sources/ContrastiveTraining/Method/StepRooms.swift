// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Networks
internal import Synchronization
internal import Tensors

/// The projections of a step's keys: by key and space, one row an image of the batch.
///
/// Tasks write the rows of disjoint images.
struct KeyVectors: Sendable {
    let spaces: Int
    private let batch: Int
    private let dimensions: Int
    private let storage: FloatStorage

    init(spaces: Int, batch: Int, dimensions: Int) {
        self.spaces = spaces
        self.batch = batch
        self.dimensions = dimensions
        storage = FloatStorage(count: spaces * spaces * batch * dimensions)
    }

    /// The rows of one key in one space, from image `first` on.
    func rows(key: Int, space: Int, from first: Int) -> UnsafePointer<Float> {
        UnsafePointer(place(key, space) + first * dimensions)
    }

    /// Copies the rows of a group to the images they belong to.
    func scatter(_ rows: UnsafeMutableBufferPointer<Float>, key: Int, space: Int, to images: ArraySlice<Int>) {
        for (slot, image) in images.enumerated() {
            (place(key, space) + image * dimensions).update(
                from: rows.baseAddress! + slot * dimensions, count: dimensions)
        }
    }

    private func place(_ key: Int, _ space: Int) -> UnsafeMutablePointer<Float> {
        storage.buffer.baseAddress! + (key * spaces + space) * batch * dimensions
    }
}

/// Workspaces that tasks take and give back; made when there is none.
final class WorkspacePool: Sendable {
    private let encoder: Encoder
    private let images: Int
    private let free = Mutex<[Encoder.Workspace]>([])

    init(_ encoder: Encoder, images: Int) {
        self.encoder = encoder
        self.images = images
    }

    func take() -> Encoder.Workspace {
        free.withLock { $0.popLast() } ?? encoder.makeWorkspace(images: images)
    }

    func give(_ workspace: Encoder.Workspace) {
        free.withLock { $0.append(workspace) }
    }
}

/// What the tasks of one step report, added up in the order of the groups so that sums have the same bits every time.
final class Tallies: Sendable {
    private struct Content {
        var bySpace: [[SpaceLoss.Tally]]
        var rendering = 0.0
    }

    private let content: Mutex<Content>
    private let started = ProcessClock.now()

    init(spaces: Int) {
        content = Mutex(Content(bySpace: Array(repeating: [], count: spaces)))
    }

    func add(_ tally: SpaceLoss.Tally, space: Int, group: Int, groups: Int) {
        content.withLock { content in
            if content.bySpace[space].isEmpty {
                content.bySpace[space] = Array(repeating: .init(), count: groups)
            }
            content.bySpace[space][group] = tally
        }
    }

    /// Runs `body` and counts its time on this thread as rendering.
    func time(rendering: Bool, _ body: () -> Void) {
        let before = ProcessClock.thisThread()
        body()
        let spent = ProcessClock.thisThread() - before
        if rendering { content.withLock { $0.rendering += spent } }
    }

    func result(queries: Int) -> StepEngine.Result {
        content.withLock { content in
            let sums = content.bySpace.map { groups in groups.reduce(into: SpaceLoss.Tally()) { $0 += $1 } }
            return StepEngine.Result(
                losses: sums.map { $0.loss / Double(queries) },
                sameImageAccuracy: sums.map { Double($0.nearer) / Double(max(1, $0.pairs)) },
                queueAccuracy: sums.map { Double($0.found) / Double(queries) }, renderSeconds: content.rendering,
                taskSeconds: ProcessClock.now() - started)
        }
    }
}

/// Processor time in seconds.
enum ProcessClock {
    /// Of all threads of this process.
    static func now() -> Double { read(CLOCK_PROCESS_CPUTIME_ID) }
    /// Of the calling thread.
    static func thisThread() -> Double { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
