// SPDX-License-Identifier: Apache-2.0

internal import Access
internal import ArgumentParser
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
internal import PostgresCatalog
internal import Synchronization
internal import Vectors

/// The running server: binds, loads the model, waits for a signal, drains.
final class Service: Sendable {
    private let plan: Plan
    let log: LogWriter
    let registry: ModelRegistry
    private let store: CatalogStore?
    private let remote: PostgresStore?
    private let loading: CollectionsLoading?
    let access: AccessControl?
    private let api: FacetAPI
    private let server: HTTPServer
    private let start = ContinuousClock.now
    private let stopping = Mutex(false)
    private let isLoaded = Mutex(false)
    private let ended = DispatchSemaphore(value: 0)

    init(_ plan: Plan, log: LogWriter) throws {
        self.plan = plan
        self.log = log
        let pool = ComputePool(threads: plan.threads)
        registry = ModelRegistry(
            folder: plan.models, defaultID: plan.model, precision: plan.precision, pool: pool)
        let pipeline = EmbeddingPipeline(pool: pool, limits: plan.queue, imageLimits: plan.images)
        store = try plan.catalog.map { try CatalogStore($0) }
        remote = try plan.remote.map { try PostgresStore($0) }
        access = try plan.keys.map { path throws(KeyFileError) in try AccessControl(path: path) }
        loading = store.map { CollectionsLoading($0) } ?? remote.map { _ in CollectionsLoading() }
        var served = APIConfiguration(
            registry: registry, pipeline: pipeline, access: access, limits: plan.api,
            contract: try WebResources.contract(),
            info: ServiceInfo(version: Facet.configuration.version, settings: plan.settings),
            onAnswer: Self.logger(plan.requestLog, log))
        served.loading = loading
        served.thumbnails = plan.thumbnails
        api = FacetAPI(served)
        if let sample = plan.sample, loading != nil {
            api.offer(try SampleCatalog(folder: sample, collection: "sample", title: "Open Clip Art, public domain"))
        }
        let configuration = HTTPServerConfiguration(addresses: plan.addresses, limits: plan.http)
        server = HTTPServer(configuration: configuration, handler: api) { log.warning("\($0)") }
        api.attach(server.metrics)
    }

    /// Serves until SIGTERM or SIGINT; returns when everything in flight is answered or the deadline has passed.
    func run() throws {
        signal(SIGPIPE, SIG_IGN)
        let watches = [
            SignalWatch([SIGTERM, SIGINT]) { [self] _ in stop() }, SignalWatch([SIGHUP]) { [self] _ in reload() },
        ]
        let addresses = try server.start()
        log.notice("settings", Dictionary(plan.settings.map { ($0.name, $0.value) }) { $1 })
        for address in addresses { log.notice("listening", ["address": address.description]) }
        sayWhoMayComeIn(addresses)
        do {
            try load()
        } catch {
            server.stop()
            throw error
        }
        ended.wait()
        withExtendedLifetime(watches) {}
        try store?.close()
        try remote?.close()
        log.notice("stopped")
    }

    private func load() throws {
        let model = try registry.load(plan.model)
        try loadCollections()
        isLoaded.withLock { $0 = true }
        let spaces = model.manifest.spaces.map { "\($0.name):\($0.dimensions)" }.joined(separator: ",")
        log.notice(
            "ready",
            [
                "model": model.id.text, "digest": model.digest.description, "spaces": spaces,
                "threads": "\(plan.threads)", "instructions": model.plan.instructions.rawValue,
                "precision": plan.precision.rawValue,
                "after": "\(Self.milliseconds(ContinuousClock.now - start)) ms",
            ])
    }

    /// Reads the collections' vectors while the server answers already; calls about them wait for this.
    private func loadCollections() throws {
        if let remote, let loading { return try waitFor(remote, loading) }
        guard let store, let loading else { return }
        let begun = ContinuousClock.now
        let service = try CollectionService(store, threads: plan.threads)
        loading.finish(service)
        let size = service.size
        log.notice(
            "collections in memory",
            [
                "collections": "\(size.collections)", "vectors": "\(size.vectors)", "bytes": "\(size.bytes)",
                "took": "\(Self.milliseconds(ContinuousClock.now - begun)) ms",
            ])
    }

    /// Opens the catalog on its server, which may come up later than this process; calls about collections wait for it.
    private func waitFor(_ remote: PostgresStore, _ loading: CollectionsLoading) throws {
        var last: StoreTrouble?
        while true {
            do throws(CatalogError) {
                try remote.open()
                break
            } catch .unavailable(let trouble) {
                if trouble != last { log.warning("waiting for the catalog's server", ["reason": trouble.rawValue]) }
                last = trouble
                if stopping.withLock({ $0 }) { return }
                Thread.sleep(forTimeInterval: 1)
            } catch {
                throw error
            }
        }
        loading.finish(PostgresService(remote))
        log.notice("collections on a server", ["collections": "\((try? remote.collections().count) ?? 0)"])
    }

    /// Says that it is not ready, goes on serving for the plan's delay, drains; asked for a second time ends the process
    /// at once.
    private func stop() {
        let again = stopping.withLock { stopping in
            defer { stopping = true }
            return stopping
        }
        if again { exit(1) }
        api.startDraining()
        // Nobody was sent here before the model was loaded.
        let delay = isLoaded.withLock { $0 } ? plan.drainDelay : .zero
        endAnyway(after: delay + plan.drain + .seconds(5))
        guard delay > .zero else { return drain() }
        log.notice("stopping: not ready, serving on", ["for": "\(delay)"])
        Thread.detachNewThread { [self] in
            Thread.sleep(forTimeInterval: Double(Self.milliseconds(delay)) / 1000)
            drain()
        }
    }

    private func drain() {
        log.notice("stopping: answering what is in flight", ["deadline": "\(plan.drain)"])
        server.drain(deadline: plan.drain) { [self] forced in
            if forced > 0 { log.warning("connections cut off at the deadline", ["count": "\(forced)"]) }
            guard isLoaded.withLock({ $0 }) else {
                // Loading only reads, and nobody waits for it any more.
                log.notice("stopped while loading")
                _exit(0)
            }
            ended.signal()
        }
    }

    /// Who is told to stop does, even if something of ours hangs: what was acknowledged is on disk already.
    private func endAnyway(after deadline: Duration) {
        Thread.detachNewThread { [log] in
            Thread.sleep(forTimeInterval: Double(Self.milliseconds(deadline)) / 1000)
            log.warning("stopping took too long; ending without closing the catalog", ["after": "\(deadline)"])
            _exit(1)
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        Int(duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)
    }
}
