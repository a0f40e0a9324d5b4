// SPDX-License-Identifier: Apache-2.0

package import ContrastiveTraining

/// Makes the tasks out of a labelled folder of pictures; the same data and settings give the same tasks.
package struct TaskBuilder {
    /// What may be chosen.
    package struct Settings: Sendable {
        /// Classes with fewer pictures than this in either split are left out.
        package var minimumTrain = 20
        package var minimumTest = 5
        /// What may be turned upside down without anybody noticing is not in here: `category` or `category/subcategory`.
        package var upright = TaskBuilder.upright
        /// The law of the views of instance retrieval.
        package var augmentation = AugmentationSettings()
        /// Side of the network's input, on which views are made.
        package var size: Int
        package var seed: UInt64

        package init(size: Int, seed: UInt64 = 0) {
            precondition(size > 0, "an input of \(size) pixels")
            self.size = size
            self.seed = seed
        }
    }

    private let entries: [ImageEntry]
    /// A number for each entry's group of variants.
    let groups: [Int]
    private let picture: (Int) -> CachedImage
    private let settings: Settings

    /// Tasks on the pictures of a cache.
    package init(cache: ImageCache, settings: Settings) {
        self.init(entries: cache.entries, settings: settings) { cache[$0] }
    }

    /// Tasks on `entries`; `picture` gives the pixels of each position.
    package init(entries: [ImageEntry], settings: Settings, picture: @escaping (Int) -> CachedImage) {
        self.entries = entries
        self.settings = settings
        self.picture = picture
        var numbers: [String: Int] = [:]
        var groups: [Int] = []
        for (place, entry) in entries.enumerated() {
            // An entry without a group is one by itself; the number of its first member names a group.
            groups.append(entry.group.map { numbers[$0, default: place] } ?? place)
            if let group = entry.group, numbers[group] == nil { numbers[group] = place }
        }
        self.groups = groups
    }

    /// Every task that the data has enough pictures for.
    package func all() -> [EvaluationTask] {
        let labelled = [
            coarse(), fine(), color(), rotation(), uprightRotation(), texture(),
        ]
        return (labelled + Augmentation.allCases.map(retrieval)).compactMap { $0 }
    }

    /// Name the category.
    package func coarse() -> EvaluationTask? {
        classification("coarse", "The folder's top-level category") { place in
            let category = entries[place].category
            return category.isEmpty ? nil : category
        }
    }

    /// Name the sub-category.
    package func fine() -> EvaluationTask? {
        classification("fine", "The category and sub-category") { place in
            let entry = entries[place]
            return entry.category.isEmpty || entry.subcategory.isEmpty
                ? nil : entry.category + "/" + entry.subcategory
        }
    }

    /// Name the dominant hue, computed from the pixels; see ``DominantHue``.
    package func color() -> EvaluationTask? {
        let names = DominantHue.allCases.map(\.name)
        return classification("color", "The dominant hue of the pixels; pictures without one are left out", names) {
            DominantHue(of: picture($0))?.name
        }
    }

    /// Tell the four quarter turns of every picture apart.
    ///
    /// By default of its central square: a letterboxed frame would give half of the answer away.
    package func rotation(frame: Transformation.Frame = .square) -> EvaluationTask? {
        turned(
            frame == .square ? "rotation" : "rotation-whole", Array(entries.indices), frame,
            "Every picture in its 4 quarter turns")
    }

    /// The same for pictures of things that have an upright.
    package func uprightRotation() -> EvaluationTask? {
        let places = entries.indices.filter { place in
            let entry = entries[place]
            return settings.upright.contains(entry.category)
                || settings.upright.contains(entry.category + "/" + entry.subcategory)
        }
        return turned("rotation-upright", places, .square, "Pictures of things with an upright, in 4 quarter turns")
    }

    /// Tell which of a few fixed filters every picture went through; see ``TextureFamily``.
    ///
    /// The content is the same in every class, as it is for the turns. A statistic of the picture's own texture would be
    /// known from its category.
    package func texture() -> EvaluationTask? {
        transformed(
            "texture", classes: TextureFamily.allCases.map(\.rawValue), Array(entries.indices),
            "Every picture through 4 fixed filters and as it is; colours keep their mean and spread"
        ) { .filtered(TextureFamily.allCases[$0]) }
    }

    /// Find the plain picture of an augmented view among all test pictures, one of each group.
    package func retrieval(_ augmentation: Augmentation) -> EvaluationTask? {
        var bank: [EvaluationTask.Item] = []
        var queries: [EvaluationTask.Item] = []
        var seen: Set<Int> = []
        for place in entries.indices where entries[place].split == .test && seen.insert(groups[place]).inserted {
            var stream = RandomStream(seed: settings.seed, augmentation.number, UInt64(place))
            guard
                let view = augmentation.view(
                    side: settings.size, settings: settings.augmentation, stream: &stream)
            else { return nil }
            bank.append(.init(image: place, label: bank.count, split: .train, group: groups[place]))
            queries.append(
                .init(
                    image: place, transformation: .augmented(view), label: queries.count, split: .test,
                    group: groups[place]))
        }
        guard bank.count > 1 else { return nil }
        return EvaluationTask(
            name: "retrieval-" + augmentation.rawValue, kind: .instanceRetrieval, classes: [], items: bank + queries,
            note: "A view with \(augmentation.rawValue) alone, to be found among \(bank.count) plain test pictures.")
    }

    /// Things that have an upright, in the data of `deploy/fetch-data`.
    package static let upright: Set<String> = [
        "animals/birds", "animals/dinosaurs", "animals/general", "animals/mammals", "buildings", "people/general",
        "people/clothing", "people/stickmen", "plants", "transportation", "food/beverages", "recreation/chess",
        "emoji/animals", "emoji/birds", "emoji/clothing", "emoji/drinks", "emoji/faces", "emoji/families",
        "emoji/people", "emoji/places", "emoji/plants", "emoji/sportspeople", "emoji/vehicles",
    ]
}

extension TaskBuilder {
    /// Labels by name, in alphabetical order unless `order` says otherwise; a nil label leaves a picture out.
    private func classification(
        _ name: String, _ note: String, _ order: [String]? = nil, _ label: (Int) -> String?
    ) -> EvaluationTask? {
        let labels = entries.indices.map(label)
        var counts: [String: [ImageEntry.Split: Int]] = [:]
        for (place, label) in labels.enumerated() {
            if let label { counts[label, default: [:]][entries[place].split, default: 0] += 1 }
        }
        let kept = counts.filter {
            $0.value[.train, default: 0] >= settings.minimumTrain && $0.value[.test, default: 0] >= settings.minimumTest
        }
        let classes = (order ?? counts.keys.sorted()).filter { kept[$0] != nil }
        guard classes.count > 1 else { return nil }
        let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
        let items = entries.indices.compactMap { place -> EvaluationTask.Item? in
            guard let label = labels[place].flatMap({ numbers[$0] }) else { return nil }
            return .init(image: place, label: label, split: entries[place].split, group: groups[place])
        }
        let small = counts.count - classes.count
        let rest = small > 0 ? "; \(small) classes have too few pictures." : "."
        return EvaluationTask(name: name, kind: .classification, classes: classes, items: items, note: note + rest)
    }

    private func turned(
        _ name: String, _ places: [Int], _ frame: Transformation.Frame, _ note: String
    ) -> EvaluationTask? {
        let classes = (0..<4).map { "\(90 * $0)" }
        let part = frame == .square ? "; the central square, so that the frame says nothing" : ""
        return transformed(name, classes: classes, places, note + part) { .turned(quarterTurns: $0, frame: frame) }
    }

    /// Every picture once for each class.
    private func transformed(
        _ name: String, classes: [String], _ places: [Int], _ note: String,
        _ transformation: (Int) -> Transformation
    ) -> EvaluationTask? {
        let splits = Set(places.map { entries[$0].split })
        guard splits.count == ImageEntry.Split.allCases.count else { return nil }
        let items = places.flatMap { place in
            classes.indices.map { label in
                EvaluationTask.Item(
                    image: place, transformation: transformation(label), label: label, split: entries[place].split,
                    group: groups[place])
            }
        }
        return EvaluationTask(name: name, kind: .classification, classes: classes, items: items, note: note + ".")
    }
}

extension Augmentation {
    /// For random streams.
    fileprivate var number: UInt64 { UInt64(Self.allCases.firstIndex(of: self) ?? 0) }
}
