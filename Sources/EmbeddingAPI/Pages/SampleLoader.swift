// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization

/// The sample catalog on offer, if there is one, and how far loading it is.
final class SampleLoader: Sendable {
    enum Phase: String, Sendable {
        case none, offered, loading, loaded, failed
    }

    struct Status: Sendable {
        var phase = Phase.none
        var collection = ""
        var title = ""
        var items = 0
        var done = 0
        /// Images that could not be embedded.
        var failed = 0
        /// Why loading ended early.
        var message: String?
    }

    private struct State {
        var sample: SampleCatalog?
        var status = Status()
    }

    private let state = Mutex(State())
    /// Loading waits for the model and the disk, so it has a thread of its own.
    let queue = DispatchQueue(label: "facet.sample", qos: .utility)

    var status: Status { state.withLock { $0.status } }

    func offer(_ sample: SampleCatalog) {
        state.withLock { state in
            state.sample = sample
            state.status = Status(
                phase: .offered, collection: sample.collection, title: sample.title,
                items: sample.entries.count)
        }
    }

    /// The sample, if it is there to be loaded and nobody loads it yet.
    func begin() -> SampleCatalog? {
        state.withLock { state in
            guard let sample = state.sample, state.status.phase != .loading else { return nil }
            (state.status.phase, state.status.done, state.status.failed) = (.loading, 0, 0)
            state.status.message = nil
            return sample
        }
    }

    func advance(done: Int, failed: Int) {
        state.withLock { state in
            state.status.done += done
            state.status.failed += failed
        }
    }

    func end(_ message: String?) {
        state.withLock { state in
            state.status.phase = message == nil ? .loaded : .failed
            state.status.message = message
        }
    }
}
