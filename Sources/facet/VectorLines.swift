// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import ModelFolders
internal import Vectors

/// What an interrupted `facet embed` left in its file of JSON lines, and the file open to go on.
///
/// A last line that was cut off and lines of files that failed are taken out, so that those are tried again. Nobody else
/// can go on with the file meanwhile.
struct VectorLines {
    /// Paths that have their vectors.
    let done: Set<String>
    /// At the file's end; locked until it is closed.
    let descriptor: Int32

    private enum Line {
        case whole(path: String)
        case failed
        case foreign
    }

    /// Opens the file, or makes it.
    ///
    /// - Throws: where the file is in use, cannot be written, or has other lines than these spaces'; it is unchanged then.
    init(_ path: String, spaces: [ModelManifest.Space]) throws {
        var file = try Self.claim(path)
        do {
            let found = try Self.read(file, path, spaces)
            if found.failed > 0 {
                try Self.rewrite(path, from: file, keeping: found.good)
                close(file)
                file = try Self.claim(path)
            } else {
                guard ftruncate(file, off_t(found.end)) == 0 else { throw SinkError.cannotCreate(path) }
            }
            guard lseek(file, 0, SEEK_END) >= 0 else { throw SinkError.cannotCreate(path) }
            (done, descriptor) = (found.done, file)
        } catch {
            close(file)
            throw error
        }
    }

    private static func claim(_ path: String) throws -> Int32 {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw SinkError.cannotCreate(path) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw CatalogRefusal("\(path) is being written by another process.")
        }
        return file
    }

    private struct Content {
        var done: Set<String> = []
        /// Where the whole lines lie.
        var good: [Range<Int>] = []
        var failed = 0
        /// Where the last whole line ends.
        var end = 0
    }

    private static func read(_ file: Int32, _ path: String, _ spaces: [ModelManifest.Space]) throws -> Content {
        guard let stream = fdopen(dup(file), "r") else { throw SinkError.cannotCreate(path) }
        defer { fclose(stream) }
        var (line, room): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
        defer { free(line) }
        var (content, number) = (Content(), 0)
        while true {
            let count = getline(&line, &room, stream)
            // Without its end it was cut off.
            guard count > 0, let start = line, start[count - 1] == 0x0A else { break }
            number += 1
            let bytes = UnsafeRawBufferPointer(start: start, count: count - 1)
            switch parse(bytes) {
            case .whole(let name):
                if content.done.isEmpty { try check(bytes, path, spaces) }
                content.done.insert(name)
                if content.good.last?.upperBound == content.end {
                    let first = content.good.removeLast().lowerBound
                    content.good.append(first..<content.end + count)
                } else {
                    content.good.append(content.end..<content.end + count)
                }
            case .failed: content.failed += 1
            case .foreign:
                throw CatalogRefusal(
                    "Line \(number) of \(path) is not one of 'facet embed': it was left as it is. Give another --output."
                )
            }
            content.end += count
        }
        return content
    }

    /// The path and kind of a line, by its beginning and end: every number would take far longer.
    private static func parse(_ bytes: UnsafeRawBufferPointer) -> Line {
        let opening = Array(#"{"path":"#.utf8)
        guard bytes.starts(with: opening), opening.count < bytes.count, bytes[opening.count] == UInt8(ascii: "\"")
        else {
            return .foreign
        }
        var place = opening.count + 1
        while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard place < bytes.count,
            let path = try? JSONDecoder().decode(String.self, from: Data(bytes[opening.count...place]))
        else { return .foreign }
        let rest = bytes[(place + 1)...]
        func isEnclosed(_ first: String, _ last: String) -> Bool {
            rest.starts(with: first.utf8) && rest.suffix(last.utf8.count).elementsEqual(last.utf8)
        }
        if isEnclosed(#","digest":"sha256:"#, "]}}") { return .whole(path: path) }
        return isEnclosed(#","error":""#, "\"}") ? .failed : .foreign
    }

    /// Throws unless the line has these spaces' vectors.
    private static func check(
        _ bytes: UnsafeRawBufferPointer, _ path: String, _ spaces: [ModelManifest.Space]
    ) throws {
        let found = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any]
        let vectors = (found?["embeddings"] as? [String: [Any]])?.mapValues(\.count)
        let wanted = Dictionary(spaces.map { ($0.name.text, $0.dimensions) }, uniquingKeysWith: { first, _ in first })
        guard vectors == wanted else {
            throw CatalogRefusal(
                "\(path) has vectors of other spaces: go on with the --spaces and --model it was begun with.")
        }
    }

    /// Puts a file of the good lines alone in the place of the file.
    private static func rewrite(_ path: String, from file: Int32, keeping good: [Range<Int>]) throws {
        let copy = try PartFile(path)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        for range in good {
            var place = range.lowerBound
            while place < range.upperBound {
                let count = pread(file, &buffer, min(buffer.count, range.upperBound - place), off_t(place))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw SinkError.cannotCreate(path) }
                try copy.append(Array(buffer[..<count]))
                place += count
            }
        }
        try copy.seal()
        try copy.publish()
    }
}
