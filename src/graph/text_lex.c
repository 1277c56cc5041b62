/* text_lex.c: characters and words of the text syntax
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/text_lex.h"

#include <string.h>

octet_status octet_lex_locate(const octet_lex *lex, size_t at, octet_status status)
{
    size_t line = 1, column = 1;

    if (status == OCTET_OK)
        return OCTET_OK;
    for (size_t i = 0; i < at && i < lex->length; i++) {
        column = lex->text[i] == '\n' ? 1 : column + 1;
        line += lex->text[i] == '\n';
    }
    return octet_note(lex->diag, status, "line %zu, column %zu", line, column);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip(octet_lex *lex)
{
    bool comment = false;

    for (; lex->at < lex->length; lex->at++) {
        char c = lex->text[lex->at];

        if (c == '#')
            comment = true;
        else if (c == '\n')
            comment = false;
        else if (!comment && !is_space(c))
            return;
    }
}

/* The character at the cursor; 0 at the end, which no rule accepts. */
static char here(const octet_lex *lex)
{
    return lex->at < lex->length ? lex->text[lex->at] : '\0';
}

int octet_lex_peek(octet_lex *lex)
{
    skip(lex);
    return lex->at < lex->length ? (unsigned char)lex->text[lex->at] : -1;
}

static bool match_here(octet_lex *lex, char c)
{
    if (lex->at >= lex->length || lex->text[lex->at] != c)
        return false;
    lex->at++;
    return true;
}

bool octet_lex_match(octet_lex *lex, char c)
{
    skip(lex);
    return match_here(lex, c);
}

octet_status octet_lex_expect_here(octet_lex *lex, char c)
{
    if (match_here(lex, c))
        return OCTET_OK;
    if (lex->at >= lex->length)
        return OCTET_LEX_FAIL(lex, lex->at, OCTET_ERR_MALFORMED,
                              "expected '%c' but the text ends here", c);
    return OCTET_LEX_FAIL(lex, lex->at, OCTET_ERR_MALFORMED, "expected '%c'", c);
}

octet_status octet_lex_expect(octet_lex *lex, char c)
{
    skip(lex);
    return octet_lex_expect_here(lex, c);
}

/* ---- words */

/* Length of the identifier at the cursor. */
static size_t word_length(octet_lex *lex)
{
    size_t end;

    skip(lex);
    end = lex->at;
    if (!is_letter(here(lex)) && here(lex) != '_')
        return 0;
    while (end < lex->length &&
           (is_letter(lex->text[end]) || is_digit(lex->text[end]) || lex->text[end] == '_'))
        end++;
    return end - lex->at;
}

bool octet_lex_at_word(octet_lex *lex)
{
    return word_length(lex) != 0;
}

#define LONGEST_TYPE 32

bool octet_lex_at_type(octet_lex *lex)
{
    size_t length = word_length(lex);
    char word[LONGEST_TYPE];

    if (length == 0 || length >= sizeof word)
        return false;
    memcpy(word, lex->text + lex->at, length);
    word[length] = '\0';
    return octet_text_is_type(word);
}

/* Letters alone count: nan_1 is taken for a number too, and then fails, as in onnx.parser. */
bool octet_lex_at_float(octet_lex *lex)
{
    char word[LONGEST_TYPE];
    size_t length = 0;

    skip(lex);
    while (lex->at + length < lex->length && is_letter(lex->text[lex->at + length]))
        length++;
    if (length >= sizeof word ||
        (lex->at + length < lex->length && is_digit(lex->text[lex->at + length])))
        return false;
    memcpy(word, lex->text + lex->at, length);
    word[length] = '\0';
    return octet_text_is_float(word);
}

octet_status octet_lex_word(octet_lex *lex, const char **out)
{
    size_t length = word_length(lex);

    if (length == 0)
        return OCTET_LEX_FAIL(lex, lex->at, OCTET_ERR_MALFORMED, "expected a name");
    *out = octet_arena_strndup(lex->arena, lex->text + lex->at, length);
    OCTET_TRY_ALLOC(lex->diag, *out);
    lex->at += length;
    return OCTET_OK;
}

/* A backslash takes the next character as it is. */
octet_status octet_lex_string(octet_lex *lex, const char **out, size_t *length)
{
    size_t start, end, n = 0;
    char *copy;

    OCTET_TRY(octet_lex_expect(lex, '"'));
    start = lex->at;
    for (end = start; end < lex->length && lex->text[end] != '"'; end++)
        end += lex->text[end] == '\\';
    if (end >= lex->length)
        return OCTET_LEX_FAIL(lex, start - 1, OCTET_ERR_MALFORMED, "this string does not end");
    copy = octet_arena_alloc(lex->arena, end - start + 1, 1);
    OCTET_TRY_ALLOC(lex->diag, copy);
    for (size_t i = start; i < end; i++) {
        i += lex->text[i] == '\\';
        copy[n++] = lex->text[i];
    }
    lex->at = end + 1;
    *out = copy;
    *length = n;
    return OCTET_OK;
}

octet_status octet_lex_plain_string(octet_lex *lex, const char **out)
{
    size_t at, length;

    skip(lex);
    at = lex->at;
    OCTET_TRY(octet_lex_string(lex, out, &length));
    if (strlen(*out) != length)
        return OCTET_LEX_FAIL(lex, at, OCTET_ERR_MALFORMED, "this string holds a zero byte");
    return OCTET_OK;
}

octet_status octet_lex_name(octet_lex *lex, const char **out)
{
    return octet_lex_peek(lex) == '"' ? octet_lex_plain_string(lex, out) : octet_lex_word(lex, out);
}

/* ---- numbers */

static void skip_digits(octet_lex *lex)
{
    while (is_digit(here(lex)))
        lex->at++;
}

/* Digits [. digits] [e [sign] digits]; true if it is a float. */
static bool skip_decimal(octet_lex *lex)
{
    bool is_float = false;

    skip_digits(lex);
    if (match_here(lex, '.')) {
        is_float = true;
        skip_digits(lex);
    }
    if (match_here(lex, 'e') || match_here(lex, 'E')) {
        is_float = true;
        if (!match_here(lex, '+'))
            match_here(lex, '-');
        skip_digits(lex);
    }
    return is_float;
}

static void read_magnitude(const char *digits, octet_lex_number *out)
{
    out->magnitude = 0;
    out->fits = true;
    for (; is_digit(*digits); digits++) {
        uint64_t digit = (uint64_t)(*digits - '0');

        if (out->magnitude > (UINT64_MAX - digit) / 10)
            out->fits = false;
        out->magnitude = out->magnitude * 10 + digit;
    }
}

octet_status octet_lex_number_at(octet_lex *lex, octet_lex_number *out)
{
    size_t start, length;

    skip(lex);
    start = lex->at;
    out->negative = match_here(lex, '-');
    out->is_float = true;
    if (is_digit(here(lex))) {
        out->is_float = skip_decimal(lex);
    } else if (!is_space(here(lex)) && octet_lex_at_float(lex)) {
        while (is_letter(here(lex)))
            lex->at++;
    } else {
        return OCTET_LEX_FAIL(lex, start, OCTET_ERR_MALFORMED, "expected a number");
    }
    length = lex->at - start;
    if (length >= sizeof out->text)
        return OCTET_LEX_FAIL(lex, start, OCTET_ERR_MALFORMED, "this number is too long");
    for (size_t i = 0; i < length; i++) {
        char c = lex->text[start + i];

        out->text[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out->text[length] = '\0';
    if (strstr(out->text, "infinity") != NULL)
        strcpy(out->text, out->negative ? "-inf" : "inf");
    read_magnitude(out->text + out->negative, out);
    return OCTET_OK;
}

octet_status octet_lex_i64(octet_lex *lex, int64_t *out)
{
    octet_lex_number number;
    size_t at;

    skip(lex);
    at = lex->at;
    OCTET_TRY(octet_lex_number_at(lex, &number));
    if (number.is_float || !octet_parse_i64(number.text, out))
        return OCTET_LEX_FAIL(lex, at, OCTET_ERR_MALFORMED, "'%s' is no 64-bit integer",
                              number.text);
    return OCTET_OK;
}
