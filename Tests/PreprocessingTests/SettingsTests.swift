// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageDecoding
internal import Preprocessing
internal import Tensors
internal import Testing

@Suite struct SettingsTests {
    private func decode(_ json: String) throws -> Preprocessing {
        try JSONDecoder().decode(Preprocessing.self, from: Data(json.utf8))
    }

    @Test("Settings survive a round trip through JSON")
    func roundTrip() throws {
        let settings = try decode(
            #"{"size": 224, "resize": "crop", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}"#)
        #expect(
            settings.size == 224 && settings.resize == .crop && settings.mean[1] == 0.456 && settings.std[2] == 0.225)
        let again = try JSONDecoder().decode(Preprocessing.self, from: JSONEncoder().encode(settings))
        #expect(again == settings)
    }

    @Test("Sizes from 8 to 4,096 are accepted, and no others")
    func sizes() throws {
        for size in [8, 4_096] { _ = try Preprocessing(size: size, resize: .crop, mean: [0, 0, 0], std: [1, 1, 1]) }
        for size in [-1, 0, 7, 4_097, .max] {
            #expect(throws: PreprocessingError.size(size)) {
                try Preprocessing(size: size, resize: .crop, mean: [0, 0, 0], std: [1, 1, 1])
            }
        }
    }

    @Test("Constants must be three, finite, and std above zero")
    func constants() {
        let wrong: [([Float], [Float], PreprocessingError)] = [
            ([0, 0], [1, 1, 1], .channels(mean: 2, std: 3)), ([0, 0, 0], [1, 1, 1, 1], .channels(mean: 3, std: 4)),
            ([0, .nan, 0], [1, 1, 1], .constants), ([0, 0, 0], [1, 0, 1], .constants),
            ([0, 0, 0], [1, -1, 1], .constants), ([0, 0, 0], [1, .infinity, 1], .constants),
        ]
        for (mean, std, error) in wrong {
            #expect(throws: error) { try Preprocessing(size: 64, resize: .crop, mean: mean, std: std) }
        }
    }

    @Test(
        "JSON that breaks a rule is refused with the rule",
        arguments: [
            #"{"size": 4, "resize": "crop", "mean": [0, 0, 0], "std": [1, 1, 1]}"#,
            #"{"size": 64, "resize": "crop", "mean": [0, 0, 0], "std": [1, 0, 1]}"#,
        ])
    func invalid(json: String) {
        let error = #expect(throws: DecodingError.self) { try decode(json) }
        guard case .dataCorrupted(let context)? = error else {
            Issue.record("another error")
            return
        }
        #expect(context.debugDescription.contains("must be"))
    }

    @Test("An unknown way to resize is refused")
    func unknownResize() {
        #expect(throws: DecodingError.self) {
            try decode(#"{"size": 64, "resize": "stretch", "mean": [0, 0, 0], "std": [1, 1, 1]}"#)
        }
    }

    @Test("Letterbox bars are white and the picture is centred, its offset rounded down")
    func bars() throws {
        let settings = try Preprocessing(size: 9, resize: .letterbox, mean: [0.5, 0.5, 0.5], std: [0.5, 0.25, 0.125])
        let image = RGBImage(width: 9, height: 4, pixels: [UInt8](repeating: 0, count: 108))
        let tensor = settings.prepare(image)
        #expect(tensor.shape.dimensions == [9, 9, 3])
        for (index, value) in tensor.values.enumerated() {
            let row = index / 27
            let scale: Float = [2, 4, 8][index % 3]
            #expect(value == ((2..<6).contains(row) ? -0.5 : 0.5) * scale)
        }
    }
}
