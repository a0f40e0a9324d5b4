// SPDX-License-Identifier: Apache-2.0

internal import Catalog

/// What a server's refusal means: the five characters of SQLSTATE (PostgreSQL manual, appendix A).
enum ServerState {
    /// The name of the statement that fails by a division where its collection is not there.
    static let existence = "exists"

    /// The error of a statement; `operation` is its name.
    static func error(_ state: String, operation: String) -> CatalogError {
        switch state {
        case "57014": .unavailable(.timedOut)
        case "25006": .unavailable(.standby)
        case "40001", "40P01", "55P03": .unavailable(.conflict)
        case "53300", "53400": .unavailable(.tooManyConnections)
        case "57P01", "57P02", "57P03": .unavailable(.starting)
        case "57P04", "57P05", "25P03", "25P04": .unavailable(.connectionLost)
        case "53100": .diskFull
        case "22012" where operation == existence: .noSuchCollection
        // An extension's or cluster's own wire errors come under the class of connections.
        case _ where state.hasPrefix("08"): .unavailable(.connectionLost)
        default: .serverRefused(operation: operation, state: state)
        }
    }

    /// Why no connection was made; libpq has only words for it.
    static func trouble(connecting message: String) -> StoreTrouble {
        let words = message.lowercased()
        if words.contains("too many clients") || words.contains("connection slots") { return .tooManyConnections }
        if words.contains("starting up") || words.contains("shutting down") || words.contains("recovery") {
            return .starting
        }
        if words.contains("read-only") || words.contains("hot standby") { return .standby }
        return .unreachable
    }

    /// Whether a connection is of no more use after that error.
    static func endsSession(_ error: CatalogError) -> Bool {
        switch error {
        case .unavailable(.conflict): false
        case .unavailable: true
        // A statement that the server no longer knows, or tables that were changed below it.
        case .serverRefused(_, "26000"), .serverRefused(_, "0A000"): true
        default: false
        }
    }
}
