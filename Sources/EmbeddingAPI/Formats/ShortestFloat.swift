// SPDX-License-Identifier: Apache-2.0
//
// The fewest decimal digits that read back as the same float, by the Schubfach algorithm: Raffaello Giulietti, "The
// Schubfach way to render doubles", 2020, for binary32. The rounding interval of a float is scaled by a power of ten so
// that it holds at most one multiple of ten and at least one whole number; which is found with three multiplications.

/// Writes floats as text: the text of `Float.description`, without making a string.
enum ShortestFloat {
    /// Bytes of the longest text, such as `-1.17549435e-38`.
    static let longest = 15

    /// Writes `value` at `out`, which has room for ``longest`` bytes, and returns how many it took; `null` when not finite.
    static func write(_ value: Float, to out: UnsafeMutablePointer<UInt8>) -> Int {
        guard value.isFinite else { return write("null", to: out) }
        if value == 0 { return write(value.sign == .minus ? "-0.0" : "0.0", to: out) }
        let sign = value.sign == .minus ? 1 : 0
        if sign == 1 { out.pointee = UInt8(ascii: "-") }
        let (digits, exponent) = decimal(value)
        let count = digitCount(digits)
        let point = exponent + count
        let start = out + sign
        if value.magnitude > 16_777_216 || point < -3 {
            return sign + scientific(digits, count, point, start)
        }
        return sign + plain(digits, count, point, start)
    }

    // MARK: Digits

    /// The shortest decimal of a finite, nonzero float as digits x 10^exponent, without zeros at its end.
    private static func decimal(_ value: Float) -> (digits: UInt32, exponent: Int) {
        let fraction = value.significandBitPattern
        let biased = Int(value.exponentBitPattern)
        let significand = biased == 0 ? fraction : fraction | 1 << 23
        let binary = max(biased, 1) - 150
        // Below a power of two the next float is half as far away.
        let isUneven = fraction == 0 && biased > 1
        let scale = (binary * 1_262_611 - (isUneven ? 524_031 : 0)) >> 22
        // 1 to 4 places: nothing is lost, and the products below stay under 2^32.
        let up = UInt32(truncatingIfNeeded: binary + (-scale * 1_741_647) >> 19 + 1)
        let power = powers[-scale - leastPower]
        let quarters = significand << 2
        // Of an odd float the ends of the interval belong to its neighbours.
        let open = significand & 1
        let low = scaled(power, (quarters &- (isUneven ? 1 : 2)) &<< up) &+ open
        let middle = scaled(power, quarters &<< up)
        let high = scaled(power, (quarters &+ 2) &<< up) &- open
        let (digits, exponent) = pick(low, middle, high, scale)
        return trimmed(digits, exponent)
    }

    /// The decimal from `low` to `high`, all in quarters, that is shortest, and of those the nearest to `middle`.
    private static func pick(
        _ low: UInt32, _ middle: UInt32, _ high: UInt32, _ scale: Int
    ) -> (digits: UInt32, exponent: Int) {
        let whole = middle >> 2
        if whole >= 10 {
            let tens = whole / 10
            let isBelow = low <= 40 * tens
            let isAbove = 40 * tens + 40 <= high
            if isBelow != isAbove { return (tens + (isAbove ? 1 : 0), scale + 1) }
        }
        let isBelow = low <= 4 * whole
        let isAbove = 4 * whole + 4 <= high
        if isBelow != isAbove { return (whole + (isAbove ? 1 : 0), scale) }
        let half = 4 * whole + 2
        return (whole + (middle > half || middle == half && whole & 1 == 1 ? 1 : 0), scale)
    }

    /// The product's upper part, its last bit set when anything below it is.
    private static func scaled(_ power: UInt64, _ value: UInt32) -> UInt32 {
        let product = power.multipliedFullWidth(by: UInt64(value))
        return UInt32(truncatingIfNeeded: product.high) | (product.low >> 32 > 1 ? 1 : 0)
    }

    private static func trimmed(_ digits: UInt32, _ exponent: Int) -> (digits: UInt32, exponent: Int) {
        var (digits, exponent) = (digits, exponent)
        while true {
            let (tens, rest) = digits.quotientAndRemainder(dividingBy: 10)
            guard rest == 0 else { return (digits, exponent) }
            (digits, exponent) = (tens, exponent + 1)
        }
    }

    /// 1 to 9.
    private static func digitCount(_ digits: UInt32) -> Int {
        if digits >= 10_000 {
            if digits >= 10_000_000 { return digits >= 100_000_000 ? 9 : 8 }
            return digits >= 1_000_000 ? 7 : digits >= 100_000 ? 6 : 5
        }
        if digits >= 100 { return digits >= 1000 ? 4 : 3 }
        return digits >= 10 ? 2 : 1
    }

    // MARK: Powers of ten

    private static let leastPower = -31
    private static let greatestPower = 45

    /// For each power of ten, its 64 leading bits, rounded up to more than itself.
    private static let powers: [UInt64] = (leastPower...greatestPower).map { power in
        let five = (0..<abs(power)).reduce(UInt128(1)) { product, _ in product * 5 }
        guard power < 0 else {
            let zeros = five.leadingZeroBitCount
            return UInt64((five << UInt128(zeros)) >> 64) + 1
        }
        // 64 bits of 1 / five, the first of which is set: long division.
        var quotient: UInt64 = 0
        var rest: UInt128 = 1
        while quotient >> 63 == 0 {
            rest <<= 1
            quotient = quotient << 1 | (rest >= five ? 1 : 0)
            if rest >= five { rest -= five }
        }
        return quotient + 1
    }

    // MARK: Text

    private static func write(_ word: StaticString, to out: UnsafeMutablePointer<UInt8>) -> Int {
        out.update(from: word.utf8Start, count: word.utf8CodeUnitCount)
        return word.utf8CodeUnitCount
    }

    /// `1.5e-05`: the value is 0.digits x 10^point.
    private static func scientific(
        _ digits: UInt32, _ count: Int, _ point: Int, _ out: UnsafeMutablePointer<UInt8>
    ) -> Int {
        write(digits, count, to: out + 1)
        out[0] = out[1]
        out[1] = UInt8(ascii: ".")
        let end = out + (count == 1 ? 1 : count + 1)
        let exponent = point - 1
        end[0] = UInt8(ascii: "e")
        end[1] = UInt8(ascii: exponent < 0 ? "-" : "+")
        write(UInt32(abs(exponent)), 2, to: end + 2)
        return end + 4 - out
    }

    /// `0.0015`, `1.5` or `1500.0`.
    private static func plain(_ digits: UInt32, _ count: Int, _ point: Int, _ out: UnsafeMutablePointer<UInt8>) -> Int {
        if point <= 0 {
            // Up to three zeros after the point; those that are not wanted are written over.
            for index in 0..<5 { out[index] = UInt8(ascii: "0") }
            out[1] = UInt8(ascii: ".")
            write(digits, count, to: out + (2 - point))
            return 2 - point + count
        }
        if point >= count {
            write(digits, count, to: out)
            (out + count).update(repeating: UInt8(ascii: "0"), count: point - count + 2)
            out[point] = UInt8(ascii: ".")
            return point + 2
        }
        write(digits, count, to: out + 1)
        out.update(from: out + 1, count: point)
        out[point] = UInt8(ascii: ".")
        return count + 1
    }

    /// Writes `number` with `count` digits, two at a time.
    private static func write(_ number: UInt32, _ count: Int, to out: UnsafeMutablePointer<UInt8>) {
        let pairs = pairs.utf8Start
        var number = number
        var end = out + count
        while end - out >= 2 {
            let (hundreds, pair) = number.quotientAndRemainder(dividingBy: 100)
            end -= 2
            end[0] = pairs[Int(pair) * 2]
            end[1] = pairs[Int(pair) * 2 + 1]
            number = hundreds
        }
        if end > out { out.pointee = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number) }
    }

    private static let pairs: StaticString = """
        00010203040506070809101112131415161718192021222324252627282930313233343536373839\
        40414243444546474849505152535455565758596061626364656667686970717273747576777879\
        8081828384858687888990919293949596979899
        """
}
