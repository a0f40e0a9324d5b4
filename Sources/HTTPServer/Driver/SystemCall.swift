// SPDX-License-Identifier: Apache-2.0

private import CLinux
private import Glibc

/// The one way this module calls the kernel: interrupted calls are repeated, and "not now" is a value.
enum SystemCall {
    enum Outcome {
        case done(Int)
        case wouldBlock
        case failed(Int32)
    }

    @inline(__always)
    static func run(_ call: () -> Int) -> Outcome {
        while true {
            let result = call()
            if result >= 0 { return .done(result) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            case let number: return .failed(number)
            }
        }
    }

    /// As ``run(_:)`` for calls made while starting; throws with the call's name and what it was for.
    @discardableResult
    static func require(
        _ name: String, _ about: some CustomStringConvertible, _ call: () -> Int32
    ) throws(HTTPServerError) -> Int32 {
        switch run({ Int(call()) }) {
        case .done(let value): return Int32(truncatingIfNeeded: value)
        case .wouldBlock: throw .systemCall(name, errno: EAGAIN, about: about.description)
        case .failed(let number): throw .systemCall(name, errno: number, about: about.description)
        }
    }

    /// Nanoseconds on the monotonic clock.
    static func monotonicNow() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }
}
