// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// Named weights under canonical names (`backbone.layer1.0.conv1.weight`, `heads.0.2.bias`): a checkpoint or a model in
/// training.
package protocol WeightSource: Sendable {
    /// The shape of the tensor called `name`; nil when there is none.
    func shape(of name: String) -> Shape?

    /// The elements of the tensor called `name`, row-major, valid during `body` only.
    func withFloats<R>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R) throws -> R
}

/// Weights held in memory.
package struct TensorWeights: WeightSource {
    package var tensors: [String: Tensor]

    package init(_ tensors: [String: Tensor]) {
        self.tensors = tensors
    }

    package func shape(of name: String) -> Shape? { tensors[name]?.shape }

    package func withFloats<R>(_ name: String, _ body: (UnsafeBufferPointer<Float>) throws -> R) throws -> R {
        guard let tensor = tensors[name] else { throw NetworkError.missingTensor(name) }
        return try tensor.withUnsafeBuffer(body)
    }
}

/// Why a set of weights is not a network that this module can run.
package enum NetworkError: Error, Equatable, CustomStringConvertible {
    case missingTensor(String)
    case wrongShape(name: String, expected: String, found: String)
    case unsupported(String)
    /// An output that the network does not have was asked for.
    case noSuchOutput(String)

    package var description: String {
        switch self {
        case .missingTensor(let name):
            "tensor '\(name)' is missing; the file may be incomplete or of another architecture (try `facet inspect`)"
        case .wrongShape(let name, let expected, let found):
            "tensor '\(name)': expected shape \(expected), found \(found)"
        case .unsupported(let what): what
        case .noSuchOutput(let what): "the network has no output '\(what)'"
        }
    }
}
