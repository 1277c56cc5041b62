/* checks_pointwise.h: part of check_kernels.c: activations, and what follows a loop
 * SPDX-License-Identifier: Apache-2.0
 */

CHECK_BINARY(prelu_f32)

#define CHECK_SCALED(kernel, arguments)                                                            \
    static void check_##kernel(const octet_kernels *ref, const octet_kernels *cand)                \
    {                                                                                              \
        for (int round = 0; round < ROUNDS * 4; round++) {                                         \
            size_t n = size_at(round % ROUNDS);                                                    \
            float a = random_float(round % 3), b = random_float(round % 3);                        \
            float *x = random_floats(n, round % KINDS);                                            \
            float *want = guarded(n * 4), *got = guarded(n * 4);                                   \
            (void)b;                                                                               \
            ref->kernel arguments(want);                                                           \
            cand->kernel arguments(got);                                                           \
            same_floats(want, got, n, (size_t)round);                                              \
            cand->kernel arguments(x); /* in place */                                              \
            same_floats(want, x, n, (size_t)round);                                                \
            release_all();                                                                         \
        }                                                                                          \
    }
#define WITH_ONE(y) (n, x, a, y)
#define WITH_TWO(y) (n, x, a, b, y)

CHECK_SCALED(elu_f32, WITH_ONE)
CHECK_SCALED(hard_sigmoid_f32, WITH_TWO)
CHECK_SCALED(affine_f32, WITH_TWO)

static void spoil(size_t n, float *x, int round)
{
    if (round % 7 == 0)
        for (size_t i = 0; i < n; i++)
            x[i] = random_below(2) ? -0.0f : 0.0f;
    if (n > 0 && round % 5 == 0)
        x[random_below(n)] = round % 2 ? NAN : -INFINITY;
    if (n > 0 && round % 10 == 0)
        x[random_below(n)] = INFINITY;
}

static void check_sum_lines_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < ROUNDS * 2; round++) {
        size_t lines = random_below(11), n = size_at(round % ROUNDS), step = n + random_below(3);
        float *x = random_floats(lines > 0 ? (lines - 1) * step + n : 0, round % KINDS);
        float *want = guarded(lines * 4), *got = guarded(lines * 4);

        ref->sum_lines_f32(lines, n, x, step, want);
        cand->sum_lines_f32(lines, n, x, step, got);
        same_floats(want, got, lines, n);
        release_all();
    }
}

static void check_max_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < ROUNDS * 4; round++) {
        size_t n = size_at(round % ROUNDS) + 1;
        float *x = random_floats(n, round % KINDS), *want = guarded(4), *got = guarded(4);

        spoil(n, x, round);
        *want = ref->max_f32(n, x);
        *got = cand->max_f32(n, x);
        same_floats(want, got, 1, n);
        release_all();
    }
}

static void check_finish_f32(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < ROUNDS * 8; round++) {
        size_t n = size_at(round % ROUNDS);
        float *want = random_floats(n, round % 3), *got = guarded(n * 4);
        octet_minmax a = OCTET_MINMAX_EMPTY, b = OCTET_MINMAX_EMPTY;
        octet_epilogue e = {
            .act = (octet_act)random_below(3), .lo = random_float(WIDE), .hi = random_float(WIDE)};
        int ranged = random_below(3) != 0;

        if (round % 3 == 0)
            a.min = b.min = -1.0f, a.max = b.max = 0.5f;
        spoil(n, want, round);
        memcpy(got, want, n * sizeof *got);
        e.range = ranged ? &a : NULL;
        ref->finish_f32(n, &e, want);
        e.range = ranged ? &b : NULL;
        cand->finish_f32(n, &e, got);
        same_floats(want, got, n, (size_t)round);
        if (a.not_finite != b.not_finite)
            report("another verdict", n, (size_t)round);
        if (!a.not_finite && memcmp(&a, &b, sizeof a) != 0)
            report("another range", n, (size_t)round);
        release_all();
    }
}
