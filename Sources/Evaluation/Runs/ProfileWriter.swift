// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Foundation
internal import ModelFolders
internal import Vectors
internal import Statistics

extension EvaluationResults {
    /// Writes what was measured about a model's spaces into its `model.json`, atomically, and says how many spaces it
    /// concerned.
    ///
    /// Throws ``ModelFolderError`` and what writing throws.
    @discardableResult
    package func writeProfile(of subject: Subject) throws -> Int {
        guard let folder = subject.folder else { return 0 }
        var manifest = try ModelFolder(opening: folder).manifest
        let before = manifest
        var written = 0
        for index in manifest.spaces.indices {
            let rows = profiles.filter { $0.subject == subject.name && $0.space == manifest.spaces[index].name.text }
            guard !rows.isEmpty else { continue }
            manifest.spaces[index].invariance = Dictionary(
                rows.map { ($0.factor.rawValue, Self.rounded($0.invariance.value)) },
                uniquingKeysWith: { first, _ in first })
            manifest.spaces[index].advantage = Self.measured(rows) { $0.advantage?.value }
            manifest.spaces[index].prediction = Self.measured(rows) { $0.prediction?.value }
            written += 1
        }
        if manifest != before { try ModelFolder.write(manifest, to: folder) }
        return written
    }

    private static func measured(
        _ rows: [SpaceProfile], _ value: (SpaceProfile) -> Double?
    ) -> [String: Double]? {
        let found = rows.compactMap { row in value(row).map { (row.factor.rawValue, rounded($0)) } }
        return found.isEmpty ? nil : Dictionary(found, uniquingKeysWith: { first, _ in first })
    }

    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
