// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization

/// The maps that are known and those that are being made, one at a time, on a queue of their own.
///
/// A caller waits a little for a map that is not there; after that it is told how far the work is, or given the map of the
/// collection's last state. Any thread; nothing blocks.
final class MapBook: Sendable {
    /// Which map: a collection's number, and what was asked for.
    struct Key: Hashable, Sendable {
        let collection: Int64
        let call: MapCall
    }

    /// What a caller is told.
    typealias Answer = Result<MapLayout?, APIError>
    /// Makes a map, telling now and then how far it is.
    typealias Work = @Sendable (_ report: (MapLayout) -> Void) -> Result<MapLayout, APIError>

    private struct Entry {
        var finished: MapLayout?
        /// What is there of the map in the making; its progress is below 1.
        var partial: MapLayout?
        var isBusy = false
        var waiting: [Int: @Sendable (Answer) -> Void] = [:]
        var lastUse = 0
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var clock = 0

        mutating func tick() -> Int {
            clock += 1
            return clock
        }
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "facet.map", qos: .utility)
    private let timers = DispatchQueue(label: "facet.map.timers")
    /// Maps kept at most; the one unused for longest goes first.
    private let most: Int

    init(most: Int = 24) { self.most = most }

    /// Answers with the map for `version`; after `wait` with what there is: an older one, one in the making, or nil.
    func find(
        _ key: Key, version: MapVersion, wait: DispatchTimeInterval, work: @escaping Work,
        completion: @escaping @Sendable (Answer) -> Void
    ) {
        let (ready, ticket, isFirst) = state.withLock { state -> (MapLayout?, Int, Bool) in
            let ticket = state.tick()
            var entry = state.entries[key] ?? Entry()
            entry.lastUse = ticket
            defer { state.entries[key] = entry }
            if let finished = entry.finished, finished.version == version {
                return (finished, ticket, false)
            }
            entry.waiting[ticket] = completion
            defer { entry.isBusy = true }
            return (nil, ticket, !entry.isBusy)
        }
        if let ready { return completion(.success(ready)) }
        if isFirst { queue.async { [self] in make(key, work) } }
        timers.asyncAfter(deadline: .now() + wait) { [self] in giveUp(key, ticket) }
    }

    private func make(_ key: Key, _ work: Work) {
        let result = work { [self] partial in
            state.withLock { $0.entries[key]?.partial = partial }
        }
        let waiting = state.withLock { state -> [@Sendable (Answer) -> Void] in
            let entry = state.entries[key]
            var next = Entry()
            next.lastUse = entry?.lastUse ?? 0
            if case .success(let layout) = result { next.finished = layout }
            state.entries[key] = next.finished == nil ? nil : next
            evict(&state)
            return (entry?.waiting ?? [:]).sorted { $0.key < $1.key }.map(\.value)
        }
        for completion in waiting { completion(result.map { $0 }) }
    }

    /// The time is over: the caller gets what there is.
    private func giveUp(_ key: Key, _ ticket: Int) {
        let answer = state.withLock { state -> (@Sendable (Answer) -> Void, MapLayout?)? in
            guard let completion = state.entries[key]?.waiting.removeValue(forKey: ticket) else {
                return nil
            }
            return (completion, state.entries[key]?.finished ?? state.entries[key]?.partial)
        }
        if let (completion, layout) = answer { completion(.success(layout)) }
    }

    private func evict(_ state: inout State) {
        while state.entries.count > most {
            let idle = state.entries.filter { !$0.value.isBusy }.min {
                $0.value.lastUse < $1.value.lastUse
            }
            guard let idle else { return }
            state.entries[idle.key] = nil
        }
    }
}
