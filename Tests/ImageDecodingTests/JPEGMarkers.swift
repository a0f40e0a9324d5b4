// SPDX-License-Identifier: Apache-2.0

/// Finds marker bytes in well-formed JPEG files of ours, whose headers contain no accidental ones.
enum JPEGMarkers {
    private static func offsets(of marker: UInt8, in bytes: [UInt8]) -> [Int] {
        bytes.indices.dropLast().filter { bytes[$0] == 0xFF && bytes[$0 + 1] == marker }
    }

    static func offset(of marker: UInt8, in bytes: [UInt8]) -> Int? { offsets(of: marker, in: bytes).first }
    static func lastOffset(of marker: UInt8, in bytes: [UInt8]) -> Int? { offsets(of: marker, in: bytes).last }
    static func count(of marker: UInt8, in bytes: [UInt8]) -> Int { offsets(of: marker, in: bytes).count }
}
