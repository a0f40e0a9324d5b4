// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import ImageDecoding
internal import Preprocessing

/// Decoding and preparing, file by file.
struct ImageBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "images",
        abstract: "Milliseconds to decode and prepare image files, on one thread.")

    @Option(help: "Side of the network's input.")
    var size = 224

    @Option(help: "Repetitions of each file.")
    var repeats = 9

    @Flag(help: "Write JSON, one line: milliseconds by path.")
    var json = false

    @Argument(help: "Image files.")
    var paths: [String]

    func run() throws {
        let settings = try Preprocessing(
            size: size, resize: .crop, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225])
        let decoder = ImageDecoder()
        var found: [String: Double] = [:]
        for path in paths {
            let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
            let times = (0..<max(1, repeats)).map { _ in
                ContinuousClock().measure {
                    guard let image = try? decoder.decode(bytes, atLeast: settings.minimumDecodeSize) else { return }
                    _ = settings.prepare(image)
                }
            }
            let header = try decoder.header(of: bytes)
            let median = times.sorted()[times.count / 2]
            let milliseconds = Double(median.components.attoseconds) * 1e-15 + Double(median.components.seconds) * 1000
            found[path] = milliseconds
            if json { continue }
            print(String(format: "%8.2f ms  %dx%d  %@", milliseconds, header.width, header.height, path as NSString))
        }
        if json { print(String(decoding: try JSONEncoder().encode(found), as: UTF8.self)) }
    }
}
