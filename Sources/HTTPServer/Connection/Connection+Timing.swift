// SPDX-License-Identifier: Apache-2.0

extension Connection {
    /// When to call ``expire(now:)`` if nothing happens before; `Int.max` for never.
    package var deadline: Int {
        if isBlocked { return progress + settings.writeTimeout }
        return switch phase {
        case .idle: since + settings.keepAliveTimeout
        case .head: since + settings.headTimeout
        case .body, .discarding: min(progress + settings.bodyTimeout, slowestBody)
        case .lingering: since + (isDraining ? settings.drainLingerTimeout : settings.lingerTimeout)
        case .admitting, .handling, .failing, .refusing, .closing, .closed: .max
        }
    }

    /// When a body that has come this far falls below the rate it must keep.
    private var slowestBody: Int {
        let seconds = parser.bodyBytes / max(1, settings.limits.bodyRate)
        return since + settings.bodyTimeout + min(seconds, 1_000_000) * 1_000_000_000
    }

    /// Acts on a deadline that has passed: a slow request is refused, everything else is closed.
    package mutating func expire(now: Int) {
        guard now >= deadline else { return }
        let isReading = if case .head = phase { true } else if case .body = phase { true } else { false }
        enter(isReading && !isBlocked ? .failing(.requestTimeout) : .closed, now: now)
    }

    /// Makes the present response the last, and an idle connection end; call ``advance(_:now:)`` after it.
    package mutating func drain() {
        isDraining = true
    }
}
