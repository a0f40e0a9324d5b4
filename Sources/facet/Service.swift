// SPDX-License-Identifier: Apache-2.0

internal import Access
internal import Catalog
internal import Collections
internal import Dispatch
internal import EmbeddingAPI
internal import EmbeddingPipeline
internal import Foundation
internal import HTTPServer
internal import ImageDecoding
internal import Kernels
internal import ModelFolders
internal import Networks
internal import Synchronization
internal import Vectors

/// The running server: binds, loads the model, waits for a signal, drains.
final class Service: Sendable {
    /// Everything that was decided before starting.
    struct Plan: Sendable {
        var addresses: [ListenAddress]
        var models: URL
        var model: ModelID
        var threads: Int
        var queue: QueueLimits
        var images: ImageLimits
        var http: HTTPLimits
        var api: APILimits
        /// The catalog's file; nil for none.
        var catalog: CatalogConfiguration?
        /// The file of keys; nil where anybody may do anything.
        var keys: String?
        var drain: Duration
    }

    private let plan: Plan
    private let log: LogWriter
    private let registry: ModelRegistry
    private let store: CatalogStore?
    private let access: AccessControl?
    private let api: FacetAPI
    private let server: HTTPServer
    private let start = ContinuousClock.now
    private let stopping = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)

    init(_ plan: Plan, log: LogWriter) throws {
        self.plan = plan
        self.log = log
        let pool = ComputePool(threads: plan.threads)
        registry = ModelRegistry(folder: plan.models, defaultID: plan.model, pool: pool)
        let pipeline = EmbeddingPipeline(pool: pool, limits: plan.queue, imageLimits: plan.images)
        store = try plan.catalog.map { try CatalogStore($0) }
        access = try plan.keys.map { path throws(KeyFileError) in try AccessControl(path: path) }
        let collections = try store.map { try CollectionService($0, threads: plan.threads) }
        api = FacetAPI(
            APIConfiguration(
                registry: registry, pipeline: pipeline, collections: collections, access: access,
                limits: plan.api, contract: try WebResources.contract()))
        let configuration = HTTPServerConfiguration(addresses: plan.addresses, limits: plan.http)
        server = HTTPServer(configuration: configuration, handler: api) { log.warning("\($0)") }
        api.attach(server.metrics)
    }

    /// Serves until SIGTERM or SIGINT; returns when everything in flight is answered or the deadline has passed.
    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        let sources = [SIGTERM, SIGINT].map(watch) + [watchReload()]
        let addresses = try server.start()
        for address in addresses { log.notice("listening", ["address": address.description]) }
        sayWhoMayComeIn(addresses)
        do {
            try load()
        } catch {
            server.stop()
            throw error
        }
        ended.wait()
        withExtendedLifetime(sources) {}
        try store?.close()
        log.notice("stopped")
    }

    private func load() throws {
        let model = try registry.load(plan.model)
        let spaces = model.manifest.spaces.map { "\($0.name):\($0.dimensions)" }.joined(separator: ",")
        log.notice(
            "ready",
            [
                "model": model.id.text, "digest": model.digest.description, "spaces": spaces,
                "threads": "\(plan.threads)", "instructions": model.plan.instructions.rawValue,
                "after": "\(Self.milliseconds(ContinuousClock.now - start)) ms",
            ])
    }

    private func sayWhoMayComeIn(_ addresses: [ListenAddress]) {
        if let access {
            log.notice("keys are asked for", ["keys": "\(access.count)"])
        } else if addresses.contains(where: \.isOpenToOthers) {
            log.warning("anyone who reaches this address may read and write; --keys FILE asks for keys")
        }
    }

    /// SIGHUP reads the keys again; a file with a fault leaves them as they were.
    private func watchReload() -> any DispatchSourceSignal {
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global(qos: .userInitiated))
        source.setEventHandler { [self] in
            guard let access else { return log.notice("SIGHUP: there are no keys to read again") }
            do {
                try access.reload()
                log.notice("keys read again", ["keys": "\(access.count)"])
            } catch {
                log.warning("the keys stay as they were: \(error)")
            }
        }
        source.resume()
        return source
    }

    /// On the first signal drains; a second one ends the process at once.
    private func watch(_ number: Int32) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInitiated))
        source.setEventHandler { [self] in
            let again = stopping.withLock { stopping in
                defer { stopping = true }
                return stopping
            }
            if again { exit(1) }
            log.notice("stopping: answering what is in flight", ["deadline": "\(plan.drain)"])
            api.startDraining()
            server.drain(deadline: plan.drain) { [self] forced in
                if forced > 0 { log.warning("connections cut off at the deadline", ["count": "\(forced)"]) }
                ended.signal()
            }
        }
        source.resume()
        return source
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        Int(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)
    }
}
