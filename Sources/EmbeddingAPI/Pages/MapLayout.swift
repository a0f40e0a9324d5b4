// SPDX-License-Identifier: Apache-2.0

internal import Projections
internal import Vectors

/// A map as far as it is known.
struct MapLayout: Sendable {
    let ids: [String]
    let hasPicture: [Bool]
    let fields: [(name: String, column: MapFields.Column)]
    /// Items of the collection, of which those above are a sample.
    let total: Int
    /// The state of the collection that is shown.
    let version: MapVersion
    /// Places from -1 to 1, one for each id.
    private(set) var places = PlanePoints(x: [], y: [])
    /// The share of the work that is done; 1 for a finished map.
    private(set) var progress = 0.0
    /// Seconds from the first item read.
    private(set) var seconds = 0.0

    /// The items, without places as yet.
    init(_ sample: MapSample, total: Int, version: MapVersion) {
        (ids, hasPicture) = (sample.ids, sample.hasPicture)
        fields = sample.fields.telling(count: sample.ids.count)
        (self.total, self.version) = (total, version)
    }

    /// The same items at places.
    func with(_ places: PlanePoints, progress: Double, seconds: Double) -> MapLayout {
        precondition(places.count == ids.count, "\(places.count) places for \(ids.count) items")
        var layout = self
        (layout.places, layout.progress, layout.seconds) = (places, progress, seconds)
        return layout
    }
}

/// What a collection's map depends on: it stays as long as this does.
struct MapVersion: Sendable, Hashable {
    let collection: Int64
    let items: Int
    let bytes: Int
    let updated: Int64

    /// For an entity tag.
    func tag(_ call: MapCall) -> String {
        "\"\(collection)-\(items)-\(bytes)-\(updated)-\(call.space?.text ?? "")-\(call.method.rawValue)-\(call.limit)\""
    }
}
