// SPDX-License-Identifier: Apache-2.0

import Dispatch
import EmbeddingPipeline
import Foundation
import Kernels
import ModelFolders
import ServingTestSupport
import Synchronization
import Telemetry
import TestSupport
import Testing
import Vectors

@Suite("Work that takes long or never ends")
struct StuckWorkTests {
    private final class Hand: Ticker {
        private let time = Mutex(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        func turn(by step: Duration) { time.withLock { $0 += step } }
    }

    private final class Gate: Sendable {
        private let asked = Atomic<Int>(0)
        private let opened = Atomic<Bool>(false)
        let reached = DispatchSemaphore(value: 0)
        var isOpen: Bool { opened.load(ordering: .relaxed) }
        func open() { opened.store(true, ordering: .relaxed) }
        /// Lets the first `count` callers through; the next one says that it is there and waits for the gate to open.
        func pass(after count: Int) {
            guard asked.wrappingAdd(1, ordering: .relaxed).newValue > count else { return }
            reached.signal()
            while !isOpen { usleep(1_000) }
        }
    }

    let models: TestModels

    init() throws {
        models = try TestModels()
    }

    private func request(_ count: Int, isCancelled: @escaping @Sendable () -> Bool) throws -> EmbeddingRequest {
        let image = try Golden.image("rgb.png")
        let space = try #require(SpaceName("color").flatMap(models.looc.manifest.space))
        return EmbeddingRequest(
            images: Array(repeating: image, count: count), model: models.looc, spaces: [space], isCancelled: isCancelled
        )
    }

    @Test("An image whose forward pass does not end is waiting, though no other is behind it")
    func wedgedPass() throws {
        let clock = Hand()
        let gate = Gate()
        let pipeline = EmbeddingPipeline(pool: models.pool, ticker: clock)
        let answered = DispatchSemaphore(value: 0)
        // Asked once before decoding and once at the start of the pass.
        try pipeline.submit(
            try request(1) {
                gate.pass(after: 1)
                return false
            }
        ) { _ in answered.signal() }
        gate.reached.wait()
        #expect(pipeline.oldestWait == .zero)
        clock.turn(by: .seconds(31))
        #expect(pipeline.oldestWait == .seconds(31))
        gate.open()
        answered.wait()
        while pipeline.oldestWait != .zero { usleep(1_000) }
    }

    @Test("A picture that is decoded without end is noticed, though other decoders go on")
    func wedgedDecoder() throws {
        let clock = Hand()
        let gate = Gate()
        let pipeline = EmbeddingPipeline(pool: ComputePool(threads: 2), ticker: clock)
        #expect(pipeline.oldestDecode == .zero)
        let answered = DispatchSemaphore(value: 0)
        // Asked first by the decoder.
        try pipeline.submit(
            try request(1) {
                gate.pass(after: 0)
                return false
            }
        ) { _ in answered.signal() }
        gate.reached.wait()
        clock.turn(by: .seconds(20))
        let other = DispatchSemaphore(value: 0)
        try pipeline.submit(try request(1) { false }) { _ in other.signal() }
        other.wait()
        clock.turn(by: .seconds(11))
        #expect(pipeline.oldestDecode == .seconds(31))
        gate.open()
        answered.wait()
        while pipeline.oldestDecode != .zero { usleep(1_000) }
    }

    @Test("Other work goes on while every decoder is busy")
    func decodersLeaveRoom() throws {
        let gate = Gate()
        let end = Date(timeIntervalSinceNow: 4)
        let pipeline = EmbeddingPipeline(pool: models.pool)
        let answered = DispatchSemaphore(value: 0)
        // Runs rather than sleeps: for threads that sleep Dispatch makes others.
        try pipeline.submit(
            try request(64) {
                while !gate.isOpen, Date() < end {}
                return true
            }
        ) { _ in answered.signal() }
        let done = DispatchSemaphore(value: 0)
        DispatchQueue.global(qos: .userInitiated).async { done.signal() }
        #expect(done.wait(timeout: .now() + 2) == .success)
        gate.open()
        answered.wait()
    }
}
