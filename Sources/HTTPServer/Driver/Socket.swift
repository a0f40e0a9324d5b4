// SPDX-License-Identifier: Apache-2.0

internal import CLinux
private import Glibc

/// Calls on connected sockets.
///
/// All sockets of this module are non-blocking and closed on exec.
enum Socket {
    /// Takes one connection off a listening socket.
    static func accept(_ listener: Int32) -> SystemCall.Outcome {
        let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        return SystemCall.run { Int(accept4(listener, nil, nil, flags)) }
    }

    @inline(__always)
    static func receive(_ descriptor: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> SystemCall.Outcome {
        SystemCall.run { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
    }

    /// Sends two pieces in one call; a vanished peer is an error, never a signal.
    static func send(
        _ descriptor: Int32, _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer
    ) -> SystemCall.Outcome {
        let noSignal = Int32(MSG_NOSIGNAL)
        if second.isEmpty {
            return SystemCall.run { CLinux.send(descriptor, first.baseAddress, first.count, noSignal) }
        }
        return withUnsafeTemporaryAllocation(of: iovec.self, capacity: 2) { pieces in
            pieces[0] = iovec(iov_base: UnsafeMutableRawPointer(mutating: first.baseAddress), iov_len: first.count)
            pieces[1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: second.baseAddress), iov_len: second.count)
            var message = msghdr()
            message.msg_iov = pieces.baseAddress
            message.msg_iovlen = 2
            return SystemCall.run { sendmsg(descriptor, &message, noSignal) }
        }
    }

    static func finishWriting(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Sets an integer option.
    static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32) -> Int32 {
        var value = value
        return setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
