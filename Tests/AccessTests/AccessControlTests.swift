// SPDX-License-Identifier: Apache-2.0

import Access
import Foundation
import Synchronization
import Telemetry
import Testing
import TestSupport
import Vectors

@Suite("Access control")
struct AccessControlTests {
    /// A clock that the test turns.
    final class Hand: Ticker {
        private let time = Mutex(Duration.zero)
        var now: Duration { time.withLock { $0 } }
        func turn(_ by: Duration) { time.withLock { $0 += by } }
    }

    let path = NSTemporaryDirectory() + "keys-\(UUID().uuidString)"
    let hand = Hand()
    let secrets = (reader: Secret.random(), writer: Secret.random(), admin: Secret.random())

    func write(_ lines: [String]) throws {
        try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }

    func control() throws -> AccessControl {
        try write([
            "reader read \(secrets.reader.digest) rate=3/second",
            "writer write \(secrets.writer.digest) collections=shop,test-*", "admin admin \(secrets.admin.digest)",
        ])
        return try AccessControl(path: path, ticker: hand)
    }

    func denial(_ verdict: AccessControl.Verdict) -> AccessControl.Denial? {
        if case .denied(let denial) = verdict { denial } else { nil }
    }

    @Test("No key, an unknown key and half a key are told apart from a good one")
    func unknown() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let control = try control()
        #expect(control.count == 3)
        #expect(denial(control.judge(nil, needs: .read, collection: nil)) == .missing)
        for wrong in ["", "facet_", String(secrets.admin.text.dropLast()), secrets.admin.text + "a", "\u{0}"] {
            #expect(denial(control.judge(wrong, needs: .read, collection: nil)) == .unknown)
        }
        #expect(denial(control.judge(secrets.admin.digest.description, needs: .read, collection: nil)) == .unknown)
        #expect(denial(control.judge(secrets.admin.text, needs: .admin, collection: "any")) == nil)
    }

    @Test("A role may do what lower ones may, and no more")
    func roles() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let control = try control()
        #expect(denial(control.judge(secrets.reader.text, needs: .write, collection: nil)) == .role(needed: .write))
        #expect(denial(control.judge(secrets.writer.text, needs: .read, collection: nil)) == nil)
        #expect(denial(control.judge(secrets.writer.text, needs: .admin, collection: "shop")) == .role(needed: .admin))
    }

    @Test("A key for some collections reaches those and no others")
    func collections() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let control = try control()
        let allowed = ["shop", "test-1", "test-", "shops", "Shop", "tes", "", "test-/../shop"].filter {
            denial(control.judge(secrets.writer.text, needs: .read, collection: $0)) == nil
        }
        #expect(allowed == ["shop", "test-1", "test-", "test-/../shop"])
    }

    @Test("A rate lets its number through, says how long to wait, and refills evenly")
    func rates() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let control = try control()
        func ask() -> AccessControl.Denial? {
            denial(control.judge(secrets.reader.text, needs: .read, collection: nil))
        }
        #expect((0..<3).allSatisfy { _ in ask() == nil })
        guard case .tooMany(let wait) = ask() else { Issue.record("a fourth request came through"); return }
        #expect(wait > .zero && wait <= .seconds(1) / 3)
        hand.turn(wait)
        #expect(ask() == nil && ask() != nil)
        hand.turn(.seconds(100))
        #expect((0..<3).allSatisfy { _ in ask() == nil } && ask() != nil)
    }

    @Test("Refused requests count against the rate, so that probing is slow")
    func probing() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let control = try control()
        for _ in 0..<3 { _ = control.judge(secrets.reader.text, needs: .admin, collection: nil) }
        guard case .tooMany = denial(control.judge(secrets.reader.text, needs: .admin, collection: nil)) else {
            Issue.record("probing is not counted")
            return
        }
    }

    @Test("A reload adds and removes keys at once; a broken file leaves them as they were")
    func reload() throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        let control = try control()
        try write(["writer read \(secrets.writer.digest)"])
        try control.reload()
        #expect(denial(control.judge(secrets.admin.text, needs: .read, collection: nil)) == .unknown)
        #expect(denial(control.judge(secrets.writer.text, needs: .read, collection: "elsewhere")) == nil)
        try write(["writer read \(secrets.writer.digest)", "oops"])
        #expect(throws: KeyFileError.line(2, .tooShort)) { try control.reload() }
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: KeyFileError.unreadable(path: path)) { try control.reload() }
        #expect(denial(control.judge(secrets.writer.text, needs: .read, collection: nil)) == nil)
        #expect(throws: KeyFileError.unreadable(path: "/")) { try AccessControl(path: "/") }
    }

    @Test("Many threads together get no more than the rate")
    func concurrency() async throws {
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(["reader read \(secrets.reader.digest) rate=100/hour"])
        let control = try AccessControl(path: path, ticker: hand)
        let text = secrets.reader.text
        let granted = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<50).count { _ in
                        if case .granted = control.judge(text, needs: .read, collection: nil) { true } else { false }
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(granted == 100)
    }
}
