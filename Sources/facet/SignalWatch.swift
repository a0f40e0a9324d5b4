// SPDX-License-Identifier: Apache-2.0

internal import Dispatch

/// Signals to the process as calls, one after the other, on a thread that nothing else uses.
///
/// Dispatch's global queues share as many threads as there are cores: decoders that keep those busy must not keep a
/// server from hearing that it should stop. Before the watch is there a signal does what it does by default.
package struct SignalWatch {
    private let sources: [any DispatchSourceSignal]

    /// Calls `body` with each of `numbers` that comes after this has returned, for as long as the value lives.
    package init(_ numbers: [Int32], _ body: @escaping @Sendable (_ number: Int32) -> Void) {
        // Serial, hence with a thread of its own.
        let queue = DispatchQueue(label: "facet.signals", qos: .userInteractive)
        let registered = DispatchGroup()
        sources = numbers.map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { body(number) }
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            source.resume()
            return source
        }
        registered.wait()
    }
}
