// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// How much each space of a collection counts, as `--weights` says it: `color=1,invariant=-0.3`.
package struct SearchWeights: Equatable, Sendable {
    /// A weight for each of the spaces it was made for, in their order.
    package let values: [Double]

    /// Nil is 1 for every space; a space that is not named counts 0.
    ///
    /// Throws where `text` is no such list.
    package init(_ text: String?, spaces: [String]) throws {
        guard let text else {
            values = spaces.map { _ in 1 }
            return
        }
        var found: [String: Double] = [:]
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(maxSplits: 1, omittingEmptySubsequences: false) { $0 == "=" || $0 == ":" }
            let name = String(halves[0]).trimmed
            guard spaces.contains(where: { $0 == name }) else {
                let known = spaces.joined(separator: ", ")
                throw ValidationError("the collection has no space '\(name)'. Its spaces: \(known).")
            }
            guard halves.count == 2, let weight = Double(String(halves[1]).trimmed), weight.isFinite else {
                throw ValidationError("'\(part)' is no weight: write SPACE=NUMBER, such as \(name)=1 or \(name)=-0.3.")
            }
            guard found.updateValue(weight, forKey: name) == nil else {
                throw ValidationError("--weights names '\(name)' twice; give it one weight.")
            }
        }
        guard found.values.contains(where: { $0 != 0 }) else {
            throw ValidationError("every weight is 0, so nothing counts; give one space another, such as color=1.")
        }
        values = spaces.map { found[$0] ?? 0 }
    }

    /// sum w cos / sum |w|, over the spaces in order.
    func score(_ cosines: [Double]) -> Double {
        let total = values.reduce(0) { $0 + abs($1) }
        return zip(values, cosines).reduce(0) { $0 + $1.0 * $1.1 } / total
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
