/* text_lex.h: characters and words of the text syntax
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_GRAPH_TEXT_LEX_H
#define OCTET_GRAPH_TEXT_LEX_H

#include "graph/text_common.h"

typedef struct octet_lex {
    const char *text;
    size_t length, at;
    octet_arena *arena; /* for words, released after reading */
    octet_diag *diag;
} octet_lex;

typedef struct octet_lex_number {
    bool is_float, negative, fits; /* fits: magnitude is right */
    uint64_t magnitude;            /* of an integer */
    char text[512];
} octet_lex_number;

/* Puts "line L, column C: " of position `at` before a failure; OK passes. */
octet_status octet_lex_locate(const octet_lex *lex, size_t at, octet_status status);

#define OCTET_LEX_FAIL(lex, at, code, ...)                                                         \
    octet_lex_locate((lex), (at), octet_fail((lex)->diag, (code), __VA_ARGS__))

/* All but octet_lex_expect_here skip white space and comments first. */
int octet_lex_peek(octet_lex *lex); /* -1 at the end */
bool octet_lex_match(octet_lex *lex, char c);
octet_status octet_lex_expect(octet_lex *lex, char c);
octet_status octet_lex_expect_here(octet_lex *lex, char c);

bool octet_lex_at_word(octet_lex *lex);  /* an identifier follows */
bool octet_lex_at_type(octet_lex *lex);  /* the identifier that follows names a type */
bool octet_lex_at_float(octet_lex *lex); /* nan or inf follows */

octet_status octet_lex_word(octet_lex *lex, const char **out);
octet_status octet_lex_string(octet_lex *lex, const char **out, size_t *length);
octet_status octet_lex_plain_string(octet_lex *lex, const char **out); /* without zero bytes */
octet_status octet_lex_name(octet_lex *lex, const char **out);         /* a word or a string */
octet_status octet_lex_number_at(octet_lex *lex, octet_lex_number *out);
octet_status octet_lex_i64(octet_lex *lex, int64_t *out);

#endif
