// SPDX-License-Identifier: Apache-2.0

/// The colours of series and classes, as CSS custom properties with a light and a dark value each.
///
/// They were searched for so that every two stay at least 20 apart in CIELAB for all cones and for each kind that may be
/// missing (Machado, Oliveira and Fernandes 2009), the first four further, and so that each has a contrast of at least
/// 3:1 to its background (WCAG 2.2, 1.4.11). Lines from the fifth on are also dashed, and classes from the ninth on are
/// squares.
package enum Palette {
    /// A colour on the light and on the dark background, as #rrggbb.
    package struct Colour: Equatable, Sendable {
        package let light: String
        package let dark: String
    }

    /// The colours in the order in which they are given away.
    package static let series = [
        Colour(light: "#104ddd", dark: "#5f7ffa"),
        Colour(light: "#b88201", dark: "#e8663a"),
        Colour(light: "#009a58", dark: "#41f68b"),
        Colour(light: "#be3799", dark: "#ba76a5"),
        Colour(light: "#6e5507", dark: "#f9cd17"),
        Colour(light: "#461a8a", dark: "#b7c4ff"),
        Colour(light: "#758b82", dark: "#d7cac5"),
        Colour(light: "#7e203e", dark: "#df8680"),
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
