// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ImageDecoding
internal import Preprocessing
internal import Tensors
internal import Testing

@Suite struct ScaledDecodingTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("ImageDecodingTests/Fixtures")

    @Test(
        "A JPEG decoded at a reduced scale gives nearly the same input, whichever way it is turned",
        arguments: 1...8, [Preprocessing.Resize.crop, .letterbox])
    func difference(orientation: Int, resize: Preprocessing.Resize) throws {
        let settings = try Preprocessing(size: 40, resize: resize, mean: [0, 0, 0], std: [1, 1, 1])
        let bytes = try [UInt8](Data(contentsOf: Self.folder.appendingPathComponent("smooth\(orientation).jpg")))
        let full = try ImageDecoder().decode(bytes)
        let scaled = try ImageDecoder().decode(bytes, atLeast: settings.minimumDecodeSize)
        #expect(scaled.width < full.width)
        let pairs = zip(settings.prepare(full).values, settings.prepare(scaled).values)
        let levels = pairs.map { abs($0 - $1) * 255 }
        #expect(levels.reduce(0, +) / Float(levels.count) < 0.5)
        #expect(levels.max() ?? 0 < 4.5)
    }

    @Test("Hidden rows in a scaled edge sample count only by what they cover", arguments: [1, 3])
    func hiddenRows(orientation: Int) throws {
        let settings = try Preprocessing(size: 12, resize: .letterbox, mean: [0, 0, 0], std: [1, 1, 1])
        let bytes = try [UInt8](Data(contentsOf: Self.folder.appendingPathComponent("hidden\(orientation).jpg")))
        let scaled = try ImageDecoder().decode(bytes, atLeast: settings.minimumDecodeSize)
        #expect(scaled.height == 25)
        let levels = settings.prepare(scaled).values.map { $0 * 255 }
        #expect(levels.min() ?? 0 > 215)
    }

    @Test("The decoder is asked for twice the size of the resize")
    func minimum() throws {
        let crop = try Preprocessing(size: 224, resize: .crop, mean: [0, 0, 0], std: [1, 1, 1])
        #expect(crop.minimumDecodeSize == .shorterSide(512))
        let box = try Preprocessing(size: 64, resize: .letterbox, mean: [0, 0, 0], std: [1, 1, 1])
        #expect(box.minimumDecodeSize == .longerSide(128))
    }
}
