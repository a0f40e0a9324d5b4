// SPDX-License-Identifier: Apache-2.0
//
// libjpeg reports errors by a callback that must not return, which Swift cannot express. This shim keeps every
// jump inside one C call and returns a code instead. It prints nothing, reads from memory only, and treats the
// end of the bytes before the end-of-image marker as an error rather than inventing the rest.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum {
    CJPEG_OK = 0,
    CJPEG_TRUNCATED,   // the bytes end before the image does
    CJPEG_CORRUPT,     // libjpeg refused what it read
    CJPEG_UNSUPPORTED, // lossless, hierarchical, arithmetic, 12 bit, or a colour model we cannot convert
    CJPEG_TOO_LARGE,   // a side is beyond what libjpeg reads
    CJPEG_MEMORY,      // the codec would need more memory than it was given
    CJPEG_SCANS,       // more scans than allowed
} cjpeg_status;

typedef struct {
    uint32_t width;
    uint32_t height;
    int components; // 1, 3 or 4
    int channels;   // of the rows that will be read: 3 for RGB, 4 for CMYK (as stored, that is inverted by Adobe)
} cjpeg_layout;

typedef struct cjpeg_reader cjpeg_reader;

// Reads up to the first scan. `bytes` must outlive the reader. On an error nothing is left to close, and `layout`
// holds the sides as far as they were read (CJPEG_TOO_LARGE).
cjpeg_status cjpeg_open(const uint8_t *bytes, size_t count, cjpeg_reader **reader, cjpeg_layout *layout);

// Sets the scale to eighths/8 (1...8) and starts; a file of several scans is read completely here.
// `layout` is changed to the scaled size.
cjpeg_status cjpeg_start(
    cjpeg_reader *reader, unsigned eighths, size_t max_memory, int max_scans, cjpeg_layout *layout);

// Reads the next `count` rows, `stride` bytes apart (which may be negative).
cjpeg_status cjpeg_read_rows(cjpeg_reader *reader, uint8_t *first, ptrdiff_t stride, uint32_t count);

// Reads to the end-of-image marker.
cjpeg_status cjpeg_finish(cjpeg_reader *reader);

void cjpeg_close(cjpeg_reader *reader);

// Compresses `height` rows of `width` RGB pixels that follow each other without gaps: a baseline file with 2x2 chroma
// subsampling, the accurate transform, and the usual tables scaled to `quality` (1...100). `out` is to be freed with
// cjpeg_free; it is NULL on an error (CJPEG_TOO_LARGE, CJPEG_MEMORY, CJPEG_CORRUPT).
cjpeg_status cjpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t **out, size_t *count);

void cjpeg_free(uint8_t *bytes);
