// SPDX-License-Identifier: Apache-2.0

/// Why a checkpoint cannot be read or written: where, what was expected, what was found, what to do.
package enum CheckpointError: Error, Equatable, CustomStringConvertible {
    /// The operating system refused; `reason` is its own text.
    case cannotOpen(path: String, reason: String)
    case cannotWrite(path: String, reason: String)
    /// The file ends before something it promises.
    case truncated(what: String, expected: Int, found: Int)
    /// The bytes break the format's rules at `offset`.
    case malformed(format: String, offset: Int, reason: String)
    /// A file of a kind that is not read; `advice` says how to get one that is.
    case unsupported(what: String, advice: String)
    case missingTensor(name: String, similar: [String])
    case wrongShape(name: String, expected: String, found: String)
    /// A tensor whose elements have a type that is described but not converted, such as C64.
    case wrongType(name: String, found: ElementType)
    /// A tensor whose bytes are not where its description says they are.
    case badTensor(name: String, reason: String)
    /// No known layout has tensors of these names.
    case unknownLayout(examples: [String])

    package var description: String {
        switch self {
        case .cannotOpen(let path, let reason): "cannot open \(path): \(reason)"
        case .cannotWrite(let path, let reason): "cannot write \(path): \(reason)"
        case .truncated(let what, let expected, let found):
            "\(what) is cut short: expected \(expected) bytes, found \(found); copy or download the file again"
        case .malformed(let format, let offset, let reason):
            "malformed \(format) at byte \(offset): \(reason)"
        case .unsupported(let what, let advice): "\(what); \(advice)"
        case .missingTensor(let name, let similar):
            "tensor '\(name)' is missing"
                + (similar.isEmpty ? "" : "; the file has \(Self.quoted(similar))")
        case .wrongShape(let name, let expected, let found):
            "tensor '\(name)': expected shape \(expected), found \(found)"
        case .wrongType(let name, let found):
            "tensor '\(name)': expected real numbers of 8 bits or more, found \(found.rawValue); save it as F32"
        case .badTensor(let name, let reason): "tensor '\(name)': \(reason)"
        case .unknownLayout(let examples): "no known layout has these tensors: \(Self.quoted(examples))"
        }
    }

    private static func quoted(_ names: [String]) -> String {
        names.map { "'\($0)'" }.joined(separator: ", ")
    }
}
