// SPDX-License-Identifier: Apache-2.0

internal import Kernels
package import Tensors

/// Named tensors in one flat buffer of floats, so that optimisers and averages pass over everything at once.
///
/// Each tensor starts on a cache line; the gaps between them are zero and stay zero.
package struct ParameterLayout: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        package let name: String
        package let shape: Shape
        /// Where the tensor starts, in floats.
        package let offset: Int
    }

    package let entries: [Entry]
    /// Floats of the buffer, gaps included.
    package let count: Int
    private let offsets: [String: Int]

    package init(_ tensors: [(name: String, shape: Shape)]) {
        var entries: [Entry] = []
        var end = 0
        for (name, shape) in tensors {
            entries.append(Entry(name: name, shape: shape, offset: end))
            end += ArenaLayout.rounded(shape.count)
        }
        self.entries = entries
        count = end
        offsets = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.offset) })
    }

    /// Where the tensor called `name` starts; naming one that is not there is a bug.
    package func offset(of name: String) -> Int {
        guard let offset = offsets[name] else { preconditionFailure("no parameter '\(name)'") }
        return offset
    }

    /// A buffer of this layout, all zero.
    package func makeBuffer() -> FloatStorage {
        let storage = FloatStorage(count: count)
        storage.buffer.initialize(repeating: 0)
        return storage
    }

    /// The tensors of `buffer` by name.
    package func tensors(in buffer: FloatStorage) -> [String: Tensor] {
        precondition(buffer.buffer.count == count, "a buffer of \(buffer.buffer.count) for a layout of \(count)")
        let pairs = entries.map { entry in
            (entry.name, Tensor(buffer.buffer[entry.offset..<entry.offset + entry.shape.count], shape: entry.shape))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// Fills `buffer` from `weights`.
    ///
    /// - Throws: ``NetworkError`` for a tensor that is missing or has another shape, or what reading one throws.
    package func fill(_ buffer: FloatStorage, from weights: some WeightSource) throws {
        precondition(buffer.buffer.count == count, "a buffer of \(buffer.buffer.count) for a layout of \(count)")
        for entry in entries {
            guard let shape = weights.shape(of: entry.name) else { throw NetworkError.missingTensor(entry.name) }
            guard shape == entry.shape else {
                throw NetworkError.wrongShape(name: entry.name, expected: "\(entry.shape)", found: "\(shape)")
            }
            try weights.withFloats(entry.name) { source in
                for index in 0..<shape.count { buffer.buffer[entry.offset + index] = source[index] }
            }
        }
    }
}

extension Architecture {
    /// Everything that training adjusts, in network order.
    package var trainableParameters: ParameterLayout {
        let trunk = units.flatMap { unit -> [(name: String, shape: Shape)] in
            let geometry = unit.geometry
            let channels = Shape([geometry.outputChannels])
            return [
                (
                    unit.convolution,
                    Shape([geometry.outputChannels, geometry.inputChannels, geometry.kernel, geometry.kernel])
                ),
                (unit.norm + ".weight", channels), (unit.norm + ".bias", channels),
            ]
        }
        let layers = heads.flatMap(\.layers).flatMap { layer -> [(name: String, shape: Shape)] in
            [(layer.name + ".weight", Shape([layer.outputs, layer.inputs])), (layer.name + ".bias", [layer.outputs])]
        }
        return ParameterLayout(trunk + layers)
    }

    /// The running statistics that inference normalises with, in network order.
    package var runningStatistics: ParameterLayout {
        ParameterLayout(
            units.flatMap { unit -> [(name: String, shape: Shape)] in
                let channels = Shape([unit.geometry.outputChannels])
                return [(unit.norm + ".running_mean", channels), (unit.norm + ".running_var", channels)]
            })
    }
}
