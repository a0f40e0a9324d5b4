// SPDX-License-Identifier: Apache-2.0
#include "CJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>

#include <jerror.h>

struct cjpeg_reader {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    cjpeg_status status;
    int max_scans;
};

_Noreturn static void stop(j_common_ptr codec, cjpeg_status status) {
    cjpeg_reader *reader = codec->client_data;
    reader->status = status;
    longjmp(reader->jump, 1);
}

static void on_error(j_common_ptr codec) {
    switch (codec->err->msg_code) {
    case JERR_SOF_UNSUPPORTED:
    case JERR_BAD_PRECISION:
    case JERR_ARITH_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_BAD_J_COLORSPACE:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
        stop(codec, CJPEG_UNSUPPORTED);
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
        stop(codec, CJPEG_TOO_LARGE);
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
        stop(codec, CJPEG_MEMORY);
    default:
        stop(codec, CJPEG_CORRUPT);
    }
}

static void on_message(j_common_ptr codec, int level) {
    if (level < 0) codec->err->num_warnings++;
}

static void on_output(j_common_ptr codec) { (void)codec; }

static void nothing(j_decompress_ptr codec) { (void)codec; }

static boolean on_empty(j_decompress_ptr codec) {
    stop((j_common_ptr)codec, CJPEG_TRUNCATED);
}

static void skip(j_decompress_ptr codec, long count) {
    if (count <= 0) return;
    if ((size_t)count > codec->src->bytes_in_buffer) stop((j_common_ptr)codec, CJPEG_TRUNCATED);
    codec->src->next_input_byte += count;
    codec->src->bytes_in_buffer -= (size_t)count;
}

// Called while the scans of a multi-scan file are absorbed: a small file may hold thousands over a large image.
static void on_progress(j_common_ptr codec) {
    cjpeg_reader *reader = codec->client_data;
    if (reader->codec.input_scan_number > reader->max_scans) stop(codec, CJPEG_SCANS);
}

static cjpeg_status read_layout(cjpeg_reader *reader, const uint8_t *bytes, size_t count, cjpeg_layout *layout) {
    j_decompress_ptr codec = &reader->codec;
    if (setjmp(reader->jump)) {
        *layout = (cjpeg_layout){codec->image_width, codec->image_height, 0, 0};
        return reader->status;
    }
    jpeg_create_decompress(codec);
    reader->source = (struct jpeg_source_mgr){
        .next_input_byte = bytes, .bytes_in_buffer = count, .init_source = nothing, .fill_input_buffer = on_empty,
        .skip_input_data = skip, .resync_to_restart = jpeg_resync_to_restart, .term_source = nothing};
    codec->src = &reader->source;
    jpeg_read_header(codec, TRUE);
    if (codec->arith_code) return CJPEG_UNSUPPORTED;
    int components = codec->num_components;
    if (components != 1 && components != 3 && components != 4) return CJPEG_UNSUPPORTED;
    codec->out_color_space = components == 4 ? JCS_CMYK : JCS_RGB;
    *layout = (cjpeg_layout){codec->image_width, codec->image_height, components, components == 4 ? 4 : 3};
    return CJPEG_OK;
}

cjpeg_status cjpeg_open(const uint8_t *bytes, size_t count, cjpeg_reader **out, cjpeg_layout *layout) {
    *out = NULL;
    cjpeg_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) return CJPEG_MEMORY;
    reader->codec.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = on_error;
    reader->errors.emit_message = on_message;
    reader->errors.output_message = on_output;
    reader->codec.client_data = reader;
    cjpeg_status status = read_layout(reader, bytes, count, layout);
    if (status == CJPEG_OK) *out = reader;
    else cjpeg_close(reader);
    return status;
}

cjpeg_status cjpeg_start(
    cjpeg_reader *reader, unsigned eighths, size_t max_memory, int max_scans, cjpeg_layout *layout) {
    j_decompress_ptr codec = &reader->codec;
    if (setjmp(reader->jump)) return reader->status;
    reader->max_scans = max_scans;
    reader->progress.progress_monitor = on_progress;
    codec->progress = &reader->progress;
    codec->mem->max_memory_to_use = (long)max_memory;
    codec->scale_num = eighths;
    codec->scale_denom = 8;
    jpeg_start_decompress(codec);
    if (codec->output_components != layout->channels) return CJPEG_UNSUPPORTED;
    layout->width = codec->output_width;
    layout->height = codec->output_height;
    return CJPEG_OK;
}

cjpeg_status cjpeg_read_rows(cjpeg_reader *reader, uint8_t *first, ptrdiff_t stride, uint32_t count) {
    j_decompress_ptr codec = &reader->codec;
    if (setjmp(reader->jump)) return reader->status;
    for (uint32_t done = 0; done < count; done++) {
        JSAMPROW rows[1] = {first + (ptrdiff_t)done * stride};
        if (jpeg_read_scanlines(codec, rows, 1) != 1) return CJPEG_CORRUPT;
    }
    return CJPEG_OK;
}

cjpeg_status cjpeg_finish(cjpeg_reader *reader) {
    if (setjmp(reader->jump)) return reader->status;
    return jpeg_finish_decompress(&reader->codec) ? CJPEG_OK : CJPEG_TRUNCATED;
}

void cjpeg_close(cjpeg_reader *reader) {
    if (reader == NULL) return;
    jpeg_destroy_decompress(&reader->codec);
    free(reader);
}
