// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// What the kernel knows of this process, under the names that Prometheus's own clients use.
///
/// Reads `/proc/self` each time, a few system calls and one more for some hundred open descriptors; nil for what cannot
/// be read.
package struct ProcessStatistics: Sendable {
    /// Bytes of memory in RAM.
    package let residentBytes: Int?
    /// Bytes of address space.
    package let virtualBytes: Int?
    /// Processor time of all threads since the start, user and system, in seconds.
    package let processorSeconds: Double?
    package let threads: Int?
    /// Descriptors open now.
    package let openDescriptors: Int?
    /// Descriptors that may be open at once.
    package let mostDescriptors: Int?

    /// When the process started, in seconds since 1970 by the clock of the first call.
    package static let startSeconds: Double? = {
        var (now, up) = (timespec(), timespec())
        guard let started = Status()?.startTicks, clock_gettime(CLOCK_REALTIME, &now) == 0,
            clock_gettime(CLOCK_BOOTTIME, &up) == 0
        else { return nil }
        let age = seconds(up) - started / ticksASecond
        return seconds(now) - age
    }()

    private static func seconds(_ time: timespec) -> Double { Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9 }

    package init() {
        let status = Status()
        residentBytes = status.map { $0.residentPages * Int(sysconf(Int32(_SC_PAGESIZE))) }
        virtualBytes = status?.virtualBytes
        processorSeconds = status.map { $0.processorTicks / Self.ticksASecond }
        threads = status?.threads
        openDescriptors = Self.countDescriptors()
        var limit = rlimit()
        mostDescriptors =
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? Int(clamping: limit.rlim_cur) : nil
    }

    private static let ticksASecond = Double(sysconf(Int32(_SC_CLK_TCK)))

    /// The fields of `/proc/self/stat` (proc(5)) that are told.
    private struct Status {
        let processorTicks: Double
        let threads: Int
        let startTicks: Double
        let virtualBytes: Int
        let residentPages: Int

        init?() {
            guard let text = ProcessStatistics.read("/proc/self/stat"), let name = text.lastIndex(of: ")") else {
                return nil
            }
            // The name may hold anything, so fields count from behind it: the first one there is number 3.
            let fields = text[text.index(after: name)...].split(separator: " ").map { Int($0) }
            guard fields.count > 21, let user = fields[11], let system = fields[12], let threads = fields[17],
                let start = fields[19], let virtual = fields[20], let resident = fields[21]
            else { return nil }
            processorTicks = Double(user) + Double(system)
            self.threads = threads
            startTicks = Double(start)
            virtualBytes = virtual
            residentPages = resident
        }
    }

    /// The first 4 KiB of a file as text.
    private static func read(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
    }

    private static func countDescriptors() -> Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // `.`, `..` and the descriptor of the folder itself.
        return max(0, count - 3)
    }
}
