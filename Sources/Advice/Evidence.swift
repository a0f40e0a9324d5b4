// SPDX-License-Identifier: Apache-2.0

internal import Statistics

/// Examples of what is alike for a task, as comparisons: two similarities of which the first should be greater.
///
/// Spaces are numbered. Each comparison belongs to an example, its anchor, so that examples can be held out.
protocol Evidence: Sendable {
    /// Examples.
    var count: Int { get }
    var spaces: Int { get }
    /// The examples' classes, to be spread evenly when examples are held out.
    var classes: [Int] { get }

    /// The share of an anchor's comparisons with the examples `others` that `weights` get right; ties count half.
    ///
    /// Nil when `others` gives it nothing to compare.
    func share(_ weights: [Double], anchor: Int, others: [Int]) -> Double?

    /// By how much each space finds the right one of two more alike, for up to `most` comparisons of every member.
    func differences(among members: [Int], most: Int, seed: UInt64) -> [[Double]]
}

/// Labelled items: an item with one of its kind and one of another is a comparison.
///
/// Cosines are kept for every pair of items of every space.
struct LabelledItems: Evidence {
    let count: Int
    let spaces: Int
    let classes: [Int]
    /// spaces x items x items cosines.
    private let cosines: [Float]

    /// The comparisons among labelled items.
    ///
    /// `vectors` are spaces x items vectors of unit length, all of a space equally long. Costs items^2 x dimensions.
    init(vectors: [[[Float]]], labels: [Int]) {
        spaces = vectors.count
        count = labels.count
        classes = labels
        precondition(vectors.allSatisfy { $0.count == labels.count }, "vectors for other than \(labels.count) items")
        var cosines = [Float](repeating: 0, count: vectors.count * labels.count * labels.count)
        for (space, rows) in vectors.enumerated() {
            Self.fill(&cosines, from: space * labels.count * labels.count, rows)
        }
        self.cosines = cosines
    }

    private static func fill(_ cosines: inout [Float], from start: Int, _ rows: [[Float]]) {
        let count = rows.count
        cosines.withUnsafeMutableBufferPointer { target in
            for i in 0..<count {
                rows[i].withUnsafeBufferPointer { a in
                    for j in 0..<i {
                        let value = rows[j].withUnsafeBufferPointer { b in dot(a, b) }
                        target[start + i * count + j] = value
                        target[start + j * count + i] = value
                    }
                }
            }
        }
    }

    private static func dot(_ a: UnsafeBufferPointer<Float>, _ b: UnsafeBufferPointer<Float>) -> Float {
        var parts = SIMD8<Float>(repeating: 0)
        let whole = a.count / 8 * 8
        for i in stride(from: 0, to: whole, by: 8) {
            for lane in 0..<8 { parts[lane] += a[i + lane] * b[i + lane] }
        }
        var sum = parts.sum()
        for i in whole..<a.count { sum += a[i] * b[i] }
        return sum
    }

    /// The cosine of two items in a space.
    func cosine(_ space: Int, _ i: Int, _ j: Int) -> Double {
        Double(cosines[(space * count + i) * count + j])
    }

    /// For every item, the sum of weight times cosine over the spaces.
    private func similarities(_ weights: [Double], of anchor: Int) -> [Double] {
        [Double](unsafeUninitializedCapacity: count) { sums, initialized in
            sums.initialize(repeating: 0)
            cosines.withUnsafeBufferPointer { cosines in
                for space in 0..<spaces where weights[space] != 0 {
                    let start = (space * count + anchor) * count
                    for item in 0..<count { sums[item] += weights[space] * Double(cosines[start + item]) }
                }
            }
            initialized = count
        }
    }

    func share(_ weights: [Double], anchor: Int, others: [Int]) -> Double? {
        let row = similarities(weights, of: anchor)
        var (same, different): ([Double], [Double]) = ([], [])
        for other in others where other != anchor {
            if classes[other] == classes[anchor] { same.append(row[other]) } else { different.append(row[other]) }
        }
        return RankedShare.of(same, above: different)
    }

    func differences(among members: [Int], most: Int, seed: UInt64) -> [[Double]] {
        var stream = SeededStream(seed: seed, 0xAD)
        var rows: [[Double]] = []
        for anchor in members {
            let same = members.filter { $0 != anchor && classes[$0] == classes[anchor] }
            let different = members.filter { classes[$0] != classes[anchor] }
            guard !same.isEmpty, !different.isEmpty else { continue }
            for _ in 0..<min(most, same.count * different.count) {
                let near = same[stream.index(below: same.count)]
                let far = different[stream.index(below: different.count)]
                rows.append((0..<spaces).map { cosine($0, anchor, near) - cosine($0, anchor, far) })
            }
        }
        return rows
    }
}

/// Pairs of items that are the same for the task or not: each pair of one kind with one of the other is a comparison.
struct JudgedPairs: Evidence {
    /// A cosine a space, a row a pair.
    let cosines: [[Double]]
    /// 1 for pairs that are the same.
    let classes: [Int]
    let spaces: Int

    var count: Int { cosines.count }

    init(cosines: [[Double]], isSame: [Bool], spaces: Int) {
        precondition(cosines.count == isSame.count, "\(cosines.count) pairs, \(isSame.count) judgements")
        self.cosines = cosines
        self.spaces = spaces
        classes = isSame.map { $0 ? 1 : 0 }
    }

    func share(_ weights: [Double], anchor: Int, others: [Int]) -> Double? {
        let own = similarity(weights, anchor)
        let rivals = others.filter { classes[$0] != classes[anchor] }.map { similarity(weights, $0) }
        return classes[anchor] == 1
            ? RankedShare.of([own], above: rivals) : RankedShare.of(rivals, above: [own])
    }

    func differences(among members: [Int], most: Int, seed: UInt64) -> [[Double]] {
        var stream = SeededStream(seed: seed, 0xAE)
        let (same, different) = (members.filter { classes[$0] == 1 }, members.filter { classes[$0] == 0 })
        guard !same.isEmpty, !different.isEmpty else { return [] }
        return members.flatMap { member in
            (0..<min(most, same.count * different.count)).map { _ in
                let near = classes[member] == 1 ? member : same[stream.index(below: same.count)]
                let far = classes[member] == 0 ? member : different[stream.index(below: different.count)]
                return zip(cosines[near], cosines[far]).map(-)
            }
        }
    }

    private func similarity(_ weights: [Double], _ pair: Int) -> Double {
        zip(weights, cosines[pair]).reduce(0) { $0 + $1.0 * $1.1 }
    }
}

/// How often numbers of one list exceed those of another.
enum RankedShare {
    /// The share of pairs whose first number is the greater; ties count half, and either list empty gives nil.
    static func of(_ upper: [Double], above lower: [Double]) -> Double? {
        guard !upper.isEmpty, !lower.isEmpty else { return nil }
        let sorted = lower.sorted()
        let right = upper.reduce(0.0) { sum, value in
            let below = firstIndex(in: sorted) { $0 >= value }
            let upTo = firstIndex(in: sorted) { $0 > value }
            return sum + Double(below) + Double(upTo - below) / 2
        }
        return right / Double(upper.count * sorted.count)
    }

    /// The first place of an ascending list where `test` is true; its length when it never is.
    private static func firstIndex(in values: [Double], _ test: (Double) -> Bool) -> Int {
        var (low, high) = (0, values.count)
        while low < high {
            let middle = (low + high) / 2
            if test(values[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
