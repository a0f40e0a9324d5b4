// SPDX-License-Identifier: Apache-2.0

package import Access
package import Collections
package import EmbeddingPipeline
package import Telemetry

/// What the API serves from; made by the composition root.
package struct APIConfiguration: Sendable {
    package var registry: ModelRegistry
    package var pipeline: EmbeddingPipeline
    /// Collections and the embedding cache; nil without a catalog.
    package var collections: CollectionService?
    /// Who may do what; nil where anybody may do anything.
    package var access: AccessControl?
    package var limits: APILimits
    /// The bytes of openapi.yaml.
    package var contract: [UInt8]
    package var ticker: any Ticker

    package init(
        registry: ModelRegistry, pipeline: EmbeddingPipeline, collections: CollectionService? = nil,
        access: AccessControl? = nil, limits: APILimits = APILimits(), contract: [UInt8],
        ticker: any Ticker = MonotonicTicker()
    ) {
        self.registry = registry
        self.pipeline = pipeline
        self.collections = collections
        self.access = access
        self.limits = limits
        self.contract = contract
        self.ticker = ticker
    }
}
