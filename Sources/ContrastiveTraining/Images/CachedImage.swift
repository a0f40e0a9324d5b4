// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// A picture ready for augmentation: upright RGB, 8 bits a sample, in memory that it keeps alive.
package struct CachedImage: Sendable {
    package let width: Int
    package let height: Int
    private let memory: PixelMemory
    private let offset: Int

    /// Red, green, blue of each pixel, row by row: `3 * width * height` bytes, valid as long as this value lives.
    package var pixels: UnsafePointer<UInt8> { memory.base + offset }

    /// A picture of its own; `pixels.count` must be `3 * width * height`.
    package init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0, "a picture of \(width) x \(height)")
        precondition(pixels.count == 3 * width * height, "\(pixels.count) bytes for \(width) x \(height) pixels")
        self.init(width: width, height: height, memory: PixelMemory(copying: pixels), offset: 0)
    }

    /// A picture inside `memory`, which must hold it.
    init(width: Int, height: Int, memory: PixelMemory, offset: Int) {
        self.width = width
        self.height = height
        self.memory = memory
        self.offset = offset
    }
}

/// Bytes that do not change and stay where they are: a mapped file, or a copy.
///
/// `@unchecked Sendable`: nothing writes the bytes after init, and `deinit` gives them back once. A cache is replaced by
/// rename and never written in place, so the file behind a mapping keeps its length.
final class PixelMemory: @unchecked Sendable {
    let base: UnsafePointer<UInt8>
    let count: Int
    private let isMapped: Bool

    init(copying bytes: [UInt8]) {
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
        memory.initialize(from: bytes, count: bytes.count)
        base = UnsafePointer(memory)
        count = bytes.count
        isMapped = false
    }

    /// Maps the regular file at `path`; nil when that is not possible or it is empty.
    init?(mapping path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0,
            let memory = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED
        else { return nil }
        base = UnsafePointer(memory.assumingMemoryBound(to: UInt8.self))
        count = Int(status.st_size)
        isMapped = true
    }

    deinit {
        if isMapped {
            munmap(UnsafeMutableRawPointer(mutating: base), count)
        } else {
            base.deallocate()
        }
    }
}
