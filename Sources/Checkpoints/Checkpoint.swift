// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// A file of named tensors, read into memory: safetensors, or what torch.save writes.
///
/// Opening reads names and shapes and checks that every tensor lies within the file; elements are read when asked for.
/// Nothing in a file is ever executed, and memory is bounded by the file's size. Any thread may use it.
///
///     let checkpoint = try Checkpoint.open("model.safetensors")
///     let weights = try checkpoint.tensor("conv1.weight")  // [64, 3, 7, 7]
package final class Checkpoint: Sendable {
    /// How the file is built, found out from its first bytes.
    package enum Container: String, Sendable {
        case safetensors
        case torchZip = "PyTorch (zip)"
        case torchLegacy = "PyTorch (legacy, before 1.6)"
    }

    package let container: Container
    /// Every tensor, sorted by name.
    package let entries: [TensorDescriptor]
    /// `__metadata__` of safetensors, or the words and numbers beside the tensors (`epoch`, `arch`).
    package let metadata: [String: String]
    private let file: FileContents
    private let tensors: [String: StoredTensor]

    /// Opens the file at `path`, whose container is found out from its content, never from its name.
    ///
    /// - Throws: ``CheckpointError``: the file cannot be opened, is cut short, breaks its format, asks for more than
    ///   `limits` grant, or is of a kind that is not read.
    package static func open(
        _ path: String, limits: CheckpointLimits = CheckpointLimits()
    ) throws(CheckpointError) -> Checkpoint {
        try Checkpoint(FileContents(path, most: limits.fileBytes), limits)
    }

    private init(_ file: FileContents, _ limits: CheckpointLimits) throws(CheckpointError) {
        self.file = file
        container = try Self.container(of: file.bytes)
        let table =
            switch container {
            case .safetensors: try SafetensorsReader.read(file.bytes, limits: limits)
            case .torchZip: try TorchFile.readZip(file.bytes, limits: limits)
            case .torchLegacy: try TorchFile.readLegacy(file.bytes, limits: limits)
            }
        tensors = table.tensors
        metadata = table.metadata
        entries = tensors.map {
            TensorDescriptor(name: $0.key, type: $0.value.type, shape: $0.value.shape)
        }
        .sorted { $0.name < $1.name }
    }

    /// Bytes of the file.
    package var byteCount: Int { file.bytes.count }

    /// The whole file, for a digest; valid during `body` only.
    package func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(file.bytes)
    }

    /// The shape of the tensor called `name`; nil when there is none.
    package func shape(of name: String) -> Shape? { tensors[name]?.shape }

    /// A copy of the tensor called `name` as Float, row-major.
    ///
    /// - Throws: ``CheckpointError/missingTensor(name:similar:)``, or ``CheckpointError/wrongType(name:found:)`` when
    ///   its elements are of a type that is not ``ElementType/isConvertible``.
    package func tensor(_ name: String) throws(CheckpointError) -> Tensor {
        let stored = try find(name)
        return Tensor(unsafeUninitialized: stored.shape) { stored.copy(from: file.bytes, to: $0) }
    }

    /// The elements of `name` as Float, row-major, valid during `body`.
    ///
    /// In place where they are float32 in the file without gaps, else converted. Throws as ``tensor(_:)`` does, and what
    /// `body` throws.
    package func withFloats<R>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R)
        throws -> R
    {
        let stored = try find(name)
        guard stored.isPlainFloat(in: file.bytes), let base = file.bytes.baseAddress else {
            return try tensor(name).withUnsafeBuffer(body)
        }
        defer { withExtendedLifetime(file) {} }
        let start = (base + stored.offset).assumingMemoryBound(to: Float.self)
        return try body(UnsafeBufferPointer(start: start, count: stored.shape.count))
    }

    private func find(_ name: String) throws(CheckpointError) -> StoredTensor {
        guard let stored = tensors[name] else {
            throw .missingTensor(name: name, similar: similar(to: name))
        }
        guard stored.type.isConvertible else { throw .wrongType(name: name, found: stored.type) }
        return stored
    }

    /// Up to three names that share the most with `name`: its last part above all, then how they begin.
    private func similar(to name: String) -> [String] {
        let wanted = name.split(separator: ".")
        let scored = entries.map { entry in
            let parts = entry.name.split(separator: ".")
            let tail = zip(parts.reversed(), wanted.reversed()).prefix { $0 == $1 }.count
            return (score: 4 * tail + zip(parts, wanted).prefix { $0 == $1 }.count, name: entry.name)
        }
        return scored.filter { $0.score > 0 }.sorted { ($1.score, $0.name) < ($0.score, $1.name) }
            .prefix(3).map(\.name)
    }

    private static func container(of bytes: UnsafeRawBufferPointer) throws(CheckpointError)
        -> Container
    {
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return .torchZip }
        if TorchFile.isLegacy(bytes) { return .torchLegacy }
        if bytes.number(UInt8.self, at: 8) == UInt8(ascii: "{") { return .safetensors }
        if bytes.starts(with: "version https://git-lfs".utf8) {
            throw .unsupported(
                what: "the file is a Git LFS pointer, not the file itself", advice: "run 'git lfs pull'")
        }
        if let magic = bytes.part(257, 5), magic.elementsEqual("ustar".utf8) {
            throw .unsupported(
                what: "the file is a tar, as PyTorch before 0.1.10 wrote",
                advice: "load it in an old PyTorch and save it again")
        }
        if bytes.starts(with: [0x80]), (2...5).contains(bytes.number(UInt8.self, at: 1) ?? 0) {
            throw .unsupported(
                what: "the file is a bare pickle, not written by torch.save",
                advice: "save it with torch.save")
        }
        return .safetensors
    }
}
