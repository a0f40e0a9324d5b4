// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import EmbeddingPipeline
internal import HTTPServer
internal import Telemetry

extension FacetAPI {
    /// `GET /metrics` in Prometheus's text format.
    func metricsPage() -> HTTPResponse {
        var page = MetricsPage()
        let pipeline = configuration.pipeline
        page.family("facet_http_responses_total", "counter", "Responses by route and status.")
        for (key, count) in responses.snapshot.sorted(by: {
            ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status)
        }) {
            page.sample("facet_http_responses_total", [("route", key.route), ("status", "\(key.status)")], count)
        }
        if let server = attachedMetrics {
            page.single("facet_http_connections_open", "gauge", "Open connections.", server.connectionsOpen.value)
            page.single(
                "facet_http_connections_accepted_total", "counter", "Connections accepted.",
                server.connectionsAccepted.value)
            page.single(
                "facet_http_connections_refused_total", "counter", "Connections turned away.",
                server.connectionsRefused.value)
            page.single(
                "facet_http_requests_abandoned_total", "counter", "Requests whose client left before the response.",
                server.requestsAbandoned.value)
        }
        page.single("facet_queue_images", "gauge", "Images admitted and not yet answered.", pipeline.queueDepth)
        page.single(
            "facet_images_embedded_total", "counter", "Images answered with vectors.", pipeline.metrics.embedded.value)
        page.single(
            "facet_images_failed_total", "counter", "Images answered with an error.", pipeline.metrics.failed.value)
        page.single(
            "facet_requests_refused_total", "counter", "Requests refused by a full queue.",
            pipeline.metrics.refused.value)
        page.histogram("facet_decode_seconds", "Seconds to decode and prepare an image.", pipeline.metrics.decode)
        page.histogram("facet_inference_seconds", "Seconds of a forward pass.", pipeline.metrics.inference)
        page.histogram("facet_batch_images", "Images a forward pass carried.", pipeline.metrics.batch)
        if let collections = configuration.collections { Self.write(collections, to: &page) }
        return HTTPResponse(
            status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(page.text.utf8))
    }

    private static func write(_ service: CollectionService, to page: inout MetricsPage) {
        let (cache, size, commits) = (service.store.cache.counts, service.size, service.store.commitCounts)
        let rows: [(name: String, type: String, help: String, value: Int)] = [
            ("facet_cache_hits_total", "counter", "Images answered without decoding them.", cache.hits),
            ("facet_cache_misses_total", "counter", "Images looked up in the cache in vain.", cache.misses),
            ("facet_cache_evictions_total", "counter", "Images dropped from the cache.", cache.evictions),
            ("facet_cache_entries", "gauge", "Images in the cache.", cache.entries),
            ("facet_cache_bytes", "gauge", "Bytes of the cache's vectors.", cache.bytes),
            ("facet_catalog_collections", "gauge", "Collections.", size.collections),
            ("facet_catalog_vectors", "gauge", "Items whose vectors are in memory.", size.vectors),
            ("facet_catalog_vector_bytes", "gauge", "Bytes of vectors in memory.", size.bytes),
            ("facet_catalog_transactions_total", "counter", "Transactions committed.", commits.transactions),
            ("facet_catalog_writes_total", "counter", "Writes committed, several a transaction.", commits.writes),
            ("facet_catalog_waiting_bytes", "gauge", "Bytes of writes that wait.", service.store.waitingBytes),
        ]
        for row in rows { page.single(row.name, row.type, row.help, row.value) }
    }
}

/// Text in Prometheus's exposition format 0.0.4.
///
/// Label values are ours, never a payload's.
struct MetricsPage {
    private(set) var text = ""

    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: some CustomStringConvertible) {
        let list = labels.map { "\($0.0)=\"\($0.1)\"" }.joined(separator: ",")
        text += list.isEmpty ? "\(name) \(value)\n" : "\(name){\(list)} \(value)\n"
    }

    mutating func single(_ name: String, _ type: String, _ help: String, _ value: Int) {
        family(name, type, help)
        sample(name, [], value)
    }

    mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        family(name, "histogram", help)
        let snapshot = histogram.snapshot
        var cumulative = 0
        for (bound, count) in zip(histogram.bounds, snapshot.counts) {
            cumulative += count
            sample(name + "_bucket", [("le", bound.description)], cumulative)
        }
        sample(name + "_bucket", [("le", "+Inf")], snapshot.total)
        sample(name + "_sum", [], snapshot.sum)
        sample(name + "_count", [], snapshot.total)
    }
}
