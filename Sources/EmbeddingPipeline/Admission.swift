// SPDX-License-Identifier: Apache-2.0

/// The count of work admitted: a pure value, the same rule for one image and for many.
struct Admission: Sendable, Equatable {
    let limits: QueueLimits
    private(set) var images = 0
    private(set) var bytes = 0

    init(limits: QueueLimits) {
        self.limits = limits
    }

    /// Admits all of a request or nothing of it.
    mutating func admit(images count: Int, bytes size: Int) throws(AdmissionError) {
        guard count <= limits.images, size <= limits.bytes else {
            throw .neverFits(limit: count > limits.images ? limits.images : limits.bytes)
        }
        guard images + count <= limits.images, bytes + size <= limits.bytes else { throw .queueFull(retryAfter: 1) }
        images += count
        bytes += size
    }

    /// Gives back what a request was admitted with.
    mutating func release(images count: Int, bytes size: Int) {
        images -= count
        bytes -= size
        precondition(images >= 0 && bytes >= 0, "released more than admitted: \(images) images, \(bytes) bytes")
    }
}
