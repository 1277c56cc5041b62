/* test_histogram.c: histograms do not depend on order or split; methods against the raw values
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calib/histogram.h"
#include "support/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed;

static double uniform(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(seed >> 33) + 0.5) / (double)(UINT64_C(1) << 31);
}

static float normal(void)
{
    double sum = 0.0;

    for (int i = 0; i < 12; i++)
        sum += uniform();
    return (float)(sum - 6.0);
}

/* ---- kinds of data */

typedef enum kind { NORMAL, RELU, SILU, HEAVY, WIDE, FEW, GRID, TINY, NEGATIVE, KINDS } kind;

static float value_of(kind k)
{
    float x = normal();

    switch (k) {
    case RELU:
        return x > 0.0F ? x : 0.0F;
    case SILU:
        return x / (1.0F + expf(-x));
    case HEAVY:
        return x * x * x * x * x;
    case WIDE: /* every octave there is */
        return ldexpf(x, (int)(uniform() * 270.0) - 145);
    case FEW:
        return uniform() < 0.995 ? 0.0F : x;
    case GRID:
        return (float)(int)(x * 8.0F) / 8.0F;
    case TINY:
        return x * 0x1p-130F;
    case NEGATIVE:
        return -fabsf(x) - 1.0F;
    default:
        return x;
    }
}

#define N 30000

static float *make_values(kind k, size_t n)
{
    float *x = malloc(n * sizeof *x);

    assert_non_null(x);
    seed = 77 + (uint64_t)k;
    for (size_t i = 0; i < n; i++)
        x[i] = value_of(k);
    return x;
}

/* ---- feeding */

static octet_diag diag;

static octet_observing with(octet_isa isa)
{
    return (octet_observing){octet_kernels_get(isa), NULL, &diag};
}

static void feed(octet_histogram *h, const float *x, size_t n, octet_isa isa)
{
    const octet_observing w = with(isa);
    const int64_t dims[1] = {(int64_t)n};
    octet_minmax range = OCTET_MINMAX_EMPTY;
    octet_tensor t;

    if (n == 0)
        return;
    assert_int_equal(octet_tensor_describe(&t, OCTET_DTYPE_FLOAT32, 1, dims, &diag), OCTET_OK);
    t.data = malloc(n * sizeof *x);
    assert_non_null(t.data);
    memcpy(t.data, x, n * sizeof *x);
    assert_true(w.k->minmax_f32(n, x, &range.min, &range.max));
    assert_int_equal(octet_statistics_histogram.observe(h, &t, &range, &w), OCTET_OK);
    free(t.data);
}

static void merge(octet_histogram *into, const octet_histogram *from)
{
    const octet_observing w = with(OCTET_ISA_REF);

    assert_int_equal(octet_statistics_histogram.merge(into, from, &w), OCTET_OK);
}

static int rising(const void *x, const void *y)
{
    const float a = *(const float *)x, b = *(const float *)y;

    return (a > b) - (a < b);
}

static void assert_equal(octet_histogram *a, octet_histogram *b)
{
    assert_memory_equal(a->top, b->top, sizeof a->top);
    assert_int_equal(a->zeros, b->zeros);
    assert_int_equal(a->counted, b->counted);
    assert_true(a->min == b->min && a->max == b->max && a->seen == b->seen);
    assert_int_equal(a->low != NULL, b->low != NULL);
    for (uint32_t i = 0; a->low != NULL && i < OCTET_HISTOGRAM_BINS; i++)
        if (octet_histogram_count(a, i) != octet_histogram_count(b, i))
            fail_msg("bin %u: %llu and %llu", i, (unsigned long long)octet_histogram_count(a, i),
                     (unsigned long long)octet_histogram_count(b, i));
    for (int sign = 0; sign < 2; sign++) {
        assert_int_equal(a->n_raw[sign], b->n_raw[sign]);
        assert_true(a->n_raw[sign] < OCTET_HISTOGRAM_RAW);
        qsort(a->raw[sign], a->n_raw[sign], sizeof(float), rising);
        qsort(b->raw[sign], b->n_raw[sign], sizeof(float), rising);
        assert_memory_equal(a->raw[sign], b->raw[sign], a->n_raw[sign] * sizeof(float));
    }
}

static void drop(octet_histogram *h)
{
    octet_statistics_histogram.deinit(h, NULL);
    free(h);
}

static octet_histogram *make(void)
{
    octet_histogram *h = calloc(1, sizeof *h);

    assert_non_null(h);
    return h;
}

static octet_histogram *made_of(const float *x, size_t n)
{
    octet_histogram *h = make();

    feed(h, x, n, octet_isa_host());
    return h;
}

/* ---- the state */

static void reverse(float *x, size_t n)
{
    for (size_t i = 0; i < n / 2; i++) {
        float t = x[i];
        x[i] = x[n - 1 - i];
        x[n - 1 - i] = t;
    }
}

static void any_order_and_pieces(void **state)
{
    (void)state;
    for (int k = 0; k < KINDS; k++) {
        float *x = make_values((kind)k, N);
        octet_histogram *whole = made_of(x, N);

        for (int round = 0; round < 4; round++) {
            octet_histogram *h = make();
            if (round == 1)
                qsort(x, N, sizeof *x, rising);
            if (round == 2)
                reverse(x, N);
            for (size_t i = 0, n; i < N; i += n) {
                n = 1 + (size_t)(uniform() * 4000.0);
                n = n < N - i ? n : N - i;
                feed(h, x + i, n, round % 2 ? OCTET_ISA_REF : octet_isa_host());
            }
            assert_equal(whole, h);
            drop(h);
        }
        drop(whole);
        free(x);
    }
}

static void any_merge(void **state)
{
    enum { PARTS = 5 };

    (void)state;
    for (int k = 0; k < KINDS; k++) {
        float *x = make_values((kind)k, N);
        qsort(x, N / 2, sizeof *x, rising); /* parts that differ much */
        octet_histogram *whole = made_of(x, N), *part[PARTS];

        for (int round = 0; round < 3; round++) {
            octet_histogram *sum = make();
            size_t from = 0;
            for (int i = 0; i < PARTS; i++) {
                size_t to = i + 1 < PARTS ? from + (size_t)(uniform() * (N - from) / 2) : N;
                part[i] = made_of(x + from, to - from);
                from = to;
            }
            for (int i = 0; i < PARTS; i++)
                merge(sum, part[(i * 2 + round) % PARTS]);
            assert_equal(whole, sum);
            for (int i = 0; i < PARTS; i++)
                drop(part[i]);
            drop(sum);
        }
        drop(whole);
        free(x);
    }
}

/* Counts beyond a digit: one value a million times, then folded. */
static void large_counts(void **state)
{
    enum { MANY = 100000 };
    float *x = malloc(MANY * sizeof *x);
    octet_histogram *h = make(), *sum = make();
    uint64_t found = 0, most = 0;

    (void)state;
    assert_non_null(x);
    for (size_t i = 0; i < MANY; i++)
        x[i] = i % 10 ? 0.75F : -0.75F;
    for (int i = 0; i < 10; i++)
        feed(h, x, MANY, octet_isa_host());
    merge(sum, h);
    merge(sum, h);
    for (size_t i = 0; i < 1000; i++)
        x[i] = 3.0F;
    feed(sum, x, 1000, octet_isa_host());
    for (uint32_t i = 0; i < OCTET_HISTOGRAM_BINS; i++) {
        uint64_t count = octet_histogram_count(sum, i);
        found += count;
        most = count > most ? count : most;
    }
    assert_int_equal(found + sum->n_raw[0] + sum->n_raw[1], 2001000);
    assert_int_equal(found, sum->counted);
    assert_int_equal(most, 1800000);
    drop(h);
    drop(sum);
    free(x);
}

/* ---- ranges */

static const octet_qspec specs[] = {
    {.dtype = OCTET_DTYPE_UINT8, .qmin = 0, .qmax = 255},
    {.dtype = OCTET_DTYPE_INT8, .qmin = -128, .qmax = 127},
    {.dtype = OCTET_DTYPE_INT8, .qmin = -127, .qmax = 127, .symmetric = true},
    {.dtype = OCTET_DTYPE_UINT16, .qmin = 0, .qmax = 65535},
};

#define N_SPECS (sizeof specs / sizeof *specs)

static const octet_observer *const observers[] = {&octet_observer_percentile,
                                                  &octet_observer_entropy, &octet_observer_mse};

static octet_range choose(const octet_observer *o, const octet_histogram *h,
                          const octet_qspec *spec, double percentile)
{
    const octet_observing w = with(octet_isa_host());
    const octet_range_options options = {.percentile = percentile};
    octet_choice choice;

    assert_int_equal(o->choose(h, spec, &options, &w, &choice), OCTET_OK);
    assert_true(isfinite(choice.range.min) && isfinite(choice.range.max));
    return choice.range;
}

/* The value with rank k from above; 0 when no value of the sign has it. */
static double ranked(const float *sorted, size_t n, size_t k)
{
    float x = sorted[n - 1 - k];

    return x > 0.0F ? (double)x : 0.0;
}

static void check_end(double end, double exact, double most)
{
    double bin = fmax(exact * 0x1p-10, most * 0x1p-10); /* generous below the octaves */

    if (end < exact || end > exact + bin)
        fail_msg("the end is %.9g, the value %.9g, bin %g", end, exact, bin);
}

static void percentile_within_a_bin(void **state)
{
    static const double percentiles[] = {100.0, 99.999, 99.9, 99.0, 90.0};

    (void)state;
    for (int k = 0; k < KINDS; k++) {
        float *x = make_values((kind)k, N);
        octet_histogram *h = made_of(x, N);
        double most = ldexp(1.0, octet_histogram_bottom(h));

        for (size_t p = 0; p < sizeof percentiles / sizeof *percentiles; p++) {
            size_t cut = (size_t)floor(N * (100.0 - percentiles[p]) / 200.0);
            octet_range r = choose(&octet_observer_percentile, h, &specs[0], percentiles[p]);
            qsort(x, N, sizeof *x, rising);
            check_end((double)fmaxf(r.max, 0.0F), ranked(x, N, cut), most);
            for (size_t i = 0; i < N; i++)
                x[i] = -x[i];
            qsort(x, N, sizeof *x, rising);
            check_end((double)fmaxf(-r.min, 0.0F), ranked(x, N, cut), most);
            for (size_t i = 0; i < N; i++)
                x[i] = -x[i];
        }
        drop(h);
        free(x);
    }
}

static double squared_error(const float *x, const octet_range *r, const octet_qspec *spec)
{
    octet_qparams p = octet_qparams_from_range(r->min, r->max, spec);
    double error = 0.0;

    for (size_t i = 0; i < N; i++) {
        double q = (double)(octet_quantize_one(x[i], &p, spec) - p.zero_point) * (double)p.scale;
        error += (q - (double)x[i]) * (q - (double)x[i]);
    }
    return error;
}

/* Least true error over a grid of pairs of ends. */
static double least_error(const float *x, const octet_histogram *h, const octet_qspec *spec)
{
    double least = INFINITY;

    for (int hi = 0; hi < 24; hi++)
        for (int lo = 0; lo < (h->min < 0.0F && !spec->symmetric ? 24 : 1); lo++) {
            octet_range r = {h->min * powf(0.93F, (float)(spec->symmetric ? hi : lo)),
                             h->max * powf(0.93F, (float)hi)};
            least = fmin(least, squared_error(x, &r, spec));
        }
    return least;
}

static void mse_is_as_good_as_trying_everything(void **state)
{
    static const kind kinds[] = {NORMAL, RELU, SILU, HEAVY, FEW, GRID, NEGATIVE};

    (void)state;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        float *x = make_values(kinds[k], N);
        octet_histogram *h = made_of(x, N);
        for (size_t s = 0; s < 3; s++) {
            const octet_range whole = {h->min, h->max};
            octet_range r = choose(&octet_observer_mse, h, &specs[s], 0.0);
            double error = squared_error(x, &r, &specs[s]);
            double least = least_error(x, h, &specs[s]);

            if (error > least * 1.03)
                fail_msg("kind %d, spec %zu: [%g, %g] has error %g, the best %g", (int)kinds[k], s,
                         (double)r.min, (double)r.max, error, least);
            assert_true(error <= squared_error(x, &whole, &specs[s]) * 1.001);
        }
        drop(h);
        free(x);
    }
}

/* Of uniformly distributed values nothing is cut off; of others never so much that the squared
 * error grows. */
static void entropy_keeps_what_matters(void **state)
{
    static const kind kinds[] = {NORMAL, RELU, SILU, GRID, NEGATIVE};
    float *x = make_values(NORMAL, N);

    (void)state;
    for (size_t i = 0; i < N; i++)
        x[i] = (float)(uniform() * 2.0 - 1.0);
    octet_histogram *h = made_of(x, N);
    octet_range r = choose(&octet_observer_entropy, h, &specs[0], 0.0);
    assert_true(r.max > 0.98F && r.min < -0.98F);
    drop(h);
    free(x);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        x = make_values(kinds[k], N);
        h = made_of(x, N);
        const octet_range whole = {h->min, h->max};
        r = choose(&octet_observer_entropy, h, &specs[0], 0.0);
        for (size_t i = 0; i < N; i++) /* one value at each end may be cut off at any cost */
            x[i] = x[i] == whole.min || x[i] == whole.max ? 0.0F : x[i];
        assert_true(squared_error(x, &r, &specs[0]) <= squared_error(x, &whole, &specs[0]) * 1.02);
        drop(h);
        free(x);
    }
}

/* Powers of two change nothing but the exponent. */
static void ranges_scale_with_the_values(void **state)
{
    (void)state;
    for (size_t o = 0; o < 3; o++)
        for (size_t s = 0; s < N_SPECS; s++) {
            float *x = make_values(SILU, N);
            octet_histogram *h = made_of(x, N);
            octet_range a = choose(observers[o], h, &specs[s], 0.0);
            drop(h);
            for (size_t i = 0; i < N; i++)
                x[i] = ldexpf(x[i], -20);
            h = made_of(x, N);
            octet_range b = choose(observers[o], h, &specs[s], 0.0);
            assert_true(a.min == ldexpf(b.min, 20) && a.max == ldexpf(b.max, 20));
            drop(h);
            free(x);
        }
}

static void an_outlier_changes_little(void **state)
{
    (void)state;
    for (size_t o = 0; o < 2; o++) { /* the squared error of one of 1e30 outweighs all else */
        float *x = make_values(NORMAL, N);
        octet_histogram *h = made_of(x, N);
        octet_range a = choose(observers[o], h, &specs[0], 99.9), b;
        x[1234] = 1e30F;
        drop(h);
        h = made_of(x, N);
        b = choose(observers[o], h, &specs[0], 99.9);
        assert_true(fabsf(a.max - b.max) < 0.1F * a.max && fabsf(a.min - b.min) < -0.1F * a.min);
        drop(h);
        free(x);
    }
}

static void odd_tensors(void **state)
{
    static const float values[][3] = {
        {0.0F, 0.0F, 0.0F},      {1.5F, 1.5F, 1.5F},    {-2.0F, -2.0F, -2.0F}, {1e-44F, 0.0F, 0.0F},
        {1e-44F, -3e-42F, 0.0F}, {3e38F, -3e38F, 1.0F}, {-0.0F, 1e-20F, 1e30F}};

    (void)state;
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        for (size_t n = 1; n <= 3000; n = n < 3 ? n + 1 : n * 10) {
            float *x = malloc(n * sizeof *x);
            assert_non_null(x);
            for (size_t i = 0; i < n; i++)
                x[i] = values[v][i % 3];
            octet_histogram *h = made_of(x, n);
            for (size_t o = 0; o < 3; o++)
                for (size_t s = 0; s < N_SPECS; s++) {
                    octet_range r = choose(observers[o], h, &specs[s], 0.0);
                    assert_true(r.min >= fminf(h->min, 0.0F) - fabsf(h->max));
                    assert_true(r.max <= fmaxf(h->max, 0.0F) + fabsf(h->min));
                }
            drop(h);
            free(x);
        }
}

/* The grid has the resolution that is promised, and says where it has not. */
static void coarseness_is_told(void **state)
{
    const octet_observing w = with(octet_isa_host());
    const octet_range_options options = {0};
    octet_choice choice;

    (void)state;
    for (int k = 0; k < KINDS; k++) {
        float *x = make_values((kind)k, N);
        octet_histogram *h = made_of(x, N);
        assert_int_equal(octet_observer_mse.choose(h, &specs[0], &options, &w, &choice), OCTET_OK);
        if (k != WIDE && k != TINY)
            assert_false(choice.coarse);
        drop(h);
        free(x);
    }
    float *x = make_values(NORMAL, N);
    for (size_t i = 0; i < 300; i++)
        x[i * 100] = 1000.0F;
    octet_histogram *h = made_of(x, N);
    const octet_range narrow = {-1.0F, 1.0F}, wide = {-2.0F, 1000.0F};
    assert_true(octet_histogram_coarse(h, &narrow, &specs[0]));
    assert_false(octet_histogram_coarse(h, &wide, &specs[0]));
    drop(h);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_and_pieces),
        cmocka_unit_test(any_merge),
        cmocka_unit_test(large_counts),
        cmocka_unit_test(percentile_within_a_bin),
        cmocka_unit_test(mse_is_as_good_as_trying_everything),
        cmocka_unit_test(entropy_keeps_what_matters),
        cmocka_unit_test(ranges_scale_with_the_values),
        cmocka_unit_test(an_outlier_changes_little),
        cmocka_unit_test(odd_tensors),
        cmocka_unit_test(coarseness_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
