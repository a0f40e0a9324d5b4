// SPDX-License-Identifier: Apache-2.0

/// Why a protocol cannot be run on the tables it was given; every message says what is missing.
package enum ProtocolError: Error, Equatable, CustomStringConvertible {
    /// A feature is infinite or not a number: the network that made it is broken.
    case notFinite(row: Int, column: Int)
    /// A table that must have rows has none; `role` is train, test, bank or queries.
    case noRows(role: String)
    /// Nothing to tell apart.
    case tooFewClasses(found: Int, needed: Int)
    /// No query has a row of its label in the bank.
    case nothingToFind

    package var description: String {
        switch self {
        case .notFinite(let row, let column): "feature \(column) of row \(row) is not a finite number"
        case .noRows(let role): "the \(role) table has no rows"
        case .tooFewClasses(let found, let needed): "\(found) classes have enough images; \(needed) are needed"
        case .nothingToFind: "no query has a row of its own label in the bank"
        }
    }
}
