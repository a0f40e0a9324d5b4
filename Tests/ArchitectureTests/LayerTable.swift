// SPDX-License-Identifier: Apache-2.0

/// The layers of the package, lowest first: a target imports from rows above its own, never from its own or below.
struct LayerTable {
    struct Layer {
        let name: String
        let targets: [String]
    }

    let layers: [Layer]
    /// Pairs that stay apart whatever their layers: none of `importers` imports any of `forbidden`.
    let separations: [Separation]

    struct Separation {
        let importers: [String]
        let forbidden: [String]
        let reason: String
    }

    /// The row of `target`, counted from 0; nil when it stands in none.
    func row(of target: String) -> Int? {
        layers.firstIndex { $0.targets.contains(target) }
    }

    var targets: [String] { layers.flatMap(\.targets) }

    /// This project's layers.
    ///
    /// Layer 0 has two rows, because its Swift targets import C ones.
    static let facet = LayerTable(
        layers: [
            Layer(
                name: "layer 0 (C)",
                targets: [
                    "COpenBLAS", "CPNG", "CJPEG", "CWebP", "CCrypto", "CSQLite", "CPostgres", "CLinux", "CKernels",
                    "CVectorScan",
                ]),
            Layer(
                name: "layer 0",
                targets: [
                    "Telemetry", "Vectors", "Tensors", "ImageDecoding", "Reports", "Statistics", "Projections",
                ]),
            Layer(
                name: "layer 1",
                targets: [
                    "Kernels", "Checkpoints", "Preprocessing", "HTTPServer", "Catalog", "VectorSearch", "Advice",
                    "Access",
                ]),
            Layer(name: "layer 2", targets: ["Networks", "Collections"]),
            Layer(name: "layer 3", targets: ["ModelFolders", "PostgresCatalog"]),
            Layer(name: "layer 4", targets: ["EmbeddingPipeline", "ContrastiveTraining"]),
            Layer(name: "layer 5", targets: ["EmbeddingAPI", "Evaluation"]),
            Layer(name: "layer 6", targets: ["facet", "facet-bench"]),
        ],
        separations: [
            Separation(
                importers: [
                    "HTTPServer", "EmbeddingAPI", "Catalog", "VectorSearch", "Advice", "Access", "Collections",
                    "PostgresCatalog",
                ],
                forbidden: ["Tensors", "Kernels", "Networks"],
                reason: "the serving half never sees tensors"),
            Separation(
                importers: [
                    "Tensors", "ImageDecoding", "Kernels", "Checkpoints", "Preprocessing", "Networks", "ModelFolders",
                    "EmbeddingPipeline", "ContrastiveTraining", "Evaluation",
                ],
                forbidden: ["HTTPServer", "Catalog", "Collections", "PostgresCatalog", "CSQLite", "CPostgres"],
                reason: "the compute half never sees HTTP or SQL"),
        ])

    /// Modules that come with the toolchain.
    static let platform: Set = ["Swift", "Foundation", "Glibc", "Dispatch", "Synchronization", "Testing"]
}
