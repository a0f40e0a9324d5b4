// SPDX-License-Identifier: Apache-2.0

internal import Checkpoints
internal import ContrastiveTraining
internal import Tensors

extension EvaluationRun {
    /// Writes the features and labels that the probes of the tasks on plain images saw, for other tools to check.
    ///
    /// A safetensors file: `task/TASK/{train,test}/labels` [rows], `task/TASK/{train,test}/groups` [rows] and
    /// `task/TASK/{train,test}/SUBJECT/SPACE` [rows, dimensions], all float32.
    package func export(_ plain: PlainFeatures, to path: String) throws {
        var tensors: [String: Tensor] = [:]
        for task in tasks where task.kind == .classification && task.isPlain {
            for split in ImageEntry.Split.allCases {
                let items = task.items(of: split)
                let tables = plain.tables(of: items)
                let prefix = "task/\(task.name)/\(split.rawValue)/"
                tensors[prefix + "labels"] = Tensor(items.map { Float($0.label) }, shape: [items.count])
                tensors[prefix + "groups"] = Tensor(items.map { Float($0.group) }, shape: [items.count])
                for (subject, spaces) in zip(subjects, tables) {
                    for (space, table) in zip(subject.spaces, spaces) {
                        tensors[prefix + subject.name + "/" + space.name] = Tensor(
                            table.storage.buffer, shape: [table.count, table.dimensions])
                    }
                }
            }
        }
        try SafetensorsWriter.write(tensors, to: path)
    }
}
