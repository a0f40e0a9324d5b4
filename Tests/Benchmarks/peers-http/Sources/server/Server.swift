// SPDX-License-Identifier: Apache-2.0

import Foundation
import Hummingbird

/// `server PORT FILE` reads the whole body of a POST and answers with the bytes of FILE.
@main
struct Server {
    static func main() async throws {
        let words = CommandLine.arguments
        guard words.count == 3, let port = Int(words[1]) else { return print("server PORT FILE") }
        let answer = ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: words[2])))
        let router = Router()
        router.post("/v1/embeddings") { request, _ in
            _ = try await request.body.collect(upTo: 1 << 20)
            return Response(status: .ok, headers: [.contentType: "application/json"], body: .init(byteBuffer: answer))
        }
        let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
        try await application.runService()
    }
}
