/* trilu.c: Trilu
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"

#include <string.h>

static int64_t clamp(int64_t x, int64_t high)
{
    return x < 0 ? 0 : x > high ? high : x;
}

static octet_status eval(octet_eval *e)
{
    bool upper = octet_node_int(e->node, "upper", 1) != 0;
    const octet_tensor *x;
    int64_t k, rows, columns, total;
    size_t element;

    OCTET_TRY(octet_eval_require(e, 1));
    x = e->in[0];
    OCTET_TRY(octet_eval_element(e, x->dtype, &element));
    OCTET_TRY(octet_eval_int(e, 1, 0, &k));
    if (x->rank < 2)
        return octet_fail(e->diag, OCTET_ERR_DATA, "the input has rank %d", (int)x->rank);
    OCTET_TRY(octet_eval_copy(e, 0, x));
    rows = x->dims[x->rank - 2];
    columns = x->dims[x->rank - 1];
    total = x->bytes == 0 ? 0 : octet_dims_product(x->dims, 0, x->rank - 1);
    k = k > columns ? columns : k < -rows ? -rows : k;
    for (int64_t r = 0; r < total; r++) {
        char *row = (char *)e->out[0].data + (size_t)(r * columns) * element;
        int64_t i = r % rows;
        int64_t from = upper ? 0 : clamp(i + k + 1, columns);
        int64_t to = upper ? clamp(i + k, columns) : columns;

        memset(row + (size_t)from * element, 0, (size_t)(to - from) * element);
    }
    return OCTET_OK;
}

const octet_op octet_op_trilu = {
    .domain = "",
    .name = "Trilu",
    .since = 14,
    .in = {{.name = "input", .role = OCTET_ROLE_DATA},
           {.name = "k", .role = OCTET_ROLE_SHAPE, .optional = true}},
    .out = {{.name = "output", .role = OCTET_ROLE_DATA}},
    .quant = {.observe = OCTET_OBSERVE_OUTPUT},
    .native_half = true,
    .infer = octet_infer_same,
    .eval = eval,
};
