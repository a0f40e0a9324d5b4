// SPDX-License-Identifier: Apache-2.0

package import ContrastiveTraining

/// A question put to a representation: items that each have a right answer.
///
/// A value that follows from the data and the settings alone: every representation gets the same items in the same order.
package struct EvaluationTask: Sendable, Equatable {
    /// How the items are used.
    package enum Kind: String, Sendable, Codable {
        /// Learn the label from the `train` items, name that of the `test` items.
        case classification
        /// For each `test` item (the query) find the one `train` item (the bank) with the same label.
        case instanceRetrieval
    }

    /// One input and its answer.
    package struct Item: Sendable, Equatable {
        /// Position in the cache.
        package let image: Int
        /// What is done to the picture before the network sees it.
        package let transformation: Transformation
        /// Damage on top of it; nil for clean items.
        package var corruption: AppliedCorruption?
        /// Position in ``EvaluationTask/classes``; for instance retrieval a number of the instance.
        package let label: Int
        package let split: ImageEntry.Split
        /// Items of one image, and of images that are variants of each other, have the same number.
        package let group: Int

        package init(
            image: Int, transformation: Transformation = .none, corruption: AppliedCorruption? = nil, label: Int,
            split: ImageEntry.Split, group: Int
        ) {
            self.image = image
            self.transformation = transformation
            self.corruption = corruption
            self.label = label
            self.split = split
            self.group = group
        }
    }

    /// A corruption with everything that decides its pixels.
    package struct AppliedCorruption: Sendable, Hashable, Codable {
        package let corruption: Corruption
        /// 1 to 5.
        package let severity: Int
        package let seed: UInt64

        package init(corruption: Corruption, severity: Int, seed: UInt64) {
            precondition(Corruption.severities.contains(severity), "severity \(severity)")
            self.corruption = corruption
            self.severity = severity
            self.seed = seed
        }
    }

    /// Short, for tables and file names: `coarse`, `rotation`, `retrieval-color`.
    package let name: String
    package let kind: Kind
    /// Names of the labels; empty for instance retrieval.
    package let classes: [String]
    package let items: [Item]
    /// One or two sentences for a report: what the labels are and what was left out.
    package let note: String

    package init(name: String, kind: Kind, classes: [String], items: [Item], note: String) {
        self.name = name
        self.kind = kind
        self.classes = classes
        self.items = items
        self.note = note
    }

    /// The items of one split, in order.
    package func items(of split: ImageEntry.Split) -> [Item] { items.filter { $0.split == split } }

    /// How often each class occurs in a split.
    package func counts(of split: ImageEntry.Split) -> [Int] {
        var counts = [Int](repeating: 0, count: classes.count)
        for item in items where item.split == split && item.label < counts.count { counts[item.label] += 1 }
        return counts
    }

    /// The same task with damaged test items and clean training items, as ImageNet-C is used.
    package func corrupted(by corruption: Corruption, severity: Int, seed: UInt64) -> EvaluationTask {
        let applied = AppliedCorruption(corruption: corruption, severity: severity, seed: seed)
        let items = items.map { item in
            var item = item
            if item.split == .test { item.corruption = applied }
            return item
        }
        return EvaluationTask(name: name, kind: kind, classes: classes, items: items, note: note)
    }
}
