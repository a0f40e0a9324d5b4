// SPDX-License-Identifier: Apache-2.0

/// One answered request, for a log: nothing of what was sent but the names it was given.
package struct AnswerRecord: Sendable {
    /// The request's id, the caller's own where it sent a well-formed one.
    package let id: String
    /// A known method, or `OTHER`: what a client makes up does not go into a log.
    package let method: String
    /// The route's pattern, never the target.
    package let route: String
    package let status: Int
    /// From the complete head to the finished answer, in seconds.
    package let seconds: Double
    /// Of the answer's body.
    package let bytes: Int
    /// The trace and span that a valid `traceparent` named (W3C Trace Context).
    package let trace: String?
    package let parent: String?
}
