// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import Foundation
import TestSupport
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test("The examples of RFC 4648 go both ways")
    func examples() {
        let examples = [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
        for (plain, coded) in examples {
            #expect(Base64.decode(coded) == Array(plain.utf8))
            #expect(encoded(Array(plain.utf8)) == coded)
        }
    }

    @Test("Random bytes of every length to 200 are coded as Foundation does, and come back")
    func roundTrips() {
        var generator = SeededGenerator(seed: 3)
        for count in 0...200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let expected = Data(bytes).base64EncodedString()
            #expect(encoded(bytes) == expected)
            #expect(Base64.decode(expected) == bytes)
        }
    }

    @Test("Floats are coded as little-endian float32, after what was there before")
    func floats() {
        var out = Array("x".utf8)
        Base64.encode([1, -2, 0.15625] as [Float], to: &out)
        #expect(String(decoding: out, as: UTF8.self) == "xAACAPwAAAMAAACA+")
    }

    @Test("Line breaks are skipped wherever they are, in the padding too")
    func lineBreaks() {
        let bytes = Array("any carnal pleas".utf8)
        let coded = Array("YW55IGNhcm5hbCBwbGVhcw==".utf8)
        for place in 0...coded.count {
            for lineBreak in ["\n", "\r\n", "\r\r\n\n"] {
                let text = coded[..<place] + Array(lineBreak.utf8) + coded[place...]
                #expect(Base64.decode(String(decoding: text, as: UTF8.self)) == bytes, "at \(place)")
            }
        }
        let long = (0..<3000).map { UInt8($0 & 255) }
        let options: Data.Base64EncodingOptions = [.lineLength76Characters, .endLineWithLineFeed]
        #expect(Base64.decode(Data(long).base64EncodedString(options: options)) == long)
        #expect(Base64.decode("\r\n") == [])
    }

    @Test("A byte that is no digit is refused wherever it is")
    func invalidBytes() {
        let coded = Array("YW55IGNhcm5hbCBwbGVhc3Vy".utf8)
        let digits = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n".utf8)
        for place in coded.indices {
            for byte in UInt8.min...UInt8.max where !digits.contains(byte) && byte != UInt8(ascii: "=") {
                var text = coded
                text[place] = byte
                let decoded = text.withUnsafeBufferPointer { Base64.decode($0) }
                if decoded != nil { Issue.record("byte \(byte) at \(place) was taken") }
            }
        }
    }

    @Test(
        "Missing, early and surplus padding and bits beyond the last byte are refused",
        arguments: [
            "Z", "Zg", "Zg=", "Zm8", "Zm9vY", "Zg===", "Zg==Zg==", "Zm8=Zm8=", "=", "==", "====", "Z===", "=Zg=",
            "Z=g=",
            "Zm=v", "Zg==x", "Zg==\n=", "Zh==", "Zm9=", "Zg== ", " Zg==", "Zm 9v", "Zm9v\u{0}", "Zm-_", "é", "Zm9vé",
        ])
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    private func encoded(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        bytes.withUnsafeBytes { Base64.encode($0, to: &out) }
        return String(decoding: out, as: UTF8.self)
    }
}
