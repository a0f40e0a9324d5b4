// SPDX-License-Identifier: Apache-2.0

internal import CJPEG

extension JPEGFile {
    /// Decodes at the smallest scale that keeps `minimum`, with libjpeg's accurate transform and smooth upsampling.
    func decode(_ header: ImageHeader, atLeast minimum: MinimumSize?) throws(ImageDecodingError) -> RGBImage {
        let eighths = minimum?.eighths(width: header.width, height: header.height) ?? 8
        return try withReader { (reader, opened) throws(ImageDecodingError) in
            var layout = opened
            guard Int(layout.width) == header.storedWidth, Int(layout.height) == header.storedHeight else {
                throw .corrupt(.jpeg, .header)
            }
            let pixels = header.width * header.height
            try check(
                cjpeg_start(
                    reader, UInt32(eighths), Self.codecMemory(pixels), Self.scans(pixels), &layout), .pixels)
            let image = try read(reader, layout, header, eighths)
            try check(cjpeg_finish(reader), .trailer)
            return image
        }
    }

    /// Coefficients of a progressive file take 2 bytes a sample and at most 4 samples a pixel; the rest is for
    /// padding to whole blocks and the codec's row buffers.
    private static func codecMemory(_ pixels: Int) -> Int { 10 * pixels + 64 << 20 }

    /// How many scans are allowed: 100 for small images, falling to 20 at the default limit of 64 million pixels.
    ///
    /// Encoders write about 10. Each scan visits every block however few bytes it has, so that a file of a few hundred
    /// kilobytes could otherwise keep a processor busy for minutes.
    private static func scans(_ pixels: Int) -> Int32 { Int32(min(100, max(16, 1_280_000_000 / max(1, pixels)))) }

    private func read(
        _ reader: OpaquePointer, _ layout: cjpeg_layout, _ header: ImageHeader, _ eighths: Int
    ) throws(ImageDecodingError) -> RGBImage {
        let (width, height) = (Int(layout.width), Int(layout.height))
        let pixels = try UprightCanvas.bytes(3 * width * height) { (base) throws(ImageDecodingError) in
            let canvas = UprightCanvas(
                base: base, storedWidth: width, storedHeight: height, orientation: header.turn)
            if canvas.keepsRows, layout.channels == 3 {
                try check(cjpeg_read_rows(reader, canvas.row(0), canvas.stepY, layout.height), .pixels)
            } else {
                try readThroughScratch(reader, isCMYK: layout.channels == 4, into: canvas)
            }
        }
        let turn = header.turn
        let across = Self.extent(header.storedWidth, eighths, count: width, isReversed: turn.reversesX)
        let down = Self.extent(header.storedHeight, eighths, count: height, isReversed: turn.reversesY)
        return RGBImage(
            width: turn.swapsSides ? height : width, height: turn.swapsSides ? width : height, pixels: pixels,
            sourceWidth: header.width, sourceHeight: header.height, columns: turn.swapsSides ? down : across,
            rows: turn.swapsSides ? across : down)
    }

    /// The part of `count` scaled samples that `stored` full samples cover; libjpeg rounds `count` up.
    private static func extent(_ stored: Int, _ eighths: Int, count: Int, isReversed: Bool) -> Range<Double> {
        let covered = min(Double(count), Double(stored * eighths) / 8)
        let missing = Double(count) - covered
        return isReversed ? missing..<Double(count) : 0..<covered
    }

    private func readThroughScratch(
        _ reader: OpaquePointer, isCMYK: Bool, into canvas: UprightCanvas
    ) throws(ImageDecodingError) {
        let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: 4 * canvas.storedWidth)
        defer { scratch.deallocate() }
        for y in 0..<canvas.storedHeight {
            try check(cjpeg_read_rows(reader, scratch, 0, 1), .pixels)
            if isCMYK { Flattening.invertedCMYK(scratch, to: scratch, count: canvas.storedWidth) }
            canvas.store(scratch, row: y)
        }
    }
}
