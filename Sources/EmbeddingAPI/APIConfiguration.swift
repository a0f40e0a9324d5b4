// SPDX-License-Identifier: Apache-2.0

package import Access
package import Catalog
package import Collections
package import EmbeddingPipeline
package import Telemetry

/// What the API serves from; made by the composition root.
package struct APIConfiguration: Sendable {
    package var registry: ModelRegistry
    package var pipeline: EmbeddingPipeline
    /// Collections and the embedding cache; nil without a catalog, and while it is ``loading``.
    package var collections: (any CollectionEngine)? {
        get { made ?? loading?.service }
        set { made = newValue }
    }
    private var made: (any CollectionEngine)?
    /// Collections that are still being read; nil where they are all there, or where there are none.
    package var loading: CollectionsLoading?
    /// The thumbnails of collections that have no rule of their own.
    package var thumbnails = ThumbnailRule.usual
    /// Who may do what; nil where anybody may do anything.
    package var access: AccessControl?
    package var limits: APILimits
    /// The bytes of openapi.yaml.
    package var contract: [UInt8]
    /// What `/v1/info` tells.
    package var info: ServiceInfo
    /// Called for every answer, on the thread that finished it; must not block.
    package var onAnswer: (@Sendable (AnswerRecord) -> Void)?
    package var ticker: any Ticker
    /// The longest an image may wait for a forward pass, or be decoded, or a transaction may take, before the process counts
    /// as stuck: 30 s.
    package var stuckAfter = Duration.seconds(30)

    package init(
        registry: ModelRegistry, pipeline: EmbeddingPipeline, collections: (any CollectionEngine)? = nil,
        access: AccessControl? = nil, limits: APILimits = APILimits(), contract: [UInt8],
        info: ServiceInfo = ServiceInfo(), onAnswer: (@Sendable (AnswerRecord) -> Void)? = nil,
        ticker: any Ticker = MonotonicTicker()
    ) {
        self.registry = registry
        self.pipeline = pipeline
        made = collections
        self.access = access
        self.limits = limits
        self.contract = contract
        self.info = info
        self.onAnswer = onAnswer
        self.ticker = ticker
    }
}
