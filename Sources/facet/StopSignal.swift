// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Synchronization

/// Remembers that somebody asked the program to stop: SIGINT or SIGTERM.
///
/// The second SIGINT ends the program at once, as without this.
final class StopSignal {
    private final class Flag: Sendable {
        let isRaised = Atomic<Bool>(false)
    }

    private let flag = Flag()
    private let sources: [any DispatchSourceSignal]

    init() {
        let queue = DispatchQueue(label: "facet.signals")
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [flag] in
                flag.isRaised.store(true, ordering: .relaxed)
                signal(SIGINT, SIG_DFL)
            }
            source.resume()
        }
    }

    var isRaised: Bool { flag.isRaised.load(ordering: .relaxed) }
}
