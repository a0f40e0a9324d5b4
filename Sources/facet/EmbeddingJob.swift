// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingPipeline
internal import Foundation
internal import ImageDecoding
internal import Kernels
internal import ModelFolders
internal import Synchronization

/// Embeds a list of files and hands the results over in the list's order.
///
/// Some tens of files are under way at a time, so memory stays flat however long the list is.
struct EmbeddingJob {
    let files: [String]
    let pipeline: EmbeddingPipeline
    let model: EmbeddingModel
    let spaces: [ModelManifest.Space]
    let normalise: Bool

    /// Files read ahead of the one whose result is awaited.
    private static let window = 32

    /// Room for a whole window of the largest files, so that the queue never refuses one.
    static func queue(_ images: ImageLimits) -> QueueLimits {
        QueueLimits(images: window, bytes: window * (images.bytes + 1))
    }

    /// Calls `deliver` once for every file, on the calling thread.
    func run(_ deliver: (String, Result<EmbeddedImage, FileFailure>) throws -> Void) throws {
        var slots: [Slot] = []
        var next = 0
        for path in files {
            while next < files.count, slots.count < Self.window {
                slots.append(start(files[next]))
                next += 1
            }
            let slot = slots.removeFirst()
            try deliver(path, slot.wait())
        }
    }

    /// Embeds one file, with a small picture of it where `thumbnail` gives its longer side.
    static func one(
        _ path: String, model: EmbeddingModel, spaces: [ModelManifest.Space], pool: ComputePool, thumbnail: Int? = nil
    ) throws -> EmbeddedImage {
        let pipeline = EmbeddingPipeline(pool: pool, limits: queue(ImageLimits()))
        let answer = Promise<EmbeddingAnswer>()
        let bytes: [UInt8]
        do {
            bytes = try read(path, limit: pipeline.imageLimits.bytes)
        } catch {
            throw CatalogRefusal("\(path) \(error).")
        }
        let request = EmbeddingRequest(images: [bytes], model: model, spaces: spaces, thumbnailSide: thumbnail)
        try pipeline.submit(request) { answer.fulfil($0) }
        do {
            return try answer.wait().outcomes[0].get()
        } catch {
            throw CatalogRefusal("\(path): \(FileFailure.embedding(error))")
        }
    }

    private typealias Slot = Promise<Result<EmbeddedImage, FileFailure>>

    private func start(_ path: String) -> Slot {
        let slot = Slot()
        let bytes: [UInt8]
        do {
            bytes = try Self.read(path, limit: pipeline.imageLimits.bytes)
        } catch {
            slot.fulfil(.failure(error))
            return slot
        }
        let request = EmbeddingRequest(images: [bytes], model: model, spaces: spaces, normalise: normalise)
        do {
            try pipeline.submit(request) { slot.fulfil($0.outcomes[0].mapError(FileFailure.embedding)) }
        } catch {
            slot.fulfil(.failure(.unreadable("the queue did not take it: \(error)")))
        }
        return slot
    }

    private static func read(_ path: String, limit: Int) throws(FileFailure) -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw .unreadable(String(cString: strerror(errno)).lowercased())
        }
        do {
            return Array(try handle.read(upToCount: limit + 1) ?? Data())
        } catch {
            throw .unreadable(error.localizedDescription)
        }
    }
}

/// Why a file has no vectors.
enum FileFailure: Error, CustomStringConvertible {
    case unreadable(String)
    case embedding(EmbeddingFailure)

    var description: String {
        switch self {
        case .unreadable(let reason): "cannot be read: \(reason)"
        case .embedding(.image(let error)): error.description
        case .embedding(let failure): "\(failure)"
        }
    }
}
