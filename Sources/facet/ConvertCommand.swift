// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Checkpoints
internal import Foundation
internal import ModelFolders
internal import Networks
internal import Preprocessing
internal import Vectors

/// `facet convert`: a checkpoint of any layout that is read becomes a model folder.
struct ConvertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Make a model folder out of a checkpoint.",
        usage: "facet convert CHECKPOINT FOLDER [FLAGS]",
        discussion: """
            Reads safetensors and PyTorch files: MoCo v1/v2, torchvision ResNets, LooC and LooC++, solo-learn, lightly, \
            VISSL. Nothing in a file is executed. Writes model.safetensors and model.json.

              facet convert checkpoint.pth.tar models/mine --spaces invariant,color
              facet convert moco_v2_800ep_pretrain.pth.tar models/moco

            --preprocessing names a JSON file such as
              {"size": 224, "resize": "crop",
               "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
            where resize is 'crop' (shorter side to size*256/224, centre crop) or 'letterbox' (whole image, white bars).
            """)

    @Argument(help: "The checkpoint.", completion: .file())
    var input: String

    @Argument(help: "The model folder to make, such as models/mine.", completion: .directory)
    var folder: String

    @Option(
        help: "JSON file with the preprocessing. (default: 224 crop with ImageNet's constants; 32 for a CIFAR stem)",
        completion: .file(extensions: ["json"]))
    var preprocessing: String?

    @Option(help: "Names of the heads in order, with commas. (default: invariant,head1,head2,...)")
    var spaces: String?

    @Option(help: "Licence of the weights, kept in model.json.")
    var licence: String?

    func run() throws {
        try refuseReplacing()
        let conversion = try ModelConversion(try Checkpoint.open(input))
        let settings = try preprocessing.map(readPreprocessing)
        try conversion.write(
            to: URL(fileURLWithPath: folder), headNames: try spaces.map(headNames), preprocessing: settings,
            training: [
                "converted_from": .text((input as NSString).lastPathComponent),
                "layout": .text(conversion.names.layout),
            ],
            licence: licence)
        let model = try ModelFolder(opening: URL(fileURLWithPath: folder))
        print(
            "\(folder): \(conversion.names.layout), \(conversion.architecture.name) width \(conversion.architecture.width)"
        )
        for space in model.manifest.spaces {
            print("  \(space.name) (\(space.kind.rawValue), \(space.dimensions) dimensions)")
        }
        for note in conversion.names.notes { print("note: \(note)") }
        if settings == nil {
            print(
                "note: assumed \(model.manifest.preprocessing.summary); give --preprocessing if it was trained otherwise"
            )
        }
        print("try it: facet embed --model \(folder) PHOTO")
    }

    /// A folder that an earlier conversion made is made again; any other model is left alone.
    private func refuseReplacing() throws {
        let url = URL(fileURLWithPath: folder)
        let weights = url.appendingPathComponent(ModelFolder.weightsFile).path
        guard FileManager.default.fileExists(atPath: weights) else { return }
        let manifest = try? ModelFolder(opening: url).manifest
        guard manifest?.training?["converted_from"] != nil else {
            throw ValidationError("\(folder) holds a model that was not converted; name another folder.")
        }
    }

    private func headNames(_ text: String) throws -> [SpaceName] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let name = SpaceName(String(part)) else {
                throw ValidationError(
                    "'\(part)' is not a space name: letters, digits, '_', '-' and '.', a letter first.")
            }
            return name
        }
    }

    private func readPreprocessing(_ path: String) throws -> Preprocessing {
        do {
            return try JSONDecoder().decode(Preprocessing.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        } catch let DecodingError.dataCorrupted(context) {
            throw ValidationError("\(path): \(context.debugDescription)")
        } catch let DecodingError.keyNotFound(key, _) {
            throw ValidationError("\(path): '\(key.stringValue)' is missing")
        } catch {
            throw ValidationError("\(path) cannot be read: \(error.localizedDescription)")
        }
    }
}

extension Preprocessing {
    /// The settings on one line, for people.
    var summary: String {
        "\(size)x\(size) by \(resize.rawValue), mean \(mean.map(\.description).joined(separator: "/")), "
            + "std \(std.map(\.description).joined(separator: "/"))"
    }
}
