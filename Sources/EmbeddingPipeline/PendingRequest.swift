// SPDX-License-Identifier: Apache-2.0

private import Synchronization

/// A request under way: gathers the outcome of every image and answers once when all are there.
final class PendingRequest: Sendable {
    let request: EmbeddingRequest
    private let completion: @Sendable (EmbeddingAnswer) -> Void
    private let state: Mutex<State>

    private struct State {
        var outcomes: [Result<EmbeddedImage, EmbeddingFailure>?]
        var missing: Int
        var timing = EmbeddingTiming()
    }

    init(_ request: EmbeddingRequest, completion: @escaping @Sendable (EmbeddingAnswer) -> Void) {
        self.request = request
        self.completion = completion
        let count = request.images.count
        state = Mutex(State(outcomes: Array(repeating: nil, count: count), missing: count))
    }

    /// Adds time that one of the images took.
    func record(_ change: (inout EmbeddingTiming) -> Void) {
        state.withLock { change(&$0.timing) }
    }

    /// Records the outcome of one image; the last one of the request calls the completion.
    func finish(_ index: Int, _ outcome: Result<EmbeddedImage, EmbeddingFailure>) {
        let answer = state.withLock { state -> EmbeddingAnswer? in
            precondition(state.outcomes[index] == nil, "image \(index) was answered twice")
            state.outcomes[index] = outcome
            state.missing -= 1
            guard state.missing == 0 else { return nil }
            return EmbeddingAnswer(outcomes: state.outcomes.compactMap { $0 }, timing: state.timing)
        }
        if let answer { completion(answer) }
    }
}
