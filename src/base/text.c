/* text.c: numbers and strings without the locale, growing text, nearest names
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- growing text */

void octet_text_init(octet_text *text, const octet_allocator *allocator)
{
    *text = (octet_text){0};
    if (allocator != NULL)
        text->allocator = *allocator;
}

void octet_text_deinit(octet_text *text)
{
    octet_mem_free(&text->allocator, text->data);
    text->data = NULL;
    text->length = text->capacity = 0;
}

/* Room for `more` bytes and the terminator. */
static bool reserve(octet_text *text, size_t more)
{
    size_t need, capacity = text->capacity < 64 ? 64 : text->capacity;
    char *data;

    if (text->failed || !octet_add_size(text->length + 1, more, &need)) {
        text->failed = true;
        return false;
    }
    if (need <= text->capacity)
        return true;
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    data = octet_mem_realloc(&text->allocator, text->data, capacity, 1);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void octet_text_add(octet_text *text, const char *fmt, ...)
{
    va_list args, again;
    int length;

    va_start(args, fmt);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, fmt, args);
    if (length < 0) {
        text->failed = true;
    } else if (reserve(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, fmt, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void octet_text_add_bytes(octet_text *text, const char *data, size_t size)
{
    if (!reserve(text, size))
        return;
    if (size > 0)
        memcpy(text->data + text->length, data, size);
    text->length += size;
    text->data[text->length] = '\0';
}

/* ---- numbers */

static const char *skip_digits(const char *s)
{
    while (*s >= '0' && *s <= '9')
        s++;
    return s;
}

bool octet_parse_i64(const char *s, int64_t *out)
{
    const char *digits = s + (*s == '-' || *s == '+'), *end = skip_digits(digits);
    long long value;

    if (end == digits || *end != '\0')
        return false;
    errno = 0;
    value = strtoll(s, NULL, 10);
    if (errno != 0 || value < INT64_MIN || value > INT64_MAX)
        return false;
    *out = value;
    return true;
}

static bool parse_special(const char *s, double *out)
{
    static const struct {
        const char *text;
        double value;
    } specials[] = {
        {"inf", INFINITY}, {"+inf", INFINITY}, {"-inf", -INFINITY}, {"nan", NAN}, {"-nan", NAN},
    };

    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
        if (strcmp(s, specials[i].text) == 0) {
            *out = specials[i].value;
            return true;
        }
    }
    return false;
}

/* [sign] digits [. digits] [e [sign] digits], digits on one side of the point at least. *point is
 * the place of the point or NULL. */
static bool is_decimal(const char *s, const char **point)
{
    const char *start, *end;
    size_t digits;

    s += *s == '-' || *s == '+';
    start = s;
    s = skip_digits(s);
    digits = (size_t)(s - start);
    *point = NULL;
    if (*s == '.') {
        *point = s++;
        end = skip_digits(s);
        digits += (size_t)(end - s);
        s = end;
    }
    if (digits == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        end = skip_digits(s);
        if (end == s)
            return false;
        s = end;
    }
    return *s == '\0';
}

/* The C library's decimal point follows the locale of the program we are linked into. */
static const char *locale_point(void)
{
    const char *point = localeconv()->decimal_point;

    return *point == '\0' ? "." : point;
}

/* text with `from` at `at` replaced by `to`; false when it does not fit. */
static bool replace_point(char *text, size_t size, char *at, const char *from, const char *to)
{
    size_t from_length = strlen(from), to_length = strlen(to), tail = strlen(at) + 1 - from_length;

    if ((size_t)(at - text) + to_length + tail > size)
        return false;
    memmove(at + to_length, at + from_length, tail);
    memcpy(at, to, to_length);
    return true;
}

#define LONGEST_NUMBER 512 /* a longer one is refused */

/* Copies a decimal number into text as strtod() of this locale wants it. */
static bool localize(const char *s, char text[LONGEST_NUMBER])
{
    const char *point;
    size_t length = strlen(s);

    if (length >= LONGEST_NUMBER || !is_decimal(s, &point))
        return false;
    memcpy(text, s, length + 1);
    return point == NULL ||
           replace_point(text, LONGEST_NUMBER, text + (point - s), ".", locale_point());
}

bool octet_parse_f64(const char *s, double *out)
{
    char text[LONGEST_NUMBER];
    double value;

    if (parse_special(s, out))
        return true;
    if (!localize(s, text))
        return false;
    value = strtod(text, NULL);
    if (isinf(value))
        return false;
    *out = value;
    return true;
}

bool octet_parse_f32(const char *s, float *out)
{
    char text[LONGEST_NUMBER];
    double special;
    float value;

    if (parse_special(s, &special)) {
        *out = (float)special;
        return true;
    }
    if (!localize(s, text))
        return false;
    value = strtof(text, NULL); /* not by way of a double, which would round twice */
    if (isinf(value))
        return false;
    *out = value;
    return true;
}

static bool print_special(double x, char buffer[32])
{
    if (isnan(x))
        strcpy(buffer, "nan");
    else if (isinf(x))
        strcpy(buffer, x < 0 ? "-inf" : "inf");
    else
        return false;
    return true;
}

static const char *unlocalize(char buffer[32])
{
    const char *point = locale_point();
    char *at = strstr(buffer, point);

    if (at != NULL && strcmp(point, ".") != 0)
        replace_point(buffer, 32, at, point, ".");
    return buffer;
}

const char *octet_print_f32(float x, char buffer[32])
{
    /* Six digits survive decimal-binary-decimal, but for denormals fewer may already be exact. */
    int digits = fabsf(x) < FLT_MIN ? 1 : FLT_DIG;

    if (print_special((double)x, buffer))
        return buffer;
    do
        snprintf(buffer, 32, "%.*g", digits, (double)x);
    while (strtof(buffer, NULL) != x && digits++ < FLT_DECIMAL_DIG);
    return unlocalize(buffer);
}

const char *octet_print_f64(double x, char buffer[32])
{
    int digits = fabs(x) < DBL_MIN ? 1 : DBL_DIG;

    if (print_special(x, buffer))
        return buffer;
    do
        snprintf(buffer, 32, "%.*g", digits, x);
    while (strtod(buffer, NULL) != x && digits++ < DBL_DECIMAL_DIG);
    return unlocalize(buffer);
}

/* ---- nearest names */

#define LONGEST_WORD 64

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours, letter case ignored. Both words are
 * at most LONGEST_WORD long. */
static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][LONGEST_WORD + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;

    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        spare = before;
        before = above;
        above = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t differs = fold(a[i - 1]) != fold(b[j - 1]);

            row[j] = min_size(min_size(above[j], row[j - 1]) + 1, above[j - 1] + differs);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
                fold(a[i - 2]) == fold(b[j - 1]))
                row[j] = min_size(row[j], before[j - 2] + 1);
        }
    }
    return row[b_length];
}

const char *octet_nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word), best = 2 + length / 4;
    const char *nearest = NULL;

    if (length > LONGEST_WORD)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t candidate_length = strlen(candidates[i]), d;

        if (candidate_length > LONGEST_WORD)
            continue;
        d = distance(word, length, candidates[i], candidate_length);
        if (d < best) {
            best = d;
            nearest = candidates[i];
        }
    }
    return nearest;
}
