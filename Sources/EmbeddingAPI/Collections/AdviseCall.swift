// SPDX-License-Identifier: Apache-2.0

internal import Statistics
internal import Advice
internal import Catalog
internal import Collections

/// A request to `POST .../advise`: labelled items, judged pairs, or the metadata field that holds the labels.
struct AdviseCall {
    private enum Source {
        case examples(AdviceExamples)
        case field(FilterPath, Filter)
    }

    private let source: Source

    init(_ body: [UInt8], limits: CatalogLimits) throws(APIError) {
        let fields = try JSONFields(body, known: ["examples", "pairs", "label_field", "filter"])
        let given = ["examples", "pairs", "label_field"].filter { fields[$0] != nil }
        guard given.count == 1 else {
            throw APIError(.missingInput, "Give one of examples, pairs or label_field.", param: "examples")
        }
        do throws(CatalogError) {
            if let list = try? fields.array("examples") {
                source = .examples(.labelled(try Self.labelled(list, limits)))
            } else if let list = try? fields.array("pairs") {
                source = .examples(.pairs(try Self.pairs(list, limits)))
            } else if case .string(let path)? = fields["label_field"] {
                let filter = try fields["filter"].map { (value) throws(CatalogError) in
                    try Filter(value, limits: limits)
                }
                source = .field(try FilterPath(path.text), filter ?? .everything)
            } else {
                throw CatalogError.invalidMetadata(.notAnObject)
            }
        } catch .invalidMetadata {
            throw APIError(
                .invalidRequest,
                "examples is an array of {\"id\", \"label\"}, pairs one of {\"a\", \"b\", \"same\"}, label_field a path "
                    + "into the metadata such as \"category\".", param: given[0])
        } catch {
            throw APIError(error)
        }
    }

    private static func labelled(
        _ list: [JSONValue], _ limits: CatalogLimits
    ) throws(CatalogError) -> [(id: ItemID, label: String)] {
        var examples: [(id: ItemID, label: String)] = []
        for value in list {
            guard case .string(let id)? = value.value(at: ["id"]), let label = value.value(at: ["label"])?.label else {
                throw .invalidMetadata(.notAnObject)
            }
            examples.append((try ItemID(id.text, limits: limits), label))
        }
        return examples
    }

    private static func pairs(
        _ list: [JSONValue], _ limits: CatalogLimits
    ) throws(CatalogError) -> [(first: ItemID, second: ItemID, isSame: Bool)] {
        var pairs: [(first: ItemID, second: ItemID, isSame: Bool)] = []
        for value in list {
            guard case .string(let a)? = value.value(at: ["a"]), case .string(let b)? = value.value(at: ["b"]),
                case .bool(let isSame)? = value.value(at: ["same"])
            else { throw .invalidMetadata(.notAnObject) }
            pairs.append((try ItemID(a.text, limits: limits), try ItemID(b.text, limits: limits), isSame))
        }
        return pairs
    }

    /// Items whose metadata is looked at for labels, at most.
    private static let mostLabelled = 2_000

    /// The examples; those of a field are read from the catalog.
    func examples(in store: any ItemStore, _ name: CollectionName) throws(APIError) -> AdviceExamples {
        switch source {
        case .examples(let examples): return examples
        case .field(let path, let filter):
            do throws(CatalogError) {
                var examples: [(id: ItemID, label: String)] = []
                var cursor: String?
                repeat {
                    let page = try store.list(name, after: cursor, limit: 1_000, filter: filter)
                    for item in page.items {
                        if let label = try item.metadata.value.value(at: path.keys)?.label {
                            examples.append((item.id, label))
                        }
                    }
                    cursor = page.next
                } while cursor != nil && examples.count < Self.mostLabelled
                return .labelled(Array(examples.prefix(Self.mostLabelled)))
            } catch {
                throw APIError(error)
            }
        }
    }
}

extension JSONValue {
    /// A text, number or truth value as a label; nil for anything else.
    fileprivate var label: String? {
        switch self {
        case .string(let text): text.text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let truth): truth ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}

/// Advice as JSON.
struct AdviceAnswer {
    let advice: Advice
    /// The spaces in the order of the weights.
    let spaces: [String]

    func write(to out: inout JSONWriter) {
        out.object { out in
            out.field("object", "advice")
            out.key("weights")
            write(advice.recommended.weights, to: &out)
            out.key("recommended")
            write(advice.recommended, to: &out)
            out.key("ranking")
            out.array { list in for space in advice.ranking { write(space, to: &list) } }
            out.key("blends")
            out.array { list in for blend in advice.blends { write(blend, to: &list) } }
            out.field("trust", advice.trust.rawValue)
            out.field("sentence", advice.sentence)
            out.field("examples", advice.examples)
            out.field("classes", advice.classes)
        }
    }

    private func write(_ candidate: Advice.Candidate, to out: inout JSONWriter) {
        out.object { out in
            out.field("name", candidate.name)
            out.field("score", candidate.score.value)
            out.key("interval")
            out.array {
                $0.number(candidate.score.interval.low)
                $0.number(candidate.score.interval.high)
            }
            out.key("weights")
            write(candidate.weights, to: &out)
        }
    }

    /// Spaces without a weight are left out, so that the object can be pasted into a search.
    private func write(_ weights: [Double], to out: inout JSONWriter) {
        out.object { for (space, weight) in zip(spaces, weights) where weight != 0 { $0.field(space, weight) } }
    }
}
