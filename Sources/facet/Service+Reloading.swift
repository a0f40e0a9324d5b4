// SPDX-License-Identifier: Apache-2.0

internal import Access
internal import EmbeddingAPI
internal import EmbeddingPipeline
internal import Foundation
internal import HTTPServer
internal import Vectors

extension Service {
    static func logger(_ which: RequestLog, _ log: LogWriter) -> (@Sendable (AnswerRecord) -> Void)? {
        guard which != .none else { return nil }
        return { answer in
            // That it is not ready yet is what /health/ready is asked for, and no fault.
            let isFault = answer.status >= 500 && answer.route != "/health/ready"
            guard which == .all || isFault else { return }
            var fields = [
                "request": answer.id, "method": answer.method, "route": answer.route, "status": "\(answer.status)",
                "ms": String(format: "%.3f", 1000 * answer.seconds), "bytes": "\(answer.bytes)",
            ]
            if let trace = answer.trace { fields["trace_id"] = trace }
            if let parent = answer.parent { fields["parent_id"] = parent }
            if isFault { log.warning("answered", fields) } else { log.notice("answered", fields) }
        }
    }

    func sayWhoMayComeIn(_ addresses: [ListenAddress]) {
        if let access {
            log.notice("keys are asked for", ["keys": "\(access.count)"])
        } else if addresses.contains(where: \.isOpenToOthers) {
            log.warning("anyone who reaches this address may read and write; --keys FILE asks for keys")
        }
    }

    /// SIGHUP reads the keys again, and models whose files have changed; what has a fault leaves the old as it was.
    func reload() {
        reloadKeys()
        reloadModels()
    }

    private func reloadKeys() {
        guard let access else { return }
        do {
            try access.reload()
            log.notice("keys read again", ["keys": "\(access.count)"])
        } catch {
            log.warning("the keys stay as they were: \(error)")
        }
    }

    private func reloadModels() {
        let tried = registry.reloadChanged()
        if tried.isEmpty { log.notice("no model has changed") }
        for (id, result) in tried {
            switch result {
            case .success(let model):
                log.notice("model loaded again", ["model": id.text, "digest": model.digest.description])
            case .failure(let error): log.warning("the model stays as it was: \(error)", ["model": id.text])
            }
        }
    }
}
