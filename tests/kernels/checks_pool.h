/* checks_pool.h: part of check_kernels.c: windows of pooling and interpolation
 * SPDX-License-Identifier: Apache-2.0
 */

static void check_windows(void (*ref)(const octet_windows *w), void (*cand)(const octet_windows *w))
{
    for (int round = 0; round < 2000; round++) {
        size_t span = 1 + random_below(50), y_gap = random_below(3);
        octet_windows w = {.rows = random_below(4),
                           .n = size_at(round % ROUNDS),
                           .taps = random_below(12),
                           .x_row = random_below(40),
                           .step = 1 + random_below(4)};
        int empty = w.n == 0 || w.rows == 0;
        size_t in = empty ? 0 : (w.rows - 1) * w.x_row + (w.n - 1) * w.step + span, out;
        float *x = random_floats(in, round % KINDS), *want, *got;

        w.offset = random_offsets(w.taps, span);
        w.y_row = w.n + y_gap;
        out = empty ? 0 : (w.rows - 1) * w.y_row + w.n;
        want = guarded(out * 4);
        got = guarded(out * 4);
        for (size_t i = 0; round % 7 == 0 && i < in; i++)
            x[i] = random_below(2) ? -0.0f : 0.0f;
        if (in > 0 && round % 11 == 0)
            x[random_below(in)] = round % 2 ? NAN : -INFINITY;
        w.x = x;
        w.y = want;
        ref(&w);
        w.y = got;
        cand(&w);
        same_floats(want, got, out, w.taps * 10 + w.step);
        release_all();
    }
}

static void check_max_windows_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    check_windows(ref->max_windows_f32, cand->max_windows_f32);
}

static void check_sum_windows_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    check_windows(ref->sum_windows_f32, cand->sum_windows_f32);
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
