// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Evaluation
import ImageDecoding
import Preprocessing
import Tensors
import Statistics
import Testing

@Suite("Inputs of items")
struct InputRendererTests {
    private static let sizes = [[32, 32], [50, 33], [20, 61], [5, 7]]

    private static func preprocessing(_ resize: Preprocessing.Resize = .letterbox) throws -> Preprocessing {
        try Preprocessing(size: 32, resize: resize, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
    }

    private static func item(
        _ transformation: Transformation = .none, corruption: EvaluationTask.AppliedCorruption? = nil
    ) -> EvaluationTask.Item {
        .init(image: 0, transformation: transformation, corruption: corruption, label: 0, split: .test, group: 0)
    }

    private static func render(
        _ item: EvaluationTask.Item, _ picture: CachedImage, with renderer: InputRenderer
    ) -> [Float] {
        var values = [Float](repeating: .nan, count: 3 * 32 * 32)
        values.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { renderer.render(item, of: picture, into: base) }
        }
        return values
    }

    /// Levels of 0 to 255.
    private static func levels(_ values: [Float], _ preprocessing: Preprocessing) -> [Float] {
        values.enumerated().map { ($1 * preprocessing.std[$0 % 3] + preprocessing.mean[$0 % 3]) * 255 }
    }

    @Test(
        "A plain item is what serving makes of the picture, bit for bit", arguments: sizes,
        [Preprocessing.Resize.letterbox, .crop])
    func plain(size: [Int], resize: Preprocessing.Resize) throws {
        let preprocessing = try Self.preprocessing(resize)
        let renderer = try InputRenderer(preprocessing: preprocessing)
        let picture = Painted.scene(size[0], size[1])
        let served = preprocessing.prepare(Painted.image(of: picture))
        let expected = served.withUnsafeBuffer { Array($0) }
        for transformation in [Transformation.none, .turned(quarterTurns: 0, frame: .whole), .filtered(.none)] {
            #expect(Self.render(Self.item(transformation), picture, with: renderer) == expected)
        }
    }

    @Test("A turned item is the turned input to a level: resizing does not tell the turn", arguments: sizes)
    func turned(size: [Int]) throws {
        let preprocessing = try Self.preprocessing()
        let renderer = try InputRenderer(preprocessing: preprocessing)
        let picture = Painted.scene(size[0], size[1])
        let upright = Self.levels(
            Self.render(Self.item(.turned(quarterTurns: 0, frame: .square)), picture, with: renderer), preprocessing)
        for turns in 1...3 {
            let turned = Self.levels(
                Self.render(Self.item(.turned(quarterTurns: turns, frame: .square)), picture, with: renderer),
                preprocessing)
            for y in 0..<32 {
                for x in 0..<32 {
                    // Counterclockwise: what was at the right is at the top.
                    let (fromX, fromY) = [(31 - y, x), (31 - x, 31 - y), (y, 31 - x)][turns - 1]
                    for channel in 0..<3 {
                        let expected = upright[3 * (32 * fromY + fromX) + channel]
                        let difference = turned[3 * (32 * y + x) + channel] - expected
                        #expect(abs(difference) < 1.01, "\(turns) turns at \(x), \(y): \(difference)")
                    }
                }
            }
        }
    }

    @Test("The central square has no bars, whatever the shape of the picture")
    func square() throws {
        let preprocessing = try Self.preprocessing()
        let renderer = try InputRenderer(preprocessing: preprocessing)
        let dark = Painted.picture(60, 20) { _, _ in (10, 10, 10) }
        func brightest(_ frame: Transformation.Frame) -> Float {
            let values = Self.render(Self.item(.turned(quarterTurns: 1, frame: frame)), dark, with: renderer)
            return Self.levels(values, preprocessing).max() ?? .nan
        }
        #expect(abs(brightest(.square) - 10) < 0.1 && abs(brightest(.whole) - 255) < 0.1)
    }

    @Test("Exact quarter turns: four are none, and two are a half turn", arguments: sizes)
    func quarterTurns(size: [Int]) {
        let image = Painted.image(of: Painted.scene(size[0], size[1]))
        let once = image.turned(quarterTurns: 1)
        #expect((once.width, once.height) == (size[1], size[0]))
        // The upper right corner comes to the upper left.
        #expect(Array(once.pixels[0..<3]) == Array(image.pixels[3 * (size[0] - 1)..<3 * size[0]]))
        #expect(once.turned(quarterTurns: 1) == image.turned(quarterTurns: 2))
        #expect(once.turned(quarterTurns: 3) == image && image.turned(quarterTurns: 0) == image)
        let square = image.centralSquare
        #expect(square.width == size.min() && square.height == size.min())
    }

    @Test("A corruption damages the input, or the picture where asked for, and by the item's own draws")
    func corruption() throws {
        let preprocessing = try Self.preprocessing()
        let renderer = try InputRenderer(preprocessing: preprocessing)
        let picture = Painted.scene(50, 33)
        func damaged(_ seed: UInt64, _ renderer: InputRenderer) -> [Float] {
            Self.render(
                Self.item(corruption: .init(corruption: .gaussianNoise, severity: 3, seed: seed)), picture,
                with: renderer)
        }
        let first = damaged(1, renderer)
        #expect(damaged(1, renderer) == first && damaged(2, renderer) != first)
        let atSource = damaged(1, try InputRenderer(preprocessing: preprocessing, target: .picture))
        // The bars are made after the picture was damaged, and before the input is.
        let corner = { (values: [Float]) in Array(Self.levels(values, preprocessing)[0..<90]) }
        #expect(corner(atSource).allSatisfy { abs($0 - 255) < 0.1 })
        #expect(corner(first).contains { $0 < 250 })
        let clean = Self.levels(Self.render(Self.item(), picture, with: renderer), preprocessing)
        let noise = zip(Self.levels(first, preprocessing), clean).map { $0 - $1 }
        let deviation = (noise.reduce(0) { $0 + $1 * $1 } / Float(noise.count)).squareRoot()
        #expect(deviation > 0.12 * 255 && deviation < 0.2 * 255)
    }

    @Test("Filters change the texture and keep each channel's mean and spread; grey stays grey")
    func filters() throws {
        let preprocessing = try Self.preprocessing()
        let renderer = try InputRenderer(preprocessing: preprocessing)
        let picture = Painted.picture(32, 32) { x, y in
            let isInside = (x / 5 + y / 4) % 2 == 0
            return isInside ? (UInt8(60 + 4 * x), 90, UInt8(20 + 5 * y)) : (210, UInt8(100 + 4 * y), 180)
        }
        let plain = Self.render(Self.item(), picture, with: renderer)
        var seen: [[Float]] = [plain]
        func moments(_ values: [Float], _ channel: Int) -> (Float, Float) {
            let own = stride(from: channel, to: values.count, by: 3).map { values[$0] }
            let mean = own.reduce(0, +) / Float(own.count)
            return (mean, (own.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(own.count)).squareRoot())
        }
        for family in TextureFamily.allCases where family != .none {
            let filtered = Self.render(Self.item(.filtered(family)), picture, with: renderer)
            for channel in 0..<3 {
                let (before, after) = (moments(plain, channel), moments(filtered, channel))
                #expect(abs(before.0 - after.0) < 1e-3 && abs(before.1 - after.1) < 1e-3, "\(family)")
            }
            for other in seen {
                let distance = zip(filtered, other).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(other.count)
                #expect(distance > 0.1, "\(family): \(distance)")
            }
            seen.append(filtered)
        }
        let gray = Painted.picture(32, 32) { x, y in
            let level = UInt8((x * 13 + y * 29) % 200)
            return (level, level, level)
        }
        for family in TextureFamily.allCases {
            let levels = Self.levels(Self.render(Self.item(.filtered(family)), gray, with: renderer), preprocessing)
            var tint: Float = 0
            for place in stride(from: 0, to: levels.count, by: 3) {
                tint = max(tint, abs(levels[place] - levels[place + 1]), abs(levels[place] - levels[place + 2]))
            }
            #expect(tint < 0.01, "\(family)")
        }
    }

    @Test("A filter leaves white white, without a frame, and light parts lighter than dark ones")
    func filteredWhite() throws {
        let preprocessing = try Self.preprocessing()
        let renderer = try InputRenderer(preprocessing: preprocessing)
        let white = Painted.picture(32, 32) { _, _ in (255, 255, 255) }
        let halves = Painted.picture(32, 32) { x, _ in x < 16 ? (200, 200, 200) : (60, 60, 60) }
        for family in TextureFamily.allCases {
            let levels = Self.levels(Self.render(Self.item(.filtered(family)), white, with: renderer), preprocessing)
            #expect(levels.allSatisfy { abs($0 - 255) < 0.01 }, "\(family)")
            let parts = Self.levels(Self.render(Self.item(.filtered(family)), halves, with: renderer), preprocessing)
            #expect(parts[3 * (32 * 16 + 4)] > parts[3 * (32 * 16 + 28)] + 100, "\(family)")
        }
    }

    @Test("A preview shows the input as bytes")
    func preview() throws {
        let preprocessing = try Self.preprocessing()
        let renderer = try InputRenderer(preprocessing: preprocessing)
        let picture = Painted.scene(32, 32)
        let preview = renderer.preview(Self.item(), of: picture)
        #expect(Painted.image(of: preview) == Painted.image(of: picture))
        #expect(renderer.size == 32)
    }
}
