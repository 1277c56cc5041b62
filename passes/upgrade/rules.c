/* rules.c: which version changed which operator
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every version of every operator of ai.onnx that is not below allows more element types, optional
 * inputs, attributes whose default is the old behaviour, or says the same in other words. Changes
 * that look like more but need no rule:
 *
 *   all, 11               negative axes are allowed
 *   AveragePool 7, 10, 19 count_include_pad, ceil_mode, dilations default to what was
 *   ArgMax, ArgMin 12     select_last_index defaults to the first
 *   BatchNormalization 15 element types of the parameters
 *   Constant 11, 12       further ways to give a value
 *   ConvTranspose 11      the side that gets the odd pixel of an output_shape was turned round in
 * the text; implementations do the same for all versions DepthToSpace 11       mode defaults to DCR
 *   Dequantize/QuantizeLinear 13–23  axis, saturate, block_size, output_dtype default to what was
 *   Gather, GatherND, OneHot, ScatterElements 11  negative indices are allowed
 *   Gemm 11               C is optional
 *   GRU 3                 linear_before_reset defaults to 0
 *   GRU, LSTM, RNN 14     layout defaults to 0
 *   If, Loop, Scan 11–25  element types
 *   LpPool 18             ceil_mode and dilations default to what was
 *   Max, Min, Mean, Sum 8 broadcasting, for shapes that had to be equal
 *   MaxPool 8, 10         storage_order, ceil_mode, dilations default to what was
 *   Pad 18, Resize 18     axes are optional
 *   ReduceSum 13, Reduce… 18  no axes still means all, as noop_with_empty_axes is 0
 *   Reshape 14            allowzero defaults to 0
 *   ScatterElements, ScatterND 16  reduction defaults to none
 *   Shape 15              start and end default to everything
 *   SpaceToDepth 28       mode defaults to DCR
 *   TopK 11               largest and sorted default to what was
 */
#include "upgrade/upgrade.h"

#include <string.h>

#define PLAIN OCTET_UPGRADE_PLAIN
#define TYPED OCTET_UPGRADE_TYPED
#define DROP(op, version, attr)                                                                    \
    {                                                                                              \
        (op), (version), PLAIN, octet_upgrade_drop_attr, (attr), 0, NULL                           \
    }
#define TO_INPUT(op, version, attr, index)                                                         \
    {                                                                                              \
        (op), (version), PLAIN, octet_upgrade_attr_to_input, (attr), (index), NULL                 \
    }
#define RULE(op, version, rule)                                                                    \
    {                                                                                              \
        (op), (version), PLAIN, octet_upgrade_##rule, NULL, 0, NULL                                \
    }
#define TYPED_RULE(op, version, rule)                                                              \
    {                                                                                              \
        (op), (version), TYPED, octet_upgrade_##rule, NULL, 0, NULL                                \
    }
/* The operators that once had attributes `broadcast` and `axis`. */
#define BROADCAST(op, stand_in)                                                                    \
    {(op), 7, PLAIN, octet_upgrade_broadcast_suffix, NULL, 0, NULL},                               \
    {                                                                                              \
        (op), 7, TYPED, octet_upgrade_broadcast_axis, "axis", 0, (stand_in)                        \
    }

static const octet_upgrade_rule table[] = {
    DROP("Abs", 6, "consumed_inputs"),
    DROP("Add", 6, "consumed_inputs"),
    BROADCAST("Add", "Identity"),
    RULE("Affine", 2, affine),
    BROADCAST("And", "Identity"),
    DROP("BatchNormalization", 6, "consumed_inputs"),
    DROP("BatchNormalization", 7, "is_test"),
    {"BatchNormalization", 9, TYPED, octet_upgrade_bn_spatial, "spatial", 0, "Identity"},
    RULE("BatchNormalization", 14, bn_outputs),
    RULE("Cast", 6, cast_to),
    DROP("Ceil", 6, "consumed_inputs"),
    DROP("Clip", 6, "consumed_inputs"),
    TYPED_RULE("Clip", 11, clip_bounds),
    {"Concat", 4, PLAIN, octet_upgrade_default_int, "axis", 1, NULL},
    RULE("Crop", 10, crop),
    RULE("DFT", 20, dft_axis),
    DROP("Div", 6, "consumed_inputs"),
    BROADCAST("Div", "Identity"),
    DROP("Dropout", 6, "consumed_inputs"),
    DROP("Dropout", 7, "is_test"),
    RULE("Dropout", 12, dropout_ratio),
    DROP("Elu", 6, "consumed_inputs"),
    BROADCAST("Equal", "IsNaN"),
    DROP("Exp", 6, "consumed_inputs"),
    DROP("Floor", 6, "consumed_inputs"),
    DROP("GRU", 7, "output_sequence"),
    DROP("Gemm", 7, "broadcast"),
    {"GlobalLpPool", 2, PLAIN, octet_upgrade_float_to_int, "p", 0, NULL},
    BROADCAST("Greater", "IsNaN"),
    RULE("GridSample", 20, grid_mode),
    TYPED_RULE("GroupNormalization", 21, group_norm),
    DROP("HardSigmoid", 6, "consumed_inputs"),
    TYPED_RULE("Hardmax", 13, softmax),
    RULE("ImageScaler", 10, image_scaler),
    DROP("InstanceNormalization", 6, "consumed_inputs"),
    DROP("LSTM", 7, "output_sequence"),
    DROP("LeakyRelu", 6, "consumed_inputs"),
    BROADCAST("Less", "IsNaN"),
    DROP("Log", 6, "consumed_inputs"),
    TYPED_RULE("LogSoftmax", 13, softmax),
    {"LpPool", 2, PLAIN, octet_upgrade_float_to_int, "p", 0, NULL},
    DROP("Max", 6, "consumed_inputs"),
    DROP("Mean", 6, "consumed_inputs"),
    DROP("Min", 6, "consumed_inputs"),
    DROP("Mul", 6, "consumed_inputs"),
    BROADCAST("Mul", "Identity"),
    DROP("Neg", 6, "consumed_inputs"),
    BROADCAST("Or", "Identity"),
    DROP("PRelu", 6, "consumed_inputs"),
    {"PRelu", 7, TYPED, octet_upgrade_prelu_slope, NULL, 0, "Identity"},
    RULE("Pad", 2, pad_paddings),
    TO_INPUT("Pad", 11, "pads", 1),
    {"Pad", 11, TYPED, octet_upgrade_value_to_input, "value", 2, NULL},
    RULE("ParametricSoftplus", 2, parametric_softplus),
    BROADCAST("Pow", "Identity"),
    DROP("RNN", 7, "output_sequence"),
    DROP("Reciprocal", 6, "consumed_inputs"),
    TO_INPUT("ReduceL1", 18, "axes", 1),
    TO_INPUT("ReduceL2", 18, "axes", 1),
    TO_INPUT("ReduceLogSum", 18, "axes", 1),
    TO_INPUT("ReduceLogSumExp", 18, "axes", 1),
    TO_INPUT("ReduceMax", 18, "axes", 1),
    TO_INPUT("ReduceMean", 18, "axes", 1),
    TO_INPUT("ReduceMin", 18, "axes", 1),
    TO_INPUT("ReduceProd", 18, "axes", 1),
    TO_INPUT("ReduceSum", 13, "axes", 1),
    TO_INPUT("ReduceSumSquare", 18, "axes", 1),
    DROP("Relu", 6, "consumed_inputs"),
    TO_INPUT("Reshape", 5, "shape", 1),
    RULE("Resize", 11, resize_modes),
    RULE("Resize", 13, resize_tf_nearest),
    RULE("RoiAlign", 16, roi_align_mode),
    RULE("Scale", 2, scale),
    RULE("ScaledTanh", 2, scaled_tanh),
    RULE("Scan", 9, refuse),
    RULE("Scatter", 11, scatter),
    RULE("Selu", 6, selu_defaults),
    DROP("Sigmoid", 6, "consumed_inputs"),
    RULE("Slice", 10, slice_bounds),
    TYPED_RULE("Softmax", 13, softmax),
    TO_INPUT("Split", 13, "split", 1),
    RULE("Split", 18, split_outputs),
    DROP("Sqrt", 6, "consumed_inputs"),
    TO_INPUT("Squeeze", 13, "axes", 1),
    DROP("Sub", 6, "consumed_inputs"),
    BROADCAST("Sub", "Identity"),
    DROP("Sum", 6, "consumed_inputs"),
    DROP("Tanh", 6, "consumed_inputs"),
    {"Tile", 6, TYPED, octet_upgrade_tile, NULL, 0, "Tile of opset 1"},
    TO_INPUT("TopK", 10, "k", 1),
    TO_INPUT("Unsqueeze", 13, "axes", 1),
    RULE("Upsample", 7, upsample_scales),
    RULE("Upsample", 9, upsample_input),
    RULE("Upsample", 10, upsample_to_resize),
    BROADCAST("Xor", "Identity"),
};

#define TABLE_COUNT (sizeof table / sizeof table[0])

const octet_upgrade_rule *octet_upgrade_rules(size_t *count)
{
    *count = TABLE_COUNT;
    return table;
}

static bool stands_before(const octet_upgrade_rule *rule, const char *op, int64_t after)
{
    int order = strcmp(rule->op, op);

    return order != 0 ? order < 0 : rule->version <= after;
}

const octet_upgrade_rule *octet_upgrade_next(const char *op, int64_t after, int64_t target,
                                             octet_upgrade_phase phase)
{
    size_t low = 0, high = TABLE_COUNT;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (stands_before(&table[middle], op, after))
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < TABLE_COUNT && strcmp(table[low].op, op) == 0; low++)
        if (table[low].phase == phase)
            return table[low].version <= target ? &table[low] : NULL;
    return NULL;
}
