// SPDX-License-Identifier: Apache-2.0
#include "CPNG.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

struct cpng_reader {
    png_structp png;
    png_infop info;
    const uint8_t *next;
    size_t left;
    // Bytes that may still be read for the row at hand, and for each row.
    size_t allowance;
    size_t row_allowance;
    cpng_status status;
};

static void on_error(png_structp png, png_const_charp message) {
    (void)message;
    cpng_reader *reader = png_get_error_ptr(png);
    if (reader->status == CPNG_OK) reader->status = CPNG_CORRUPT;
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void read_bytes(png_structp png, png_bytep into, size_t count) {
    cpng_reader *reader = png_get_io_ptr(png);
    if (count > reader->left) {
        reader->status = CPNG_TRUNCATED;
        png_error(png, "");
    }
    if (count > reader->allowance) png_error(png, "");
    reader->allowance -= count;
    memcpy(into, reader->next, count);
    reader->next += count;
    reader->left -= count;
}

static void *allocate(png_structp png, png_alloc_size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) ((cpng_reader *)png_get_mem_ptr(png))->status = CPNG_MEMORY;
    return memory;
}

static void release(png_structp png, void *memory) {
    (void)png;
    free(memory);
}

// Every allocation for a chunk is bounded by the file's own size, the kept chunks by a small number, and no
// ancillary chunk but tRNS is decoded at all: compressed text and colour profiles are skipped.
static void set_limits(cpng_reader *reader, size_t count, uint32_t max_width, uint32_t max_height) {
    png_set_user_limits(reader->png, max_width, max_height);
    png_set_chunk_malloc_max(reader->png, count);
    png_set_chunk_cache_max(reader->png, 16);
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
}

// 8 bits a sample (the high byte of 16), palette and gray to RGB, tRNS to an alpha channel.
static void set_transformations(png_structp png) {
    png_set_expand(png);
    png_set_strip_16(png);
    png_set_gray_to_rgb(png);
}

static cpng_status read_layout(cpng_reader *reader, cpng_layout *layout) {
    if (setjmp(png_jmpbuf(reader->png))) return reader->status;
    png_read_info(reader->png, reader->info);
    set_transformations(reader->png);
    layout->passes = png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
    layout->width = png_get_image_width(reader->png, reader->info);
    layout->height = png_get_image_height(reader->png, reader->info);
    layout->channels = png_get_channels(reader->png, reader->info);
    size_t expected = (size_t)layout->width * (size_t)layout->channels;
    if (png_get_rowbytes(reader->png, reader->info) != expected) return CPNG_CORRUPT;
    reader->row_allowance = 4 * expected + (64 << 10);
    return layout->channels == 3 || layout->channels == 4 ? CPNG_OK : CPNG_CORRUPT;
}

cpng_status cpng_open(
    const uint8_t *bytes, size_t count, uint32_t max_width, uint32_t max_height, cpng_reader **out,
    cpng_layout *layout) {
    *out = NULL;
    cpng_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) return CPNG_MEMORY;
    reader->next = bytes;
    reader->left = count;
    reader->allowance = SIZE_MAX;
    reader->png = png_create_read_struct_2(
        PNG_LIBPNG_VER_STRING, reader, on_error, on_warning, reader, allocate, release);
    reader->info = reader->png ? png_create_info_struct(reader->png) : NULL;
    if (reader->info == NULL) {
        cpng_close(reader);
        return CPNG_MEMORY;
    }
    png_set_read_fn(reader->png, reader, read_bytes);
    set_limits(reader, count, max_width, max_height);
    cpng_status status = read_layout(reader, layout);
    if (status == CPNG_OK) *out = reader;
    else cpng_close(reader);
    return status;
}

// Behind the last row libpng unpacks whatever is left of the data, only to throw it away: 20 MB of a file can be 20 GB of
// zeroes. No row needs more than its pixels and what an encoder may put between them.
cpng_status cpng_read_row(cpng_reader *reader, uint8_t *row) {
    reader->allowance = reader->row_allowance;
    if (setjmp(png_jmpbuf(reader->png))) return reader->status;
    png_read_row(reader->png, row, NULL);
    return CPNG_OK;
}

cpng_status cpng_finish(cpng_reader *reader) {
    reader->allowance = SIZE_MAX;
    if (setjmp(png_jmpbuf(reader->png))) return reader->status;
    png_read_end(reader->png, NULL);
    return CPNG_OK;
}

void cpng_close(cpng_reader *reader) {
    if (reader == NULL) return;
    if (reader->png) png_destroy_read_struct(&reader->png, &reader->info, NULL);
    free(reader);
}
