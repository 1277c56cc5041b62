/* op.h: what octet knows of an operator
 * SPDX-License-Identifier: Apache-2.0
 *
 * One operator lives in one file; ops.def lists the descriptors. Facts only: what is true for every
 * backend. Descriptors exist for ai.onnx opset 13 and later (models are upgraded first); where a
 * later opset changes an operator, another descriptor in the same file has the higher `since`.
 */
#ifndef OCTET_OPS_OP_H
#define OCTET_OPS_OP_H

#include "graph/graph.h"
#include "kernels.h"

#define OCTET_MAX_PORTS 14

typedef enum octet_role {
    OCTET_ROLE_DATA,   /* activations (may be constant in a given model) */
    OCTET_ROLE_WEIGHT, /* usually constant, quantized with its own parameters */
    OCTET_ROLE_BIAS,   /* added to the accumulator */
    OCTET_ROLE_SHAPE,  /* integers that steer shapes, axes, indices; never quantized */
    OCTET_ROLE_PARAM,  /* other parameters that stay as they are (scales, roi, lengths) */
} octet_role;

typedef struct octet_port {
    const char *name;
    octet_role role;
    bool optional;
    bool variadic; /* last port: any number */
} octet_port;

typedef enum octet_observe {
    OCTET_OBSERVE_OUTPUT, /* the output has a range of its own */
    OCTET_OBSERVE_SHARED, /* output values are input 0's values (moved, selected, or between them)
                           */
    OCTET_OBSERVE_FIXED,  /* output lies in [fixed_min, fixed_max] whatever the input */
    OCTET_OBSERVE_NONE,   /* the output is not a quantizable real tensor */
} octet_observe;

typedef struct octet_quant_facts {
    octet_observe observe;
    float fixed_min, fixed_max;
    /* Output-channel axis of the weight input for this node; NULL: no weight. weight_rank >= 1. */
    int (*weight_axis)(const octet_node *node, int weight_rank);
} octet_quant_facts;

/* ---- shape and type inference */

/* An element of an integer tensor known at inference time: a number (of any sign) with symbol NULL,
 * or size OCTET_SYM_UNKNOWN and then perhaps the symbol whose size it is. Read and made with the
 * octet_sym_… helpers of common.h. */
typedef octet_dim octet_sym;
#define OCTET_SYM_UNKNOWN INT64_MIN

#define OCTET_MAX_SYMS 64 /* shape tensors longer than this are not tracked */

typedef struct octet_infer {
    octet_graph *g;
    const octet_node *node;
    const octet_type *const *in; /* NULL entry: absent */
    uint32_t n_in;
    const octet_tensor *const *constant; /* aligned payload of constant inputs, else NULL */
    const octet_sym *const *shape_value; /* known elements of small integer inputs, else NULL */
    const uint32_t *shape_count;
    /* results: fill what is known; untouched means unknown. dims point into `arena`. */
    octet_type *out;
    uint32_t n_out;
    const octet_sym **out_value; /* for Shape, Gather, Concat … of shape tensors */
    uint32_t *out_count;
    octet_arena *arena;
    int64_t opset; /* version of the operator's domain */
    octet_diag *diag;
    /* for If, Loop, Scan: infers a subgraph given its input types (NULL entries: unknown) */
    octet_status (*subgraph)(struct octet_infer *self, octet_graph *sub,
                             const octet_type *const *inputs, uint32_t n);
} octet_infer;

/* ---- evaluation */

/* How quantized operators compute: octet run --as. */
typedef enum octet_arith {
    OCTET_ARITH_ONNX,       /* the standard's definition */
    OCTET_ARITH_ORT_VNNI,   /* ONNX Runtime's kernels where sums are exact */
    OCTET_ARITH_ORT_AVX2,   /* … where sums of two u8 x s8 products saturate at 16 bits */
    OCTET_ARITH_ONNX2C,     /* half away from zero, no saturation */
    OCTET_ARITH_FIXED_POINT /* integer multiplier and shift (gemmlowp, CMSIS-NN) */
} octet_arith;

/* What an operator that `fuses` also does to output 0: the activation that follows it in the graph,
 * and the range of the result. One that `gates` may have to multiply it by input 0 before that. */
typedef struct octet_fused {
    bool times_input;
    bool want_factor;    /* with times_input: the range of what the input is multiplied by */
    octet_minmax factor; /* … empty when the operator begins */
    octet_act act;
    float lo, hi;       /* of OCTET_ACT_CLIP */
    bool want_range;    /* float32 output only */
    bool has_range;     /* set by the operator when it filled `range` */
    octet_minmax range; /* empty when the operator begins */
} octet_fused;

typedef struct octet_eval {
    const octet_graph *g;
    const octet_node *node;
    const octet_tensor *const *in; /* NULL entry: absent. Aligned. */
    uint32_t n_in;
    octet_tensor *out; /* made by octet_eval_output */
    uint32_t n_out;    /* an output nobody uses may still be asked for; it is dropped */
    const octet_kernels *k;
    int threads; /* for one large evaluation; results never depend on it */
    int64_t opset;
    const void *state; /* what prepare() made for this node, or NULL */
    octet_arith arith;
    octet_fused *fused; /* NULL unless the descriptor says `fuses` */
    octet_diag *diag;
    struct octet_eval_host *host; /* interpreter's side */
} octet_eval;

/* Runs e->node's operator, after a check that its inputs are given as the descriptor's ports want.
 */
octet_status octet_eval_run(octet_eval *e);
/* Allocates output `index` (uncleared). */
octet_status octet_eval_output(octet_eval *e, uint32_t index, octet_dtype dtype, int32_t rank,
                               const int64_t *dims);
/* Output `index` with the shape and dtype of input 0. */
octet_status octet_eval_output_like(octet_eval *e, uint32_t index, const octet_tensor *like);
/* Output `index` is input `input` in another shape of the same size: its storage is shared where
 * the caller can, else copied. */
octet_status octet_eval_output_view(octet_eval *e, uint32_t index, uint32_t input, int32_t rank,
                                    const int64_t *dims);
/* Work space until the end of this evaluation, 64-byte aligned, uncleared; NULL: no memory. */
void *octet_eval_scratch(octet_eval *e, size_t bytes);
/* Runs a subgraph attribute; outputs are owned by the caller's evaluation (freed at its end). */
octet_status octet_eval_subgraph(octet_eval *e, octet_graph *sub, const octet_tensor *const *inputs,
                                 uint32_t n_inputs, octet_tensor *outputs, uint32_t n_outputs);
bool octet_eval_wants(const octet_eval *e, uint32_t index); /* output exists and is used */

/* The interpreter implements this; also the constant folder and the tests. */
struct octet_eval_host {
    octet_status (*output)(octet_eval *e, uint32_t index, const octet_tensor *description);
    /* Makes out[index], already described, share the storage of in[input]. false: it cannot. */
    bool (*share)(octet_eval *e, uint32_t index, uint32_t input); /* may be NULL */
    void *(*scratch)(octet_eval *e, size_t bytes);
    octet_status (*subgraph)(octet_eval *e, octet_graph *sub, const octet_tensor *const *inputs,
                             uint32_t n_inputs, octet_tensor *outputs, uint32_t n_outputs);
};

typedef struct octet_op {
    const char *domain; /* "" for ai.onnx */
    const char *name;
    int32_t since; /* first opset this descriptor describes */
    octet_port in[OCTET_MAX_PORTS];
    octet_port out[OCTET_MAX_PORTS];
    octet_quant_facts quant;
    bool random;    /* not a function of its inputs: never folded */
    uint32_t packs; /* inputs, by bit, of which eval reads only the shape once prepare has made a
                       state; their data is then NULL */
    uint32_t unaligned; /* inputs, by bit, whose elements eval only moves as bytes */
    bool fuses;         /* eval applies e->fused (when not NULL) to a float32 output 0 */
    bool gates;         /* … times_input as well */
    bool native_half; /* eval takes float16/bfloat16 itself; else the caller converts to float32 */
    octet_status (*infer)(octet_infer *in);
    octet_status (*eval)(octet_eval *e);
    /* Optional: whether this node is an activation that a node before it can apply; sets act, lo,
     * hi. constant[i] as in prepare. */
    bool (*as_activation)(const octet_node *node, const octet_tensor *const *constant,
                          octet_fused *out);
    /* Optional: packs constant inputs once per model. constant[i] is NULL where input i is not
     * constant. *state lives in `arena`; read-only and shared by all threads afterwards. */
    octet_status (*prepare)(const octet_graph *g, const octet_node *node,
                            const octet_tensor *const *constant, const octet_kernels *k,
                            octet_arena *arena, const void **state, octet_diag *diag);
} octet_op;

/* NULL if octet has no descriptor for the operator at that version of its domain. */
const octet_op *octet_op_find(const char *domain, const char *name, int64_t version);
size_t octet_op_count(void);
const octet_op *octet_op_at(size_t index); /* for the supported-operators table */

/* Sets node->op for all nodes of a graph and its subgraphs from the model's opset imports. */
void octet_ops_resolve(octet_graph *g);

/* Infers types of all values of g (subgraphs included) in order; known declared types are kept
 * where inference knows less. A contradiction is INVALID_MODEL naming the node. */
octet_status octet_infer_types(octet_graph *g, octet_diag *diag);

/* Called with each integer node output all of whose elements inference found to be numbers. */
typedef octet_status (*octet_infer_known)(void *user, octet_graph *g, octet_value_id value,
                                          const octet_sym *elements, uint32_t count);
/* octet_infer_types that also tells what is known; for the constant folder. */
octet_status octet_infer_types_and_tell(octet_graph *g, octet_infer_known known, void *user,
                                        octet_diag *diag);

/* ---- helpers shared by descriptors (common.c) */

/* Negative axes count from the end; false if out of range. */
bool octet_axis_normalize(int64_t axis, int32_t rank, int32_t *out);
octet_status octet_infer_same(octet_infer *in); /* out 0 = type of in 0 */
octet_status
octet_infer_broadcast(octet_infer *in); /* out 0 = broadcast of all inputs, dtype of in 0 */
/* Message "node 'x' (Op): …" is added by the caller of infer/eval; say only what is wrong. */

#endif
