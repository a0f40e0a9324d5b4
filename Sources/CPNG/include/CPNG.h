// SPDX-License-Identifier: Apache-2.0
//
// libpng reports errors through setjmp, which Swift cannot call. This shim keeps every jump inside one C call
// and returns a code instead. It prints nothing, reads from memory only and allocates no pixels of its own.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum {
    CPNG_OK = 0,
    CPNG_TRUNCATED, // the bytes end before the image does
    CPNG_CORRUPT,   // libpng refused what it read: structure, checksum or compressed data
    CPNG_MEMORY,    // an allocation failed
} cpng_status;

// What the rows will look like once everything is expanded to 8 bits a sample.
typedef struct {
    uint32_t width;
    uint32_t height;
    int channels; // 3: RGB, 4: RGBA
    int passes;   // 1, or 7 for an interlaced file: then all rows are read once a pass, into the same memory
} cpng_layout;

typedef struct cpng_reader cpng_reader;

// Reads everything before the pixels. `bytes` must outlive the reader. On an error nothing is left to close.
cpng_status cpng_open(
    const uint8_t *bytes, size_t count, uint32_t max_width, uint32_t max_height, cpng_reader **reader,
    cpng_layout *layout);

// Reads the next row: width * channels bytes.
cpng_status cpng_read_row(cpng_reader *reader, uint8_t *row);

// Reads to the end of the file's last chunk, which checks the remaining checksums.
cpng_status cpng_finish(cpng_reader *reader);

void cpng_close(cpng_reader *reader);
