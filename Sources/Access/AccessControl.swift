// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization
package import Telemetry

/// Decides who may do what, from a key file that can be read again while it is in use.
///
/// Safe from any thread, and never blocks on anything but a dictionary: it runs on event loops.
package final class AccessControl: Sendable {
    private let path: String
    private let ticker: any Ticker
    private let ring: Mutex<KeyRing>
    private let limiter = RateLimiter()

    /// Reads the keys of the file at `path`.
    package init(path: String, ticker: any Ticker = MonotonicTicker()) throws(KeyFileError) {
        self.path = path
        self.ticker = ticker
        ring = Mutex(KeyRing(try Self.read(path)))
    }

    /// How many keys there are.
    package var count: Int { ring.withLock { $0.count } }

    /// Reads the file again; on an error the keys stay as they were.
    ///
    /// Calls in flight keep what they were granted.
    package func reload() throws(KeyFileError) {
        let keys = try Self.read(path)
        ring.withLock { $0 = KeyRing(keys) }
        limiter.keep(Set(keys.map(\.name)))
    }

    /// The key that `presented` is, whatever it may do; nil for none.
    package func identify(_ presented: String?) -> AccessKey? {
        guard let presented else { return nil }
        let current = ring.withLock { $0 }
        return current.find(presented)
    }

    /// Judges one request and counts it against the key's rate.
    ///
    /// A request that is refused for its role or collection counts too, so that probing is slow.
    package func judge(_ presented: String?, needs role: Role, collection: String?) -> Verdict {
        guard let presented else { return .denied(.missing) }
        guard let key = identify(presented) else { return .denied(.unknown) }
        if let wait = limiter.take(key, at: ticker.now) { return .denied(.tooMany(wait: wait)) }
        guard key.role >= role else { return .denied(.role(needed: role)) }
        if let collection, !key.covers(collection) { return .denied(.collection) }
        return .granted(key)
    }

    package enum Verdict: Sendable, Equatable {
        case granted(AccessKey)
        case denied(Denial)
    }

    /// Why a request was refused.
    package enum Denial: Sendable, Equatable {
        /// None was presented.
        case missing
        case unknown
        case role(needed: Role)
        /// The key does not cover the collection, which may not even exist.
        case collection
        case tooMany(wait: Duration)
    }

    private static func read(_ path: String) throws(KeyFileError) -> [AccessKey] {
        guard let file = FileHandle(forReadingAtPath: path) else { throw .unreadable(path: path) }
        defer { try? file.close() }
        let bytes: Data
        do { bytes = try file.read(upToCount: KeyFile.largest + 1) ?? Data() } catch { throw .unreadable(path: path) }
        guard bytes.count <= KeyFile.largest else { throw .tooLarge(path: path) }
        return try KeyFile.parse(String(decoding: bytes, as: UTF8.self))
    }
}
