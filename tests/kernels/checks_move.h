/* checks_move.h: part of check_kernels.c: elements in another order
 * SPDX-License-Identifier: Apache-2.0
 */

static void check_transpose_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 400; round++) {
        size_t rows = random_below(40), cols = random_below(40);
        size_t x_step = cols + random_below(5), y_step = rows + random_below(5);
        size_t in = rows > 0 ? (rows - 1) * x_step + cols : 0;
        size_t out = cols > 0 ? (cols - 1) * y_step + rows : 0;
        uint32_t *x = guarded(in * 4), *want = guarded(out * 4), *got = guarded(out * 4);

        for (size_t i = 0; i < in; i++)
            x[i] = random_u32();
        ref->transpose_f32(rows, cols, (const float *)x, x_step, (float *)want, y_step);
        cand->transpose_f32(rows, cols, (const float *)x, x_step, (float *)got, y_step);
        same_bytes(want, got, out * 4, rows * 100 + cols);
        release_all();
    }
}
