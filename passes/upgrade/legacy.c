/* legacy.c: operators of opset 1 that were removed and are easily said in others
 * SPDX-License-Identifier: Apache-2.0
 *
 * The rest of them (ATen, FC, GRUUnit, GivenTensorFill, LegacyPadding …) stay as they are and are
 * reported as unsupported.
 */
#include "upgrade/upgrade.h"

static double number(const octet_upgrade *u, const char *name, float fallback)
{
    return (double)octet_node_float(u->n, name, fallback);
}

/* v = op(v, scalar) */
static octet_status apply(octet_upgrade *u, const char *op, const char *what, double value,
                          octet_value_id *v)
{
    octet_value_id scalar;

    OCTET_TRY(octet_upgrade_add_scalar(u, what, value, &scalar));
    return octet_upgrade_add_node(u, op, *v, scalar, v);
}

static octet_status require_input(const octet_upgrade *u, octet_value_id *x)
{
    *x = octet_node_input_id(u->n, 0);
    if (*x == OCTET_NO_VALUE)
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "the input is missing");
    return OCTET_OK;
}

/* alpha * x + beta */
octet_status octet_upgrade_affine(octet_upgrade *u)
{
    octet_value_id x, beta;

    OCTET_TRY(require_input(u, &x));
    OCTET_TRY(octet_upgrade_add_scalar(u, "beta", number(u, "beta", 0), &beta));
    OCTET_TRY(apply(u, "Mul", "alpha", number(u, "alpha", 1), &x));
    return octet_upgrade_become(u, "Add", x, beta);
}

/* scale * x */
octet_status octet_upgrade_scale(octet_upgrade *u)
{
    octet_value_id x, scale;

    OCTET_TRY(require_input(u, &x));
    OCTET_TRY(octet_upgrade_add_scalar(u, "scale", number(u, "scale", 1), &scale));
    return octet_upgrade_become(u, "Mul", x, scale);
}

/* alpha * f(beta * x) */
static octet_status scaled(octet_upgrade *u, const char *f)
{
    octet_value_id x, alpha;

    OCTET_TRY(require_input(u, &x));
    OCTET_TRY(octet_upgrade_add_scalar(u, "alpha", number(u, "alpha", 1), &alpha));
    OCTET_TRY(apply(u, "Mul", "beta", number(u, "beta", 1), &x));
    OCTET_TRY(octet_upgrade_add_node(u, f, x, OCTET_NO_VALUE, &x));
    return octet_upgrade_become(u, "Mul", x, alpha);
}

octet_status octet_upgrade_scaled_tanh(octet_upgrade *u)
{
    return scaled(u, "Tanh");
}

octet_status octet_upgrade_parametric_softplus(octet_upgrade *u)
{
    return scaled(u, "Softplus");
}

/* scale * x + bias[channel] */
octet_status octet_upgrade_image_scaler(octet_upgrade *u)
{
    uint32_t count;
    const float *bias = octet_node_floats(u->n, "bias", &count);
    double *wide = OCTET_ARENA_ARRAY(u->scratch, double, count + 1);
    const int64_t dims[3] = {count, 1, 1};
    char *name = octet_upgrade_name(u, "bias");
    octet_value_id x, id;

    OCTET_TRY_ALLOC(u->diag, wide);
    OCTET_TRY_ALLOC(u->diag, name);
    OCTET_TRY(require_input(u, &x));
    for (uint32_t i = 0; i < count; i++)
        wide[i] = (double)bias[i];
    if (count == 0)
        return octet_upgrade_scale(u);
    OCTET_TRY(
        octet_pass_add_constant(u->g, name, octet_upgrade_dtype(u), 3, dims, wide, &id, u->diag));
    OCTET_TRY(apply(u, "Mul", "scale", number(u, "scale", 1), &x));
    return octet_upgrade_become(u, "Add", x, id);
}

/* border: left, top, right, bottom; scale: height and width instead of right and bottom */
octet_status octet_upgrade_crop(octet_upgrade *u)
{
    uint32_t n_border, n_scale;
    const int64_t *border = octet_node_ints(u->n, "border", &n_border);
    const int64_t *scale = octet_node_ints(u->n, "scale", &n_scale);
    const int64_t axes[2] = {2, 3};
    octet_value_id in[4];

    OCTET_TRY(require_input(u, &in[0]));
    if (n_border != 4 || (n_scale != 0 && n_scale != 2))
        return octet_fail(u->diag, OCTET_ERR_INVALID_MODEL, "border must have 4 elements");
    int64_t start[2] = {border[1], border[0]}, end[2];
    for (int i = 0; i < 2; i++) {
        int64_t far = border[3 - i];

        if (n_scale == 2 && start[i] >= 0 && scale[i] > 0 && scale[i] < INT32_MAX)
            end[i] = start[i] % INT32_MAX + scale[i];
        else
            end[i] = far > 0 ? -far : INT64_MAX;
    }
    OCTET_TRY(octet_upgrade_add_ints(u, "starts", start, 2, &in[1]));
    OCTET_TRY(octet_upgrade_add_ints(u, "ends", end, 2, &in[2]));
    OCTET_TRY(octet_upgrade_add_ints(u, "axes", axes, 2, &in[3]));
    OCTET_TRY(octet_upgrade_become(u, "Slice", in[0], OCTET_NO_VALUE));
    return octet_edit_set_inputs(u->g, u->n->id, in, 4, u->diag);
}
