// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import EmbeddingPipeline
internal import Foundation
internal import ImageDecoding
internal import Kernels
internal import ModelFolders
internal import Synchronization
internal import Vectors

/// `facet embed`: files in, vectors out, through the same pipeline that serves HTTP.
struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embed image files, or all images of a folder.",
        usage: "facet embed [FLAGS] PATH ...",
        discussion: """
            One line of JSON a file: {"path","digest","embeddings":{space:[...]}} or {"path","error"}. Exits with 0 only \
            when every file succeeded.

              facet embed --spaces color,rotation photo.jpg
              facet embed --model models/mine --format npy --output vectors.npy pictures/

            'npy' is one array with a row for each file in the order given (folders: sorted by path), the spaces side by \
            side; a file that failed is a row of NaN, and its reason goes to standard error.

            --shard i/n takes the i-th of n shares, from 0, chosen by a hash of each path (within its folder), so that n \
            processes or machines do each file once. --resume goes on where an interrupted run stopped: lines that are whole \
            stay, what was cut off or failed is done again, and no file has two lines.

              facet embed --shard 0/8 --resume --output vectors-0.jsonl pictures/
              find /bucket | facet embed --list - --resume --output vectors.jsonl
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case jsonl, npy, csv }

    @Option(
        help: "A model's name in --models, or the path of a model folder. (default: \(Defaults.model))",
        completion: Completions.models)
    var model: String?

    @Option(help: "Folder that holds a folder for each model. (default: models)", completion: .directory)
    var models: String?

    @Option(help: "Spaces, separated by commas. (default: backbone)")
    var spaces: String?

    @Flag(help: "Scale vectors that are not unit length to length 1.")
    var normalize = false

    @Option(help: "How vectors are written.")
    var format: Format = .jsonl

    @Option(name: [.short, .long], help: "File to write to. (default: standard output)", completion: .file())
    var output: String?

    @Option(help: "Threads that compute. (default: the number of cores)")
    var threads: Int?

    @Option(
        help:
            "What the network multiplies in: 'single', or 'half', which is faster where the processor has it. (default: single)",
        completion: .list(["single", "half"]))
    var precision: String?

    @Option(help: "A file with the path of an image in each line; '-' for standard input.", completion: .file())
    var list: String?

    @Option(help: "Embed only share i of n, such as 0/8 to 7/8.")
    var shard: String?

    @Flag(help: "Go on with --output where an interrupted run stopped.")
    var resume = false

    @Option(help: "A file of 'name = value' lines, one for each flag without its dashes.", completion: .file())
    var config: String?

    @Argument(help: "Image files and folders.", completion: .file())
    var paths: [String] = []

    func validate() throws {
        guard !paths.isEmpty || list != nil else {
            throw ValidationError("Give image files, folders or --list FILE: facet embed photo.jpg.")
        }
        guard !resume || (output != nil && format == .jsonl) else {
            throw ValidationError(
                "--resume needs --output FILE and --format jsonl, whose lines say which files they are of.")
        }
        _ = try shard.map(Shard.init)
    }

    func run() throws {
        let settings = try Settings(configuration: config)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let pool = ComputePool(threads: try settings.number("threads", threads, default: cores, in: 1...512))
        let model = try EmbeddingModel(
            loading: try modelFolder(settings), precision: try PrecisionOption.read(settings, precision), pool: pool)
        let wanted = try chooseSpaces(of: model, settings)
        let files = try FileList(paths, list: list, shard: shard.map(Shard.init)).paths
        let left = resume ? try VectorLines(output ?? "", spaces: wanted) : nil
        var known = left?.done ?? []
        let open = left == nil ? files : files.filter { known.insert($0).inserted }
        let sink = try VectorSink(format: format, path: output, spaces: wanted, rows: files.count, goingOn: left)
        let job = EmbeddingJob(
            files: open, pipeline: EmbeddingPipeline(pool: pool, limits: EmbeddingJob.queue(ImageLimits())),
            model: model, spaces: wanted,
            normalise: normalize)
        var bar = ProgressBar(
            total: files.count, unit: "images", initial: files.count - open.count,
            plainEvery: shard == nil ? nil : .seconds(30))
        var failures = 0
        try job.run { path, result in
            if case .failure = result { failures += 1 }
            bar.advance(failed: { if case .failure = result { true } else { false } }())
            try sink.write(path, result)
        }
        bar.finish()
        try sink.close()
        if failures > 0 {
            FileHandle.standardError.write(Data("\(failures) of \(files.count) files failed\n".utf8))
            throw ExitCode(1)
        }
    }

    /// A folder when the name is a path to one, else the folder of that name in `--models`.
    private func modelFolder(_ settings: Settings) throws -> URL {
        let name = settings.text("model", model, default: Defaults.model)
        let direct = URL(fileURLWithPath: name)
        let manifest = direct.appendingPathComponent(ModelFolder.manifestFile)
        if name.contains("/") || FileManager.default.fileExists(atPath: manifest.path) { return direct }
        return URL(fileURLWithPath: settings.text("models", models, default: Defaults.models))
            .appendingPathComponent(name)
    }

    private func chooseSpaces(of model: EmbeddingModel, _ settings: Settings) throws -> [ModelManifest.Space] {
        guard let text = settings.text("spaces", spaces) else { return Array(model.manifest.spaces.prefix(1)) }
        return try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            guard let space = SpaceName(String(part)).flatMap(model.manifest.space) else {
                let known = model.manifest.spaces.map(\.name.text).joined(separator: ", ")
                throw ValidationError("the model has no space '\(part)'. Its spaces: \(known).")
            }
            return space
        }
    }
}
