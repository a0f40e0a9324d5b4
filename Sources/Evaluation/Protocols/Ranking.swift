// SPDX-License-Identifier: Apache-2.0

/// The rows of a bank in the order of their scores for one query, as groups of equal scores.
///
/// Equal scores have no order; every measure is its expectation over all orders, or treats the group as one. A collapsed
/// representation, which finds everything equally alike, thus gets what chance gives and not what the bank's order gives.
struct Ranking {
    private struct Level {
        var rows = 0
        var relevant = 0
    }

    private let levels: [Level]
    let relevant: Int

    /// Ranks rows by falling score; `isRelevant` tells for each row whether it is what the query looks for, nil leaves it
    /// out.
    init(_ scores: UnsafeBufferPointer<Float>, isRelevant: (Int) -> Bool?) {
        var keys: [UInt64] = []
        keys.reserveCapacity(scores.count)
        for row in 0..<scores.count {
            guard let wanted = isRelevant(row) else { continue }
            keys.append(UInt64(Self.falling(scores[row])) << 1 | (wanted ? 1 : 0))
        }
        keys.sort()
        var levels: [Level] = []
        var last: UInt64?
        for key in keys {
            if key >> 1 != last { levels.append(Level()) }
            last = key >> 1
            levels[levels.count - 1].rows += 1
            levels[levels.count - 1].relevant += Int(key & 1)
        }
        self.levels = levels
        relevant = levels.reduce(0) { $0 + $1.relevant }
    }

    /// Bits whose order as a number is the falling order of `score`; both zeros are one.
    private static func falling(_ score: Float) -> UInt32 {
        let bits = (score + 0).bitPattern
        return bits >> 31 == 1 ? bits : ~(bits | 1 << 31)
    }

    /// The mean of the precision at each relevant row; a group of equal scores is entered as a whole.
    ///
    /// 0 when nothing is relevant.
    var averagePrecision: Double {
        var (rows, found, sum) = (0, 0, 0.0)
        for level in levels {
            rows += level.rows
            found += level.relevant
            sum += Double(level.relevant) * Double(found) / Double(rows)
        }
        return relevant > 0 ? sum / Double(relevant) : 0
    }

    /// The probability that a relevant row is among the first `count`.
    func recall(at count: Int) -> Double {
        guard let (before, level) = firstHit, before < count else { return 0 }
        var missed = 1.0
        for slot in 0..<min(level.rows, count - before) {
            missed *= Double(max(0, level.rows - level.relevant - slot)) / Double(level.rows - slot)
        }
        return 1 - missed
    }

    /// The expected place of the first relevant row, from 1; nil when nothing is relevant.
    var firstRank: Double? {
        firstHit.map { before, level in Double(before) + Double(level.rows + 1) / Double(level.relevant + 1) }
    }

    /// The first level with a relevant row, and the rows before it.
    private var firstHit: (before: Int, level: Level)? {
        var before = 0
        for level in levels {
            if level.relevant > 0 { return (before, level) }
            before += level.rows
        }
        return nil
    }
}
