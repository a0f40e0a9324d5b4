// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Catalog
internal import EmbeddingAPI
internal import EmbeddingPipeline
internal import Foundation
internal import HTTPServer
internal import ImageDecoding
internal import Kernels
internal import PostgresCatalog
internal import Vectors

/// `facet serve`: settings, then ``Service``.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve embeddings over HTTP.",
        discussion: """
            Answers at once on /health/live and, when the model has run a forward pass, on /health/ready. Stops on \
            SIGTERM or SIGINT after answering what is in flight.

              facet serve
              facet serve --listen 0.0.0.0:8080 --model mine
              facet serve --listen unix:/run/facet/facet.sock
              curl -F image=@photo.jpg 'http://127.0.0.1:8080/v1/embeddings?spaces=color'
            """)

    @Option(
        help:
            "HOST:PORT or unix:PATH to listen on, several with commas. Port 0 takes a free one. (default: \(Defaults.listen))"
    )
    var listen: String?

    @Option(help: "Folder that holds a folder for each model. (default: models)", completion: .directory)
    var models: String?

    @Option(help: "The model to serve. (default: \(Defaults.model))", completion: Completions.models)
    var model: String?

    @Option(
        help:
            "Where collections and the embedding cache are kept: sqlite:PATH, postgres://USER@HOST/DATABASE, or 'none'. (default: \(Defaults.store))"
    )
    var store: String?

    @Option(
        help: ArgumentHelp(
            "Connections to a PostgreSQL store at most, and calls at work on it at a time. (default: 12)",
            valueName: "connections"))
    var storeConnections: Int?

    @Option(help: "Bytes of the embedding cache; 0 turns it off. (default: 268435456)")
    var cacheBytes: Int?

    @Option(help: "Threads that compute. (default: the number of cores)")
    var threads: Int?

    @Option(
        help:
            "What the network multiplies in: 'single', or 'half', which is faster where the processor has it. (default: single)",
        completion: .list(["single", "half"]))
    var precision: String?

    @Option(help: "Images admitted at once; more are answered with 429. (default: 256)")
    var queueImages: Int?

    @Option(help: "Images in one request. (default: 64)")
    var maxImages: Int?

    @Option(help: "Bytes of a request body. (default: 33554432)")
    var maxBodyBytes: Int?

    @Option(help: "Pixels of an image. (default: 64000000)")
    var maxPixels: Int?

    @Option(help: "Open connections. (default: 2048)")
    var maxConnections: Int?

    @Option(help: "Seconds that requests in flight get to finish when stopping. (default: 20)")
    var drainSeconds: Int?

    @Option(
        help: ArgumentHelp(
            "Seconds to go on serving after SIGTERM while /health/ready says 503, for a load balancer to notice. (default: 0)",
            valueName: "seconds"))
    var drainDelay: Int?

    @Option(
        help:
            "File of the keys that callers need, made with 'facet keys'; read again on SIGHUP. (default: none needed)",
        completion: .file())
    var keys: String?

    @Option(
        help: "Pixels of the longer side of the small pictures kept of items, 16 to 1024, or 'none'. (default: 160)")
    var thumbnails: String?

    @Option(
        help: "Folder of images that the pages offer as a first collection. (default: none)", completion: .directory)
    var sample: String?

    @Option(help: "Log lines as 'text' or 'json'. (default: text)", completion: .list(["text", "json"]))
    var logFormat: String?

    @Option(
        help: "Which answers get a line in the log: none, errors (status 500 and more) or all. (default: errors)",
        completion: .list(["none", "errors", "all"]))
    var logRequests: String?

    @Option(help: "A file of 'name = value' lines, one for each flag without its dashes.", completion: .file())
    var config: String?

    /// Every setting's name, for the configuration file.
    static let names = [
        "listen", "models", "model", "store", "store-connections", "cache-bytes", "threads", "precision",
        "queue-images", "max-images",
        "max-body-bytes",
        "max-pixels",
        "max-connections", "drain-seconds", "drain-delay", "keys", "sample", "log-format", "log-requests", "thumbnails",
    ]

    func run() throws {
        let settings = try Settings(configuration: config)
        try settings.checkNames(Self.names)
        let log = try LogWriter(format: settings.text("log-format", logFormat, default: "text"))
        let service = try Service(plan(settings), log: log)
        try service.run()
    }

    private func plan(_ settings: Settings) throws -> Service.Plan {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let name = settings.text("model", model, default: Defaults.model)
        guard let id = ModelID(name) else { throw ValidationError("'\(name)' is not a model name.") }
        let addresses = try settings.text("listen", listen, default: Defaults.listen).split(separator: ",").map {
            try ListenAddress(parsing: String($0))
        }
        var images = ImageLimits()
        images.pixels = try settings.number("max-pixels", maxPixels, default: images.pixels, in: 1...1_000_000_000)
        var http = HTTPLimits()
        http.connections = try settings.number(
            "max-connections", maxConnections, default: http.connections, in: 1...1_000_000)
        let body = APILimits().bodyBytes
        let address = try StoreAddress(settings.text("store", store, default: Defaults.store))
        var (catalog, remote) = (address.configuration, address.remote)
        let cache = CatalogLimits().cacheBytes
        let cacheLimit = try settings.number("cache-bytes", cacheBytes, default: cache, in: 0...1 << 50)
        catalog?.limits.cacheBytes = cacheLimit
        remote?.limits.cacheBytes = cacheLimit
        if var server = remote {
            server.connections = try settings.number(
                "store-connections", storeConnections, default: server.connections, in: 2...1_000)
            // Reads always have one to themselves.
            server.writers = min(server.writers, server.connections - 1)
            remote = server
        }
        let lines = settings.text("log-requests", logRequests, default: Service.RequestLog.errors.rawValue)
        guard let requestLog = Service.RequestLog(rawValue: lines) else {
            throw ValidationError("log-requests is 'none', 'errors' or 'all', not '\(lines)'.")
        }
        return Service.Plan(
            addresses: addresses,
            models: URL(fileURLWithPath: settings.text("models", models, default: Defaults.models)), model: id,
            threads: try settings.number("threads", threads, default: cores, in: 1...512),
            precision: try PrecisionOption.read(settings, precision),
            queue: QueueLimits(
                images: try settings.number("queue-images", queueImages, default: 256, in: 1...1_000_000)),
            images: images, http: http,
            api: APILimits(
                bodyBytes: try settings.number("max-body-bytes", maxBodyBytes, default: body, in: 1024...1 << 30),
                images: try settings.number("max-images", maxImages, default: 64, in: 1...10_000)),
            catalog: catalog, remote: remote, keys: settings.text("keys", keys),
            thumbnails: try ThumbnailOption.rule(settings.text("thumbnails", thumbnails)) ?? .usual,
            sample: settings.text("sample", sample).flatMap { $0.isEmpty ? nil : URL(fileURLWithPath: $0) },
            drain: .seconds(try settings.number("drain-seconds", drainSeconds, default: 20, in: 0...3600)),
            drainDelay: .seconds(try settings.number("drain-delay", drainDelay, default: 0, in: 0...3600)),
            requestLog: requestLog)
    }
}

/// Defaults that several sub-commands share.
enum Defaults {
    static let listen = "127.0.0.1:8080"
    static let models = "models"
    static let store = "sqlite:catalog.sqlite"
    static let model = "facet-small"
}
