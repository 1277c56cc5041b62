/* common.h: helpers shared by operator descriptors
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OPS_COMMON_H
#define OCTET_OPS_COMMON_H

#include "ops/op.h"

/* ---- dimensions and symbolic elements */

octet_dim octet_dim_known(int64_t size); /* a negative size gives an unknown one */
octet_dim octet_dim_unknown(void);
bool octet_dim_equal(octet_dim a, octet_dim b); /* surely the same size */
/* Product of sizes: a number, a single symbol (times ones), or unknown. */
octet_dim octet_dim_product(const octet_dim *dims, int32_t n);
/* Broadcast of two dims; false if they contradict each other. */
bool octet_dim_broadcast(octet_dim a, octet_dim b, octet_dim *out);

octet_sym octet_sym_known(int64_t number);
octet_sym octet_sym_unknown(void);
bool octet_sym_is_number(octet_sym s);
octet_sym octet_sym_from_dim(octet_dim dim);
octet_dim octet_dim_from_sym(octet_sym s); /* a negative number gives an unknown dim */

/* ---- inference: inputs. All tolerate absent inputs and indices beyond the list. */

octet_dtype octet_infer_dtype(const octet_infer *in, uint32_t index); /* or UNDEFINED */
/* Type of a tensor input whose rank is known (<= OCTET_MAX_RANK), else NULL. */
const octet_type *octet_infer_shape(const octet_infer *in, uint32_t index);
bool octet_infer_has(const octet_infer *in, uint32_t index); /* the input is given */
/* Known elements (numbers or symbols) of an integer input; NULL if nothing is known. */
const octet_sym *octet_infer_value(const octet_infer *in, uint32_t index, uint32_t *count);
/* The same where every element is a number: copied into the arena; NULL otherwise. */
const int64_t *octet_infer_ints(const octet_infer *in, uint32_t index, uint32_t *count);
/* `fallback` when the input is absent; false when it is given but not known. */
bool octet_infer_int(const octet_infer *in, uint32_t index, int64_t fallback, int64_t *out);

/* ---- inference: results */

octet_dim *octet_infer_new_dims(octet_infer *in, int32_t rank); /* unknown ones; NULL: no memory */
/* rank -1: unknown; dims are borrowed (arena, or another type's). A rank above OCTET_MAX_RANK
 * counts as unknown; an index beyond the outputs is ignored. */
void octet_infer_set(octet_infer *in, uint32_t index, octet_dtype dtype, int32_t rank,
                     const octet_dim *dims);
void octet_infer_set_value(octet_infer *in, uint32_t index, const octet_sym *elements,
                           uint32_t count); /* ignored above OCTET_MAX_SYMS */
octet_status octet_infer_fail(octet_infer *in, const char *fmt, ...)
    OCTET_PRINTF(2, 3); /* INVALID_MODEL */
/* Output 0 = broadcast of inputs [first, n_in), with the given dtype. */
octet_status octet_infer_broadcast_as(octet_infer *in, uint32_t first, octet_dtype dtype);
/* Output `index` = what holds for both types: for results that may come from either. */
octet_status octet_infer_join(octet_infer *in, uint32_t index, const octet_type *a,
                              const octet_type *b);
/* octet_infer_broadcast and the known elements of integer Add, Sub, Mul, Div, Min, Max, Equal …, by
 * the node's operator name; other operators get the type alone. */
octet_status octet_infer_shape_value_binary(octet_infer *in);
/* Output 0 has the type of input 0 and, for integers, its known elements. */
octet_status octet_infer_same_value(octet_infer *in);

/* What a Constant node holds; false for strings and sparse tensors. out has no data pointer; *data
 * may be unaligned and lives as long as the node. */
bool octet_constant_payload(const octet_node *node, octet_tensor *out, const void **data);

/* ---- axes */

/* Marks axes (negative ones count from the end) in mask; out of range or twice is INVALID_MODEL. */
octet_status octet_axes_mask(const int64_t *axes, uint32_t n, int32_t rank,
                             bool mask[OCTET_MAX_RANK], octet_diag *diag);
octet_status octet_axis_check(int64_t axis, int32_t rank, int32_t *out, octet_diag *diag);
/* Product of dims[from..to). */
int64_t octet_dims_product(const int64_t *dims, int32_t from, int32_t to);

/* ---- evaluation */

const octet_tensor *octet_eval_input(const octet_eval *e, uint32_t index); /* NULL when absent */
/* Input as int64 numbers (converted from any integer type) in scratch; absent: NULL and count 0. */
octet_status octet_eval_ints(octet_eval *e, uint32_t index, int64_t **out, uint32_t *count);
/* One integer; absent: fallback. */
octet_status octet_eval_int(octet_eval *e, uint32_t index, int64_t fallback, int64_t *out);
/* Axes from input `index`, else from attribute `axes`; NULL and 0 when neither is given. */
octet_status octet_eval_axes(octet_eval *e, uint32_t index, const int64_t **out, uint32_t *count);
/* Bytes per element; UNSUPPORTED for strings and types below 8 bits. */
octet_status octet_eval_element(octet_eval *e, octet_dtype dtype, size_t *bytes);
octet_status octet_eval_require(octet_eval *e, uint32_t n_in); /* the first n_in inputs are given */
/* Output `index` = a copy of t that may be changed. */
octet_status octet_eval_copy(octet_eval *e, uint32_t index, const octet_tensor *t);

/* Row-major strides in bytes. */
void octet_strides(int32_t rank, const int64_t *dims, size_t element, int64_t *strides);
/* Strides in bytes of `t` read as an array of `rank` dims that it broadcasts to (0 where
 * stretched). */
void octet_strides_broadcast(const octet_tensor *t, size_t element, int32_t rank, int64_t *strides);
/* The one N-d copy: dst[i·dst_strides] = src[i·src_strides] for all i below dims. Strides are in
 * bytes and may be 0 or negative. Element sizes 1, 2, 4, 8, 16. */
void octet_copy_nd(size_t element, int32_t rank, const int64_t *dims, void *dst,
                   const int64_t *dst_strides, const void *src, const int64_t *src_strides);
/* The same by kernels. Arrays must be aligned to their elements and not overlap. */
void octet_move_nd(const octet_kernels *k, size_t element, int32_t rank, const int64_t *dims,
                   void *dst, const int64_t *dst_strides, const void *src,
                   const int64_t *src_strides);

#endif
