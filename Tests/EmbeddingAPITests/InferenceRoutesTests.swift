// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import EmbeddingPipeline
import Foundation
import HTTPServer
import ServingTestSupport
import TestSupport
import Testing
import Vectors

@Suite("The Open Inference Protocol")
struct InferenceRoutesTests {
    let catalog: CatalogClient
    let image: [UInt8]
    static let path = "/v2/models/looc/infer"

    init() throws {
        catalog = try CatalogClient()
        image = try Golden.image("rgba.png")
    }

    var client: Client { catalog.client }

    func infer(
        _ json: String, behind: [UInt8]? = nil, to path: String = InferenceRoutesTests.path, type: String? = nil
    ) async throws -> Reply {
        var headers: HTTPHeaders = behind == nil ? [:] : ["Inference-Header-Content-Length": "\(json.utf8.count)"]
        if let type { headers.set("Content-Type", type) }
        return try await client.call(.post, path, headers, body: Array(json.utf8) + (behind ?? []))
    }

    /// A tensor of files: each behind its length.
    static func tensor(_ files: [[UInt8]]) -> [UInt8] {
        files.flatMap { file in (0..<4).map { UInt8(truncatingIfNeeded: file.count >> (8 * $0)) } + file }
    }

    static func outputs(_ reply: Reply) -> [[String: Any]] { reply.json["outputs"] as? [[String: Any]] ?? [] }

    static func floats(_ bytes: ArraySlice<UInt8>) -> [Float] {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
        }
    }

    static func data(_ output: [String: Any]) -> [Float] { (output["data"] as? [NSNumber] ?? []).map(\.floatValue) }

    private func error(_ reply: Reply) -> String? { reply.json["error"] as? String }

    @Test("An optional field that is null is as one that is absent")
    func nulls() async throws {
        let input =
            #""name":"image","datatype":"BYTES","shape":[1],"data":["\#(image.base64)"],"parameters":{"binary_data_size":null}"#
        let parameters = #""parameters":{"binary_data_output":null,"normalize":null}"#
        for rest in [#""id":null,"outputs":null,"parameters":null"#, parameters] {
            let reply = try await infer(#"{"inputs":[{\#(input)}],\#(rest)}"#)
            #expect(reply.status == 200, "\(reply.text.prefix(200))")
            #expect(Self.outputs(reply).map { $0["name"] as? String } == ["backbone"])
        }
        let wish =
            #""outputs":[{"name":"color","parameters":{"binary_data":null}},{"name":"rotation","parameters":null}]"#
        #expect(try await infer(#"{"inputs":[{\#(input)}],\#(wish)}"#).status == 200)
        for wrong in [#"{"inputs":null}"#, #"{"inputs":[{"name":null}]}"#, #"{"inputs":[{\#(input)}],"x":null}"#] {
            #expect(try await infer(wrong).status == 400)
        }
    }

    @Test("Base64 in JSON, binary tensors and the file alone give the vectors of /v1/embeddings")
    func bodyForms() async throws {
        let expected = try await client.post(image: image, "?spaces=rotation,backbone")
        let wanted = #""outputs":[{"name":"rotation"},{"name":"backbone"}]"#
        let shape = #""name":"image","datatype":"BYTES","shape":[2,1]"#
        let json = try await infer(
            #"{"id":"a \"7\"","inputs":[{\#(shape),"data":[["\#(image.base64)"],["data:image/png;base64,\#(image.base64)"]]}],\#(wanted)}"#
        )
        #expect(json.status == 200 && json.json["id"] as? String == "a \"7\"", "\(json.text.prefix(200))")
        #expect(json.json["model_name"] as? String == "looc")
        #expect(json.json["model_version"] as? String == client.models.looc.digest.description)
        let outputs = Self.outputs(json)
        #expect(outputs.map { $0["name"] as? String } == ["rotation", "backbone"])
        #expect(outputs.map { $0["shape"] as? [Int] } == [[2, 128], [2, 256]])
        for (output, space) in zip(outputs, ["rotation", "backbone"]) {
            let vector = expected.vector(0, space)
            #expect(Self.data(output) == vector + vector && output["datatype"] as? String == "FP32")
        }
        let tensor = Self.tensor([image, image])
        let binary = try await infer(
            #"{"inputs":[{\#(shape),"parameters":{"binary_data_size":\#(tensor.count)}}],\#(wanted)}"#, behind: tensor,
            type: "application/octet-stream")
        #expect(Self.outputs(binary).map(Self.data) == outputs.map(Self.data))
        let alone = try await client.call(.post, Self.path, ["Inference-Header-Content-Length": "0"], body: image)
        #expect(Self.outputs(alone).map { $0["name"] as? String } == ["backbone"])
        #expect(Self.data(Self.outputs(alone)[0]) == expected.vector(0, "backbone"))
        #expect(alone.response.headers.first("Server-Timing")?.contains("total;dur=") == true)
    }

    @Test("Outputs come behind the JSON where that is asked for, one by one or for all")
    func binaryOutputs() async throws {
        let expected = try await client.post(image: image, "?spaces=color,concat&normalize=true")
        let input = #"{"name":"image","datatype":"BYTES","shape":[1],"data":["\#(image.base64)"]}"#
        let mixed = try await infer(
            #"{"inputs":[\#(input)],"parameters":{"binary_data_output":true,"normalize":true},"outputs":[{"name":"color"},{"name":"concat","parameters":{"binary_data":false}}]}"#
        )
        #expect(mixed.response.headers.first("Content-Type") == "application/octet-stream")
        let length = try #require(mixed.response.headers.first("Inference-Header-Content-Length").flatMap { Int($0) })
        let json = Reply(HTTPResponse(status: 200, body: Array(mixed.response.body.prefix(length))))
        let outputs = Self.outputs(json)
        #expect((outputs[0]["parameters"] as? [String: Any])?["binary_data_size"] as? Int == 128 * 4)
        #expect(outputs[0]["data"] == nil && Self.floats(mixed.response.body[length...]) == expected.vector(0, "color"))
        #expect(Self.data(outputs[1]) == expected.vector(0, "concat"))
    }

    @Test("Pixels that were prepared outside give the file's vector, and are never taken for a file")
    func pixels() async throws {
        let side = 64
        // A file that happens to be as long as a picture's pixels, with zeros behind it.
        let padded = image + [UInt8](repeating: 0, count: side * side * 12 - image.count)
        let file = try await client.post(image: padded, "?spaces=color")
        #expect(file.status == 200, "\(file.text.prefix(200))")
        let head = #""name":"pixels","datatype":"FP32","shape":[1,3,\#(side),\#(side)]"#
        func send(_ pixels: [UInt8]) async throws -> Reply {
            try await infer(
                #"{"inputs":[{\#(head),"parameters":{"binary_data_size":\#(pixels.count)}}],"outputs":[{"name":"color"}]}"#,
                behind: pixels)
        }
        let disguised = try await send(padded)
        #expect(disguised.status == 400 || Self.data(Self.outputs(disguised)[0]) != file.vector(0, "color"))
        let numbers = (0..<side * side * 3).map { Float($0 % 97) / 50 - 1 }
        let bytes = numbers.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
        let binary = try await send(bytes)
        #expect(binary.status == 200, "\(binary.text.prefix(200))")
        let json = try await infer(
            #"{"inputs":[{\#(head),"data":[[\#(numbers.map(\.description).joined(separator: ","))]]}],"outputs":[{"name":"color"}]}"#
        )
        #expect(Self.data(Self.outputs(json)[0]) == Self.data(Self.outputs(binary)[0]))
        let again = try await client.post(image: bytes)
        #expect(again.status == 415, "pixels were kept as if they were a file")
        for odd in [Float.nan, .infinity, 1001] {
            let wrong = (0..<4).map { UInt8(truncatingIfNeeded: odd.bitPattern >> (8 * $0)) } + bytes.dropFirst(4)
            let reply = try await send(wrong)
            #expect(reply.status == 400 && error(reply)?.hasPrefix("invalid_tensor: ") == true, "\(odd)")
        }
    }

    @Test("Server, models, versions and health are told")
    func metadata() async throws {
        let digest = client.models.looc.digest.description
        #expect(try await client.get("/v2").json["extensions"] as? [String] == ["binary_tensor_data"])
        #expect(try await client.get("/v2/health/live").json["live"] as? Bool == true)
        #expect(try await client.get("/v2/health/ready").json["ready"] as? Bool == true)
        let model = try await client.get("/v2/models/looc/versions/\(digest)").json
        #expect(model["versions"] as? [String] == [digest])
        let inputs = try #require(model["inputs"] as? [[String: Any]])
        #expect(inputs.map { $0["shape"] as? [Int] } == [[-1], [-1, 3, 64, 64]])
        let outputs = try #require(model["outputs"] as? [[String: Any]])
        #expect(outputs.map { $0["name"] as? String } == ["backbone", "invariant", "color", "rotation", "concat"])
        #expect(try await client.get("/v2/models/looc/ready").json["ready"] as? Bool == true)
        for path in ["/v2/models/nope", "/v2/models/..%2f", "/v2/models/looc/versions/1", "/v2/models/nope/ready"] {
            let reply = try await client.get(path)
            #expect(reply.status == 404 && error(reply)?.hasPrefix("model_not_found: ") == true, "\(path)")
        }
        client.api.startDraining()
        #expect(try await client.get("/v2/health/live").status == 200)
        let ready = try await client.get("/v2/health/ready")
        #expect(ready.status == 503 && error(ready)?.hasPrefix("not_ready: ") == true)
        #expect(try await client.get("/v2/models/looc/ready").status == 503)
    }

    @Test("Paths and methods that do not exist answer in the protocol's shape")
    func shape() async throws {
        let missing = try await client.get("/v2/nothing")
        #expect(missing.status == 404 && error(missing)?.hasPrefix("not_found: ") == true)
        let method = try await client.get(Self.path)
        #expect(method.status == 405 && error(method)?.hasPrefix("method_not_allowed: ") == true)
        let type = try await infer("{}", type: "text/plain")
        #expect(type.status == 415 && error(type)?.hasPrefix("unsupported_media_type: ") == true)
        let packed = try await client.call(.post, Self.path, ["Content-Encoding": "gzip"], body: [1])
        #expect(packed.status == 415)
    }

    static let file = #"{"name":"image","datatype":"BYTES","shape":[1],"data":["AAAA"]}"#

    @Test(
        "Requests that are wrong are told what is wrong",
        arguments: [
            ("{", 400, "invalid_json"), ("[]", 400, "invalid_request"), (#"{"inputs":[]}"#, 400, "invalid_tensor"),
            (#"{"inputs":[\#(file),\#(file)]}"#, 400, "invalid_tensor"), (#"{"input":1}"#, 400, "unknown_field"),
            (#"{"inputs":[{"name":"image","datatype":"BYTES","shape":[1]}]}"#, 400, "invalid_tensor"),
            (#"{"inputs":[{"name":"picture","datatype":"BYTES","shape":[1],"data":["AAAA"]}]}"#, 400, "invalid_tensor"),
            (#"{"inputs":[{"name":"image","datatype":"FP32","shape":[1],"data":[1]}]}"#, 400, "invalid_tensor"),
            (#"{"inputs":[{"name":"image","datatype":"BYTES","shape":[2],"data":["AAAA"]}]}"#, 400, "invalid_tensor"),
            (#"{"inputs":[{"name":"image","datatype":"BYTES","shape":[1],"data":[7]}]}"#, 400, "invalid_tensor"),
            (#"{"inputs":[{"name":"image","datatype":"BYTES","shape":[1],"data":["AAAA",7]}]}"#, 400, "invalid_tensor"),
            (#"{"inputs":[{"name":"image","datatype":"BYTES","shape":[],"data":["AAAA"]}]}"#, 400, "invalid_tensor"),
            (#"{"inputs":[{"name":"image","datatype":"BYTES","shape":[-1],"data":["AAAA"]}]}"#, 400, "invalid_tensor"),
            (#"{"inputs":[{"name":"image","datatype":"BYTES","shape":[0],"data":[]}]}"#, 400, "missing_input"),
            (#"{"inputs":[{"name":"image","datatype":"BYTES","shape":[65],"data":["AAAA"]}]}"#, 413, "too_many_images"),
            (#"{"inputs":[{"name":"image","datatype":"BYTES","shape":[1],"data":["%%%"]}]}"#, 400, "invalid_base64"),
            (
                #"{"inputs":[{"name":"image","datatype":"BYTES","shape":[1],"data":["AAAA"],"x":1}]}"#, 400,
                "unknown_field"
            ),
            (#"{"inputs":[{"name":"pixels","datatype":"FP32","shape":[1,3,9,9],"data":[1]}]}"#, 400, "invalid_tensor"),
            (
                #"{"inputs":[{"name":"pixels","datatype":"FP32","shape":[1,3,64,64],"data":[1]}]}"#, 400,
                "invalid_tensor"
            ),
            (#"{"inputs":[\#(file)],"outputs":[{"name":"nope"}]}"#, 400, "unknown_space"),
            (#"{"inputs":[\#(file)],"outputs":[{"name":"color"},{"name":"color"}]}"#, 400, "invalid_request"),
            (
                #"{"inputs":[\#(file)],"outputs":[{"name":"color","parameters":{"classification":1}}]}"#, 400,
                "unknown_parameter"
            ), (#"{"inputs":[\#(file)],"parameters":{"priority":1}}"#, 400, "unknown_parameter"),
            (#"{"id":7,"inputs":[\#(file)]}"#, 400, "invalid_request"),
            (#"{"id":"\#(String(repeating: "a", count: 257))","inputs":[\#(file)]}"#, 400, "invalid_request"),
            (#"{"inputs":[\#(file)]}"#, 415, "image_format_unsupported"),
        ])
    func wrongRequests(json: String, status: Int, code: String) async throws {
        let reply = try await infer(json)
        #expect(reply.status == status && error(reply)?.hasPrefix("\(code): ") == true, "\(reply.text)")
    }

    @Test("Binary data that do not add up are refused, wherever they are cut")
    func wrongBinary() async throws {
        let tensor = Self.tensor([image, [1, 2, 3]])
        func send(_ bytes: [UInt8], size: Int, count: Int = 2) async throws -> Reply {
            try await infer(
                #"{"inputs":[{"name":"image","datatype":"BYTES","shape":[\#(count)],"parameters":{"binary_data_size":\#(size)}}]}"#,
                behind: bytes)
        }
        #expect(try await send(tensor, size: tensor.count).status == 415, "the second image is none")
        for cut in [0, 1, 3, 4, 100, tensor.count - 1] {
            let reply = try await send(Array(tensor.prefix(cut)), size: cut)
            #expect(reply.status == 400 && error(reply)?.hasPrefix("invalid_tensor: ") == true, "\(cut)")
        }
        for size in [-1, 0, tensor.count + 1, Int.max] {
            #expect(try await send(tensor, size: size).status == 400, "\(size)")
        }
        #expect(try await send(tensor + [0], size: tensor.count + 1).status == 400)
        #expect(try await send(tensor, size: tensor.count, count: 1).status == 400)
        let huge = [UInt8](repeating: 0xFF, count: 8)
        #expect(try await send(huge, size: 8, count: 1).status == 400)
        for length in ["-1", "1e3", "", "99999999999999999999", "+2", "9"] {
            let headers: HTTPHeaders = ["Inference-Header-Content-Length": length]
            let reply = try await client.call(.post, Self.path, headers, body: Array("{}".utf8))
            #expect(reply.status == 400 && error(reply)?.hasPrefix("invalid_request: ") == true, "\(length)")
        }
    }

    @Test("As many images as a request may have are taken, one more is not")
    func limit() async throws {
        for count in [64, 65] {
            let texts = repeatElement("\"\(image.base64)\"", count: count).joined(separator: ",")
            let reply = try await infer(
                #"{"inputs":[{"name":"image","datatype":"BYTES","shape":[\#(count)],"data":[\#(texts)]}]}"#)
            #expect(reply.status == (count == 64 ? 200 : 413), "\(reply.text.prefix(200))")
        }
    }

    @Test("A full queue and a missing model refuse before the body is read")
    func refusals() async throws {
        let id = try #require(ModelID("looc"))
        let empty = ModelRegistry(folder: client.models.folder, defaultID: id, pool: client.models.pool)
        let starting = try Client(models: client.models, registry: empty)
        let head = try HTTPRequestHead(.post, Self.path, headers: ["Content-Length": "9000000"])
        guard case .refuse(let response) = starting.api.admit(head) else {
            Issue.record("the upload was admitted")
            return
        }
        let reply = Reply(response)
        #expect(reply.status == 503 && error(reply)?.hasPrefix("not_ready: ") == true)
        #expect(response.headers.first("Retry-After") == "1" && response.headers.first("X-Request-Id") != nil)
    }
}
