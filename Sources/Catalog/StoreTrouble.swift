// SPDX-License-Identifier: Apache-2.0

/// Why a store cannot be used at this moment; each passes without anybody changing anything in the call.
package enum StoreTrouble: String, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// No connection could be made.
    case unreachable
    /// The connection broke during the call. A write may have been made; making it again does no harm.
    case connectionLost = "connection_lost"
    /// The server answers and takes no writes: a standby before it takes over.
    case standby
    /// The server starts, stops or recovers.
    case starting
    /// The server has no connection left for us.
    case tooManyConnections = "too_many_connections"
    /// The server did not answer within the time for one call.
    case timedOut = "timed_out"
    /// Other writes were in the way, several times in a row.
    case conflict

    /// What is wrong, as a sentence.
    package var description: String {
        switch self {
        case .unreachable: "The catalog's database server cannot be reached."
        case .connectionLost: "The connection to the catalog's database server was lost."
        case .standby: "The catalog's database server is a standby that takes no writes yet."
        case .starting: "The catalog's database server is starting, stopping or recovering."
        case .tooManyConnections: "The catalog's database server has no connection left for this service."
        case .timedOut: "The catalog's database server did not answer in time."
        case .conflict: "Other writes to the catalog were in the way."
        }
    }
}
