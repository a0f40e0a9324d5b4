// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Kernels
internal import Preprocessing
internal import Statistics

/// Which views the invariance profile looks at, and how many.
struct ProfilePlan {
    let settings: EvaluationSettings
    /// Test images looked at.
    let images: Int

    init(settings: EvaluationSettings, test: Int) {
        self.settings = settings
        images = min(settings.profileImages, test)
    }

    /// Images that the parameter probes learn from.
    var trainImages: Int { images }

    /// Items embedded in all.
    var items: Int {
        let single = Augmentation.allCases.count * images
        let rank = Factor.allCases.count * images * (2 + settings.otherViews)
        let parameters =
            Factor.allCases.reduce(0) { $0 + Self.parameters(of: $1, size: 1).count } * (images + trainImages)
        return single + rank + parameters
    }

    /// The transformations that a parameter probe tells apart, the first of which is the plain image.
    ///
    /// Rotation: 4 quarter turns of the central square. Colour: as it is, the hue a third of the circle on, two thirds on,
    /// and no colour at all. Texture: as it is and four fixed filters.
    static func parameters(of factor: Factor, size: Int) -> [Transformation] {
        let whole = CropParameters(top: 0, left: 0, height: size, width: size)
        switch factor {
        case .rotation: return (0..<4).map { .turned(quarterTurns: $0, frame: .square) }
        case .texture: return TextureFamily.allCases.map { .filtered($0) }
        case .color:
            let hues: [Float] = [0, 1.0 / 3, -1.0 / 3]
            let turned = hues.map { hue in
                ColorParameters(
                    jitter: .init(order: [.hue], brightness: 1, contrast: 1, saturation: 1, hue: hue), grayscale: false)
            }
            return (turned + [ColorParameters(jitter: nil, grayscale: true)]).map {
                .augmented(ViewParameters(crop: whole, color: $0))
            }
        }
    }

    /// A query view, the view that shares `factor` with it, and others that do not.
    func views(of factor: Factor, image: Int, size: Int) -> [ViewParameters] {
        let keyed = ViewSampler(settings: settings.augmentation, factors: Factor.allCases, keyed: [factor])
        let free = ViewSampler(settings: settings.augmentation, factors: Factor.allCases, keyed: [])
        var stream = RandomStream(
            seed: settings.seed, 0x9A1E, UInt64(Factor.allCases.firstIndex(of: factor) ?? 0), UInt64(image))
        let set = keyed.views(width: size, height: size, stream: &stream)
        var views = [set.query, set.keys[1]]
        for _ in 0..<10_000 where views.count < 2 + settings.otherViews {
            let view = free.views(width: size, height: size, stream: &stream).query
            if !view.shares(factor, with: set.query) { views.append(view) }
        }
        return views
    }
}

extension Factor {
    /// The augmentation that changes this factor.
    var augmentation: Augmentation {
        switch self {
        case .color: .color
        case .rotation: .rotation
        case .texture: .texture
        }
    }
}

extension EvaluationRun {
    /// Measures what every space of every subject makes of every factor.
    func profile(_ plain: PlainFeatures, _ results: inout EvaluationResults) throws {
        let plan = ProfilePlan(settings: settings, test: data.heldOut.count)
        let size = subjects[0].preprocessing.size
        let images = sample(data.heldOut, plan.images)
        guard images.count > 1 else { return }
        let clean = plain.tables(of: items(images) { _ in .none })
        var rank: [Augmentation: [[Estimate]]] = [:]
        var prediction: [Augmentation: [[Estimate]]] = [:]
        for factor in Factor.allCases {
            rank[factor.augmentation] = try advantages(factor, images, plan, size)
            prediction[factor.augmentation] = try predictions(factor, images, plan, size)
        }
        for augmentation in Augmentation.allCases {
            guard let views = try changed(images, by: augmentation, size) else { continue }
            let chance = Factor(rawValue: augmentation.rawValue).map {
                1 / Double(ProfilePlan.parameters(of: $0, size: size).count)
            }
            for (subject, spaces) in subjects.enumerated() {
                for (number, space) in spaces.spaces.enumerated() {
                    let measured = try NormalisedInvariance(
                        images: clean[subject][number], views: views[subject][number], bootstrap: bootstrap)
                    results.profiles.append(
                        .init(
                            subject: spaces.name, space: space.name, factor: augmentation,
                            invariance: measured.invariance, advantage: rank[augmentation]?[subject][number],
                            prediction: prediction[augmentation]?[subject][number], predictionChance: chance))
                }
            }
        }
    }

    /// `count` of some images, drawn by the seed.
    private func sample(_ images: [Int], _ count: Int) -> [Int] {
        var stream = SeededStream(seed: settings.seed, 0x5A)
        return stream.shuffled(images).prefix(count).sorted()
    }

    private var bootstrap: Bootstrap { Bootstrap(resamples: 1_000, seed: settings.seed) }

    private func items(
        _ images: [Int], label: Int = 0, _ transformation: (Int) throws -> Transformation
    ) rethrows -> [EvaluationTask.Item] {
        try images.map {
            .init(image: $0, transformation: try transformation($0), label: label, split: .test, group: groups[$0])
        }
    }

    /// A view of every image in which one augmentation is at work; nil where the settings never let it.
    private func changed(
        _ images: [Int], by augmentation: Augmentation, _ size: Int
    ) throws -> FeatureExtractor.Tables? {
        var views: [EvaluationTask.Item] = []
        for image in images {
            var stream = RandomStream(
                seed: settings.seed, 0x9A1F, UInt64(Augmentation.allCases.firstIndex(of: augmentation) ?? 0),
                UInt64(image))
            guard let view = augmentation.view(side: size, settings: settings.augmentation, stream: &stream) else {
                return nil
            }
            views += items([image]) { _ in .augmented(view) }
        }
        return try extractor.tables(of: views, stop: stop)
    }

    /// How often the view with the query's parameter is nearer than one with another.
    private func advantages(
        _ factor: Factor, _ images: [Int], _ plan: ProfilePlan, _ size: Int
    ) throws -> [[Estimate]] {
        let views = images.map { plan.views(of: factor, image: $0, size: size) }
        let tables = try (0..<2 + settings.otherViews).map { number in
            let part = zip(images, views).flatMap { image, views in items([image]) { _ in .augmented(views[number]) } }
            return try extractor.tables(of: part, stop: stop)
        }
        return try subjects.indices.map { subject in
            try subjects[subject].spaces.indices.map { space in
                try ViewRank(
                    queries: tables[0][subject][space], views: tables.dropFirst().map { $0[subject][space] },
                    matching: 0, bootstrap: bootstrap
                ).advantage
            }
        }
    }

    /// The accuracy of telling the transformation from the features of the plain and the transformed image.
    private func predictions(
        _ factor: Factor, _ images: [Int], _ plan: ProfilePlan, _ size: Int
    ) throws -> [[Estimate]] {
        let transformations = ProfilePlan.parameters(of: factor, size: size)
        let train = sample(data.training, plan.trainImages)
        func pairs(_ images: [Int]) throws -> (FeatureExtractor.Tables, FeatureExtractor.Tables) {
            let changed = transformations.enumerated().flatMap { label, transformation in
                items(images, label: label) { _ in transformation }
            }
            let tables = try extractor.tables(of: changed, stop: stop)
            let first = Array(0..<images.count)
            let repeated = transformations.flatMap { _ in first }
            return (tables.map { $0.map { $0.rows(repeated) } }, tables)
        }
        let (fitted, judged) = (try pairs(train), try pairs(images))
        var choices = settings.probe
        choices.seed = settings.seed
        return try subjects.indices.map { subject in
            try subjects[subject].spaces.indices.map { space in
                if stop() { throw EvaluationError.cancelled }
                return try LinearProbe(settings: choices, pool: pool).evaluate(
                    train: fitted.1[subject][space].beside(fitted.0[subject][space]),
                    test: judged.1[subject][space].beside(judged.0[subject][space])
                ).test.accuracy
            }
        }
    }
}
