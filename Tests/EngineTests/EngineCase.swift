// SPDX-License-Identifier: Apache-2.0

import Catalog
import Collections
import Foundation
import PostgresCatalog
import Testing

/// An engine that the suite holds to the same answers.
enum EngineCase: String, CaseIterable, CustomTestStringConvertible {
    case sqlite
    case postgres

    var testDescription: String { rawValue }

    /// The engines that can be had here: PostgreSQL needs a server.
    static var available: [EngineCase] { hasPostgres ? allCases : [.sqlite] }
    static var hasPostgres: Bool { TestServer.url != nil }
}

/// The server that the tests use: FACET_TEST_POSTGRES, or one that Tests/Postgres/server starts for this process.
enum TestServer {
    static let url: String? = ProcessInfo.processInfo.environment["FACET_TEST_POSTGRES"] ?? start()

    private static func start() -> String? {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let (process, output) = (Process(), Pipe())
        process.executableURL = root.appendingPathComponent("Postgres/server")
        process.arguments = ["start", "\(getpid())"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        return line.hasPrefix("postgres://") ? line.trimmingCharacters(in: .whitespacesAndNewlines) : nil
    }
}

/// An engine with what it keeps, gone at the end of a test.
final class Bench {
    let engine: any CollectionEngine
    var store: any ItemStore { engine.store }
    /// What this bench's collections begin with: a server is shared by all tests.
    let prefix = "t" + UUID().uuidString.prefix(8).lowercased()
    private let folder: URL
    private let end: () -> Void

    init(_ kind: EngineCase, _ configure: (inout PostgresConfiguration) -> Void = { _ in }) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("facet-engine-\(UUID().uuidString)")
        switch kind {
        case .sqlite:
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let store = try CatalogStore(
                CatalogConfiguration(path: folder.appendingPathComponent("c.sqlite").path))
            engine = try CollectionService(store, threads: 2, approximation: nil)
            end = { try? store.close() }
        case .postgres:
            let (service, store) = try Self.replica(configure)
            engine = service
            end = {
                service.stop()
                try? store.close()
            }
        }
    }

    /// A process's engine on the shared server.
    static func replica(
        _ configure: (inout PostgresConfiguration) -> Void = { _ in }
    ) throws -> (PostgresService, PostgresStore) {
        var configuration = PostgresConfiguration(url: try #require(TestServer.url))
        configuration.connections = 4
        configuration.writers = 2
        configure(&configuration)
        let store = try PostgresStore(configuration)
        try store.open()
        return (PostgresService(store), store)
    }

    deinit {
        for record in (try? store.collections()) ?? [] where record.definition.name.text.hasPrefix(prefix) {
            try? store.deleteCollection(record.definition.name)
        }
        end()
        try? FileManager.default.removeItem(at: folder)
    }

    func name(_ text: String = "shop") throws -> CollectionName { try CollectionName(prefix + text) }
}
