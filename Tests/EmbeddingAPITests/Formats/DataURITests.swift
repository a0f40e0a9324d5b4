// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import Testing

@Suite("Images in texts")
struct DataURITests {
    @Test(
        "Plain base64 and data URIs of images, in any case and with parameters, give the bytes",
        arguments: [
            "Zm9v", "data:image/png;base64,Zm9v", "DATA:Image/PNG;BASE64,Zm9v", "data:;base64,Zm9v",
            "data:image/svg+xml;charset=utf-8;base64,Zm9v", "data:application/octet-stream;base64,Zm9v",
            "data:image/jpeg; base64,Zm\r\n9v",
        ])
    func accepted(text: String) throws {
        #expect(try bytes(text) == Array("foo".utf8))
    }

    @Test("An empty text and an empty URI give no bytes, which is for the decoder of images to refuse")
    func empty() throws {
        #expect(try bytes("") == [])
        #expect(try bytes("data:image/png;base64,") == [])
    }

    @Test(
        "What is no image says why",
        arguments: [
            ("Zm9", .notBase64), ("http://example.com/a.png", .notBase64), ("dat", .notBase64 as DataURIError),
            ("data:", .noComma), ("data:image/png;base64", .noComma), ("data:image/png,Zm9v", .notBase64Coded),
            ("data:,Zm9v", .notBase64Coded), ("data:base64,Zm9v", .notBase64Coded),
            ("data:image/png;base64;x=y,Zm9v", .notBase64Coded), ("data:text/plain;base64,Zm9v", .notAnImage),
            ("data:image;base64,Zm9v", .notAnImage), ("data:image/png;base64,Zm9", .invalidData),
            ("data:image/png;base64,Zm9v,Zm9v", .invalidData), ("data:image/png;base64,Zm%39v", .invalidData),
            ("data:image/png;\u{0}\u{FFFD}é;base64,Zm9", .invalidData),
        ])
    func refused(text: String, error: DataURIError) {
        #expect(throws: error) { try bytes(text) }
    }

    @Test("The comma must come within 1024 bytes")
    func longHead() throws {
        let filler = String(repeating: "a", count: 1023 - "data:image/png;a=;base64".utf8.count)
        #expect(try bytes("data:image/png;a=\(filler);base64,Zm9v") == Array("foo".utf8))
        #expect(throws: DataURIError.noComma) { try bytes("data:image/png;a=\(filler)b;base64,Zm9v") }
    }

    private func bytes(_ text: String) throws -> [UInt8] {
        try Array(text.utf8).withUnsafeBufferPointer { (text) throws(DataURIError) in try DataURI.imageBytes(text) }
    }
}
