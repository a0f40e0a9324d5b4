// SPDX-License-Identifier: Apache-2.0

internal import Checkpoints
internal import Foundation
internal import ModelFolders
internal import Tensors

/// safetensors, PyTorch's zip and its older container, with the pickles in them.
///
/// The first byte decides nothing: what a file is, it says itself.
struct CheckpointTarget: FuzzTarget {
    /// In memory where the system has such a folder.
    private let path: String = {
        let folder = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        return folder + "/facet-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
    }()

    private static let limits: CheckpointLimits = {
        var limits = CheckpointLimits()
        (limits.headerBytes, limits.pickleOperationsFloor, limits.walkedEntriesFloor) = (1 << 20, 5_000, 2_000)
        return limits
    }()

    func run(_ bytes: [UInt8]) {
        guard (try? Data(bytes).write(to: URL(fileURLWithPath: path))) != nil else { return }
        guard let checkpoint = try? Checkpoint.open(path, limits: Self.limits) else { return }
        for entry in checkpoint.entries.prefix(20) {
            guard let tensor = try? checkpoint.tensor(entry.name) else { continue }
            expect(tensor.values.count == entry.shape.count, "\(entry) has \(tensor.values.count) numbers")
        }
        _ = try? ModelConversion(checkpoint)
    }
}
