// SPDX-License-Identifier: Apache-2.0

import Advice
import TestSupport

/// Items in three spaces, of which one or two know the label and the rest know something else.
struct PlantedTask {
    var vectors: [[[Float]]]
    var labels: [String]

    /// `signal[s]` is how much of the label space s shows: 0 nothing, 1 nearly all; below 0 it puts the same label apart.
    init(signal: [Float], perClass: Int, classes: Int = 3, seed: UInt64 = 1) {
        var random = SeededGenerator(seed: seed)
        func unit(_ values: [Float]) -> [Float] {
            let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return values.map { $0 / length }
        }
        func noise() -> [Float] { unit((0..<16).map { _ in Float.random(in: -1...1, using: &random) }) }
        labels = (0..<classes * perClass).map { "kind \($0 % classes)" }
        let labels = labels
        vectors = signal.map { strength in
            let centres = (0..<classes).map { _ in noise() }
            return labels.indices.map { item in
                let centre = centres[item % classes]
                return unit(zip(centre, noise()).map { strength * $0 + (1 - abs(strength)) * $1 })
            }
        }
    }

    static let spaces = [
        Adviser.Space(name: "invariant", sensitiveTo: []), Adviser.Space(name: "color", sensitiveTo: ["color"]),
        Adviser.Space(name: "rotation", sensitiveTo: ["rotation"]),
    ]

    func advice(seed: UInt64 = 0) throws(AdviceError) -> Advice {
        try Adviser(spaces: Self.spaces, seed: seed).advise(vectors: vectors, labels: labels)
    }
}
