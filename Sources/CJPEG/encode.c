// SPDX-License-Identifier: Apache-2.0
#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

struct writer {
    struct jpeg_compress_struct codec;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf jump;
    uint8_t *bytes;
    size_t room;
};

_Noreturn static void on_error(j_common_ptr codec) {
    struct writer *writer = codec->client_data;
    longjmp(writer->jump, 1);
}

static void on_message(j_common_ptr codec, int level) {
    (void)codec;
    (void)level;
}

static void on_output(j_common_ptr codec) { (void)codec; }

static void nothing(j_compress_ptr codec) { (void)codec; }

// Called when the room is used up. (libjpeg's own memory destination loses track of its buffer on an error.)
static boolean grow(j_compress_ptr codec) {
    struct writer *writer = codec->client_data;
    uint8_t *larger = realloc(writer->bytes, 2 * writer->room);
    if (larger == NULL) {
        codec->err->msg_code = JERR_OUT_OF_MEMORY;
        on_error((j_common_ptr)codec);
    }
    writer->bytes = larger;
    codec->dest->next_output_byte = larger + writer->room;
    codec->dest->free_in_buffer = writer->room;
    writer->room *= 2;
    return TRUE;
}

static cjpeg_status reason(int message) {
    switch (message) {
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
    case JERR_EMPTY_IMAGE: return CJPEG_TOO_LARGE;
    case JERR_OUT_OF_MEMORY: return CJPEG_MEMORY;
    default: return CJPEG_CORRUPT;
    }
}

static cjpeg_status compress(
    struct writer *writer, const uint8_t *pixels, uint32_t width, uint32_t height, int quality) {
    j_compress_ptr codec = &writer->codec;
    if (setjmp(writer->jump)) return reason(writer->errors.msg_code);
    jpeg_create_compress(codec);
    writer->destination = (struct jpeg_destination_mgr){
        .next_output_byte = writer->bytes, .free_in_buffer = writer->room, .init_destination = nothing,
        .empty_output_buffer = grow, .term_destination = nothing};
    codec->dest = &writer->destination;
    codec->image_width = width;
    codec->image_height = height;
    codec->input_components = 3;
    codec->in_color_space = JCS_RGB;
    jpeg_set_defaults(codec);
    jpeg_set_quality(codec, quality, TRUE);
    jpeg_start_compress(codec, TRUE);
    for (uint32_t row = 0; row < height; row++) {
        // libjpeg's type lacks the const; it does not write to its input.
        JSAMPROW rows[1] = {(JSAMPROW)(pixels + (size_t)row * 3 * width)};
        jpeg_write_scanlines(codec, rows, 1);
    }
    jpeg_finish_compress(codec);
    return CJPEG_OK;
}

cjpeg_status cjpeg_encode(
    const uint8_t *pixels, uint32_t width, uint32_t height, int quality, uint8_t **out, size_t *count) {
    *out = NULL;
    *count = 0;
    struct writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) return CJPEG_MEMORY;
    writer->room = 1 << 14;
    writer->bytes = malloc(writer->room);
    writer->codec.err = jpeg_std_error(&writer->errors);
    writer->errors.error_exit = on_error;
    writer->errors.emit_message = on_message;
    writer->errors.output_message = on_output;
    writer->codec.client_data = writer;
    cjpeg_status status =
        writer->bytes == NULL ? CJPEG_MEMORY : compress(writer, pixels, width, height, quality);
    jpeg_destroy_compress(&writer->codec);
    if (status == CJPEG_OK) {
        *out = writer->bytes;
        *count = writer->room - writer->destination.free_in_buffer;
    } else {
        free(writer->bytes);
    }
    free(writer);
    return status;
}

void cjpeg_free(uint8_t *bytes) { free(bytes); }
