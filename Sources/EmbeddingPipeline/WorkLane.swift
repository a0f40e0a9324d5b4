// SPDX-License-Identifier: Apache-2.0

private import Dispatch
private import Synchronization
internal import Telemetry

/// First-in-first-out jobs on at most `width` threads of their own; idle lanes hold no thread.
///
/// Jobs may block and compute: they never run on Swift's cooperative pool. Each lane is a serial queue, since concurrent
/// ones share as many threads as there are cores with all others: a long row of pictures to decode would keep answers,
/// metrics and signals waiting.
final class WorkLane: Sendable {
    private typealias Job = @Sendable () -> Void

    private struct State {
        var waiting: [Job] = []
        /// Lanes that have no work.
        var idle: [Int]
        /// When each lane's job began; nil where none runs.
        var begun: [Duration?]
    }

    private let lanes: [DispatchQueue]
    private let ticker: any Ticker
    private let state: Mutex<State>

    init(name: String, width: Int, ticker: any Ticker) {
        lanes = (0..<max(1, width)).map { DispatchQueue(label: "\(name).\($0)", qos: .userInitiated) }
        self.ticker = ticker
        state = Mutex(State(idle: Array(lanes.indices), begun: Array(repeating: nil, count: lanes.count)))
    }

    /// How long the job that began first has been running; zero when none runs.
    var longestRun: Duration {
        let first = state.withLock { $0.begun.compactMap(\.self).min() }
        return first.map { ticker.now - $0 } ?? .zero
    }

    func submit(_ job: @escaping @Sendable () -> Void) {
        let lane = state.withLock { state -> Int? in
            state.waiting.append(job)
            return state.idle.popLast()
        }
        if let lane { lanes[lane].async { self.drain(lane) } }
    }

    private func drain(_ lane: Int) {
        while let job = next(lane) { job() }
    }

    private func next(_ lane: Int) -> Job? {
        let now = ticker.now
        return state.withLock { state in
            state.begun[lane] = state.waiting.isEmpty ? nil : now
            guard !state.waiting.isEmpty else {
                state.idle.append(lane)
                return nil
            }
            return state.waiting.removeFirst()
        }
    }
}
