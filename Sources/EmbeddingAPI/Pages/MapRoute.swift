// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import Foundation
internal import HTTPServer
internal import Projections
internal import Telemetry

extension FacetAPI {
    /// How long a caller waits for a map before it is told how far the work is, in milliseconds.
    private static var mapPatience: Int { 2_000 }

    /// `GET .../map`: 200 with the map, or 202 with what there is of it.
    func map(
        _ name: String, _ head: HTTPRequestHead, _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) {
        guard waitingForCatalog.enter() else {
            return reply(
                response(APIError(.catalogQueueFull, "Too many calls wait for the catalog.", retryAfter: 1))
            )
        }
        catalogWork.addOperation { [self] in
            defer { waitingForCatalog.leave() }
            do throws(APIError) { try findMap(name, head, reply) } catch { reply(response(error)) }
        }
    }

    private func findMap(
        _ name: String, _ head: HTTPRequestHead, _ reply: @escaping @Sendable (HTTPResponse) -> Void
    ) throws(APIError) {
        let service = try requireCollections()
        let record = try collection(name)
        let call = try MapCall(head.query)
        _ = try MapSample.range(of: call.space, in: record)
        let tag = record.mapVersion.tag(call)
        if Self.knows(head.headers.all("if-none-match"), tag) {
            return reply(HTTPResponse(status: 304, headers: ["ETag": tag, "Cache-Control": "no-cache"]))
        }
        let (store, ticker) = (service.store, configuration.ticker)
        maps.find(
            MapBook.Key(collection: record.key, call: call), version: record.mapVersion,
            wait: .milliseconds(Self.mapPatience),
            work: { report in Self.makeMap(store, name, call, ticker, report) },
            completion: { [self] answer in
                switch answer {
                case .failure(let error): reply(response(error))
                case .success(let layout):
                    reply(answerMap(MapAnswer(layout: layout, call: call, record: record)))
                }
            })
    }

    /// Reads the collection as it is now and lays it out; on the queue of maps.
    private static func makeMap(
        _ store: any ItemStore, _ name: String, _ call: MapCall, _ ticker: any Ticker,
        _ report: (MapLayout) -> Void
    ) -> Result<MapLayout, APIError> {
        Result { () throws(APIError) in
            let start = ticker.now
            let record: CollectionRecord
            do throws(CatalogError) { record = try store.collection(CollectionName(name)) } catch {
                throw APIError(error)
            }
            let sample = try MapSample(store, record, call)
            let points = PointRows(sample.values, dimensions: sample.dimensions)
            let empty = MapLayout(sample, total: record.items, version: record.mapVersion)
            func layout(_ places: PlanePoints, _ progress: Double) -> MapLayout {
                empty.with(places, progress: progress, seconds: (ticker.now - start).seconds)
            }
            guard call.method == .neighbours else {
                return layout(PrincipalPlane.project(points).framed(), 1)
            }
            let places = NeighbourLayout().layout(points) { share, places in
                report(layout(places, min(share, 0.99)))
                return true
            }
            return layout(places ?? PrincipalPlane.project(points).framed(), 1)
        }
    }

    private func answerMap(_ answer: MapAnswer) -> HTTPResponse {
        var response = json(answer.isFinished ? 200 : 202) { answer.write(to: &$0) }
        response.headers.set("Cache-Control", "no-cache")
        if let tag = answer.tag { response.headers.set("ETag", tag) }
        if !answer.isFinished { response.headers.set("Retry-After", "1") }
        return response
    }
}

extension CollectionRecord {
    fileprivate var mapVersion: MapVersion {
        MapVersion(collection: key, items: items, bytes: bytes, updated: updated)
    }
}
