/* npy.c: NumPy's .npy files, read in place and written
 * SPDX-License-Identifier: Apache-2.0
 */
#include "data/npy.h"
#include "data/npy_view.h"

#include <stdio.h>
#include <string.h>

static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* kind and size as in the array interface protocol: "<f4" is a little-endian float of 4 bytes. */
static const struct npy_type {
    octet_dtype dtype;
    char kind;
    uint8_t size;
} npy_types[] = {
    {OCTET_DTYPE_FLOAT32, 'f', 4}, {OCTET_DTYPE_FLOAT64, 'f', 8}, {OCTET_DTYPE_FLOAT16, 'f', 2},
    {OCTET_DTYPE_INT8, 'i', 1},    {OCTET_DTYPE_INT16, 'i', 2},   {OCTET_DTYPE_INT32, 'i', 4},
    {OCTET_DTYPE_INT64, 'i', 8},   {OCTET_DTYPE_UINT8, 'u', 1},   {OCTET_DTYPE_UINT16, 'u', 2},
    {OCTET_DTYPE_UINT32, 'u', 4},  {OCTET_DTYPE_UINT64, 'u', 8},  {OCTET_DTYPE_BOOL, 'b', 1},
};
#define N_NPY_TYPES (sizeof npy_types / sizeof npy_types[0])

/* ---------------------------------------------------------------- header */

/* The header is a Python dict literal of three keys. */
typedef struct literal {
    const char *at, *end;
    octet_npy_view *view;
    octet_diag *diag;
} literal;

static octet_status bad_header(literal *l, const char *what)
{
    return octet_fail(l->diag, OCTET_ERR_MALFORMED, ".npy header: %s", what);
}

static void skip_space(literal *l)
{
    while (l->at < l->end && (*l->at == ' ' || *l->at == '\n' || *l->at == '\t'))
        l->at++;
}

static bool accept(literal *l, char c)
{
    skip_space(l);
    if (l->at == l->end || *l->at != c)
        return false;
    l->at++;
    return true;
}

static bool accept_word(literal *l, const char *word)
{
    size_t n = strlen(word);

    skip_space(l);
    if ((size_t)(l->end - l->at) < n || memcmp(l->at, word, n) != 0)
        return false;
    l->at += n;
    return true;
}

/* A string without escapes: none of the three keys and no dtype that is read has any. */
static bool read_string(literal *l, char *out, size_t size)
{
    size_t n = 0;
    char quote;

    skip_space(l);
    if (l->at == l->end || (*l->at != '\'' && *l->at != '"'))
        return false;
    quote = *l->at++;
    while (l->at < l->end && *l->at != quote) {
        if (n + 1 >= size || *l->at < ' ' || *l->at > '~')
            return false;
        out[n++] = *l->at++;
    }
    out[n] = '\0';
    return l->at++ < l->end;
}

static octet_status read_descr(literal *l)
{
    char text[32];

    if (!read_string(l, text, sizeof text))
        return bad_header(l, "the dtype is not a plain one (structured arrays are not read)");
    for (size_t i = 0; i < N_NPY_TYPES; i++) {
        char size[2] = {(char)('0' + npy_types[i].size), '\0'};

        if (strchr("<>|=", text[0]) && text[0] != '\0' && text[1] == npy_types[i].kind &&
            strcmp(text + 2, size) == 0) {
            l->view->type.dtype = npy_types[i].dtype;
            l->view->swapped = text[0] == '>' && npy_types[i].size > 1;
            return OCTET_OK;
        }
    }
    return octet_fail(l->diag, OCTET_ERR_MALFORMED, ".npy header: dtype '%s' is not supported",
                      text);
}

static octet_status read_order(literal *l)
{
    l->view->fortran = accept_word(l, "True");
    if (!l->view->fortran && !accept_word(l, "False"))
        return bad_header(l, "'fortran_order' is neither True nor False");
    return OCTET_OK;
}

static bool read_dim(literal *l, int64_t *out)
{
    const char *start;
    int64_t value = 0;

    skip_space(l);
    for (start = l->at; l->at < l->end && *l->at >= '0' && *l->at <= '9'; l->at++) {
        if (value > (INT64_MAX - 9) / 10)
            return false;
        value = value * 10 + (*l->at - '0');
    }
    *out = value;
    if (l->at == start)
        return false;
    accept(l, 'L'); /* long integers as Python 2 wrote them */
    return true;
}

static octet_status read_shape(literal *l)
{
    octet_tensor *type = &l->view->type;

    type->rank = 0;
    if (!accept(l, '('))
        return bad_header(l, "'shape' is not a tuple");
    while (!accept(l, ')')) {
        if (type->rank == OCTET_MAX_RANK)
            return octet_fail(l->diag, OCTET_ERR_MALFORMED, ".npy header: more than %d dimensions",
                              OCTET_MAX_RANK);
        if (!read_dim(l, &type->dims[type->rank++]))
            return bad_header(l, "a dimension of 'shape' is not a number that fits");
        if (!accept(l, ',') && (l->at == l->end || *l->at != ')'))
            return bad_header(l, "'shape' does not end");
    }
    return OCTET_OK;
}

static const struct {
    const char *key;
    octet_status (*read)(literal *l);
} header_keys[] = {{"descr", read_descr}, {"fortran_order", read_order}, {"shape", read_shape}};

static octet_status read_entry(literal *l, unsigned *seen)
{
    char key[32];

    if (!read_string(l, key, sizeof key) || !accept(l, ':'))
        return bad_header(l, "not a dictionary");
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(key, header_keys[i].key) != 0)
            continue;
        if (*seen & (1u << i))
            return bad_header(l, "a key is given twice");
        *seen |= 1u << i;
        return header_keys[i].read(l);
    }
    return octet_fail(l->diag, OCTET_ERR_MALFORMED, ".npy header: unknown key '%s'", key);
}

static octet_status read_dictionary(literal *l)
{
    unsigned seen = 0;

    if (!accept(l, '{'))
        return bad_header(l, "not a dictionary");
    while (!accept(l, '}')) {
        OCTET_TRY(read_entry(l, &seen));
        if (!accept(l, ',') && (l->at == l->end || *l->at != '}'))
            return bad_header(l, "not a dictionary");
    }
    skip_space(l);
    if (l->at != l->end)
        return bad_header(l, "text after the dictionary");
    return seen == 7u ? OCTET_OK : bad_header(l, "descr, fortran_order or shape is missing");
}

octet_status octet_npy_header_bytes(const uint8_t *bytes, size_t size, size_t *out,
                                    octet_diag *diag)
{
    if (size < 10 || memcmp(bytes, magic, sizeof magic) != 0)
        return octet_fail(diag, OCTET_ERR_MALFORMED, "not a .npy file");
    if (bytes[6] < 1 || bytes[6] > 3)
        return octet_fail(diag, OCTET_ERR_MALFORMED, ".npy format %d.%d is not known", bytes[6],
                          bytes[7]);
    *out = 10 + ((size_t)bytes[8] | (size_t)bytes[9] << 8);
    if (bytes[6] == 1)
        return OCTET_OK;
    if (size < OCTET_NPY_PREAMBLE)
        return octet_fail(diag, OCTET_ERR_MALFORMED, ".npy header is cut short");
    *out += 2 + ((size_t)bytes[10] << 16 | (size_t)bytes[11] << 24);
    return OCTET_OK;
}

octet_status octet_npy_read_header(const uint8_t *bytes, size_t size, octet_npy_view *out,
                                   octet_diag *diag)
{
    literal l = {.view = out, .diag = diag};
    octet_tensor read;

    *out = (octet_npy_view){0};
    OCTET_TRY(octet_npy_header_bytes(bytes, size, &out->header_bytes, diag));
    if (out->header_bytes > size)
        return octet_fail(diag, OCTET_ERR_MALFORMED, ".npy header is cut short");
    l.at = (const char *)bytes + (bytes[6] == 1 ? 10 : 12);
    l.end = (const char *)bytes + out->header_bytes;
    OCTET_TRY(read_dictionary(&l));
    read = out->type;
    if (octet_tensor_describe(&out->type, read.dtype, read.rank, read.dims, NULL) != OCTET_OK)
        return bad_header(&l, "the array is too large to address");
    return OCTET_OK;
}

octet_status octet_npy_view_open(const uint8_t *bytes, size_t size, octet_npy_view *out,
                                 octet_diag *diag)
{
    OCTET_TRY(octet_npy_read_header(bytes, size, out, diag));
    if (out->type.bytes > size - out->header_bytes)
        return octet_fail(diag, OCTET_ERR_MALFORMED,
                          ".npy payload is cut short: %zu of %zu bytes are there",
                          size - out->header_bytes, out->type.bytes);
    out->payload = bytes + out->header_bytes;
    return OCTET_OK;
}

/* ---------------------------------------------------------------- payload */

static void copy_element(uint8_t *dst, const uint8_t *src, size_t size, bool swapped)
{
    for (size_t b = 0; b < size; b++)
        dst[b] = src[swapped ? size - 1 - b : b];
}

/* Strides in elements of the whole array. */
static void view_strides(const octet_npy_view *view, int64_t *strides)
{
    int32_t rank = view->type.rank;
    int64_t stride = 1;

    if (octet_tensor_count(&view->type) == 0)
        return; /* nothing to stride over, and the other dimensions may not multiply */
    for (int32_t k = 0; k < rank; k++) {
        int32_t axis = view->fortran ? k : rank - 1 - k;

        strides[axis] = stride;
        stride *= view->type.dims[axis]; /* fits: describe() checked the product */
    }
}

/* Copies to row-major order; src is the first element and strides belong to out's dimensions. */
static void gather(octet_tensor *out, const uint8_t *src, const int64_t *strides, size_t size,
                   bool swapped)
{
    int64_t position[OCTET_MAX_RANK] = {0}, count = octet_tensor_count(out), from = 0;
    uint8_t *dst = out->data;

    for (int64_t i = 0; i < count; i++) {
        copy_element(dst + (size_t)i * size, src + (size_t)from * size, size, swapped);
        for (int32_t axis = out->rank - 1; axis >= 0; axis--) {
            from += strides[axis];
            if (++position[axis] < out->dims[axis])
                break;
            from -= strides[axis] * out->dims[axis];
            position[axis] = 0;
        }
    }
}

static octet_status check_bools(const octet_tensor *tensor, octet_diag *diag)
{
    const uint8_t *values = tensor->data;

    for (size_t i = 0; tensor->dtype == OCTET_DTYPE_BOOL && i < tensor->bytes; i++)
        if (values[i] > 1)
            return octet_fail(diag, OCTET_ERR_MALFORMED, "bool payload holds the byte %d",
                              values[i]);
    return OCTET_OK;
}

static void drop_axis(octet_tensor *type, int64_t *strides, int32_t axis, bool keep)
{
    if (keep) {
        type->dims[axis] = 1;
        return;
    }
    type->rank--;
    for (int32_t k = axis; k < type->rank; k++) {
        type->dims[k] = type->dims[k + 1];
        strides[k] = strides[k + 1];
    }
}

static octet_status copy_out(const octet_npy_view *view, const uint8_t *src, const int64_t *strides,
                             bool dense, const octet_allocator *allocator, octet_tensor *out,
                             octet_diag *diag)
{
    octet_tensor type = *out;

    OCTET_TRY(octet_tensor_init(out, allocator, type.dtype, type.rank, type.dims, diag));
    if (dense && !view->swapped && out->bytes > 0)
        memcpy(out->data, src, out->bytes);
    else
        gather(out, src, strides, octet_dtype_get(type.dtype)->bits / 8, view->swapped);
    return OCTET_OK;
}

octet_status octet_npy_take(const octet_npy_view *view, int32_t axis, int64_t index, bool keep_axis,
                            const octet_allocator *allocator, octet_tensor *out, bool *owned,
                            octet_diag *diag)
{
    octet_tensor type = view->type;
    int64_t strides[OCTET_MAX_RANK] = {0};
    size_t size = octet_dtype_get(type.dtype)->bits / 8;
    const uint8_t *src = view->payload;
    bool dense = (axis <= 0 && !view->fortran) || type.rank <= 1;
    octet_status status = OCTET_OK;

    view_strides(view, strides);
    if (axis >= 0) {
        src += (size_t)(index * strides[axis]) * size;
        drop_axis(&type, strides, axis, keep_axis);
    }
    OCTET_TRY(octet_tensor_describe(out, type.dtype, type.rank, type.dims, diag));
    *owned = !dense || view->swapped || (uintptr_t)src % size != 0 || out->bytes == 0;
    if (*owned)
        status = copy_out(view, src, strides, dense, allocator, out, diag);
    else
        out->data = (void *)(uintptr_t)src;
    if (status == OCTET_OK)
        status = check_bools(out, diag);
    if (status != OCTET_OK && *owned)
        octet_tensor_deinit(out, allocator);
    return status;
}

octet_status octet_npy_parse(const uint8_t *bytes, size_t size, const octet_allocator *allocator,
                             octet_tensor *out, bool *owned, size_t *consumed, octet_diag *diag)
{
    octet_npy_view view;

    *out = (octet_tensor){0};
    *owned = false;
    OCTET_TRY(octet_npy_view_open(bytes, size, &view, diag));
    OCTET_TRY(octet_npy_take(&view, -1, 0, false, allocator, out, owned, diag));
    if (consumed)
        *consumed = view.header_bytes + view.type.bytes;
    return OCTET_OK;
}

/* ---------------------------------------------------------------- writing */

static const struct npy_type *type_of(octet_dtype dtype)
{
    for (size_t i = 0; i < N_NPY_TYPES; i++)
        if (npy_types[i].dtype == dtype)
            return &npy_types[i];
    return NULL;
}

octet_status octet_npy_format_header(const octet_tensor *tensor, octet_text *out, octet_diag *diag)
{
    const struct npy_type *type = type_of(tensor->dtype);
    static const char start[11] = "\x93NUMPY\x01\x00\x00\x00";
    size_t length;

    if (!type)
        return octet_fail(diag, OCTET_ERR_UNSUPPORTED, "%s cannot be written as .npy",
                          octet_dtype_get(tensor->dtype)->name);
    octet_text_add_bytes(out, start, 10);
    octet_text_add(out, "{'descr': '%c%c%d', 'fortran_order': False, 'shape': (",
                   type->size > 1 ? '<' : '|', type->kind, type->size);
    for (int32_t i = 0; i < tensor->rank; i++)
        octet_text_add(out, "%s%lld%s", i ? ", " : "", (long long)tensor->dims[i],
                       tensor->rank == 1 ? "," : "");
    octet_text_add(out, "), }");
    while (!out->failed && (out->length + 1) % 64 != 0)
        octet_text_add_bytes(out, " ", 1);
    octet_text_add_bytes(out, "\n", 1);
    if (out->failed)
        return octet_fail_nomem(diag);
    length = out->length - 10;
    out->data[8] = (char)(length & 0xff);
    out->data[9] = (char)(length >> 8);
    return OCTET_OK;
}

static octet_status write_parts(octet_output *file, const octet_tensor *tensor,
                                const octet_text *header, octet_diag *diag)
{
    OCTET_TRY(octet_output_write(file, header->data, header->length, diag));
    OCTET_TRY(octet_output_write(file, tensor->data, tensor->bytes, diag));
    return octet_output_commit(file, diag);
}

octet_status octet_npy_write(const char *path, const octet_tensor *tensor, octet_diag *diag)
{
    octet_output file;
    octet_text header;
    octet_status status;

    octet_text_init(&header, NULL);
    status = octet_npy_format_header(tensor, &header, diag);
    if (status == OCTET_OK)
        status = octet_output_open(&file, path, diag);
    if (status == OCTET_OK) {
        status = write_parts(&file, tensor, &header, diag);
        octet_output_abort(&file);
    }
    octet_text_deinit(&header);
    return status;
}
