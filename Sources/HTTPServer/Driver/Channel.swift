// SPDX-License-Identifier: Apache-2.0

/// Names one connection of one loop for as long as the loop lives; the name of a closed one finds nothing.
struct ConnectionID: Sendable, Hashable {
    let slot: UInt32
    let generation: UInt32

    /// Both halves as an epoll token.
    var token: UInt64 { UInt64(generation) << 32 | UInt64(slot) }

    init(slot: Int, generation: UInt32) {
        self.slot = UInt32(slot)
        self.generation = generation
    }

    init(token: UInt64) {
        slot = UInt32(truncatingIfNeeded: token)
        generation = UInt32(token >> 32)
    }
}

/// A socket with its connection state; belongs to one loop's thread.
final class Channel {
    let descriptor: Int32
    let id: ConnectionID
    var connection: Connection
    /// Input read but not yet used, because a request before it is being answered.
    var stash: [UInt8] = []
    /// What the poller waits for on this socket.
    var interest: Poller.Interest = [.read, .peerClosed]
    /// Copy of the connection's deadline, for a quick scan.
    var deadline = Int.max
    /// Of the request being handled.
    var cancellation: HTTPCancellation?

    init(_ descriptor: Int32, _ id: ConnectionID, _ connection: Connection) {
        self.descriptor = descriptor
        self.id = id
        self.connection = connection
    }
}

/// The connections of one loop, found by slot.
struct ChannelTable {
    private var slots: [Channel?] = []
    private var free: [Int] = []
    private var generation: UInt32 = 0
    private(set) var count = 0

    /// A name for the next connection, never with the highest generation, which marks listeners; every one must be followed by ``insert(_:)``.
    mutating func nextID() -> ConnectionID {
        generation = generation == .max - 1 ? 0 : generation + 1
        if free.isEmpty {
            free.append(slots.count)
            slots.append(nil)
        }
        return ConnectionID(slot: free[free.count - 1], generation: generation)
    }

    mutating func insert(_ channel: Channel) {
        let slot = free.removeLast()
        precondition(slot == Int(channel.id.slot), "slot \(channel.id.slot) is not the next free one, \(slot)")
        slots[slot] = channel
        count += 1
    }

    mutating func remove(_ id: ConnectionID) {
        slots[Int(id.slot)] = nil
        free.append(Int(id.slot))
        count -= 1
    }

    /// The connection of that name; nil once it is closed.
    subscript(id: ConnectionID) -> Channel? {
        guard Int(id.slot) < slots.count, let channel = slots[Int(id.slot)], channel.id == id else { return nil }
        return channel
    }

    /// All connections at this moment.
    var all: [Channel] { slots.compactMap { $0 } }
}
