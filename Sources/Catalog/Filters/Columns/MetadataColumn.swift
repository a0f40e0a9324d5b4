// SPDX-License-Identifier: Apache-2.0

/// The values at one path of a collection's metadata: a number for each row that stands for one of the different values.
struct MetadataColumn: Sendable {
    /// For each row 0 for none, else the place of its value and 1.
    private(set) var codes: [UInt32] = []
    private var values: [JSONValue] = []
    /// Canonical texts, by which equal values are known.
    private var known: [JSONString: UInt32] = [:]
    private var textBytes = 0
    /// When it was last asked, for dropping the longest unused.
    var used = 0

    init() {}

    /// About how many bytes it takes.
    var bytes: Int { codes.count * 4 + values.count * 64 + 2 * textBytes }

    /// The code of the value that this text writes; throws for a text that is not canonical JSON.
    mutating func code(of text: JSONString?) throws(CatalogError) -> UInt32 {
        guard let text else { return 0 }
        if let code = known[text] { return code }
        guard values.count < Int(UInt32.max) - 1,
            let value = try? JSONReader.read(
                Array(text.text.utf8), depth: 128, size: .max)
        else { throw .damaged(place: "metadata") }
        values.append(value)
        textBytes += text.text.utf8.count
        let code = UInt32(values.count)
        known[text] = code
        return code
    }

    mutating func append(_ code: UInt32) { codes.append(code) }

    mutating func set(_ code: UInt32, at place: Int) { codes[place] = code }

    mutating func replace(_ codes: [UInt32]) { self.codes = codes }

    /// Keeps the places in `bits`.
    mutating func keep(_ bits: RowBits) {
        var kept: [UInt32] = []
        bits.forEach { kept.append(codes[$0]) }
        codes = kept
    }

    /// The rows whose value meets the test: it is asked once for each different value, then the codes are passed over.
    func bits(meeting test: FilterTest) -> RowBits {
        var table = [Bool](repeating: false, count: values.count + 1)
        switch test {
        case .equals(let wanted): mark(wanted, in: &table)
        case .isOneOf(let list): for wanted in list { mark(wanted, in: &table) }
        default: for (place, value) in values.enumerated() where test.holds(value) { table[place + 1] = true }
        }
        return RowBits(codes, in: table)
    }

    private func mark(_ wanted: JSONValue, in table: inout [Bool]) {
        if let code = known[JSONString(wanted.canonicalText)] { table[Int(code)] = true }
    }
}
