// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// Benchmarks: each checks its output, prints the machine and thread count, and reports medians.
@main
struct FacetBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "facet-bench",
        abstract: "Measure Facet.",
        discussion: """
            Every goal beside its peers in the same minute: facet-bench peers. Search beside FAISS: Tests/Benchmarks/search/compare.
            Times depend on the machine and on what else it does; compare ratios taken in one run.
            """,
        subcommands: [
            InferenceBench.self, LayersBench.self, ImageBench.self, TrainingBench.self, SearchBenchmark.self,
            GraphBenchmark.self,
            PeersBench.self, CountsBench.self,
        ])
}
