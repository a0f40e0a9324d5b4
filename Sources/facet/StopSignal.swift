// SPDX-License-Identifier: Apache-2.0

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
    private let watch: SignalWatch

    init() {
        watch = SignalWatch([SIGINT, SIGTERM]) { [flag] _ in
            flag.raise()
            signal(SIGINT, SIG_DFL)
        }
    }

    var isRaised: Bool { flag.isRaised }
}
