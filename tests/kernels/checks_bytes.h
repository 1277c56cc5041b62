/* checks_bytes.h: part of check_kernels.c: light work on tensors of bytes
 * SPDX-License-Identifier: Apache-2.0
 */

static uint8_t *any_bytes(size_t n)
{
    static const uint8_t ends[] = {0, 127, 128, 255};
    uint8_t *x = guarded(n);
    size_t share = random_below(4);

    for (size_t i = 0; i < n; i++)
        x[i] = random_below(4) < share ? ends[random_below(4)] : (uint8_t)random_u32();
    return x;
}

static void check_lookup_u8(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 400; round++) {
        size_t n = random_below(round % 3 == 0 ? 600 : 140);
        uint8_t *x = any_bytes(n), *table = any_bytes(256), *want = guarded(n), *got = guarded(n);

        ref->lookup_u8(n, x, table, want);
        cand->lookup_u8(n, x, table, got);
        same_bytes(want, got, n, n);
        release_all();
    }
}

/* Ratios that bring sums into the range of a byte, powers of two for ties, and any. */
static float any_ratio(int kind)
{
    if (kind == 0)
        return random_float(EXTREME);
    if (kind == 1)
        return random_below(2) ? 0.5f : 0.25f;
    return (float)(1 + random_below(1000)) / 700.0f;
}

static void check_add_q8(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 2000; round++) {
        size_t n = random_below(100);
        float ra = any_ratio(round % 4), rb = any_ratio(round % 4);
        float plus = round % 4 == 0 ? random_float(EXTREME)
                                    : (float)random_below(1024) / 4.0f - (float)random_below(128);
        uint8_t *a = any_bytes(n), *b = any_bytes(n), *want = guarded(n), *got = guarded(n);

        ref->add_q8(n, a, ra, b, rb, plus, round / 4 % 2, want);
        cand->add_q8(n, a, ra, b, rb, plus, round / 4 % 2, got);
        same_bytes(want, got, n, (size_t)round);
        release_all();
    }
}

static void check_mul_q8(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 2000; round++) {
        size_t n = random_below(100);
        int is_signed = round / 4 % 2;
        float za = (float)random_below(256) - (is_signed ? 128.0f : 0.0f);
        float zb = (float)random_below(256) - (is_signed ? 128.0f : 0.0f);
        float ratio = any_ratio(round % 4) / (round % 4 == 2 ? 128.0f : 1.0f);
        float plus = (float)random_below(256) - (is_signed ? 128.0f : 0.0f);
        uint8_t *a = any_bytes(n), *b = any_bytes(n), *want = guarded(n), *got = guarded(n);

        ref->mul_q8(n, a, za, b, zb, ratio, plus, is_signed, want);
        cand->mul_q8(n, a, za, b, zb, ratio, plus, is_signed, got);
        same_bytes(want, got, n, (size_t)round);
        release_all();
    }
}

static void check_max_taps_q8(const octet_kernels *ref, const octet_kernels *cand)
{
    for (int round = 0; round < 2000; round++) {
        size_t n = 1 + random_below(150), taps = 1 + random_below(6), tap_step = random_below(80);
        size_t step = 1 + random_below(3);
        uint8_t *x = any_bytes((n - 1) * step + (taps - 1) * tap_step + 1);
        uint8_t *want = guarded(n), *got = guarded(n);

        ref->max_taps_q8(n, taps, x, tap_step, step, round % 2, want);
        cand->max_taps_q8(n, taps, x, tap_step, step, round % 2, got);
        same_bytes(want, got, n, n * 100 + taps * 10 + step);
        release_all();
    }
}
