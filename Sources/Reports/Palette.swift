// SPDX-License-Identifier: Apache-2.0

/// The colours of series and classes, as CSS custom properties with a light and a dark value each.
///
/// Hues follow Okabe and Ito's set, which people with each kind of colour blindness can tell apart, in the order that
/// keeps the first ones furthest from each other. Every colour has a contrast of at least 3:1 to its background (WCAG
/// 2.2, 1.4.11). Lines from the fifth on are also dashed, and classes from the ninth on are squares.
package enum Palette {
    /// A colour on the light and on the dark background, as #rrggbb.
    package struct Colour: Equatable, Sendable {
        package let light: String
        package let dark: String
    }

    /// The colours in the order in which they are given away.
    package static let series = [
        Colour(light: "#0072b2", dark: "#56b4e9"),
        Colour(light: "#d55e00", dark: "#ff8f47"),
        Colour(light: "#00815d", dark: "#2fd0a2"),
        Colour(light: "#b3508f", dark: "#e79ac8"),
        Colour(light: "#8a6d00", dark: "#e5d23c"),
        Colour(light: "#4a3aa7", dark: "#a79df2"),
        Colour(light: "#6b6b6b", dark: "#b4b4b4"),
        Colour(light: "#8f1d3f", dark: "#ff8099"),
    ]

    /// What charts are drawn on in the light mode.
    package static let lightBackground = "#ffffff"
    /// What charts are drawn on in the dark mode.
    package static let darkBackground = "#1b1e22"

    /// The CSS class that gives the colour of series `index`, and the dashes of a later one.
    static func lineClass(_ index: Int) -> String {
        "c\(index % series.count)" + (index % series.count >= 4 ? " dash" : "")
    }

    /// The CSS class that gives the colour of series or class `index`.
    static func colourClass(_ index: Int) -> String {
        "c\(index % series.count)"
    }

    /// Declarations of the series' colours for one of the two modes.
    static func declarations(dark: Bool) -> String {
        series.enumerated().map { "--s\($0):\(dark ? $1.dark : $1.light)" }.joined(separator: ";") + ";"
    }

    /// Rules of the classes c0, c1, ...
    static var rules: String {
        series.indices.map { ".c\($0){--c:var(--s\($0))}" }.joined()
    }
}
