// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Foundation
import Testing

/// The log file, whole, torn, and gone on with.
@Suite("Training log")
struct TrainingLogTests {
    private let path: String

    init() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        path = folder.appendingPathComponent("log.jsonl").path
    }

    static func record(_ step: Int, loss: Double = 1.25) -> TrainingRecord {
        TrainingRecord(
            step: step, epoch: Double(step) / 10, samples: step * 128, loss: loss,
            spaceLosses: ["invariant": 0.1, "color": loss], accuracy: ["color": 0.75], queueAccuracy: ["color": 0.5],
            learningRate: 0.06, samplesPerSecond: 311.5, renderShare: 0.125, effectiveRank: ["color": 20],
            embeddingSpread: ["color": 0.8], time: Double(step), memory: 1 << 30)
    }

    private func text() throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test("Records come back as they were written, a line each")
    func roundTrips() throws {
        let log = try TrainingLog(path: path, step: 0)
        let records = (1...5).map { Self.record($0, loss: 1 / Double($0)) }
        for record in records { try log.append(record) }
        #expect(try TrainingLog.read(path) == records)
        #expect(try text().split(separator: "\n").count == 5)
        try log.synchronise()
    }

    @Test("A record is on file as soon as it was appended, with the keys that scripts read")
    func appendsAtOnce() throws {
        let log = try TrainingLog(path: path, step: 0)
        try log.append(Self.record(7))
        let line = try #require(text().split(separator: "\n").first)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(
            Set(object.keys) == [
                "step", "epoch", "samples", "loss", "space_losses", "accuracy", "queue_accuracy", "learning_rate",
                "samples_per_second", "render_share", "effective_rank", "embedding_spread", "time", "memory_bytes",
            ])
    }

    @Test("Numbers that are none are kept, and the line stays JSON")
    func keepsNonFinite() throws {
        let log = try TrainingLog(path: path, step: 0)
        try log.append(Self.record(1, loss: .nan))
        try log.append(Self.record(2, loss: -.infinity))
        let records = try TrainingLog.read(path)
        #expect(records.count == 2 && records[0].loss.isNaN && records[0].spaceLosses["color"]?.isNaN == true)
        #expect(records[1].loss == -.infinity)
        for line in try text().split(separator: "\n") { _ = try JSONSerialization.jsonObject(with: Data(line.utf8)) }
    }

    @Test("Going on from a step drops what came after it, and writes on from there")
    func resumes() throws {
        let log = try TrainingLog(path: path, step: 0)
        for step in 1...9 { try log.append(Self.record(step)) }
        let second = try TrainingLog(path: path, step: 6)
        #expect(second.earlier.map(\.step) == Array(1...6))
        try second.append(Self.record(7, loss: 9))
        #expect(try TrainingLog.read(path).map(\.step) == Array(1...7))
        #expect(try TrainingLog.read(path).last?.loss == 9)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: (path as NSString).deletingLastPathComponent).count == 1
        )
    }

    @Test("Step 0 begins anew, and a missing file is an empty log")
    func beginsAnew() throws {
        #expect(try TrainingLog.read(path).isEmpty)
        try TrainingLog(path: path, step: 0).append(Self.record(3))
        #expect(try TrainingLog(path: path, step: 0).earlier.isEmpty)
        #expect(try text().isEmpty)
    }

    @Test("A file cut at any byte loses at most the record it was cut in")
    func toleratesTornTail() throws {
        let log = try TrainingLog(path: path, step: 0)
        for step in 1...3 { try log.append(Self.record(step)) }
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        let ends = whole.indices.filter { whole[$0] == UInt8(ascii: "\n") }
        for length in stride(from: ends[0] + 1, through: whole.count, by: 17) {
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            let complete = ends.count { $0 <= length }
            #expect(try TrainingLog.read(path).map(\.step) == Array(1..<complete + 1))
            let resumed = try TrainingLog(path: path, step: 99)
            try resumed.append(Self.record(50))
            #expect(try TrainingLog.read(path).map(\.step) == Array(1..<complete + 1) + [50])
        }
    }

    @Test("Noise between records is passed over, and a file of only noise is refused and left alone")
    func refusesOtherFiles() throws {
        let log = try TrainingLog(path: path, step: 0)
        try log.append(Self.record(1))
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes.append(Data([0, 0, 0xFF, 10, 10]) + Data("{\"step\":\"x\"}\n".utf8))
        try bytes.write(to: URL(fileURLWithPath: path))
        #expect(try TrainingLog.read(path).count == 1)
        try "dear diary\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: TrainingError.badState(path: path, reason: "none of its 1 lines is a training record")) {
            _ = try TrainingLog(path: path, step: 0)
        }
        #expect(try text() == "dear diary\n")
    }

    @Test("A folder that is not there is told with its path")
    func cannotWrite() {
        let missing = path + "/no/log.jsonl"
        #expect(throws: TrainingError.cannotWrite(path: missing, reason: "No such file or directory")) {
            _ = try TrainingLog(path: missing, step: 0)
        }
    }

    @Test("A record that does not fit on the disk is taken back whole, and the log goes on when there is room")
    func fullDisk() async {
        await #expect(processExitsWith: .success) {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent("log-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let path = folder.appendingPathComponent("log.jsonl").path
            let log = try TrainingLog(path: path, step: 0)
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 1000, rlim_max: rlim_t.max)
            precondition(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
            try log.append(TrainingLogTests.record(1))
            var refusal: TrainingError?
            do {
                for step in 2...9 { try log.append(TrainingLogTests.record(step)) }
            } catch {
                refusal = error as? TrainingError
            }
            precondition(
                refusal == .cannotWrite(path: path, reason: "File too large"), "\(String(describing: refusal))")
            let whole = try String(contentsOfFile: path, encoding: .utf8)
            precondition(whole.hasSuffix("\n"), "a torn line was left")
            limit.rlim_cur = rlim_t.max
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            try log.append(TrainingLogTests.record(10))
            let records = try TrainingLog.read(path)
            precondition(records.last?.step == 10, "the record after it is missing")
            precondition(records.count == whole.split(separator: "\n").count + 1, "\(records.count) records")
            try FileManager.default.removeItem(at: folder)
        }
    }
}
