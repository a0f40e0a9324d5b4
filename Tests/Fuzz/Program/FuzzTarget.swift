// SPDX-License-Identifier: Apache-2.0

private import Glibc

/// A reader of untrusted bytes under test.
///
/// It must return whatever the bytes are; a trap, a memory error or a broken rule ends the process.
protocol FuzzTarget: Sendable {
    func run(_ bytes: [UInt8])
}

/// The targets by the name that FACET_FUZZ_TARGET and the folders of the corpus have.
func fuzzTarget(named name: String) -> (any FuzzTarget)? {
    switch name {
    case "http": RequestTarget()
    case "image": ImageTarget()
    case "checkpoint": CheckpointTarget()
    case "filter": FilterTarget()
    case "keys": KeysTarget()
    case "manifest": ManifestTarget()
    case "api": APITarget()
    default: nil
    }
}

/// Ends the process with `message` when a rule is broken, so that the input is kept.
func expect(_ holds: Bool, _ message: @autoclosure () -> String) {
    guard !holds else { return }
    complain("broken rule: \(message())")
    abort()
}

private func complain(_ text: String) {
    _ = Array((text + "\n").utf8).withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

private let chosen: any FuzzTarget = {
    let name = getenv("FACET_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = fuzzTarget(named: name) else {
        complain("FACET_FUZZ_TARGET is '\(name)': give http, image, checkpoint, filter, keys, manifest or api")
        exit(2)
    }
    return target
}()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
