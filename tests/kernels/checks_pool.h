/* checks_pool.h: part of check_kernels.c: windows of pooling and interpolation
 * SPDX-License-Identifier: Apache-2.0
 */

typedef void (*window_fn)(size_t n, size_t taps, const int64_t *offset, const float *x, size_t step,
                          float *y);

static void check_window(window_fn ref, window_fn cand)
{
    for (int round = 0; round < 2000; round++) {
        size_t n = size_at(round % ROUNDS), taps = random_below(12);
        size_t step = 1 + random_below(4), span = 1 + random_below(50);
        int64_t *offset = random_offsets(taps, span);
        float *x = random_floats(n > 0 ? (n - 1) * step + span : 0, round % KINDS);
        float *want = guarded(n * 4), *got = guarded(n * 4);

        if (round % 7 == 0)
            for (size_t i = 0; n > 0 && i < (n - 1) * step + span; i++)
                x[i] = random_below(2) ? -0.0f : 0.0f;
        if (n > 0 && round % 11 == 0)
            x[random_below(span)] = round % 2 ? NAN : -INFINITY;
        ref(n, taps, offset, x, step, want);
        cand(n, taps, offset, x, step, got);
        same_floats(want, got, n, taps * 10 + step);
        release_all();
    }
}

static void check_max_row_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    check_window(ref->max_row_f32, cand->max_row_f32);
}

static void check_sum_row_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    check_window(ref->sum_row_f32, cand->sum_row_f32);
}

static void check_weigh_row_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 500; round++) {
        size_t n = size_at(round % ROUNDS), taps = 1 + random_below(6);
        size_t span = 1 + random_below(90);
        int64_t *offset = random_offsets(taps, span);
        float *x = random_floats(n > 0 ? n - 1 + span : 0, round % KINDS);
        float *w = random_floats(taps, round % KINDS);
        float *want = guarded(n * 4), *got = guarded(n * 4);

        ref->weigh_row_f32(n, taps, offset, w, x, want);
        cand->weigh_row_f32(n, taps, offset, w, x, got);
        same_floats(want, got, n, taps);
        release_all();
    }
}
