// SPDX-License-Identifier: Apache-2.0

internal import CWebP

extension WebPFile {
    /// Decodes the picture, or an animation's first frame at its place on a white canvas.
    func decode(_ header: ImageHeader) throws(ImageDecodingError) -> RGBImage {
        let features = try features()
        let pixels = try UprightCanvas.bytes(3 * header.width * header.height) { (base) throws(ImageDecodingError) in
            let canvas = UprightCanvas(
                base: base, storedWidth: header.storedWidth, storedHeight: header.storedHeight,
                orientation: header.turn)
            if features.has_animation != 0 {
                try decodeFirstFrame(into: canvas)
            } else if features.has_alpha == 0, header.turn == .upright {
                let area = Area(x: 0, y: 0, width: canvas.storedWidth, height: canvas.storedHeight)
                try decode(bytes, area, to: base, hasAlpha: false)
            } else {
                let area = Area(x: 0, y: 0, width: canvas.storedWidth, height: canvas.storedHeight)
                try decode(bytes, area, into: canvas)
            }
        }
        return RGBImage(width: header.width, height: header.height, pixels: pixels)
    }

    /// Where a frame lies on its canvas.
    private struct Area {
        let x, y, width, height: Int
    }

    private func decodeFirstFrame(into canvas: UprightCanvas) throws(ImageDecodingError) {
        let raw = bytes.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var data = WebPData(bytes: raw, size: bytes.count)
        guard let demuxer = WebPDemux(&data) else { throw .corrupt(.webp, .header) }
        defer { WebPDemuxDelete(demuxer) }
        var frame = WebPIterator()
        defer { WebPDemuxReleaseIterator(&frame) }
        guard WebPDemuxGetFrame(demuxer, 1, &frame) != 0, frame.complete != 0 else { throw .corrupt(.webp, .header) }
        let area = Area(
            x: Int(frame.x_offset), y: Int(frame.y_offset), width: Int(frame.width), height: Int(frame.height))
        guard area.x >= 0, area.y >= 0, area.width > 0, area.height > 0,
            area.x + area.width <= canvas.storedWidth, area.y + area.height <= canvas.storedHeight
        else { throw .corrupt(.webp, .header) }
        canvas.base.update(repeating: 255, count: 3 * canvas.storedWidth * canvas.storedHeight)
        let fragment = UnsafeRawBufferPointer(start: frame.fragment.bytes, count: frame.fragment.size)
        try decode(ByteView(bytes: fragment), area, into: canvas)
    }

    /// Decodes with alpha, composites on white and stores the rows at their place.
    private func decode(_ source: ByteView, _ area: Area, into canvas: UprightCanvas) throws(ImageDecodingError) {
        let frame = UnsafeMutablePointer<UInt8>.allocate(capacity: 4 * area.width * area.height)
        defer { frame.deallocate() }
        try decode(source, area, to: frame, hasAlpha: true)
        for y in 0..<area.height {
            let row = frame + 4 * area.width * y
            Flattening.overWhite(row, to: row, count: area.width)
            canvas.store(row, row: area.y + y, from: area.x, count: area.width)
        }
    }

    private func decode(
        _ source: ByteView, _ area: Area, to memory: UnsafeMutablePointer<UInt8>, hasAlpha: Bool
    ) throws(ImageDecodingError) {
        var config = WebPDecoderConfig()
        guard WebPInitDecoderConfig(&config) != 0 else { throw .unsupportedVariant(.webp) }
        let pointer = source.bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
        try check(WebPGetFeatures(pointer, source.count, &config.input), .header)
        guard Int(config.input.width) == area.width, Int(config.input.height) == area.height else {
            throw .corrupt(.webp, .header)
        }
        let stride = (hasAlpha ? 4 : 3) * area.width
        config.output.colorspace = hasAlpha ? MODE_RGBA : MODE_RGB
        config.output.is_external_memory = 1
        config.output.u.RGBA.rgba = memory
        config.output.u.RGBA.stride = Int32(stride)
        config.output.u.RGBA.size = stride * area.height
        defer { WebPFreeDecBuffer(&config.output) }
        try check(WebPDecode(pointer, source.count, &config), .pixels)
    }
}
