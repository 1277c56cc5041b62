/* qlinear_binary.c: QLinearAdd and QLinearMul as kernels of integers compute them
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/qlinear_binary.h"

enum { A, B = 3, Y_SCALE = 6 };

static octet_status eval_rows(octet_eval *e, octet_binary_loop row)
{
    const octet_tensor *a, *b;
    octet_qbinary q = {.k = *e->k};
    octet_eval f = *e;

    OCTET_TRY(octet_qlinear_input(e, A, &a, &q.a));
    OCTET_TRY(octet_qlinear_input(e, B, &b, &q.b));
    OCTET_TRY(octet_qlinear_params_out(e, Y_SCALE, a, &q.y));
    if (a->dtype != b->dtype || a->dtype != q.y.dtype)
        return octet_fail(e->diag, OCTET_ERR_UNSUPPORTED, "inputs and output have several types");
    q.range = octet_qrange_of(a->dtype);
    f.k = &q.k;
    return octet_binary_eval_on(&f, row, a, b, q.y.dtype);
}

octet_status octet_qbinary_eval(octet_eval *e, octet_binary_loop ort, octet_binary_loop fixed,
                                const octet_qlinear *otherwise)
{
    if (octet_arith_is_ort(e->arith))
        return eval_rows(e, ort);
    if (e->arith == OCTET_ARITH_FIXED_POINT)
        return eval_rows(e, fixed);
    return octet_qlinear_eval(e, otherwise);
}
