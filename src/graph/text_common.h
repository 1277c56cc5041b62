/* text_common.h: what writer and reader of the text syntax share
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_GRAPH_TEXT_COMMON_H
#define OCTET_GRAPH_TEXT_COMMON_H

#include "graph/text.h"

/* How one number of a payload is written: floats as decimals; half and smaller floats as the
 * integer of their bits; types under a byte as the bytes that hold them. Complex numbers are two
 * floats. */
typedef struct octet_text_unit {
    size_t bytes;
    bool is_float, is_signed;
    int64_t min, max; /* of integers up to 32 bits */
} octet_text_unit;

/* bytes 0: the type has no payload in octet (strings). */
octet_text_unit octet_text_unit_of(octet_dtype dtype);

/* The element type with exactly this name in the syntax, UNDEFINED if there is none. */
octet_dtype octet_text_dtype(const char *word);
bool octet_text_is_type(const char *word); /* element types, seq, map, optional … */
bool octet_text_is_identifier(const char *word);
bool octet_text_is_float(const char *word); /* nan, inf, infinity in any case */

/* Name of an attribute's type ("floats") and back; NULL and UNDEFINED if there is none. */
const char *octet_text_attr_kind(octet_attr_kind kind);
octet_attr_kind octet_text_attr_kind_of(const char *word);

#endif
