// SPDX-License-Identifier: Apache-2.0

/// A `Date` field line, made once a second (RFC 9110 section 5.6.7).
package struct HTTPDate: Sendable {
    /// Seconds since 1970 in UTC.
    package let second: Int
    /// `Date: Sun, 06 Nov 1994 08:49:37 GMT` and its line break.
    package let line: [UInt8]

    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The line for a second from 1970 on; earlier ones count as 1970.
    package init(second: Int) {
        self.second = second
        let (days, time) = max(0, second).quotientAndRemainder(dividingBy: 86_400)
        let (year, month, day) = Self.civil(days)
        let clock = [time / 3600, time / 60 % 60, time % 60].map(Self.twoDigits).joined(separator: ":")
        let date = "\(Self.twoDigits(day)) \(Self.months[month]) \(year)"
        line = Array("Date: \(Self.weekdays[days % 7]), \(date) \(clock) GMT\r\n".utf8)
    }

    /// Year, month from 0 and day from 1, counting in eras of 400 years that begin on 1 March.
    private static func civil(_ daysSince1970: Int) -> (year: Int, month: Int, day: Int) {
        let (era, day) = (daysSince1970 + 719_468).quotientAndRemainder(dividingBy: 146_097)
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = (shifted + 2) % 12
        return (era * 400 + year + (month < 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func twoDigits(_ value: Int) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
