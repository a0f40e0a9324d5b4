// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Checkpoints
internal import EmbeddingAPI
internal import Foundation
internal import ModelFolders
internal import Networks
internal import Tensors
internal import Vectors

/// `facet inspect`: what is in a checkpoint, without running any of it.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Explain a checkpoint file or a model folder.",
        discussion: """
            Shows the container, the layout, the network read off the shapes, its spaces, and what would be left out.

              facet inspect checkpoint.pth.tar
              facet inspect --tensors models/facet-small
            """)

    @Argument(help: "A checkpoint, or a model folder.", completion: .file())
    var path: String

    @Flag(help: "List every tensor with its type and shape.")
    var tensors = false

    @Flag(help: "Write JSON.")
    var json = false

    func run() throws {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let file = exists && isFolder.boolValue ? path + "/" + ModelFolder.weightsFile : path
        let checkpoint = try Checkpoint.open(file)
        let digest = checkpoint.withBytes { ContentDigest(of: $0) }
        let conversion = Result { try ModelConversion(checkpoint) }
        let folder = exists && isFolder.boolValue ? try ModelFolder(opening: URL(fileURLWithPath: path)) : nil
        if json {
            print(String(decoding: jsonText(checkpoint, digest, conversion), as: UTF8.self))
        } else {
            printText(checkpoint, digest, conversion, folder)
        }
    }

    private func printText(
        _ checkpoint: Checkpoint, _ digest: ContentDigest, _ conversion: Result<ModelConversion, any Error>,
        _ folder: ModelFolder?
    ) {
        let numbers = checkpoint.entries.reduce(0) { $0 + $1.shape.count }
        print("file        \(path), \(checkpoint.byteCount) bytes")
        print("digest      \(digest)")
        print("container   \(checkpoint.container.rawValue)")
        print("tensors     \(checkpoint.entries.count), \(numbers) numbers")
        for (key, value) in checkpoint.metadata.sorted(by: { $0.key < $1.key }) { print("  \(key) = \(value)") }
        switch conversion {
        case .failure(let error): print("network     not one that Facet runs: \(error)")
        case .success(let found): printNetwork(found, folder)
        }
        if tensors {
            for entry in checkpoint.entries { print("  \(entry.name)  \(entry.type.rawValue) \(entry.shape)") }
        }
    }

    private func printNetwork(_ found: ModelConversion, _ folder: ModelFolder?) {
        let network = found.architecture
        let names = folder?.manifest.heads.map(\.name) ?? found.defaultHeadNames
        if folder == nil { print("layout      \(found.names.layout)") }
        print(
            "network     \(network.name), width \(network.width), \(network.parameterCount) parameters, "
                + (network.isPlusPlus ? "stage 4 in each head (LooC++)" : "\(network.block.rawValue) blocks"))
        print("spaces      backbone \(network.backboneDimensions)")
        for (name, head) in zip(names, network.heads) {
            print("            \(name) \(head.projectionDimensions) (from \(head.representationDimensions))")
        }
        if let concat = network.concatDimensions { print("            concat \(concat)") }
        if !found.names.ignored.isEmpty {
            print("ignored     \(found.names.ignored.count) tensors, such as \(found.names.ignored[0])")
        }
        for note in found.names.notes { print("note        \(note)") }
        if let folder {
            print("images      \(folder.manifest.preprocessing.summary)")
            print("next        facet embed --model \(path) PHOTO")
        } else {
            let list = names.map(\.text).joined(separator: ",")
            print("next        facet convert \(path) models/NAME" + (list.isEmpty ? "" : " --spaces \(list)"))
        }
    }

    private func jsonText(
        _ checkpoint: Checkpoint, _ digest: ContentDigest, _ conversion: Result<ModelConversion, any Error>
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { out in
            out.field("path", path)
            out.field("bytes", checkpoint.byteCount)
            out.field("digest", digest.description)
            out.field("container", checkpoint.container.rawValue)
            switch conversion {
            case .failure(let error): out.field("error", "\(error)")
            case .success(let found):
                out.field("layout", found.names.layout)
                out.field("backbone", found.architecture.name)
                out.field("width", found.architecture.width)
                out.field("heads", found.architecture.heads.count)
                out.field("parameters", found.architecture.parameterCount)
            }
            out.key("tensors")
            out.array { list in
                for entry in checkpoint.entries {
                    list.object { item in
                        item.field("name", entry.name)
                        item.field("type", entry.type.rawValue)
                        item.key("shape")
                        item.array { shape in for extent in entry.shape.dimensions { shape.number(extent) } }
                    }
                }
            }
        }
        return writer.bytes
    }
}
