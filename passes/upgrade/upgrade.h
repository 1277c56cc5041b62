/* upgrade.h: rules that carry a node from one version of ai.onnx to the next
 * SPDX-License-Identifier: Apache-2.0
 *
 * A rule belongs to the version that changed an operator's meaning and turns a node that means what
 * it meant before that version into one that means the same from it on. Rules are applied in order
 * of version, so a node of opset 1 passes through every change there ever was. Nodes a rule adds
 * are written for opset 13 and must mean the same in every later one.
 */
#ifndef OCTET_PASSES_UPGRADE_H
#define OCTET_PASSES_UPGRADE_H

#include "engine/walk.h"

typedef struct octet_upgrade_rule octet_upgrade_rule;

typedef struct octet_upgrade {
    octet_graph *g;
    octet_node *n;
    const octet_upgrade_rule *rule;
    octet_arena *scratch;
    octet_diag *diag;
} octet_upgrade;

typedef octet_status octet_upgrade_fn(octet_upgrade *u);

/* TYPED rules look at types and shapes. They run after all other rules of the whole model, when
 * types have been inferred from the half-upgraded graph. While that happens the node is what
 * stand_in says (NULL: itself) applied to its first input, because the new meaning of the operator
 * could contradict the old shapes. A typed rule with `attr` is for nodes that have the attribute.
 */
typedef enum octet_upgrade_phase { OCTET_UPGRADE_PLAIN, OCTET_UPGRADE_TYPED } octet_upgrade_phase;

struct octet_upgrade_rule {
    const char *op;
    int version;
    octet_upgrade_phase phase;
    octet_upgrade_fn *apply;
    const char *attr; /* what it works on, for rules that serve several operators */
    int64_t arg;
    const char *stand_in;
};

/* Sorted by operator and version. */
const octet_upgrade_rule *octet_upgrade_rules(size_t *count);
/* The next rule of `phase` for an operator after version `after`, up to `target`. */
const octet_upgrade_rule *octet_upgrade_next(const char *op, int64_t after, int64_t target,
                                             octet_upgrade_phase phase);

/* ---- building blocks */

/* Input 0's element type, float when it is unknown. */
octet_dtype octet_upgrade_dtype(const octet_upgrade *u);
/* "<node>_<what>" */
char *octet_upgrade_name(const octet_upgrade *u, const char *what);
octet_status octet_upgrade_add_ints(octet_upgrade *u, const char *what, const int64_t *values,
                                    uint32_t n, octet_value_id *out);
/* A scalar of input 0's element type. */
octet_status octet_upgrade_add_scalar(octet_upgrade *u, const char *what, double value,
                                      octet_value_id *out);
/* A node with one new output; `what` is the operator. b may be OCTET_NO_VALUE. */
octet_status octet_upgrade_add_node(octet_upgrade *u, const char *what, octet_value_id a,
                                    octet_value_id b, octet_value_id *out);
/* The node becomes `op` of a and b (may be OCTET_NO_VALUE) without attributes. */
octet_status octet_upgrade_become(octet_upgrade *u, const char *op, octet_value_id a,
                                  octet_value_id b);
/* b with `count` dims of 1 appended: a new constant, or an Unsqueeze. */
octet_status octet_upgrade_append_ones(octet_upgrade *u, octet_value_id b, int32_t rank,
                                       int32_t count, octet_value_id *out);

/* ---- rules, by file */

/* attrs.c */
octet_upgrade_fn octet_upgrade_drop_attr;      /* attr no longer exists and never mattered */
octet_upgrade_fn octet_upgrade_attr_to_input;  /* attr, an int or ints, becomes input arg */
octet_upgrade_fn octet_upgrade_value_to_input; /* attr, a float other than 0, becomes input arg */
octet_upgrade_fn octet_upgrade_default_int;    /* attr gets its old default arg */
octet_upgrade_fn octet_upgrade_float_to_int;   /* attr changes its type */
octet_upgrade_fn octet_upgrade_cast_to;
octet_upgrade_fn octet_upgrade_clip_bounds;
octet_upgrade_fn octet_upgrade_dft_axis;
octet_upgrade_fn octet_upgrade_dropout_ratio;
octet_upgrade_fn octet_upgrade_grid_mode;
octet_upgrade_fn octet_upgrade_pad_paddings;
octet_upgrade_fn octet_upgrade_roi_align_mode;
octet_upgrade_fn octet_upgrade_scatter;
octet_upgrade_fn octet_upgrade_selu_defaults;
octet_upgrade_fn octet_upgrade_slice_bounds;
octet_upgrade_fn octet_upgrade_split_outputs;
octet_upgrade_fn octet_upgrade_tile;
octet_upgrade_fn octet_upgrade_refuse;

/* broadcast.c */
octet_upgrade_fn octet_upgrade_broadcast_suffix;
octet_upgrade_fn octet_upgrade_broadcast_axis;
octet_upgrade_fn octet_upgrade_prelu_slope;

/* norm.c */
octet_upgrade_fn octet_upgrade_softmax;
octet_upgrade_fn octet_upgrade_bn_spatial;
octet_upgrade_fn octet_upgrade_bn_outputs;
octet_upgrade_fn octet_upgrade_group_norm;

/* resize.c */
octet_upgrade_fn octet_upgrade_upsample_scales;
octet_upgrade_fn octet_upgrade_upsample_to_resize;
octet_upgrade_fn octet_upgrade_upsample_input;
octet_upgrade_fn octet_upgrade_resize_modes;
octet_upgrade_fn octet_upgrade_resize_tf_nearest;

/* legacy.c: operators of opset 1 that were removed */
octet_upgrade_fn octet_upgrade_affine;
octet_upgrade_fn octet_upgrade_crop;
octet_upgrade_fn octet_upgrade_image_scaler;
octet_upgrade_fn octet_upgrade_parametric_softplus;
octet_upgrade_fn octet_upgrade_scale;
octet_upgrade_fn octet_upgrade_scaled_tanh;

#endif
