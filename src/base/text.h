/* text.h: numbers and strings without the locale, growing text, nearest names
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_BASE_TEXT_H
#define OCTET_BASE_TEXT_H

#include "base/alloc.h"
#include "base/diag.h"

typedef struct octet_text {
    octet_allocator allocator;
    char *data; /* always terminated once something was added */
    size_t length, capacity;
    bool failed; /* out of memory, sticky */
} octet_text;

void octet_text_init(octet_text *text, const octet_allocator *allocator);
void octet_text_deinit(octet_text *text);
void octet_text_add(octet_text *text, const char *fmt, ...) OCTET_PRINTF(2, 3);
void octet_text_add_bytes(octet_text *text, const char *data, size_t size);

/* Locale-independent, whole string must be the number. */
bool octet_parse_i64(const char *s, int64_t *out);
bool octet_parse_f64(const char *s, double *out);
bool octet_parse_f32(const char *s, float *out);
/* Shortest text that reads back as the same number; locale-independent. buffer holds 32 bytes. */
const char *octet_print_f32(float x, char buffer[32]);
const char *octet_print_f64(double x, char buffer[32]);

/* The candidate nearest to word by edit distance, NULL when none is near (distance > 1 + len/4). */
const char *octet_nearest(const char *word, const char *const *candidates, size_t count);

#endif
