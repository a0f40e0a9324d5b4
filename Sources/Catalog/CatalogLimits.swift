// SPDX-License-Identifier: Apache-2.0

/// What one catalog accepts; every limit is inclusive.
package struct CatalogLimits: Sendable, Equatable {
    /// Bytes of an item's id in UTF-8 (512).
    package var itemIDBytes = 512
    /// Bytes of an item's canonical metadata (64 KiB).
    package var metadataBytes = 64 << 10
    /// Nesting of metadata and of a filter's JSON; the outermost object is 1 (16).
    package var jsonDepth = 16
    /// Bytes of a thumbnail (1 MiB).
    package var thumbnailBytes = 1 << 20
    /// Bytes of a kept original (64 MiB).
    package var originalBytes = 64 << 20
    /// Components of one item's vectors together (65,536).
    package var vectorComponents = 65_536
    /// Items of one batch, and of one page of a list (10,000).
    package var batchItems = 10_000
    /// Bytes of a filter's JSON (64 KiB).
    package var filterBytes = 64 << 10
    /// Conditions of one filter, each value of an `$in` counted (1,000).
    package var filterConditions = 1_000
    /// Bytes of embeddings the cache keeps; 0 turns it off (256 MiB).
    package var cacheBytes = 256 << 20
    /// Bytes the file may grow to; nil leaves it to the disk.
    package var fileBytes: Int?
    /// Bytes of waiting writes above which one transaction takes no more (64 MiB).
    package var transactionBytes = 64 << 20

    /// Bytes of writes that may wait for the disk together; a write beyond is refused with `queueFull` (256 MiB).
    package var waitingBytes = 256 << 20

    package init() {}
}
