// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Foundation
internal import Testing

@Suite("Augmentation settings")
struct AugmentationSettingsTests {
    @Test("The defaults are valid and come back from JSON")
    func defaults() throws {
        let settings = AugmentationSettings()
        try settings.validate()
        let data = try JSONEncoder().encode(settings)
        #expect(try JSONDecoder().decode(AugmentationSettings.self, from: data) == settings)
    }

    @Test("A setting just outside its range is refused by name, one on the edge is taken")
    func ranges() throws {
        func refused(_ change: (inout AugmentationSettings) -> Void) -> String? {
            var settings = AugmentationSettings()
            change(&settings)
            do {
                try settings.validate()
                return nil
            } catch {
                return error.description
            }
        }
        #expect(refused { $0.flipProbability = 1.01 } == "the flip probability is 1.01; it must be 0 to 1.")
        #expect(refused { $0.rotationProbability = -0.01 }?.contains("rotation probability") == true)
        #expect(refused { $0.textureProbability = .nan }?.contains("texture probability") == true)
        #expect(refused { $0.hue = 0.51 }?.contains("hue") == true)
        #expect(refused { $0.brightness = -1 }?.contains("brightness") == true)
        #expect(refused { $0.cropScale = 0...1 }?.contains("crop scale") == true)
        #expect(refused { $0.cropScale = 0.5...1.5 }?.contains("crop scale") == true)
        #expect(refused { $0.cropRatio = 0...1 }?.contains("crop ratio") == true)
        #expect(refused { $0.blurSigma = 0...1 }?.contains("blur sigma") == true)
        #expect(refused { $0.blurSide = 0 }?.contains("blur side") == true)
        #expect(refused { $0.textureKernels = [] }?.contains("texture kernels") == true)
        #expect(refused { $0.textureKernels = [2] }?.contains("texture kernels") == true)
        #expect(refused { $0.textureKernels = [17] }?.contains("texture kernels") == true)
        #expect(refused { $0.textureKernels = [15] } == nil)
        #expect(refused { $0.hue = 0.5 } == nil)
        #expect(refused { $0.cropScale = 1...1 } == nil)
        #expect(refused { ($0.flipProbability, $0.blurProbability) = (0, 1) } == nil)
    }

    @Test("A texture that would change nothing is not drawn")
    func effectiveKernels() {
        var settings = AugmentationSettings()
        #expect(settings.effectiveKernels == [1, 3, 5, 7], "nine weights of size 1 make false colours")
        settings.textureChannels = .same
        #expect(settings.effectiveKernels == [3, 5, 7])
        settings.textureKeepsStatistics = false
        #expect(settings.effectiveKernels == [1, 3, 5, 7])
        (settings.textureKeepsStatistics, settings.textureKernels, settings.textureProbability) = (true, [1], 1)
        #expect(settings.effectiveKernels == [1])
        settings.textureKernels = [1, 3]
        let sampler = ViewSampler(settings: settings, factors: [.texture], keyed: [])
        var stream = RandomStream(seed: 3)
        for _ in 0..<50 {
            #expect(sampler.views(width: 9, height: 9, stream: &stream).query.texture?.convolution?.kernel == 3)
        }
    }
}
