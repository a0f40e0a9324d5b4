// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Counts each key's requests against its rate: a leaky bucket that holds one unit's worth.
///
/// A bucket is one number, the time at which it will be empty again (the generic cell rate algorithm of ITU-T I.371), so a
/// key that goes silent costs nothing. Safe from any thread.
final class RateLimiter: Sendable {
    private let emptyAt = Mutex<[String: Duration]>([:])

    /// Takes one request of `key` at time `now`; the time to wait when there is none left.
    func take(_ key: AccessKey, at now: Duration) -> Duration? {
        guard let rate = key.rate else { return nil }
        let capacity = rate.unit.duration
        let cost = capacity / rate.requests
        return emptyAt.withLock { buckets in
            let full = max(buckets[key.name] ?? .zero, now) + cost
            guard full - now <= capacity else { return full - now - capacity }
            buckets[key.name] = full
            return nil
        }
    }

    /// Forgets keys that are not in `names`.
    func keep(_ names: Set<String>) {
        emptyAt.withLock { buckets in buckets = buckets.filter { names.contains($0.key) } }
    }
}
