// SPDX-License-Identifier: Apache-2.0

internal import CPNG

extension PNGFile {
    /// Decodes row by row; only an interlaced file with alpha needs its four channels in memory at once.
    func decode(_ header: ImageHeader) throws(ImageDecodingError) -> RGBImage {
        var reader: OpaquePointer?
        var layout = cpng_layout()
        let bytes = self.bytes.bytes
        let status = cpng_open(
            bytes.baseAddress, bytes.count, UInt32(header.storedWidth), UInt32(header.storedHeight), &reader, &layout)
        try check(status, .header)
        guard let reader else { throw .corrupt(.png, .header) }
        defer { cpng_close(reader) }
        guard Int(layout.width) == header.storedWidth, Int(layout.height) == header.storedHeight else {
            throw .corrupt(.png, .header)
        }
        let pixels = try UprightCanvas.bytes(3 * header.width * header.height) { (base) throws(ImageDecodingError) in
            let canvas = UprightCanvas(
                base: base, storedWidth: header.storedWidth, storedHeight: header.storedHeight,
                orientation: header.turn)
            if layout.passes == 1 {
                try readRows(reader, hasAlpha: layout.channels == 4, into: canvas)
            } else {
                try readPasses(reader, layout, into: canvas)
            }
        }
        try check(cpng_finish(reader), .trailer)
        return RGBImage(width: header.width, height: header.height, pixels: pixels)
    }

    private func readRows(
        _ reader: OpaquePointer, hasAlpha: Bool, into canvas: UprightCanvas
    ) throws(ImageDecodingError) {
        let direct = canvas.keepsRows && !hasAlpha
        let scratch = UnsafeMutablePointer<UInt8>.allocate(capacity: direct ? 1 : 4 * canvas.storedWidth)
        defer { scratch.deallocate() }
        for y in 0..<canvas.storedHeight {
            try check(cpng_read_row(reader, direct ? canvas.row(y) : scratch), .pixels)
            if hasAlpha { Flattening.overWhite(scratch, to: scratch, count: canvas.storedWidth) }
            if !direct { canvas.store(scratch, row: y) }
        }
    }

    private func readPasses(
        _ reader: OpaquePointer, _ layout: cpng_layout, into canvas: UprightCanvas
    ) throws(ImageDecodingError) {
        let hasAlpha = layout.channels == 4
        let direct = canvas.keepsRows && !hasAlpha
        let stride = Int(layout.channels) * canvas.storedWidth
        let frame = UnsafeMutablePointer<UInt8>.allocate(capacity: direct ? 1 : stride * canvas.storedHeight)
        defer { frame.deallocate() }
        for _ in 0..<layout.passes {
            for y in 0..<canvas.storedHeight {
                try check(cpng_read_row(reader, direct ? canvas.row(y) : frame + y * stride), .pixels)
            }
        }
        guard !direct else { return }
        for y in 0..<canvas.storedHeight {
            let row = frame + y * stride
            if hasAlpha { Flattening.overWhite(row, to: row, count: canvas.storedWidth) }
            canvas.store(row, row: y)
        }
    }

    private func check(_ status: cpng_status, _ stage: ImageDecodingError.Reason) throws(ImageDecodingError) {
        switch status {
        case CPNG_OK: return
        case CPNG_TRUNCATED: throw .truncated(.png)
        case CPNG_MEMORY: throw .corrupt(.png, .memory)
        default: throw .corrupt(.png, stage)
        }
    }
}
