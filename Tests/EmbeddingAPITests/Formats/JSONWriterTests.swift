// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import Foundation
import TestSupport
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    @Test("Objects, arrays and values come with the commas they need and no others")
    func structure() {
        let text = written { out in
            out.object { out in
                out.field("text", "a")
                out.field("nothing", nil)
                out.field("whole", -7)
                out.field("part", 0.5)
                out.field("truth", true)
                out.key("list")
                out.array { list in
                    list.number(1)
                    list.object { _ in }
                    list.array { _ in }
                    list.vector([])
                    list.vector([1, -2.5])
                    list.null()
                    list.number(Float(3))
                    list.base64([1])
                    list.truth(false)
                }
                out.field("last", 1)
            }
        }
        let list = #"[1,{},[],[],[1.0,-2.5],null,3.0,"AACAPw==",false]"#
        #expect(text == #"{"text":"a","nothing":null,"whole":-7,"part":0.5,"truth":true,"list":\#(list),"last":1}"#)
    }

    @Test("Floats written one by one have commas between them")
    func singleFloats() {
        let text = written {
            $0.array { list in for value in [0, -0.0, 1e-5, .nan] as [Float] { list.number(value) } }
        }
        #expect(text == "[0.0,-0.0,1e-05,null]")
    }

    @Test("Every Unicode scalar up to U+3000 and one of each plane comes back from Foundation's reader")
    func strings() throws {
        let scalars = (Array(0...0x3000) + [0xFEFF, 0xFFFD, 0x1F600, 0x10FFFF]).compactMap(Unicode.Scalar.init)
        let text = String(String.UnicodeScalarView(scalars))
        let json = written { $0.array { $0.string(text) } }
        let read = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String]
        #expect(read?.first?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
        #expect(written { $0.string("\u{0}\n\"\\\u{1F}/é") } == #""\u0000\n\"\\\u001f/é""#)
    }

    @Test("What is not finite is null, in a vector as alone")
    func notFinite() {
        #expect(written { $0.vector([.nan, .infinity, 1, -.infinity]) } == "[null,null,1.0,null]")
        #expect(written { $0.number(Double.nan) } == "null")
        #expect(written { $0.number(-Float.infinity) } == "null")
    }

    @Test("Floats are written with the digits of their description: all powers of two and ten with their neighbours")
    func edges() {
        var values: [Float] = [0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, .pi]
        for bit in 0..<255 as Range<UInt32> { values.append(Float(bitPattern: bit << 23)) }
        for power in -45...38 { values += ["1", "9.5", "4.9999999"].compactMap { Float("\($0)e\(power)") } }
        for whole in 16_777_210...16_777_220 { values.append(Float(whole)) }
        for value in values.flatMap({ [$0.nextDown, $0, $0.nextUp] }) where value.isFinite {
            for value in [value, -value] { expectDescription(value) }
        }
    }

    @Test("Floats are written with the digits of their description: 60,000 random bit patterns")
    func randomFloats() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<60_000 {
            let value = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            if value.isFinite { expectDescription(value) }
        }
        for value in generator.floats(20_000) { expectDescription(value * 0.1) }
    }

    private func expectDescription(_ value: Float) {
        let text = written { $0.number(value) }
        // Not #expect for each: it costs more than the rest of the test.
        if text != value.description { Issue.record("\(value.bitPattern): \(text) is not \(value.description)") }
    }

    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
