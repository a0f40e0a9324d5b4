// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Testing

@Suite("Random streams")
struct RandomStreamTests {
    @Test("A stream is the same for ever: runs of an older version must go on")
    func pinned() {
        // From an implementation in another language.
        var plain = RandomStream(seed: 0)
        #expect([plain.next(), plain.next()] == [0xfb54_05f7_bd79_c540, 0x780c_98e2_6cea_5883])
        var keyed = RandomStream(seed: 7, 1, 2)
        #expect([keyed.next(), keyed.next()] == [0x80a1_7cc2_c0c1_78e2, 0x232c_f09c_9af3_3421])
        var longer = RandomStream(seed: 7, 1, 2, 0)
        #expect([longer.next(), longer.next()] == [0x19aa_ca23_0a89_171e, 0x8780_01b1_fc57_3491])
    }

    @Test("Neighbouring keys, swapped keys and one key more give unrelated streams")
    func separation() {
        var seen: Set<UInt64> = []
        var bits = 0
        for seed in 0..<16 as Range<UInt64> {
            for key in 0..<64 as Range<UInt64> {
                var (one, two, three) = (
                    RandomStream(seed: seed, key), RandomStream(seed: seed, key, seed), RandomStream(seed: key, seed)
                )
                let numbers = [one.next(), two.next(), three.next()]
                bits += (numbers[0] ^ numbers[1]).nonzeroBitCount
                seen.formUnion(numbers)
            }
        }
        // (seed, key) and (key, seed) are the same stream for 16 x 16 pairs: each is counted twice.
        #expect(seen.count == 3 * 16 * 64 - 16 * 16)
        #expect(abs(Double(bits) / (16 * 64) - 32) < 0.5)
    }

    @Test("Uniform numbers lie in their range and fill it evenly")
    func uniform() {
        var stream = RandomStream(seed: 1)
        var counts = [Int](repeating: 0, count: 10)
        for _ in 0..<20_000 {
            let value = stream.uniform()
            #expect(value >= 0 && value < 1)
            counts[Int(value * 10)] += 1
        }
        for count in counts { #expect(abs(count - 2_000) < 180) }
        for _ in 0..<1_000 { #expect((-3.0...(-2)).contains(stream.uniform(-3...(-2)))) }
        #expect(stream.uniform(5...5) == 5)
        #expect(!(0..<1_000).contains { _ in stream.chance(0) })
        #expect((0..<1_000).allSatisfy { _ in stream.chance(1) })
    }

    @Test("Indices below a bound are equally likely, whatever the bound", arguments: [1, 2, 3, 7, 24])
    func indices(bound: Int) {
        var stream = RandomStream(seed: 2, UInt64(bound))
        var counts = [Int](repeating: 0, count: bound)
        for _ in 0..<1_000 * bound { counts[stream.index(below: bound)] += 1 }
        for count in counts { #expect(abs(count - 1_000) < 160) }
        #expect((0..<100).allSatisfy { _ in stream.index(below: .max) >= 0 })
    }

    @Test("Normal numbers have the moments of a normal distribution")
    func normal() {
        var stream = RandomStream(seed: 3)
        let count = 40_000
        let values = (0..<count).map { _ in stream.normal() }
        func moment(_ power: Int) -> Double {
            values.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } } / Double(count)
        }
        #expect(abs(moment(1)) < 0.02)
        #expect(abs(moment(2) - 1) < 0.03)
        #expect(abs(moment(3)) < 0.08)
        #expect(abs(moment(4) - 3) < 0.2)
        // Pairs are made together; they must not depend on each other.
        let products = stride(from: 0, to: count, by: 2).reduce(0) { $0 + values[$1] * values[$1 + 1] }
        #expect(abs(products / Double(count / 2)) < 0.03)
    }

    @Test("A permutation holds every index once, follows from its keys, and every order is as likely")
    func permutations() {
        for count in [0, 1, 2, 100] {
            let order = RandomStream.permutation(count: count, seed: 4, 1)
            #expect(order.sorted() == Array(0..<count))
            #expect(order == RandomStream.permutation(count: count, seed: 4, 1))
        }
        #expect(
            RandomStream.permutation(count: 100, seed: 4, 1) != RandomStream.permutation(count: 100, seed: 4, 2))
        var orders: [[Int]: Int] = [:]
        for key in 0..<6_000 as Range<UInt64> {
            orders[RandomStream.permutation(count: 3, seed: 5, key), default: 0] += 1
        }
        #expect(orders.count == 6)
        for count in orders.values { #expect(abs(count - 1_000) < 140) }
    }
}
