// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import Vectors

/// The files of the web pages, read once; nothing but these can be asked for, whatever a path says.
struct StaticPages: Sendable {
    /// A file as it is sent.
    struct File: Sendable {
        let contentType: String
        /// A strong entity tag: the digest of the bytes.
        let tag: String
        let bytes: [UInt8]
    }

    private let files: [String: File]
    /// Paths of pages and the files they show.
    static let pages = [
        "/": "explorer.html", "/map": "map.html", "/advisor": "advisor.html", "/models": "models.html",
        "/status": "status.html", "/docs": "docs.html",
    ]
    /// Where the other files are found.
    static let folder = "web"

    /// The pages that came with the program; none when its resource folder is missing.
    static let bundled = StaticPages((try? WebResources.pages()) ?? [:])

    /// Files whose ending is not one of those pages are made of are left out.
    init(_ contents: [String: [UInt8]]) {
        var files: [String: File] = [:]
        for (name, bytes) in contents {
            guard let type = Self.contentType(of: name) else { continue }
            files[name] = File(
                contentType: type, tag: "\"\(ContentDigest(of: bytes).hex.prefix(32))\"", bytes: bytes)
        }
        self.files = files
    }

    /// The file for the segments of a path; nil when there is none.
    func file(at segments: [String]) -> File? {
        if segments.count == 2, segments[0] == Self.folder {
            return segments[1].hasSuffix(".html") ? nil : files[segments[1]]
        }
        guard segments.count <= 1 else { return nil }
        return Self.pages["/" + (segments.first ?? "")].flatMap { files[$0] }
    }

    private static func contentType(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        default: nil
        }
    }
}
