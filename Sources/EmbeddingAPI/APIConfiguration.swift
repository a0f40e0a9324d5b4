// SPDX-License-Identifier: Apache-2.0

package import EmbeddingPipeline
package import Telemetry

/// What the API serves from; made by the composition root.
package struct APIConfiguration: Sendable {
    package var registry: ModelRegistry
    package var pipeline: EmbeddingPipeline
    package var limits: APILimits
    /// The bytes of openapi.yaml.
    package var contract: [UInt8]
    package var ticker: any Ticker

    package init(
        registry: ModelRegistry, pipeline: EmbeddingPipeline, limits: APILimits = APILimits(), contract: [UInt8],
        ticker: any Ticker = MonotonicTicker()
    ) {
        self.registry = registry
        self.pipeline = pipeline
        self.limits = limits
        self.contract = contract
        self.ticker = ticker
    }
}
