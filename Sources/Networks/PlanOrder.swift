// SPDX-License-Identifier: Apache-2.0

internal import Kernels

/// The steps of a plan in the order they run: first those on feature maps, one after the other and each on all threads,
/// then the heads' layers on pooled vectors.
///
/// Such a layer is too small to be shared out, so the heads are: each is a chain of steps that one thread does.
struct PlanOrder: Sendable {
    let maps: [PlanStep]
    /// Chains that do not read each other's values.
    let chains: [[PlanStep]]

    init(_ steps: [PlanStep]) {
        var maps: [PlanStep] = []
        var chains: [[PlanStep]] = []
        var pooled: Set<ValueID> = []
        var chainOfValue: [ValueID: Int] = [:]
        for step in steps {
            if pooled.contains(step.input) {
                chainOfValue[step.output] = chains.count
                chains.append([step])
            } else if let chain = chainOfValue[step.input] {
                chainOfValue[step.output] = chain
                chains[chain].append(step)
            } else {
                maps.append(step)
                if case .meanPool = step.operation { pooled.insert(step.output) }
            }
        }
        self.maps = maps
        self.chains = chains
    }

    var steps: [PlanStep] { maps + chains.flatMap { $0 } }

    /// Places for all values: those of chains, which run at the same time, never overlap.
    func layout(shapes: [MapShape], results: [ValueID]) -> ArenaLayout {
        let end = maps.count
        var lives: [Int: ArenaLayout.Life] = [:]
        for (index, step) in maps.enumerated() {
            for input in step.inputs where input != 0 { lives[input]?.last = index }
            lives[step.output] = .init(first: index, last: index, count: shapes[step.output].count)
        }
        for step in chains.joined() {
            lives[step.input]?.last = end
            lives[step.output] = .init(first: end, last: end, count: shapes[step.output].count)
        }
        for value in results { lives[value]?.last = end }
        return ArenaLayout(lives: lives, values: shapes.count)
    }
}
