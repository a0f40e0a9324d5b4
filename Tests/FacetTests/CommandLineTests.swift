// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import facet

@Suite("The command line's parts")
struct CommandLineTests {
    @Test("A setting comes from the flag, else the environment, else the file, else the default")
    func settingsInOrder() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("facet-\(UUID().uuidString).conf")
        defer { try? FileManager.default.removeItem(at: file) }
        try "# limits\nqueue-images = 7  # small\nmodel = \"from file\"\n".write(
            to: file, atomically: true, encoding: .utf8)
        let settings = try Settings(configuration: file.path, environment: ["FACET_MODEL": "from environment"])
        #expect(settings.text("model", "from flag") == "from flag")
        #expect(settings.text("model", nil) == "from environment")
        #expect(try settings.number("queue-images", nil, default: 256, in: 1...1000) == 7)
        #expect(try settings.number("max-images", nil, default: 64, in: 1...1000) == 64)
        #expect(throws: (any Error).self) { try settings.number("queue-images", 0, default: 256, in: 1...1000) }
        #expect(throws: (any Error).self) { try settings.checkNames(["model"]) }
        try settings.checkNames(["model", "queue-images"])
    }

    @Test("A configuration file that is missing or malformed is refused")
    func badConfiguration() {
        #expect(throws: (any Error).self) { try Settings(configuration: "/nonexistent.conf", environment: [:]) }
        #expect(throws: (any Error).self) { try Settings.parse("just words") }
        #expect(Settings.variable("max-body-bytes") == "FACET_MAX_BODY_BYTES")
    }

    @Test("The progress line shows share, rate, time left and failures")
    func progressLine() {
        let half = ProgressBar.line(done: 50, failed: 2, total: 100, unit: "images", elapsed: .seconds(5))
        #expect(half.contains(" 50%  50/100 images  10.0/s  ETA 0:05  2 failed"))
        let long = ProgressBar.line(done: 1, failed: 0, total: 7201, unit: "images", elapsed: .seconds(1))
        #expect(long.contains("ETA 2:00:00"))
        let end = ProgressBar.line(done: 3, failed: 0, total: 3, unit: "images", elapsed: .seconds(1))
        #expect(end.contains("100%") && !end.contains("ETA") && !end.contains("failed"))
        #expect(ProgressBar.line(done: 0, failed: 0, total: 0, unit: "images", elapsed: .zero).contains("100%"))
    }

    @Test("A folder stands for its images in sorted order, a file for itself")
    func fileList() throws {
        let images = Golden.folders[0].appendingPathComponent("images").path
        let list = try FileList([images, "/some/file.txt"])
        #expect(list.paths.count == Golden.images.count + 1 && list.paths.last == "/some/file.txt")
        #expect(Array(list.paths.dropLast()) == list.paths.dropLast().sorted())
        #expect(throws: (any Error).self) { try FileList([Golden.root.appendingPathComponent("Sources/Vectors").path]) }
    }

    @Test("Logs are text or JSON, nothing else")
    func logFormat() throws {
        _ = try LogWriter(format: "json")
        #expect(throws: (any Error).self) { try LogWriter(format: "xml") }
    }
}
