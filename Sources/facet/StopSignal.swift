// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Foundation
internal import Synchronization

/// Remembers that somebody asked the program to stop: SIGINT or SIGTERM.
///
/// The second SIGINT ends the program at once, as without this.
final class StopSignal {
    /// What other threads may look at.
    final class Flag: Sendable {
        private let raised = Atomic<Bool>(false)

        var isRaised: Bool { raised.load(ordering: .relaxed) }

        fileprivate func raise() { raised.store(true, ordering: .relaxed) }
    }

    let flag = Flag()
    private let sources: [any DispatchSourceSignal]

    init() {
        let queue = DispatchQueue(label: "facet.signals")
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            return DispatchSource.makeSignalSource(signal: number, queue: queue)
        }
        for source in sources {
            source.setEventHandler { [flag] in
                flag.raise()
                signal(SIGINT, SIG_DFL)
            }
            source.resume()
        }
    }

    var isRaised: Bool { flag.isRaised }
}
