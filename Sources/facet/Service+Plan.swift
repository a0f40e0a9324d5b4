// SPDX-License-Identifier: Apache-2.0

internal import Catalog
internal import EmbeddingAPI
internal import EmbeddingPipeline
internal import Foundation
internal import HTTPServer
internal import ImageDecoding
internal import PostgresCatalog
internal import Kernels
internal import Vectors

extension Service {
    /// Everything that was decided before starting.
    struct Plan: Sendable {
        var addresses: [ListenAddress]
        var models: URL
        var model: ModelID
        var threads: Int
        var precision: Precision
        var queue: QueueLimits
        var images: ImageLimits
        var http: HTTPLimits
        var api: APILimits
        /// The catalog's file; nil for none.
        var catalog: CatalogConfiguration?
        /// The database server that keeps the catalog instead; nil for none.
        var remote: PostgresConfiguration?
        /// The file of keys; nil where anybody may do anything.
        var keys: String?
        /// The thumbnails of collections that have no rule of their own.
        var thumbnails: ThumbnailRule
        /// A folder of images that first visitors are offered as a collection; nil for none.
        var sample: URL?
        /// What requests in flight get to finish in when stopping.
        var drain: Duration
        /// How long everything is served after the signal, though readiness already says no.
        var drainDelay: Duration
        var requestLog: RequestLog
    }

    /// Which answers get a line in the log.
    enum RequestLog: String, Sendable, CaseIterable {
        case none
        /// Those with a status of 500 and more.
        case errors
        case all
    }
}

extension Service.Plan {
    /// What `/v1/info` tells and the log's first line: every limit in force, no path and no address.
    var settings: [(name: String, value: String)] {
        [
            ("cache-bytes", "\(catalog?.limits.cacheBytes ?? remote?.limits.cacheBytes ?? 0)"),
            ("drain-delay", "\(drainDelay.components.seconds)"),
            ("drain-seconds", "\(drain.components.seconds)"),
            ("log-requests", requestLog.rawValue), ("max-body-bytes", "\(api.bodyBytes)"),
            ("max-connections", "\(http.connections)"), ("max-images", "\(api.images)"),
            ("max-pixels", "\(images.pixels)"), ("precision", precision.rawValue), ("queue-images", "\(queue.images)"),
            ("store", remote != nil ? "postgres" : catalog == nil ? "none" : "sqlite"),
            ("store-connections", "\(remote?.connections ?? 0)"), ("threads", "\(threads)"),
            ("thumbnails", "\(thumbnails)"),
        ]
    }
}
