// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
package import Vectors

/// The embeddings of the uploads met last, in memory before an ``EmbeddingKeeper``, which reads a disk or asks a server.
///
/// It takes no time worth mentioning, so an event loop may ask it. Nothing here needs to be invalidated: vectors depend on
/// nothing but what a question names. Two generations of at most half the bound: what is asked for moves to the younger
/// one, and when that is full the older one goes. Any thread.
package final class RecentEmbeddings: Sendable {
    /// An upload, and everything else that its embeddings depend on.
    package struct Question: Hashable, Sendable {
        private let content: ContentTag
        private let checkpoint: ContentDigest
        private let preprocessing: String

        /// `preprocessing` as an ``EmbeddingKey`` has it.
        package init(content: ContentTag, checkpoint: ContentDigest, preprocessing: String) {
            (self.content, self.checkpoint, self.preprocessing) = (content, checkpoint, preprocessing)
        }
    }

    /// What is known of an upload.
    package struct Answer: Sendable {
        /// SHA-256 of its bytes.
        package let digest: ContentDigest
        package let embeddings: [Embedding]

        package init(digest: ContentDigest, embeddings: [Embedding]) {
            (self.digest, self.embeddings) = (digest, embeddings)
        }
    }

    private struct State {
        var young: [Question: Answer] = [:]
        var old: [Question: Answer] = [:]
        var youngBytes = 0
        /// Bytes of a generation: half the bound that was given last.
        var most = 0
    }

    private let maker = ContentTagMaker()
    private let state = Mutex(State())
    /// Bytes of an entry beside its vectors, about.
    private static let overhead = 400

    package init() {}

    /// The question for an upload; reads all its bytes once, about 10 GB/s.
    package func question(_ bytes: [UInt8], checkpoint: ContentDigest, preprocessing: String) -> Question {
        Question(content: maker.tag(of: bytes), checkpoint: checkpoint, preprocessing: preprocessing)
    }

    /// The embeddings of all `spaces`, in that order; nil unless every one is here.
    package func find(_ question: Question, spaces: [SpaceName]) -> Answer? {
        let known = state.withLock { state -> Answer? in
            if let answer = state.young[question] { return answer }
            guard let answer = state.old.removeValue(forKey: question) else { return nil }
            Self.put(answer, question, &state)
            return answer
        }
        return known.flatMap { known in
            known.embeddings.select(spaces).map { Answer(digest: known.digest, embeddings: $0) }
        }
    }

    /// Keeps embeddings beside those of other spaces, within `bound` bytes for all.
    package func keep(_ answer: Answer, for question: Question, bound: Int) {
        state.withLock { state in
            let known = state.young.removeValue(forKey: question)
            if let known { state.youngBytes -= Self.bytes(of: known) }
            let earlier = known?.embeddings ?? state.old.removeValue(forKey: question)?.embeddings ?? []
            let merged = Answer(digest: answer.digest, embeddings: answer.embeddings.merged(over: earlier))
            state.most = bound / 2
            if Self.bytes(of: merged) <= state.most { Self.put(merged, question, &state) }
        }
    }

    /// Into the younger generation; where that is full, it becomes the older one, and what was that goes.
    private static func put(_ answer: Answer, _ question: Question, _ state: inout State) {
        let bytes = bytes(of: answer)
        if state.youngBytes + bytes > state.most {
            (state.old, state.young, state.youngBytes) = (state.young, [:], 0)
        }
        state.young[question] = answer
        state.youngBytes += bytes
    }

    private static func bytes(of answer: Answer) -> Int { EmbeddingCoding.bytes(of: answer.embeddings) + overhead }
}
