// SPDX-License-Identifier: Apache-2.0

internal import Access
internal import Catalog
internal import EmbeddingAPI
internal import EmbeddingPipeline
internal import Foundation
internal import HTTPServer
internal import Kernels
internal import ModelFolders
internal import Vectors

/// The checks of `facet doctor`, each a closure that looks and changes nothing.
enum Diagnosis {
    typealias Check = @Sendable () -> [Finding]

    /// What one look found.
    struct Finding {
        enum Verdict: String {
            case good = "ok"
            case doubtful = "note"
            case bad = "FAIL"
        }

        let verdict: Verdict
        let text: String
        /// What to do about it.
        let remedy: String?

        init(_ verdict: Verdict, _ text: String, do remedy: String? = nil) {
            self.verdict = verdict
            self.text = text
            self.remedy = remedy
        }

        func line(on terminal: Terminal) -> String {
            let style: Terminal.Style =
                switch verdict {
                case .good: .green
                case .doubtful: .yellow
                case .bad: .red
                }
            return terminal.styled(verdict.rawValue.padding(toLength: 6), style) + " " + text
        }
    }

    static let processor: Check = {
        let best = InstructionSet.best
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let half = Precision.half.isAvailable ? ", half precision too" : ""
        let text = "processor: \(cores) cores, \(best.rawValue) kernels\(half)"
        guard best == .portable else { return [Finding(.good, text)] }
        return [Finding(.doubtful, text, do: "Without AVX2 embedding is several times slower; nothing else changes.")]
    }

    static let memory: Check = {
        let total = ProcessInfo.processInfo.physicalMemory >> 20
        let text = "memory: \(total) MiB"
        guard total < 512 else { return [Finding(.good, text)] }
        return [Finding(.doubtful, text, do: "Lower --queue-images and --max-pixels, or use a machine with more.")]
    }

    static let files: Check = {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
        let needed = HTTPLimits().connections + 64
        let text = "open files: at most \(limit.rlim_cur)"
        guard limit.rlim_cur < UInt(needed) else { return [Finding(.good, text)] }
        return [
            Finding(
                .doubtful, text,
                do: "Fewer than --max-connections needs: 'ulimit -n \(needed)', or LimitNOFILE in the unit.")
        ]
    }

    static let programFiles: Check = {
        do {
            let bytes = try WebResources.contract().count
            return [Finding(.good, "program files: openapi.yaml, \(bytes) bytes")]
        } catch {
            return [
                Finding(.bad, "program files: \(error)", do: "Copy the whole build folder, or build with deploy/serve.")
            ]
        }
    }

    static func model(_ name: String, in folder: String) -> Check {
        {
            let url = URL(fileURLWithPath: folder)
            guard let id = ModelID(name) else { return [Finding(.bad, "model: '\(name)' is not a model's name")] }
            let known = ModelFolder.list(in: url).map(\.text)
            guard known.contains(name) else {
                let remedy =
                    known.isEmpty
                    ? "Start in Facet's own folder, or say where models are with --models FOLDER; 'facet train' makes them."
                    : "--model chooses out of \(known.joined(separator: ", "))."
                return [Finding(.bad, "model: there is no \(name) in \(url.path)", do: remedy)]
            }
            do {
                let start = ContinuousClock.now
                let threads = ProcessInfo.processInfo.activeProcessorCount
                let registry = ModelRegistry(folder: url, defaultID: id, pool: ComputePool(threads: threads))
                let model = try registry.load(id)
                let time = (ContinuousClock.now - start) / .milliseconds(1)
                let spaces = model.manifest.spaces.map(\.name.text).joined(separator: ", ")
                return [
                    Finding(.good, "model: \(name) loads and runs in \(Int(time)) ms; spaces \(spaces)")
                ]
            } catch {
                return [
                    Finding(
                        .bad, "model: \(name) does not load: \(error)",
                        do: "'facet inspect \(folder)/\(name)' tells more.")
                ]
            }
        }
    }

    static func listening(_ text: String) -> Check {
        {
            text.split(separator: ",").map { part in
                do throws(HTTPServerError) {
                    let address = try ListenAddress(parsing: String(part))
                    try address.tryListening()
                    guard address.isOpenToOthers else { return Finding(.good, "address: \(part) is free") }
                    return Finding(
                        .doubtful, "address: \(part) is free, and others can reach it",
                        do: "Give callers keys (--keys), and put TLS in front.")
                } catch {
                    return Finding(
                        .bad, "address: \(error)",
                        do: "'ss -ltnp' names what listens where; --listen chooses another, as HOST:PORT or unix:PATH.")
                }
            }
        }
    }

    static func store(_ text: String) -> Check {
        {
            do {
                let address = try StoreAddress(text)
                if address.server != nil {
                    let items = try StoreDoor.collections(address).map(\.items)
                    return [
                        Finding(
                            .good,
                            "store: \(address.name), \(items.count) collections with \(items.reduce(0, +)) items")
                    ]
                }
                guard let path = address.path else {
                    return [Finding(.doubtful, "store: none", do: "There will be no collections and no cache.")]
                }
                return [try catalog(path), room(path)]
            } catch {
                return [
                    Finding(
                        .bad, "store: \(error)",
                        do: "'facet catalog verify --store \(text.prefix { $0 != "@" })' names what is damaged.")
                ]
            }
        }
    }

    private static func catalog(_ path: String) throws -> Finding {
        guard FileManager.default.fileExists(atPath: path) else {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard FileManager.default.isWritableFile(atPath: folder) else {
                return Finding(
                    .bad, "store: \(folder) cannot be written", do: "Make it, and give it to the service's user.")
            }
            return Finding(.good, "store: \(path) will be made")
        }
        guard FileManager.default.isWritableFile(atPath: path) else {
            return Finding(.bad, "store: \(path) cannot be written", do: "Give it to the service's user.")
        }
        let records = try CatalogStore.read(fileAt: path) { (snapshot) throws(CatalogError) in
            snapshot.collections
        }
        let items = records.reduce(0) { $0 + $1.items }
        return Finding(.good, "store: \(path), \(records.count) collections with \(items) items")
    }

    private static func room(_ path: String) -> Finding {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        let facts = try? FileManager.default.attributesOfFileSystem(forPath: folder)
        guard let free = facts?[.systemFreeSize] as? Int else { return Finding(.doubtful, "disk: size unknown") }
        let text = "disk: \(free >> 20) MiB free"
        guard free < 1 << 30 else { return Finding(.good, text) }
        return Finding(.doubtful, text, do: "When it is full, writes are refused with 507; nothing is lost.")
    }

    static func keys(_ path: String?) -> Check {
        {
            guard let path else { return [] }
            do {
                return [Finding(.good, "keys: \(try AccessControl(path: path).count) in \(path)")]
            } catch {
                return [Finding(.bad, "keys: \(error)", do: "'facet keys new' makes a line.")]
            }
        }
    }
}
