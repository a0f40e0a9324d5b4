// SPDX-License-Identifier: Apache-2.0

/// Bounds on what a checkpoint file may ask for, each far above what training programs write.
///
/// Where a bound has a part that grows with the file, a small file can only cost little.
package struct CheckpointLimits: Sendable {
    /// Bytes of a file, which is read into memory whole: 8 GiB.
    package var fileBytes = 8 << 30
    /// Bytes of a safetensors header: 100,000,000, as in the reference reader.
    package var headerBytes = 100_000_000
    /// Arrays and objects within each other in a header: 16.
    package var headerDepth = 16
    /// Operations of a file's pickles, however large the file: 8,000,000.
    ///
    /// A ResNet-50 of both encoders takes some 20,000.
    package var pickleOperations = 8_000_000
    /// Operations that a file of any size may have: 100,000; one more for each 16 bytes of the file.
    package var pickleOperationsFloor = 100_000
    /// Entries of dictionaries walked in search of tensors: 200,000.
    package var walkedEntries = 200_000
    /// Entries that a file of any size may have: 10,000; one more for each 64 bytes of the file.
    package var walkedEntriesFloor = 10_000
    /// Dictionaries within each other: 12.
    package var walkedDepth = 12
    /// Dimensions of a tensor: 64, as in PyTorch.
    package var rank = 64
    /// Bytes of a tensor's full name: 512.
    package var nameBytes = 512

    package init() {}

    /// Pickle operations granted to a file of `bytes` bytes.
    func operations(for bytes: Int) -> Int {
        min(pickleOperations, pickleOperationsFloor + bytes / 16)
    }

    /// Dictionary entries granted to a file of `bytes` bytes.
    func entries(for bytes: Int) -> Int { min(walkedEntries, walkedEntriesFloor + bytes / 64) }
}
