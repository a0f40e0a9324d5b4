// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
//
// The package graph is the architecture: one target a stage, importing only from lower layers.
// Tests/ArchitectureTests holds this manifest and the imports of every file against each other.

import PackageDescription

/// The same strict settings for every Swift target of ours.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

func module(_ name: String, uses: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: uses, swiftSettings: strict)
}

func program(_ name: String, uses: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: uses, swiftSettings: strict)
}

func tests(_ name: String, uses: [Target.Dependency], fixtures: Bool = false) -> Target {
    .testTarget(
        name: name, dependencies: uses + ["TestSupport"], exclude: fixtures ? ["Fixtures"] : [], swiftSettings: strict)
}

func system(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([apt])])
}

/// Tests/Fuzz/run asks for its program; an ordinary build does not have it.
let fuzzing: [Target] =
    Context.environment["FACET_FUZZ"] == nil
    ? []
    : [
        .executableTarget(
            name: "facet-fuzz",
            dependencies: [
                "EmbeddingAPI", "EmbeddingPipeline", "Collections", "Catalog", "Access", "ModelFolders", "HTTPServer",
                "Checkpoints", "ImageDecoding", "Tensors", "Vectors", "ServingTestSupport",
            ],
            path: "Tests/Fuzz/Program", swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
    ]

let package = Package(
    name: "facet",
    products: [
        .executable(name: "facet", targets: ["facet"]),
        .executable(name: "facet-bench", targets: ["facet-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        // Layer 0: C
        system("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
        system("CWebP", pkgConfig: "libwebpdemux", apt: "libwebp-dev"),
        system("CSQLite", pkgConfig: "sqlite3", apt: "libsqlite3-dev"),
        system("CPostgres", pkgConfig: "libpq", apt: "libpq-dev"),
        system("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
        .systemLibrary(name: "CLinux"),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
        .target(name: "CVectorScan", cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
        // Layer 0: Swift
        module("Telemetry", uses: [logging]),
        module("Vectors", uses: ["CCrypto"]),
        module("Tensors"),
        module("Reports"),
        module("Statistics"),
        module("Projections"),
        module("ImageDecoding", uses: ["CPNG", "CJPEG", "CWebP"]),
        // Layer 1
        module("Kernels", uses: ["Tensors", "CKernels", "COpenBLAS"]),
        module("Checkpoints", uses: ["Tensors"]),
        module("Preprocessing", uses: ["ImageDecoding", "Tensors"]),
        module("HTTPServer", uses: ["Telemetry", "CLinux"]),
        module("Catalog", uses: ["Vectors", "Telemetry", "CSQLite"]),
        module("VectorSearch", uses: ["CVectorScan"]),
        module("Advice", uses: ["Statistics"]),
        module("Access", uses: ["Vectors", "Telemetry"]),
        // Layer 2
        module("Networks", uses: ["Kernels", "Checkpoints", "Tensors"]),
        module("Collections", uses: ["Catalog", "VectorSearch", "Advice", "Statistics", "Vectors"]),
        // Layer 3
        module(
            "PostgresCatalog", uses: ["Collections", "Catalog", "VectorSearch", "CPostgres", "Vectors", "Telemetry"]),
        module("ModelFolders", uses: ["Networks", "Checkpoints", "Preprocessing", "Vectors", "Tensors"]),
        // Layer 4
        module(
            "EmbeddingPipeline",
            uses: [
                "ModelFolders", "Networks", "Kernels", "Checkpoints", "Preprocessing", "ImageDecoding", "Tensors",
                "Vectors", "Telemetry",
            ]),
        module(
            "ContrastiveTraining",
            uses: [
                "ModelFolders", "Networks", "Kernels", "Checkpoints", "Preprocessing", "ImageDecoding", "Tensors",
                "Vectors", "Reports",
            ]),
        // Layer 5
        module(
            "Evaluation",
            uses: [
                "ContrastiveTraining", "ModelFolders", "Networks", "Kernels", "Checkpoints", "Preprocessing",
                "ImageDecoding", "Tensors", "Vectors", "Reports", "Statistics", "Projections",
            ]),
        .target(
            name: "EmbeddingAPI",
            dependencies: [
                "EmbeddingPipeline", "Collections", "Catalog", "VectorSearch", "Advice", "Statistics", "ModelFolders",
                "HTTPServer", "Access", "ImageDecoding", "Vectors", "Telemetry", "Projections",
            ],
            resources: [.copy("Resources")], swiftSettings: strict),
        // Layer 6
        program(
            "facet",
            uses: [
                "EmbeddingAPI", "EmbeddingPipeline", "Evaluation", "ContrastiveTraining", "Collections", "Catalog",
                "PostgresCatalog", "Advice", "Statistics", "Reports",
                "ModelFolders", "HTTPServer", "Access", "Networks", "Kernels", "Checkpoints", "Preprocessing",
                "ImageDecoding", "Tensors", "Vectors",
                argumentParser, logging,
            ]),
        program(
            "facet-bench",
            uses: [
                "EmbeddingPipeline", "ContrastiveTraining", "VectorSearch", "ModelFolders", "Networks", "Kernels",
                "Checkpoints", "Preprocessing", "ImageDecoding", "Tensors", "Vectors", argumentParser,
            ]),
        // Tests
        .target(name: "TestSupport", path: "Tests/Support", swiftSettings: strict),
        .target(
            name: "ServingTestSupport",
            dependencies: [
                "EmbeddingPipeline", "ModelFolders", "Checkpoints", "Preprocessing", "Kernels", "Vectors",
                "TestSupport",
            ],
            path: "Tests/ServingSupport", swiftSettings: strict),
        tests("ArchitectureTests", uses: []),
        tests("VectorsTests", uses: ["Vectors"]),
        tests("TensorsTests", uses: ["Tensors"]),
        tests("ReportsTests", uses: ["Reports"]),
        tests("ProjectionsTests", uses: ["Projections"]),
        tests("TelemetryTests", uses: ["Telemetry"]),
        tests("ImageDecodingTests", uses: ["ImageDecoding"], fixtures: true),
        tests("PreprocessingTests", uses: ["Preprocessing", "ImageDecoding", "Tensors"], fixtures: true),
        tests("CheckpointsTests", uses: ["Checkpoints", "Tensors"], fixtures: true),
        tests("CatalogTests", uses: ["Catalog", "Vectors"], fixtures: true),
        tests("VectorSearchTests", uses: ["VectorSearch"]),
        tests("AccessTests", uses: ["Access", "Vectors", "Telemetry"]),
        tests("AdviceTests", uses: ["Advice", "Statistics"]),
        tests("CollectionsTests", uses: ["Collections", "Catalog", "VectorSearch", "Vectors"]),
        tests(
            "EngineTests",
            uses: ["PostgresCatalog", "Collections", "Catalog", "VectorSearch", "Vectors", "Telemetry"]),
        tests("HTTPServerTests", uses: ["HTTPServer", "Telemetry"]),
        tests("KernelsTests", uses: ["Kernels", "Tensors"], fixtures: true),
        tests("NetworksTests", uses: ["Networks", "Kernels", "Tensors"]),
        tests(
            "EmbeddingPipelineTests",
            uses: [
                "EmbeddingPipeline", "ModelFolders", "Kernels", "ImageDecoding", "Vectors", "Telemetry",
                "ServingTestSupport",
            ]),
        tests(
            "ModelFoldersTests",
            uses: ["ModelFolders", "Networks", "Checkpoints", "Preprocessing", "Tensors", "Vectors"]),
        tests(
            "ContrastiveTrainingTests",
            uses: [
                "ContrastiveTraining", "ModelFolders", "Networks", "Kernels", "Checkpoints", "Preprocessing",
                "ImageDecoding", "Tensors", "Vectors", "Reports",
            ], fixtures: true),
        tests(
            "EmbeddingAPITests",
            uses: [
                "EmbeddingAPI", "EmbeddingPipeline", "Collections", "Catalog", "ModelFolders", "HTTPServer", "Access",
                "VectorSearch", "Vectors", "ServingTestSupport",
            ]),
        tests(
            "EvaluationTests",
            uses: [
                "Evaluation", "ContrastiveTraining", "ModelFolders", "Networks", "Kernels", "Checkpoints",
                "Preprocessing",
                "ImageDecoding", "Tensors", "Vectors", "Reports", "Statistics",
            ], fixtures: true),
        tests("FacetTests", uses: ["facet"]),
    ] + fuzzing,
    swiftLanguageModes: [.v6]
)
