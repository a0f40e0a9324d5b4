// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import EmbeddingPipeline
import Foundation
import HTTPServer
import ServingTestSupport
import Synchronization
import TestSupport
import Testing
import Vectors

@Suite("Loading and unloading models, info and the record of answers")
struct OperationRoutesTests {
    let client: Client
    let records: Records

    /// What the API told of its answers.
    final class Records: Sendable {
        private let all = Mutex<[AnswerRecord]>([])
        var list: [AnswerRecord] { all.withLock { $0 } }
        func add(_ record: AnswerRecord) { all.withLock { $0.append(record) } }
    }

    init() throws {
        let records = Records()
        self.records = records
        client = try Client(models: TestModels(), info: ServiceInfo(version: "9", settings: [("threads", "2")])) {
            records.add($0)
        }
    }

    private var folder: URL { client.models.folder }

    @Test("An unloaded model is gone and comes back; the default one stays")
    func unloading() async throws {
        #expect(try await client.call(.post, "/v1/models/loocpp/unload").json["unloaded"] as? Bool == true)
        #expect(try await client.get("/v1/models/loocpp").status == 404)
        #expect(try await client.post(image: Golden.image("rgb.png"), "?model=loocpp").status == 404)
        #expect(try await client.call(.post, "/v1/models/loocpp/unload").code == "model_not_found")
        let back = try await client.call(.post, "/v1/models/loocpp/load")
        #expect(back.status == 200 && back.json["id"] as? String == "loocpp")
        #expect(try await client.post(image: Golden.image("rgb.png"), "?model=loocpp").status == 200)
        let stays = try await client.call(.post, "/v1/models/looc/unload")
        #expect(stays.status == 409 && stays.code == "default_model")
    }

    @Test("Names that are no model of the folder are refused, however they are written")
    func names() async throws {
        for name in ["nope", "..", "%2e%2e", "..%2f..%2fetc", "loocpp%2f..%2flooc", "%20"] {
            let reply = try await client.call(.post, "/v1/models/\(name)/load")
            #expect(reply.status == 404, "\(name)")
        }
    }

    @Test("A replaced checkpoint is served after a load; a damaged one leaves the old serving")
    func replacing() async throws {
        let image = try Golden.image("rgb.png")
        let before = try await client.get("/v1/models/looc").json["digest"] as? String
        let file = folder.appendingPathComponent("looc/model.safetensors")
        let good = try Data(contentsOf: file)
        let vector = try await client.post(image: image).data[0]["embedding"] as? [Double]
        for damage in [Data(good.prefix(good.count / 2)), Data(), Data("rubbish".utf8)] {
            try damage.write(to: file, options: .atomic)
            let reply = try await client.call(.post, "/v1/models/looc/load")
            #expect(reply.status == 422 && reply.code == "model_unusable")
            #expect((reply.error["message"] as? String)?.contains("goes on serving") == true)
            #expect(try await client.get("/v1/models/looc").json["digest"] as? String == before)
            #expect(try await client.post(image: image).data[0]["embedding"] as? [Double] == vector)
        }
        let registry = client.models.registry
        let failed = registry.reloadChanged()
        #expect(failed.map(\.id.text) == ["looc"] && (try? failed[0].result.get()) == nil)
        var other = good
        let last = other.index(before: other.endIndex)
        other[last] = other[last] == 0x3C ? 0x3D : 0x3C
        other[last - 1] = 0
        try other.write(to: file, options: .atomic)
        #expect(registry.reloadChanged().map(\.id.text) == ["looc"])
        #expect(try await client.get("/v1/models/looc").json["digest"] as? String != before)
        #expect(registry.reloadChanged().isEmpty, "nothing has changed since")
        for step in 0..<3 {
            try (step % 2 == 0 ? good : other).write(to: file, options: .atomic)
            #expect(registry.reloadChanged().count == 1, "within a second, with a file number used before")
        }
    }

    @Test("Info tells version, models and settings")
    func info() async throws {
        let info = try await client.get("/v1/info").json
        #expect(info["version"] as? String == "9" && info["models"] as? [String] == ["looc", "loocpp"])
        #expect(info["settings"] as? [String: String] == ["threads": "2"])
        #expect(info["keys"] as? Bool == false && info["collections"] as? Bool == false)
    }

    @Test("Every answer is recorded once, with its trace and without anything a client made up")
    func recording() async throws {
        let trace = "0af7651916cd43dd8448eb211c80319c"
        let headers: HTTPHeaders = ["traceparent": "00-\(trace)-b7ad6b7169203331-01", "X-Request-Id": "mine"]
        _ = try await client.call(.get, "/v1/models?secret=1", headers)
        _ = try await client.call(HTTPMethod("BREW"), "/v1/secret")
        _ = client.api.refusal(.malformedHeader)
        let list = records.list
        #expect(list.map(\.route) == ["/v1/models", "unknown", "protocol"] && list.map(\.status) == [200, 404, 400])
        #expect(list[0].id == "mine" && list[0].trace == trace && list[0].parent == "b7ad6b7169203331")
        #expect(list[0].bytes > 50 && list[0].seconds >= 0 && list[1].trace == nil)
        #expect(list.map(\.method) == ["GET", "OTHER", "OTHER"])
        #expect(!"\(list)".lowercased().contains("secret"))
    }

    @Test(
        "A traceparent that is not well-formed begins a new trace",
        arguments: [
            "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-extra",
            "0g-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ])
    func badTraces(text: String) async throws {
        _ = try await client.call(.get, "/health/live", ["traceparent": text])
        #expect(records.list[0].trace == nil)
        let later = "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes-next"
        _ = try await client.call(.get, "/health/live", ["traceparent": later])
        #expect(records.list[1].trace == "0af7651916cd43dd8448eb211c80319c")
    }
}
