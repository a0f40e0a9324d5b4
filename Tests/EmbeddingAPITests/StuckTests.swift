// SPDX-License-Identifier: Apache-2.0

import Catalog
import Dispatch
import EmbeddingAPI
import EmbeddingPipeline
import Foundation
import HTTPServer
import ModelFolders
import ServingTestSupport
import Synchronization
import TestSupport
import Testing
import Vectors

@Suite("Parts that are stuck")
struct StuckTests {
    /// Held shut by the test, for as long as it wants somebody to be stuck at it.
    private final class Gate: Sendable {
        private let shut = Mutex(false)
        private let reached = DispatchSemaphore(value: 0)
        private let opened = DispatchSemaphore(value: 0)

        func close() { shut.withLock { $0 = true } }

        func pass() {
            guard shut.withLock({ $0 }) else { return }
            reached.signal()
            opened.wait()
        }

        func waitForSomebody() { reached.wait() }

        func open() {
            shut.withLock { $0 = false }
            opened.signal()
        }
    }

    /// Asks until readiness has that status; the suite's time limit ends a test that waits in vain.
    private func readiness(_ catalog: CatalogClient, becomes status: Int) async throws -> String {
        while true {
            let reply = try await catalog.call(.get, "/health/ready")
            if reply.status == status { return reply.text }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    @Test("A decoder that is stuck makes the server unready, and ready again when it goes on", .timeLimit(.minutes(1)))
    func decoder() async throws {
        let catalog = try CatalogClient(stuckAfter: .milliseconds(40))
        let gate = Gate()
        gate.close()
        let space = try #require(SpaceName("color").flatMap(catalog.client.models.looc.manifest.space))
        let request = EmbeddingRequest(
            images: [try Golden.image("rgb.png")], model: catalog.client.models.looc, spaces: [space],
            isCancelled: {
                gate.pass()
                return false
            })
        try catalog.client.pipeline.submit(request) { _ in }
        gate.waitForSomebody()
        let reason = try await readiness(catalog, becomes: 503)
        #expect(reason.contains("not_ready") && reason.contains("a decoder is stuck"), "\(reason)")
        #expect(try await catalog.call(.get, "/metrics").text.contains("\nfacet_ready 0\n"))
        #expect(try await catalog.call(.get, "/health/live").status == 200)
        gate.open()
        _ = try await readiness(catalog, becomes: 200)
    }

    @Test("A catalog that does not finish writing makes the server unready until it does", .timeLimit(.minutes(1)))
    func writer() async throws {
        let gate = Gate()
        // The writer asks for the time once a transaction.
        let catalog = try CatalogClient(stuckAfter: .milliseconds(40)) {
            $0.clock = {
                gate.pass()
                return 1
            }
        }
        #expect(try await catalog.call(.put, "/v1/collections/shop", "{}").status == 201)
        gate.close()
        async let written = catalog.put("a", "rgb.png")
        let reason = try await readiness(catalog, becomes: 503)
        #expect(reason.contains("not_ready") && reason.contains("The catalog has been writing for"), "\(reason)")
        #expect(try await catalog.client.post(image: Golden.image("rgba.png")).status == 200)
        gate.open()
        #expect(try await written.status == 201)
        _ = try await readiness(catalog, becomes: 200)
    }
}
