// SPDX-License-Identifier: Apache-2.0

import HTTPServer
import TestSupport
import Testing

@Suite("Mutated requests")
struct ParserFuzzTests {
    /// Bytes that mean something to the parser, so that mutations reach its rules.
    private static let interesting =
        Array("\r\n\r\n\r\n :;,/%+-.?&=#[]@*xX0159afHTP\u{0}\t\"".utf8) + [0x80, 0xC3, 0xFF, 0x7F]

    private func mutated(_ generator: inout SeededGenerator) -> [UInt8] {
        let count = Int.random(in: 1...3, using: &generator)
        var bytes = (0..<count).flatMap { _ in Array(validRequests.randomElement(using: &generator)!.utf8) }
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
            let index = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[index] = Self.interesting.randomElement(using: &generator)!
            case 1: bytes.insert(Self.interesting.randomElement(using: &generator)!, at: index)
            case 2: if bytes.count > 1 { bytes.remove(at: index) }
            case 3: bytes[index] = UInt8.random(in: 0...255, using: &generator)
            default:
                let end = min(bytes.count, index + Int.random(in: 1...20, using: &generator))
                bytes.insert(contentsOf: bytes[index..<end], at: index)
            }
        }
        return bytes
    }

    private func pieces(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...40, using: &generator))
            pieces.append(Array(bytes[start..<end]))
            start = end
        }
        return pieces
    }

    @Test("Thousands of mutated requests crash nothing and give the same events whole and cut", arguments: 0..<8)
    func survives(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var limits = HTTPLimits()
        limits.headBytes = 200
        limits.targetBytes = 60
        limits.fieldCount = 4
        limits.chunkLineBytes = 20
        var failures = 0
        for round in 0..<600 {
            let bytes = mutated(&generator)
            let whole = ParserRun([bytes], limits: limits, bodyLimit: 20)
            let cut = ParserRun(pieces(bytes, &generator), limits: limits, bodyLimit: 20)
            #expect(whole.events == cut.events, "seed \(seed) round \(round): \(bytes)")
            if whole.error != nil { failures += 1 }
        }
        #expect((60..<590).contains(failures), "the mutations are too weak or too strong to tell anything")
    }

    @Test("Mutated requests make a connection answer or close, never stall with unread input", arguments: 0..<4)
    func converses(_ seed: UInt64) {
        var generator = SeededGenerator(seed: 1000 + seed)
        for _ in 0..<300 {
            let bytes = mutated(&generator)
            var whole = ConnectionHarness()
            whole.receive(bytes)
            var cut = ConnectionHarness()
            for piece in pieces(bytes, &generator) { cut.receive(piece) }
            #expect(whole.written == cut.written && whole.log == cut.log)
            #expect(whole.connection.wantsRead || whole.isClosed)
            whole.peerFinishes()
            #expect(whole.isClosed)
        }
    }
}
