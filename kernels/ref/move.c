/* ref/move.c: elements in another order, the definition
 * SPDX-License-Identifier: Apache-2.0
 */
#include "variants.h"

#include <string.h>

void octet_transpose_f32_ref(size_t rows, size_t cols, const float *x, size_t x_step, float *y,
                             size_t y_step)
{
    for (size_t c = 0; c < cols; c++)
        for (size_t r = 0; r < rows; r++)
            memcpy(&y[c * y_step + r], &x[r * x_step + c], sizeof(*y));
}
