// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageDecoding
internal import Preprocessing
internal import Tensors
internal import TestSupport
internal import Testing

@Suite struct GoldenInputTests {
    static let models = Golden.models.filter {
        FileManager.default.fileExists(atPath: $0.appendingPathComponent("preprocessing.json").path)
    }

    @Test("Every golden image becomes the reference's network input", arguments: models)
    func inputs(model: URL) throws {
        let json = try Data(contentsOf: model.appendingPathComponent("preprocessing.json"))
        let settings = try JSONDecoder().decode(Preprocessing.self, from: json)
        let golden = try GoldenTensors(model.appendingPathComponent("golden.safetensors"))
        var compared = 0
        for image in Golden.images.map(\.lastPathComponent) {
            guard let expected = golden["\(image)/input"] else { continue }
            let found = settings.prepare(try ImageDecoder().decode(Golden.image(image)))
            #expect(expected.shape == [3, settings.size, settings.size])
            let difference = Self.largestDifference(found.values, expected.values, area: settings.size * settings.size)
            // Another version of libjpeg or libwebp may differ by a grey level; PNG may not.
            let level = 1.01 / 255 / (settings.std.min() ?? 1)
            #expect(difference <= (image.hasSuffix(".png") ? 1e-6 : level), "\(image)")
            compared += 1
        }
        #expect(compared == Golden.images.count)
    }

    @Test("There is a model to compare with")
    func presence() {
        #expect(!Self.models.isEmpty)
    }

    /// `pixels` is row, column, channel; `planes` channel, row, column.
    private static func largestDifference(_ pixels: [Float], _ planes: [Float], area: Int) -> Float {
        guard pixels.count == planes.count else { return .infinity }
        var largest: Float = 0
        for channel in 0..<3 {
            for index in 0..<area {
                largest = max(largest, abs(pixels[3 * index + channel] - planes[channel * area + index]))
            }
        }
        return largest
    }
}
