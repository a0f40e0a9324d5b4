// SPDX-License-Identifier: Apache-2.0

import EmbeddingAPI
import TestSupport
import Testing

@Suite("OpenAI's request")
struct OpenAIEmbeddingRequestTests {
    @Test("All fields are read, with inputs of both forms in order")
    func allFields() throws {
        let request = try parsed(
            #"""
            {"model":"facet-small","input":["Zm9v",{"image":"a\/b"},"\u00e9"],"spaces":["color","concat"],
             "normalize":true,"encoding_format":"base64","dimensions":256,"user":"someone"}
            """#)
        #expect(request.model == "facet-small" && request.spaces == ["color", "concat"])
        #expect(request.normalise == true && request.isBase64 == true && request.dimensions == 256)
        #expect(request.inputs.map(\.string) == ["Zm9v", "a/b", "é"])
    }

    @Test("One input alone, as text or object, is a list of one; all else may be left out")
    func oneInput() throws {
        for body in [#"{"input":"Zm9v"}"#, #"{"input":{"image":"Zm9v"}}"#] {
            let request = try parsed(body)
            #expect(request.inputs.map(\.string) == ["Zm9v"])
            #expect(request.model == nil && request.spaces == nil && request.normalise == nil)
            #expect(request.isBase64 == nil && request.dimensions == nil)
        }
    }

    @Test("An optional field that is null is as one that is absent")
    func nulls() throws {
        let request = try parsed(
            #"{"input":"Zm9v","model":null,"spaces":null,"normalize":null,"encoding_format":null,"dimensions":null,"user":null}"#
        )
        #expect(request.inputs.map(\.string) == ["Zm9v"] && request.model == nil && request.spaces == nil)
        #expect(request.normalise == nil && request.isBase64 == nil && request.dimensions == nil)
    }

    @Test(
        "What is wrong is named by its word and its place",
        arguments: [
            (#"{}"#, .missingInput, "input"), (#"{"input":[]}"#, .missingInput, "input"),
            (#"{"input":[{}]}"#, .missingInput, "input[0]"), (#"{"input":7}"#, .invalidRequest, "input"),
            (#"{"input":null}"#, .invalidRequest, "input"), (#"{"input":["a",["b"]]}"#, .invalidRequest, "input[1]"),
            (#"{"input":["a",{"image":1}]}"#, .invalidRequest, "input[1].image"),
            (#"{"input":{"image":["a"]}}"#, .invalidRequest, "input.image"),
            (#"{"input":{"image":"a","x":1}}"#, .unknownField, "input"),
            (#"{"input":"a","model":1}"#, .invalidRequest, "model"),
            (#"{"input":"a","spaces":"color"}"#, .invalidRequest, "spaces"),
            (#"{"input":"a","spaces":[]}"#, .invalidRequest, "spaces"),
            (#"{"input":"a","spaces":["color",2]}"#, .invalidRequest, "spaces[1]"),
            (#"{"input":"a","normalize":"true"}"#, .invalidRequest, "normalize"),
            (#"{"input":"a","encoding_format":"hex"}"#, .invalidRequest, "encoding_format"),
            (#"{"input":"a","dimensions":1.5}"#, .invalidRequest, "dimensions"),
            (#"{"input":"a","dimensions":"256"}"#, .invalidRequest, "dimensions"),
            (#"{"input":"a","spaces":[null]}"#, .invalidRequest, "spaces[0]"),
            (#"{"input":[null]}"#, .invalidRequest, "input[0]"), (#"{"input":"a","colour":null}"#, .unknownField, nil),
            (#"{"input":"a","colour":1}"#, .unknownField, nil), (#"{"input":"a","input":"b"}"#, .invalidJSON, nil),
            (#"[1]"#, .invalidRequest, nil), (#""input""#, .invalidRequest, nil), ("", .invalidJSON, nil),
            (#"{"input":"a""#, .invalidJSON, nil), (#"{"input":"a"} x"#, .invalidJSON, nil),
            (#"{"input":["a",]}"#, .invalidJSON, nil), (#"{"input":"a","user":"\ud800"}"#, .invalidJSON, nil),
        ] as [(String, APIError.Code, String?)])
    func refused(body: String, code: APIError.Code, param: String?) {
        let error = failure(body)
        #expect(error?.code == code && error?.param == (code == .invalidJSON ? error?.param : param))
    }

    @Test("Nothing of the body is quoted in an error")
    func privacy() {
        for body in [
            #"{"SECRET":1}"#, #"{"input":{"SECRET":1}}"#, #"{"input":"a","encoding_format":"SECRET"}"#, "SECRET",
        ] {
            #expect(failure(body)?.message.contains("SECRET") == false)
        }
    }

    @Test("Inputs are counted while they are read: the limit is taken and one more is not")
    func tooMany() throws {
        let body = #"{"input":["a","b","c"]}"#
        #expect(try OpenAIEmbeddingRequest(parsing: Array(body.utf8), mostInputs: 3).inputs.count == 3)
        let error = #expect(throws: APIError.self) {
            try OpenAIEmbeddingRequest(parsing: Array(body.utf8), mostInputs: 2)
        }
        #expect(error?.code == .tooManyImages && error?.param == "input")
    }

    @Test("A body cut off at any byte, or with any byte changed, is read or refused")
    func mutations() throws {
        let sample = Array(
            #"{"model":"m","input":["Zm9v",{"image":"a\/b\u0041"}],"normalize":true,"dimensions":-12e1}"#.utf8)
        for count in sample.indices {
            #expect(throws: APIError.self) { try OpenAIEmbeddingRequest(parsing: Array(sample[..<count])) }
        }
        var generator = SeededGenerator(seed: 5)
        var refusals = 0
        for place in sample.indices {
            for _ in 0..<20 {
                var bytes = sample
                bytes[place] = UInt8.random(in: 0...255, using: &generator)
                do { _ = try OpenAIEmbeddingRequest(parsing: bytes) } catch { refusals += 1 }
            }
        }
        #expect(refusals > sample.count)
    }

    private func parsed(_ body: String) throws -> OpenAIEmbeddingRequest {
        try OpenAIEmbeddingRequest(parsing: Array(body.utf8))
    }

    private func failure(_ body: String) -> APIError? {
        do throws(APIError) {
            _ = try OpenAIEmbeddingRequest(parsing: Array(body.utf8))
            return nil
        } catch {
            return error
        }
    }
}
