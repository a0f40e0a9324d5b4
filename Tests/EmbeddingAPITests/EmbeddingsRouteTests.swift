// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import EmbeddingPipeline
import Foundation
import HTTPServer
import ModelFolders
import ServingTestSupport
import TestSupport
import Testing
import Vectors

@Suite("POST /v1/embeddings")
struct EmbeddingsRouteTests {
    let client: Client
    let image: [UInt8]

    init() throws {
        client = try Client(models: TestModels())
        image = try Golden.image("rgba.png")
    }

    @Test("The three body forms give the same vectors")
    func bodyForms() async throws {
        let raw = try await client.post(image: image, "?spaces=color,backbone")
        let form = try await client.post(parts: [("image", image), ("image", image)], "?spaces=color,backbone")
        let json = try await client.post(json: #"{"input":"\#(image.base64)","spaces":["color","backbone"]}"#)
        let uri = try await client.post(
            json: #"{"input":[{"image":"data:image/png;base64,\#(image.base64)"}],"spaces":["color","backbone"]}"#)
        for reply in [raw, form, json, uri] {
            #expect(reply.status == 200, "\(reply.text.prefix(200))")
            #expect(reply.vector(0, "color").count == 128 && reply.vector(0, "backbone").count == 256)
            #expect(reply.vector(0, "color") == raw.vector(0, "color"))
            #expect(reply.vector(0, "backbone") == raw.vector(0, "backbone"))
            #expect((reply.data[0]["embedding"] as? [NSNumber])?.map(\.floatValue) == reply.vector(0, "color"))
            #expect(reply.data[0]["digest"] as? String == ContentDigest(of: image).description)
            #expect(reply.json["object"] as? String == "list" && reply.json["model"] as? String == "looc")
        }
        #expect(form.data.count == 2 && form.data[1]["index"] as? Int == 1)
    }

    @Test("With JSON, options may stand in the query, and the body goes first")
    func queryWithJSON() async throws {
        let headers: HTTPHeaders = ["Content-Type": "application/json"]
        let body = Array(#"{"input":"\#(image.base64)","spaces":["rotation"]}"#.utf8)
        let both = try await client.call(
            .post, "/v1/embeddings?spaces=color&encoding_format=base64", headers, body: body)
        let spaces = try #require(both.data[0]["embeddings"] as? [String: Any])
        #expect(spaces.keys.sorted() == ["rotation"] && spaces["rotation"] is String)
    }

    @Test("Without spaces the answer is the backbone's vector")
    func defaultSpace() async throws {
        let reply = try await client.post(image: image)
        #expect((reply.data[0]["embeddings"] as? [String: Any])?.keys.sorted() == ["backbone"])
    }

    @Test("Base64, raw floats and npy hold the numbers of the JSON answer")
    func formats() async throws {
        let query = "?spaces=rotation,color"
        let floats = try await client.post(image: image, query)
        let expected = floats.vector(0, "rotation") + floats.vector(0, "color")
        let coded = try await client.post(image: image, query + "&encoding_format=base64")
        let text = try #require(coded.data[0]["embedding"] as? String)
        #expect(numbers(try #require(Base64.decode(text))) == floats.vector(0, "rotation"))
        let bytes = try await client.post(image: image, query, accept: "application/octet-stream")
        #expect(numbers(bytes.response.body) == expected)
        #expect(bytes.response.headers.first("X-Facet-Spaces") == "rotation:128,color:128")
        let npy = try await client.post(image: image, query, accept: "application/x-npy, */*;q=0.1")
        #expect(npy.response.body.count == 128 + expected.count * 4)
        #expect(String(decoding: npy.response.body[10..<90], as: UTF8.self).contains("'shape': (1, 256)"))
        #expect(numbers(Array(npy.response.body.dropFirst(128))) == expected)
    }

    @Test("A bad image in a batch has an error in its place and the others succeed")
    func perItemErrors() async throws {
        let truncated = Array(image.prefix(400))
        let reply = try await client.post(parts: [("image", image), ("image", truncated), ("image", image)])
        #expect(reply.status == 200)
        let error = try #require(reply.data[1]["error"] as? [String: Any])
        #expect(error["code"] as? String == "image_truncated" && error["param"] as? String == "image[1]")
        #expect(reply.data[1]["embedding"] == nil && reply.data[1]["index"] as? Int == 1)
        #expect(reply.vector(2, "backbone") == reply.vector(0, "backbone"))
        let json = try await client.post(json: #"{"input":["%%%","\#(image.base64)"]}"#)
        #expect((json.data[0]["error"] as? [String: Any])?["code"] as? String == "invalid_base64")
        #expect(json.vector(1, "backbone") == reply.vector(0, "backbone"))
    }

    @Test(
        "An image alone that is refused decides the status",
        arguments: [
            ("", 422, "image_empty"), ("GIF89a........", 415, "image_format_unsupported"),
            ("hello", 415, "image_format_unsupported"),
        ])
    func oneBadImage(text: String, status: Int, code: String) async throws {
        let reply = try await client.post(image: Array(text.utf8))
        #expect(reply.status == status && reply.code == code && reply.error["param"] as? String == "image")
        #expect(Set(reply.error.keys) == ["message", "type", "param", "code"])
    }

    @Test("A picture of 168 megapixels and a truncated JPEG are refused with 413 and 422")
    func hugeAndTruncated() async throws {
        var header: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13]
        header += Array("IHDR".utf8) + [0, 0, 0x36, 0xB0, 0, 0, 0x2E, 0xE0, 1, 0, 0, 0, 0, 0x32, 0x7A, 0x08, 0x64]
        let huge = try await client.post(image: header + [UInt8](repeating: 0, count: 100))
        #expect(huge.status == 413 || huge.status == 422, "\(huge.text)")
        let jpeg = try Golden.image("baseline.jpg")
        let cut = try await client.post(image: Array(jpeg.prefix(jpeg.count / 2)), type: "image/jpeg")
        #expect(cut.status == 422 && cut.code == "image_truncated")
    }

    @Test(
        "Requests that are wrong are told what is wrong",
        arguments: [
            (#"{"input":"","spaces":["nope"]}"#, 400, "unknown_space", "spaces"),
            (#"{"input":"AAAA","spaces":[]}"#, 400, "invalid_request", "spaces"),
            (#"{"input":"AAAA","spaces":["color","color"]}"#, 400, "invalid_request", "spaces"),
            (#"{"input":"AAAA","colour":1}"#, 400, "unknown_field", nil),
            (#"{"input":[]}"#, 400, "missing_input", "input"), (#"{}"#, 400, "missing_input", "input"),
            (#"{"input":7}"#, 400, "invalid_request", "input"),
            (#"{"input":["AAAA",7]}"#, 400, "invalid_request", "input[1]"),
            (#"{"input":"AAAA","model":"other"}"#, 404, "model_not_found", "model"),
            (#"{"input":"AAAA","model":"../x"}"#, 404, "model_not_found", "model"),
            (#"{"input":"AAAA","dimensions":7}"#, 400, "invalid_dimensions", "dimensions"),
            (#"{"input":"AAAA","encoding_format":"hex"}"#, 400, "invalid_request", "encoding_format"),
            (#"{"input":"A"#, 400, "invalid_json", nil), (#"[1]"#, 400, "invalid_request", nil),
            (#"{"input":"not base64"}"#, 400, "invalid_base64", "input[0]"),
        ] as [(String, Int, String, String?)])
    func wrongRequests(body: String, status: Int, code: String, param: String?) async throws {
        let reply = try await client.post(json: body)
        #expect(reply.status == status && reply.code == code, "\(reply.text)")
        #expect(reply.error["param"] as? String == param, "\(reply.text)")
    }

    @Test("Unknown query parameters, parts, media types and formats are refused")
    func wrongForms() async throws {
        let query = try await client.post(image: image, "?space=color")
        #expect(query.status == 400 && query.code == "unknown_parameter")
        let part = try await client.post(parts: [("picture", image)])
        #expect(part.status == 400 && part.code == "unknown_field")
        let type = try await client.post(image: image, type: "text/plain")
        #expect(type.status == 415 && type.code == "unsupported_media_type")
        let accept = try await client.post(image: image, accept: "text/html")
        #expect(accept.status == 406 && accept.code == "not_acceptable")
        let broken = try await client.call(
            .post, "/v1/embeddings", ["Content-Type": "multipart/form-data; boundary=YY"], body: Array("--XX".utf8))
        #expect(broken.status == 400 && broken.code == "invalid_multipart")
    }

    @Test("More images than allowed, and bodies over the limit, are refused with 413")
    func tooMuch() async throws {
        let small = try Client(models: client.models, limits: APILimits(bodyBytes: 5000, images: 2))
        let many = try await small.post(parts: Array(repeating: ("image", image), count: 3))
        #expect(many.status == 413 && many.code == "too_many_images")
        let long = try await small.post(image: [UInt8](repeating: 0, count: 5001))
        #expect(long.status == 413 && long.code == "body_too_large")
    }

    @Test("A full queue answers 429 with Retry-After before the body is read")
    func fullQueue() async throws {
        let busy = try Client(models: client.models, queue: QueueLimits(images: 1))
        let release = DispatchSemaphore(value: 0)
        let model = client.models.looc
        let work = EmbeddingRequest(
            images: [image], model: model, spaces: [model.manifest.spaces[0]],
            isCancelled: {
                release.wait()
                release.signal()
                return false
            })
        try busy.pipeline.submit(work) { _ in }
        let reply = try await busy.post(image: image)
        #expect(reply.status == 429 && reply.code == "queue_full")
        #expect(reply.response.headers.first("Retry-After") == "1")
        release.signal()
    }

    @Test("Every answer names the request and says where the time went")
    func headers() async throws {
        let reply = try await client.call(
            .post, "/v1/embeddings", ["Content-Type": "image/png", "X-Request-Id": "my-id.7"], body: image)
        #expect(reply.response.headers.first("X-Request-Id") == "my-id.7")
        let timing = try #require(reply.response.headers.first("Server-Timing"))
        for part in ["decode;dur=", "queue;dur=", "inference;dur=", "total;dur="] { #expect(timing.contains(part)) }
        let odd = try await client.call(
            .post, "/v1/embeddings", ["Content-Type": "image/png", "X-Request-Id": "a b"], body: image)
        #expect(odd.response.headers.first("X-Request-Id") != "a b")
    }

    private func numbers(_ bytes: [UInt8]) -> [Float] {
        stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
        }
    }
}
