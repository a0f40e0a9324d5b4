// SPDX-License-Identifier: Apache-2.0

internal import Kernels

/// The steps of one training pass and where its values and gradients live.
///
/// Forward steps run at times 0 ..< n, their backward halves at 2n-1 down from the last step. A value lives from its own
/// step to the last backward half that reads it, so one arena serves both directions. Without gradients values end
/// with their last reader, and normalisation works in place.
struct TrainingGraph: Sendable {
    enum Operation: Sendable, Equatable {
        case pad(Int)
        /// The convolution of that number.
        case convolution(Int)
        /// The batch normalisation of that number, plus the residual, clipped at 0 with `relu`.
        case norm(Int, residual: ValueID?, relu: Bool)
        case maxPool(ConvolutionGeometry)
        case meanPool
        /// The fully connected layer of that number, counted with the convolutions.
        case linear(Int, relu: Bool)
        case normalise
    }

    struct Step: Sendable {
        let operation: Operation
        let input: ValueID
        let output: ValueID
        /// Whether the backward half adds to the gradient of the input because another step wrote it before.
        var adds = false
    }

    /// A convolution or fully connected layer: its weights' and bias's names, and whether it is the one that reads the
    /// (padded) images, to which no gradient passes.
    struct Operand: Sendable {
        let weights: String
        let bias: String?
        let geometry: ConvolutionGeometry
        let readsImages: Bool
    }

    struct Norm: Sendable {
        let name: String
        let channels: Int
    }

    let keepsGradients: Bool
    var steps: [Step] = []
    var shapes: [MapShape]
    var operands: [Operand] = []
    var norms: [Norm] = []
    /// The normalised projection of each head.
    var projections: [ValueID] = []

    init(_ architecture: Architecture, inputSize: Int, keepsGradients: Bool) {
        self.keepsGradients = keepsGradients
        shapes = [MapShape(height: inputSize, width: inputSize, channels: 3)]
        build(architecture)
        if keepsGradients { markAdditions() }
    }

    /// Values that hold images or padded images have no gradient.
    func carriesGradient(_ value: ValueID) -> Bool {
        value != 0
            && steps.first { $0.output == value }.map { if case .pad = $0.operation { false } else { true } } ?? true
    }

    /// Finds the steps whose input's gradient has been written when their turn comes.
    private mutating func markAdditions() {
        var written: Set<ValueID> = []
        for index in steps.indices.reversed() {
            if case .norm(_, let residual?, _) = steps[index].operation {
                precondition(written.insert(residual).inserted, "residual \(residual) has a gradient already")
            }
            steps[index].adds = !written.insert(steps[index].input).inserted
        }
    }

    // MARK: Memory

    /// Arena places of the values and of their gradients.
    struct Places: Sendable {
        let values: [Int?]
        let gradients: [Int?]
        /// Floats for one image.
        let count: Int
    }

    func places() -> Places {
        let end = 2 * steps.count
        var lives: [Int: ArenaLayout.Life] = [:]
        for (time, step) in steps.enumerated() {
            let back = end - 1 - time
            for input in [step.input, step.residual].compactMap({ $0 }) where input != 0 {
                extend(&lives, input, to: keepsGradients && step.readsInputAgain ? back : time)
            }
            if lives[step.output] == nil {
                lives[step.output] = .init(first: time, last: time, count: shapes[step.output].count)
            }
            if keepsGradients, step.readsOutputAgain { extend(&lives, step.output, to: back) }
        }
        for value in projections { extend(&lives, value, to: steps.count) }
        let aliases = gradientAliases()
        if keepsGradients { addGradients(&lives, aliases) }
        let layout = ArenaLayout(lives: lives, values: 2 * shapes.count)
        let gradients = shapes.indices.map { layout.offsets[shapes.count + aliases[$0]] }
        return Places(values: Array(layout.offsets[..<shapes.count]), gradients: gradients, count: layout.count)
    }

    private func extend(_ lives: inout [Int: ArenaLayout.Life], _ value: ValueID, to time: Int) {
        guard let life = lives[value] else { return }
        lives[value]?.last = max(life.last, time)
    }

    /// A normalisation writes its input's gradient where its output's was.
    private func gradientAliases() -> [ValueID] {
        var alias = Array(shapes.indices)
        for step in steps {
            if case .norm = step.operation { alias[step.input] = step.output }
        }
        return alias
    }

    private func addGradients(_ lives: inout [Int: ArenaLayout.Life], _ aliases: [ValueID]) {
        let end = 2 * steps.count
        func extend(_ value: ValueID, to time: Int) {
            let key = shapes.count + aliases[value]
            let old = lives[key] ?? .init(first: time, last: time, count: shapes[value].count)
            lives[key] = .init(first: min(old.first, time), last: max(old.last, time), count: old.count)
        }
        for (time, step) in steps.enumerated() {
            for value in [step.input, step.residual].compactMap({ $0 }) where carriesGradient(value) {
                extend(value, to: end - 1 - time)
            }
            extend(step.output, to: end - 1 - time)
        }
        for value in projections { extend(value, to: steps.count) }
    }
}

extension TrainingGraph.Step {
    var residual: ValueID? {
        if case .norm(_, let residual, _) = operation { residual } else { nil }
    }

    /// Whether the backward half needs the input's value.
    var readsInputAgain: Bool {
        switch operation {
        case .convolution, .norm, .linear: true
        case .pad, .maxPool, .meanPool, .normalise: false
        }
    }

    /// Whether the backward half needs the output's value.
    var readsOutputAgain: Bool {
        switch operation {
        case .norm(_, _, let relu): relu
        case .linear(_, let relu): relu
        case .normalise: true
        case .pad, .convolution, .maxPool, .meanPool: false
        }
    }
}
