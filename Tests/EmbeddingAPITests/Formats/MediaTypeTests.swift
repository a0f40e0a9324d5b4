// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import Testing

@Suite("Accept")
struct MediaTypeTests {
    @Test(
        "The form with the highest quality is chosen; the one that is named, then JSON, among equals",
        arguments: [
            ("", .json), ("*/*", .json), ("application/*", .json), ("application/json", .json as MediaType),
            ("APPLICATION/X-NPY", .npy), ("application/octet-stream", .octetStream),
            ("application/x-npy, application/octet-stream", .octetStream), ("application/x-npy, */*", .npy),
            ("application/x-npy;q=0.5, application/json;q=0.4", .npy), ("application/x-npy, */*;q=0.1", .npy),
            ("application/json;q=0, */*", .octetStream), ("application/*;q=0.2, application/x-npy;q=0.1", .json),
            ("text/html, application/xhtml+xml, */*;q=0.8", .json), (" , ,application/x-npy , ", .npy),
            ("application/x-npy ; q=1.000", .npy), ("application/json;profile=\"a,b;q=0\"", .json),
            ("application/x-npy;q=0.001, application/json;q=0.000", .npy), ("text/*, application/x-npy;q=0.3", .npy),
        ])
    func chosen(field: String, type: MediaType) {
        #expect(MediaType.negotiate([field]) == type)
    }

    @Test(
        "A header that excludes every form, or is malformed, is not acceptable",
        arguments: [
            "text/html", "image/*", "*/*;q=0", "application/json;q=0", "json", "application/json;q=2",
            "application/json;q=0.5555", "application/json;q=nan", "application/json;q=-1", "application/json;q=",
            "application/json;q=1.001", "application/json;q=1e0", "*/json",
        ])
    func refused(field: String) {
        #expect(MediaType.negotiate([field]) == nil)
    }

    @Test("Several header fields are one list, and none at all means JSON")
    func fields() {
        #expect(MediaType.negotiate([]) == .json)
        #expect(MediaType.negotiate(["text/html", "application/x-npy"]) == .npy)
    }
}
