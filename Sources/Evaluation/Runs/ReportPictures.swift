// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining
internal import Kernels
internal import Projections
internal import Reports
internal import Tensors

/// What the spaces of the first model find, and how they lay the images out.
struct ReportPictures {
    let neighbours: [any Block]
    let maps: [any Block]

    /// Queries shown, and how many neighbours of each.
    private static let (queries, found) = (12, 7)

    init(outcome: EvaluationOutcome, cache: ImageCache, subjects: [Subject], pool: ComputePool?) throws {
        let focus = subjects.firstIndex { $0.folder != nil } ?? 0
        let places = Self.onePerGroup(cache)
        let subject = subjects[focus]
        let shown = subject.spaces.indices.filter { !subject.spaces[$0].name.hasSuffix(".representation") }
        let tables = shown.map { outcome.plain.tables[focus][$0].rows(places) }
        let painter = Painter(cache: cache, subject: subject)
        let queries = Self.spread(places.count, over: Self.queries)
        let banks = try tables.map { try NearestNeighbours(bank: $0, pool: pool) }
        let lists = zip(tables, banks).map { table, bank in
            bank.neighbours(of: table.rows(queries), count: Self.found + 1)
        }
        neighbours = queries.enumerated().map { number, query in
            let entry = cache.entries[places[query]]
            return ImageStrip(
                title:
                    "\(subject.name): what is nearest to \(entry.path.split(separator: "/").last.map(String.init) ?? "it")",
                detail: "a frame marks pictures of the same category",
                rows: shown.enumerated().map { row, space in
                    let others = lists[row][number].filter { $0.row != query }.prefix(Self.found)
                    return .init(
                        subject.spaces[space].name, query: painter.tile(places[query], caption: entry.category),
                        tiles: others.map { painter.tile(places[$0.row], similarity: $0.similarity, like: entry) })
                })
        }
        maps = zip(shown, tables).map { space, table in
            Self.map("\(subject.name) \(subject.spaces[space].name)", table, places.map { cache.entries[$0].category })
        }
    }

    /// Test images, one of each group of variants, which would otherwise find each other.
    private static func onePerGroup(_ cache: ImageCache) -> [Int] {
        var seen: Set<String> = []
        return cache.positions(of: .test).filter { place in
            cache.entries[place].group.map { seen.insert($0).inserted } ?? true
        }
    }

    /// `count` places spread evenly over 0 ..< `rows`.
    private static func spread(_ rows: Int, over count: Int) -> [Int] {
        let count = min(rows, count)
        return (0..<count).map { (2 * $0 + 1) * rows / (2 * count) }
    }

    private static func map(_ title: String, _ table: FeatureTable, _ categories: [String]) -> any Block {
        let unit = table.unitRows()
        let values = withExtendedLifetime(unit) { Array(unit.storage.buffer) }
        let rows = PointRows(values, dimensions: table.dimensions)
        let places = NeighbourLayout().layout(rows) ?? PrincipalPlane.project(rows).framed()
        let points = zip(places.x, places.y).map { (Double($0), Double($1)) }
        let names = Set(categories).sorted()
        return ScatterPlot(
            title: title, detail: "test images, each near its nearest neighbours in the space, by category",
            classes: names.map { name in
                .init(
                    name.isEmpty ? "none" : name,
                    points: categories.indices.filter { categories[$0] == name }.map { points[$0] })
            })
    }
}

/// Draws pictures as the network sees them.
private struct Painter {
    let cache: ImageCache
    private let renderer: InputRenderer?

    init(cache: ImageCache, subject: Subject) {
        self.cache = cache
        renderer = try? InputRenderer(preprocessing: subject.preprocessing)
    }

    func tile(_ place: Int, caption: String) -> ImageStrip.Tile {
        .init(picture(place), caption: caption)
    }

    func tile(_ place: Int, similarity: Float, like query: ImageEntry) -> ImageStrip.Tile {
        let entry = cache.entries[place]
        let caption = NumberText.number.fixed(Double(similarity), digits: 2) + " " + entry.category
        return .init(picture(place), caption: caption, mark: entry.category == query.category ? .hit : .none)
    }

    private func picture(_ place: Int) -> EmbeddedImage {
        let item = EvaluationTask.Item(image: place, label: 0, split: .test, group: place)
        let image = renderer?.preview(item, of: cache[place]) ?? cache[place]
        let bytes = UnsafeBufferPointer(start: image.pixels, count: 3 * image.width * image.height)
        return EmbeddedImage(width: image.width, height: image.height, rgb: Array(bytes))
    }
}
