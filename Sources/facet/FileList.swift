// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation

/// The files that a list of paths stands for: folders are searched for image files, in sorted order.
package struct FileList {
    package private(set) var paths: [String] = []

    static let extensions: Set<String> = ["png", "jpg", "jpeg", "webp"]

    /// The files of `arguments`, then those that the lines of `list` name, each path of the list once; of a share only its own.
    ///
    /// - Throws: for a folder without images and a list that cannot be read.
    package init(_ arguments: [String], list: String? = nil, shard: Shard? = nil) throws {
        for argument in arguments {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder), isFolder.boolValue else {
                if shard?.holds(argument) != false { paths.append(argument) }
                continue
            }
            paths += try Self.images(in: argument, shard).map { (argument as NSString).appendingPathComponent($0) }
        }
        guard let list else { return }
        var known = Set(paths)
        try Self.forEachLine(of: list) { line in
            if shard?.holds(line) != false, known.insert(line).inserted { paths.append(line) }
        }
    }

    /// The image files below a folder by their paths within it, sorted; of a share only its own, which may be none.
    static func images(in folder: String, _ shard: Shard?) throws -> [String] {
        let inside = FileManager.default.enumerator(atPath: folder)
        var (found, some): ([String], Bool) = ([], false)
        while let path = inside?.nextObject() as? String {
            guard extensions.contains((path as NSString).pathExtension.lowercased()) else { continue }
            some = true
            if shard?.holds(path) != false { found.append(path) }
        }
        guard some else { throw ValidationError("the folder \(folder) has no .png, .jpg, .jpeg or .webp files.") }
        return found.sorted()
    }

    /// Calls `body` with each line that is not empty of a file, or of standard input for `-`.
    static func forEachLine(of path: String, _ body: (String) throws -> Void) throws {
        guard let stream = path == "-" ? fdopen(dup(STDIN_FILENO), "r") : fopen(path, "re") else {
            throw ValidationError("the list \(path) cannot be read: \(String(cString: strerror(errno)).lowercased()).")
        }
        defer { fclose(stream) }
        var (line, room): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        defer { free(line) }
        while true {
            let count = getline(&line, &room, stream)
            guard count >= 0, let start = line else { break }
            var length = count
            while length > 0, start[length - 1] == 0x0A || start[length - 1] == 0x0D { length -= 1 }
            guard length > 0 else { continue }
            try body(String(decoding: UnsafeRawBufferPointer(start: start, count: length), as: UTF8.self))
        }
        guard ferror(stream) == 0 else {
            throw ValidationError("the list \(path) cannot be read: \(String(cString: strerror(errno)).lowercased()).")
        }
    }
}
