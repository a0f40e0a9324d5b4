// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import Collections
internal import EmbeddingPipeline
internal import HTTPServer
internal import Telemetry
internal import Vectors

extension FacetAPI {
    /// `GET /metrics` in Prometheus's text format; reads `/proc`, so not for an event loop.
    func metricsPage() -> HTTPResponse {
        var page = MetricsPage()
        writeService(to: &page)
        writeRequests(to: &page)
        if let server = attachedMetrics { Self.write(server, to: &page) }
        writePipeline(to: &page)
        if let collections = configuration.collections { write(collections, to: &page) }
        Self.write(ProcessStatistics(), to: &page)
        return HTTPResponse(
            status: 200, contentType: "text/plain; version=0.0.4; charset=utf-8", body: Array(page.text.utf8))
    }

    private func writeService(to page: inout MetricsPage) {
        page.family("facet_build_info", "gauge", "The running version; always 1.")
        page.sample("facet_build_info", [("version", configuration.info.version)], 1)
        page.gauge(
            "facet_ready", "Whether the service takes requests, as readiness says.", whyNotReady() == nil ? 1 : 0)
        page.gauge("facet_draining", "Whether the service is stopping.", isDraining ? 1 : 0)
        page.family("facet_model_info", "gauge", "The models that are loaded; always 1.")
        for model in configuration.registry.loaded {
            let isDefault = model.id == configuration.registry.defaultID
            page.sample(
                "facet_model_info",
                [("model", model.id.text), ("digest", model.digest.description), ("default", "\(isDefault)")], 1)
        }
    }

    private func writeRequests(to page: inout MetricsPage) {
        page.family("facet_http_responses_total", "counter", "Responses by route and status.")
        for (key, count) in responses.counts {
            page.sample("facet_http_responses_total", [("route", key.route), ("status", "\(key.status)")], count)
        }
        page.counter("facet_http_response_bytes_total", "Bytes of all responses' bodies.", responses.bytes)
        page.histogram(
            "facet_http_request_seconds", "Seconds from a request's complete head to its answer, by route.",
            responses.seconds.map { ([("route", $0.key)], $0.value) })
    }

    private static func write(_ server: HTTPServerMetrics, to page: inout MetricsPage) {
        page.gauge("facet_http_connections_open", "Open connections.", server.connectionsOpen.value)
        page.counter(
            "facet_http_connections_accepted_total", "Connections accepted.", server.connectionsAccepted.value)
        page.counter(
            "facet_http_connections_refused_total", "Connections turned away.", server.connectionsRefused.value)
        page.counter("facet_http_requests_total", "Requests that arrived whole.", server.requests.value)
        page.counter(
            "facet_http_requests_abandoned_total", "Requests whose client left before the response.",
            server.requestsAbandoned.value)
        page.family("facet_http_protocol_errors_total", "counter", "Requests the server itself refused, by error code.")
        let codes = server.protocolErrors.map { (APIError($0.key).code.rawValue, $0.value.value) }
        for (code, count) in Dictionary(codes, uniquingKeysWith: +).sorted(by: { $0.key < $1.key }) {
            page.sample("facet_http_protocol_errors_total", [("code", code)], count)
        }
    }

    private func writePipeline(to page: inout MetricsPage) {
        let (pipeline, metrics) = (configuration.pipeline, configuration.pipeline.metrics)
        page.gauge("facet_queue_images", "Images admitted and not yet answered.", pipeline.queueDepth)
        page.gauge("facet_queue_images_limit", "Images that may be admitted at once.", pipeline.limits.images)
        page.gauge("facet_queue_bytes", "Bytes of the images admitted and not yet answered.", pipeline.queueBytes)
        page.gauge(
            "facet_queue_oldest_wait_seconds", "How long the oldest decoded image has waited for the network.",
            pipeline.oldestWait.seconds)
        page.gauge(
            "facet_decode_longest_seconds", "How long the decoder that is at one image the longest has been at it.",
            pipeline.oldestDecode.seconds)
        page.counter("facet_images_embedded_total", "Images answered with vectors.", metrics.embedded.value)
        page.counter("facet_images_failed_total", "Images answered with an error.", metrics.failed.value)
        page.counter("facet_requests_refused_total", "Requests refused by a full queue.", metrics.refused.value)
        page.histogram("facet_decode_seconds", "Seconds to decode and prepare an image.", metrics.decode)
        page.histogram(
            "facet_queue_seconds", "Seconds an image waited, for a decoder and for the network together.", metrics.queue
        )
        page.histogram("facet_inference_seconds", "Seconds of a forward pass.", metrics.inference)
        page.histogram("facet_batch_images", "Images a forward pass carried.", metrics.batch)
    }

    private func write(_ service: any CollectionEngine, to page: inout MetricsPage) {
        let (cache, size, commits) = (service.store.embeddings.counts, service.size, service.store.commitCounts)
        page.counter("facet_cache_hits_total", "Images answered without decoding them.", cache.hits)
        page.counter("facet_cache_misses_total", "Images looked up in the cache in vain.", cache.misses)
        page.counter("facet_cache_evictions_total", "Images dropped from the cache.", cache.evictions)
        page.gauge("facet_cache_entries", "Images in the cache.", cache.entries)
        page.gauge("facet_cache_bytes", "Bytes of the cache's vectors.", cache.bytes)
        page.gauge("facet_catalog_collections", "Collections.", size.collections)
        page.gauge("facet_catalog_vectors", "Items whose vectors are in memory.", size.vectors)
        page.gauge("facet_catalog_vector_bytes", "Bytes of vectors in memory.", size.bytes)
        page.counter("facet_catalog_transactions_total", "Transactions committed.", commits.transactions)
        page.counter("facet_catalog_writes_total", "Writes committed, several a transaction.", commits.writes)
        page.gauge(
            "facet_catalog_transaction_seconds", "How long the transaction under way has taken.",
            service.store.transactionAge.seconds)
        page.gauge("facet_catalog_waiting_bytes", "Bytes of writes that wait.", service.store.waitingBytes)
        page.gauge("facet_catalog_waiting_calls", "Calls that wait for the catalog or use it.", waitingForCatalog.value)
        page.histogram(
            "facet_catalog_commit_seconds", "Seconds of a transaction, its sync included.", service.store.commitSeconds)
        page.histogram(
            "facet_catalog_seconds", "Seconds that calls kept the catalog busy, by kind.",
            [([("kind", "call")], catalogSeconds.call), ([("kind", "search")], catalogSeconds.search)])
    }

    /// The names and words that Prometheus's own client libraries use.
    private static func write(_ process: ProcessStatistics, to page: inout MetricsPage) {
        let gauges: [(name: String, help: String, value: Int?)] = [
            ("process_resident_memory_bytes", "Resident memory size in bytes.", process.residentBytes),
            ("process_virtual_memory_bytes", "Virtual memory size in bytes.", process.virtualBytes),
            ("process_open_fds", "Number of open file descriptors.", process.openDescriptors),
            ("process_max_fds", "Maximum number of open file descriptors.", process.mostDescriptors),
            ("process_threads", "Number of threads.", process.threads),
        ]
        for gauge in gauges {
            if let value = gauge.value { page.gauge(gauge.name, gauge.help, value) }
        }
        if let seconds = process.processorSeconds {
            page.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", seconds)
        }
        if let start = ProcessStatistics.startSeconds {
            page.gauge(
                "process_start_time_seconds", "Start time of the process since unix epoch in seconds.", start)
        }
    }
}
