// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Testing

/// What is copied, what is drawn afresh, and that every stream gives the same views again.
@Suite("Views of one image")
struct ViewSamplerTests {
    static let all = ViewSampler(settings: .init(), factors: Factor.allCases, keyed: Factor.allCases)

    static func sets(
        _ sampler: ViewSampler = all, count: Int = 4_000, width: Int = 96, height: Int = 64
    ) -> [ViewSet] {
        (0..<count).map { image in
            var stream = RandomStream(seed: 11, UInt64(image))
            return sampler.views(width: width, height: height, stream: &stream)
        }
    }

    @Test("The key of a factor has the query's very value of it, and nothing else of the query by intent")
    func copies() {
        let sets = Self.sets()
        for (number, factor) in Factor.allCases.enumerated() {
            #expect(sets.allSatisfy { $0.keys[number + 1].shares(factor, with: $0.query) })
            let pairs = sets.map { ($0.query, $0.keys[number + 1]) }
            #expect(share(pairs) { $0.crop == $1.crop } < 0.01)
            for other in Factor.allCases where other != factor {
                // As often as two independent views do, and no more.
                let expected = Self.chanceOfSharing(other)
                #expect(abs(share(pairs) { $0.shares(other, with: $1) } - expected) < 0.04, "\(factor), \(other)")
            }
        }
    }

    @Test("k0 shares each factor as often as chance has it")
    func chance() {
        let pairs = Self.sets().map { ($0.query, $0.keys[0]) }
        for factor in Factor.allCases {
            let found = share(pairs) { $0.shares(factor, with: $1) }
            #expect(abs(found - Self.chanceOfSharing(factor)) < 0.03, "\(factor)")
        }
    }

    /// For two independent views with the default settings: both upright or turned alike, both left alone.
    static func chanceOfSharing(_ factor: Factor) -> Double {
        switch factor {
        case .color: 0.2 * 0.2 * (0.8 * 0.8 + 0.2 * 0.2)
        case .rotation: 0.5 * 0.5 + 3 * (1.0 / 6) * (1.0 / 6)
        case .texture: 0.5 * 0.5
        }
    }

    private func share(
        _ pairs: [(ViewParameters, ViewParameters)], _ test: (ViewParameters, ViewParameters) -> Bool
    ) -> Double {
        Double(pairs.count { test($0.0, $0.1) }) / Double(pairs.count)
    }

    @Test("Without keyed factors there is exactly one key: MoCo")
    func onlyOneKey() {
        for factors in [[], [Factor.color], Factor.allCases] {
            let sampler = ViewSampler(settings: .init(), factors: factors, keyed: [])
            for set in Self.sets(sampler, count: 50) {
                #expect(set.keys.count == 1)
                for view in set.keys + [set.query] {
                    #expect((view.color != nil) == factors.contains(.color))
                    #expect((view.rotation != nil) == factors.contains(.rotation))
                    #expect((view.texture != nil) == factors.contains(.texture))
                    #expect(!view.grayscale)
                }
            }
        }
    }

    @Test("Keys come in the order of the keyed factors")
    func order() {
        let sampler = ViewSampler(settings: .init(), factors: Factor.allCases, keyed: [.texture, .color])
        let sets = Self.sets(sampler, count: 200)
        #expect(sets.allSatisfy { $0.keys.count == 3 })
        #expect(sets.allSatisfy { $0.keys[1].shares(.texture, with: $0.query) })
        #expect(sets.allSatisfy { $0.keys[2].shares(.color, with: $0.query) })
        #expect(!sets.allSatisfy { $0.keys[1].shares(.color, with: $0.query) })
    }

    @Test("A factor that is not in use is shared; left alone is a value of its own")
    func absence() {
        let crop = CropParameters(top: 0, left: 0, height: 1, width: 1)
        let bare = ViewParameters(crop: crop)
        let idle = ViewParameters(
            rotation: .init(quarterTurns: 0), crop: crop, color: .init(jitter: nil, grayscale: false),
            texture: .init(convolution: nil))
        for factor in Factor.allCases {
            #expect(bare.shares(factor, with: bare))
            #expect(idle.shares(factor, with: idle))
            #expect(!bare.shares(factor, with: idle))
        }
    }

    @Test("The same keys give the same views, and other keys others")
    func reproduction() {
        #expect(Self.sets(count: 100) == Self.sets(count: 100))
        var (one, two) = (RandomStream(seed: 1, 2, 3), RandomStream(seed: 1, 2, 4))
        #expect(
            Self.all.views(width: 50, height: 50, stream: &one) != Self.all.views(width: 50, height: 50, stream: &two))
    }

    @Test("What a key draws for itself does not depend on what it copies")
    func fresh() {
        let sampler = ViewSampler(settings: .init(), factors: Factor.allCases, keyed: [])
        for image in 0..<200 as Range<UInt64> {
            var (one, two) = (RandomStream(seed: 1, image), RandomStream(seed: 1, image))
            let plain = sampler.views(width: 64, height: 64, stream: &one)
            let keyed = Self.all.views(width: 64, height: 64, stream: &two)
            #expect(plain.query == keyed.query && plain.keys[0] == keyed.keys[0])
            let next = sampler.views(width: 64, height: 64, stream: &one)
            // The next two views of the plain sampler are k1 and k2, but for what these copy.
            #expect(next.query.crop == keyed.keys[1].crop && next.query.texture == keyed.keys[1].texture)
            #expect(next.keys[0].crop == keyed.keys[2].crop && next.keys[0].color == keyed.keys[2].color)
        }
    }

    @Test("Grey belongs to colour, or is a draw of its own where the settings say so")
    func apart() {
        var settings = AugmentationSettings()
        settings.grayscaleBelongsToColor = false
        let sampler = ViewSampler(settings: settings, factors: [.color], keyed: [.color])
        let sets = Self.sets(sampler)
        #expect(sets.allSatisfy { $0.query.color?.grayscale == false && $0.keys[1].shares(.color, with: $0.query) })
        let both = share(sets.map { ($0.query, $0.keys[1]) }) { $0.grayscale == $1.grayscale }
        #expect(abs(both - 0.68) < 0.03)
    }
}
