// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What kept a file from being read or written, as one line: its path and the system's reason.
struct FileTrouble: CustomStringConvertible {
    let description: String

    init(_ error: CocoaError) {
        let cause = error.underlying as NSError?
        let reason =
            cause?.domain == NSPOSIXErrorDomain
            ? String(cString: strerror(Int32(clamping: cause?.code ?? 0))).lowercased()
            : error.localizedDescription
        guard let path = error.filePath ?? error.url?.path else {
            description = reason
            return
        }
        description = "\(path): \(reason)"
    }
}
