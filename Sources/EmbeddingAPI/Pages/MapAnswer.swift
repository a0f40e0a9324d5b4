// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Projections
internal import Vectors

/// A map as JSON.
struct MapAnswer {
    /// What there is of it; nil while not even the first places are known.
    let layout: MapLayout?
    let call: MapCall
    let record: CollectionRecord

    var isFinished: Bool { layout?.progress == 1 }

    /// For a map of the collection as it is now; nil for one in the making or of an earlier state.
    var tag: String? { isFinished && isCurrent ? layout?.version.tag(call) : nil }

    private var isCurrent: Bool {
        guard let version = layout?.version else { return false }
        return version.updated == record.updated && version.items == record.items
            && version.bytes == record.bytes
    }

    func write(to out: inout JSONWriter) {
        out.object { out in
            out.field("object", "map")
            out.field("collection", record.definition.name.text)
            out.field("space", call.space?.text)
            out.field("method", call.method.rawValue)
            out.field("state", isFinished ? "ready" : "computing")
            out.field("current", isCurrent)
            out.field("progress", layout?.progress ?? 0)
            out.field("seconds", layout?.seconds ?? 0)
            out.field("items", layout?.total ?? record.items)
            out.field("shown", layout?.ids.count ?? 0)
            out.key("ids")
            out.array { list in for id in layout?.ids ?? [] { list.string(id) } }
            for (name, axis) in [("x", layout?.places.x), ("y", layout?.places.y)] {
                out.key(name)
                out.vector((axis ?? []).map { ($0 * 10_000).rounded() / 10_000 })
            }
            out.key("has_image")
            out.array { list in for has in layout?.hasPicture ?? [] { list.number(has ? 1 : 0) } }
            out.key("fields")
            out.array { list in
                for (name, column) in layout?.fields ?? [] { write(name, column, to: &list) }
            }
        }
    }

    private func write(_ name: String, _ column: MapFields.Column, to out: inout JSONWriter) {
        out.object { out in
            out.field("name", name)
            out.field("kind", column.isNumeric ? "number" : "label")
            out.key("labels")
            out.array { list in if !column.isNumeric { for label in column.labels { list.string(label) } }
            }
            out.key("values")
            out.array { list in
                guard column.isNumeric else { return column.codes.forEach { list.number($0) } }
                for number in column.numbers { if let number { list.number(number) } else { list.null() } }
            }
        }
    }
}
