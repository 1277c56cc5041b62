/* text_common.c: words of the text syntax
 * SPDX-License-Identifier: Apache-2.0
 */
#include "graph/text_common.h"

#include <string.h>

octet_text_unit octet_text_unit_of(octet_dtype dtype)
{
    const octet_dtype_traits *traits = octet_dtype_get(dtype);
    octet_text_unit unit = {.is_signed = traits->kind == OCTET_KIND_SIGNED};

    switch (dtype) {
    case OCTET_DTYPE_FLOAT32:
    case OCTET_DTYPE_COMPLEX64:
        return (octet_text_unit){.bytes = sizeof(float), .is_float = true};
    case OCTET_DTYPE_FLOAT64:
    case OCTET_DTYPE_COMPLEX128:
        return (octet_text_unit){.bytes = sizeof(double), .is_float = true};
    default:
        break;
    }
    if (traits->bits == 0)
        return unit;
    unit.bytes = traits->bits < 8 ? 1 : traits->bits / 8;
    unit.min = traits->min;
    unit.max = traits->max;
    if (traits->bits < 8 || traits->kind == OCTET_KIND_FLOAT) { /* bare bits */
        unit.is_signed = false;
        unit.min = 0;
        unit.max = (INT64_C(1) << (8 * unit.bytes)) - 1;
    }
    return unit;
}

octet_dtype octet_text_dtype(const char *word)
{
    octet_dtype dtype = octet_dtype_from_name(word);

    /* octet_dtype_from_name() knows aliases that are plain names here. */
    if (strcmp(octet_dtype_get(dtype)->name, word) != 0)
        return OCTET_DTYPE_UNDEFINED;
    return dtype;
}

bool octet_text_is_type(const char *word)
{
    static const char *const others[] = {"seq",    "map",        "optional",  "sparse_tensor",
                                         "opaque", "float6e2m3", "float6e3m2"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(word, others[i]) == 0)
            return true;
    }
    return octet_text_dtype(word) != OCTET_DTYPE_UNDEFINED;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool octet_text_is_identifier(const char *word)
{
    if (!is_letter(*word))
        return false;
    while (is_letter(*word) || (*word >= '0' && *word <= '9'))
        word++;
    return *word == '\0';
}

bool octet_text_is_float(const char *word)
{
    static const char *const specials[] = {"nan", "inf", "infinity"};

    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
        const char *a = word, *b = specials[i];

        while (*a != '\0' && (*a == *b || *a == *b - 'a' + 'A'))
            a++, b++;
        if (*a == '\0' && *b == '\0')
            return true;
    }
    return false;
}

static const char *const attr_kinds[] = {
    [OCTET_ATTR_FLOAT] = "float",
    [OCTET_ATTR_INT] = "int",
    [OCTET_ATTR_STRING] = "string",
    [OCTET_ATTR_TENSOR] = "tensor",
    [OCTET_ATTR_GRAPH] = "graph",
    [OCTET_ATTR_FLOATS] = "floats",
    [OCTET_ATTR_INTS] = "ints",
    [OCTET_ATTR_STRINGS] = "strings",
    [OCTET_ATTR_TENSORS] = "tensors",
    [OCTET_ATTR_GRAPHS] = "graphs",
    [OCTET_ATTR_SPARSE_TENSOR] = "sparse_tensor",
    [OCTET_ATTR_SPARSE_TENSORS] = "sparse_tensors",
    [OCTET_ATTR_TYPE_PROTO] = "type_proto",
    [OCTET_ATTR_TYPE_PROTOS] = "type_protos",
};

#define KINDS (sizeof attr_kinds / sizeof attr_kinds[0])

const char *octet_text_attr_kind(octet_attr_kind kind)
{
    return (size_t)kind < KINDS ? attr_kinds[kind] : NULL;
}

octet_attr_kind octet_text_attr_kind_of(const char *word)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (attr_kinds[i] != NULL && strcmp(attr_kinds[i], word) == 0)
            return (octet_attr_kind)i;
    }
    return OCTET_ATTR_UNDEFINED;
}
