// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Synchronization

/// Progress of work that SQLite does in one call: what the process has read or written, out of what it should come to.
///
/// The kernel counts the bytes (`/proc/self/io`). Nothing is shown, and nothing polled, where standard error is no terminal.
enum FileTraffic {
    enum Direction: String {
        case read = "rchar"
        case written = "wchar"
    }

    private static let interval = 0.1
    private static let unit = 1 << 20

    /// Runs `body` under a bar of about `bytes`.
    static func showing<Value>(
        _ direction: Direction, of bytes: Int, enabled: Bool = isatty(STDERR_FILENO) == 1, _ body: () throws -> Value
    ) rethrows -> Value {
        guard enabled, let start = count(direction) else { return try body() }
        let total = max(1, bytes / unit)
        let bar = Mutex(ProgressBar(total: total, unit: "MiB \(direction == .read ? "read" : "written")"))
        let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "facet.traffic"))
        timer.schedule(deadline: .now() + interval, repeating: interval)
        let ended = DispatchSemaphore(value: 0)
        timer.setEventHandler {
            let done = ((count(direction) ?? start) - start) / unit
            // The total is an estimate: the last of it is shown when the work is done.
            bar.withLock { $0.move(to: min(done, total - 1)) }
        }
        timer.setCancelHandler { ended.signal() }
        timer.resume()
        defer {
            timer.cancel()
            ended.wait()
            bar.withLock { $0.finish() }
        }
        let value = try body()
        bar.withLock { $0.move(to: total) }
        return value
    }

    /// Bytes that the process has read or written since it began, through the kernel; nil where that is not told.
    static func count(_ direction: Direction) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/self/io", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix(direction.rawValue + ":") }
        return line.flatMap { Int($0.dropFirst(direction.rawValue.count + 1).drop { $0 == " " }) }
    }
}
