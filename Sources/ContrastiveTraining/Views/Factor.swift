// SPDX-License-Identifier: Apache-2.0

/// An augmentation that can have an embedding space of its own; its raw value is the space's name.
///
/// Cropping, flipping and blurring have none: every view draws its own (METHOD.md, 1.1).
package enum Factor: String, CaseIterable, Sendable, Codable {
    /// Colour jitter and, unless the settings keep it apart, the loss of all colour.
    case color
    /// Quarter turns.
    case rotation
    /// Random convolution (RandConv): a stand-in for the paper's style transfer, which needs a network's weights.
    case texture
}
