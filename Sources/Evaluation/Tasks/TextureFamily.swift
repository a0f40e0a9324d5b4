// SPDX-License-Identifier: Apache-2.0

internal import ContrastiveTraining

/// One of a few fixed filters that change the texture of a picture and keep its colours.
///
/// Each is a random filter in the manner of RandConv (Xu et al., ICLR 2021), but made so that the answer cannot be read
/// off anything else: one kernel for the three channels, so that grey stays grey; a positive sum, so that light stays
/// light; a mirror at the edge, so that there is no frame; and each channel has the mean and spread it had before. The
/// seeds are chosen so that the filters look different.
package enum TextureFamily: String, CaseIterable, Sendable, Codable {
    /// The picture as it is.
    case none
    /// 3 x 3.
    case fine
    /// 5 x 5.
    case medium
    /// 7 x 7, two draws.
    case coarse, streaked

    /// The filter; empty for the picture as it is.
    var taps: [Plane.Tap] {
        switch self {
        case .none: []
        case .fine: Self.taps(reach: 1, seed: 1)
        case .medium: Self.taps(reach: 2, seed: 1)
        case .coarse: Self.taps(reach: 3, seed: 1)
        case .streaked: Self.taps(reach: 3, seed: 2)
        }
    }

    /// Normal weights with their mean taken off, of length 1, and a small part of the local mean: what is flat is passed on
    /// with half the strength of what is not.
    private static func taps(reach: Int, seed: UInt64) -> [Plane.Tap] {
        var stream = RandomStream(seed: seed, 0x7E47, UInt64(reach))
        let places = (-reach...reach).flatMap { y in (-reach...reach).map { (x: $0, y: y) } }
        let draws = places.map { _ in stream.normal() }
        let count = Double(draws.count)
        let mean = draws.reduce(0, +) / count
        let length = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }.squareRoot()
        return zip(places, draws).map { place, draw in
            Plane.Tap(x: place.x, y: place.y, weight: Float((draw - mean) / length + 0.5 / count))
        }
    }
}

extension Planes {
    /// The planes through the filter, each with the mean and the spread it had; values may leave 0 to 1.
    func filtered(by family: TextureFamily) -> Planes {
        let taps = family.taps
        guard !taps.isEmpty else { return self }
        return mapped { plane in
            var result = plane.correlated(taps, border: .mirror)
            let (before, after) = (plane.moments, result.moments)
            let gain = after.spread > Self.leastSpread ? before.spread / after.spread : 0
            for index in result.values.indices {
                result.values[index] = Float((Double(result.values[index]) - after.mean) * gain + before.mean)
            }
            return result
        }
    }

    /// Less is rounding: the picture has one colour.
    private static let leastSpread = 1e-5
}

extension Plane {
    /// The mean of the values and their standard deviation.
    fileprivate var moments: (mean: Double, spread: Double) {
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        let square = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        return (mean, (square / Double(values.count)).squareRoot())
    }
}
