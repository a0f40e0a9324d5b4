// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan

/// Threads for work that must give way to searches and writes: they run at a lower priority (nice 10) than all others.
enum BackgroundThreads {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on so many new threads at once and returns when all have ended.
    ///
    /// `body` is to take its share of the work
    /// from a common counter. Without memory for a thread it runs on the caller's.
    static func perform(on threads: Int, _ body: @Sendable () -> Void) {
        withoutActuallyEscaping(body) { body in
            let context = Unmanaged.passRetained(Body(body))
            defer { context.release() }
            let started = facet_background(
                Int32(clamping: threads),
                { context in
                    guard let context else { return }
                    Unmanaged<Body>.fromOpaque(context).takeUnretainedValue().run()
                }, context.toOpaque())
            if started == 0, threads > 0 { body() }
        }
    }
}
