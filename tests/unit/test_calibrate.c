/* test_calibrate.c: ranges, and which sample and tensor a failure names
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calib/calibrate.h"
#include "support/quantize_text.h"

#define IMAGE "float[1,2,1,1] "

typedef struct feed {
    octet_feed feed;
    const float *values; /* sample i is {values[i], 2 · values[i]} */
    float room[8][2];
    int64_t elements;
} feed;

static octet_status feed_get(void *user, int64_t index, int worker, octet_tensor *tensors,
                             bool *end, octet_diag *diag)
{
    feed *f = user;
    const int64_t dims[4] = {1, f->elements, 1, 1};

    *end = false;
    OCTET_TRY(octet_tensor_describe(&tensors[0], OCTET_DTYPE_FLOAT32, 4, dims, diag));
    f->room[worker][0] = f->values[index];
    f->room[worker][1] = 2.0F * f->values[index];
    tensors[0].data = f->room[worker];
    return OCTET_OK;
}

static void feed_release(void *user, int worker)
{
    (void)user;
    (void)worker;
}

static const char *feed_name(void *user, int64_t index, char *buffer, size_t size)
{
    (void)user;
    snprintf(buffer, size, "number %lld", (long long)index);
    return buffer;
}

typedef struct run {
    net n;
    octet_calibration *c;
    uint32_t number; /* of the observed value */
    octet_diag diag;
} run;

static octet_status start(run *r, const char *graph, const char *observed, const float *values,
                          int64_t count, int64_t elements, int threads)
{
    feed f = {.values = values, .elements = elements};

    memset(r, 0, sizeof *r);
    f.feed = (octet_feed){
        .user = &f, .count = count, .get = feed_get, .release = feed_release, .name = feed_name};
    net_read(&r->n, graph);
    if (octet_calibration_create(r->n.model, &r->c, &r->diag) != OCTET_OK ||
        octet_calibration_observe(r->c, r->n.g, net_value(&r->n, observed),
                                  &octet_statistics_minmax, &r->number, &r->diag) != OCTET_OK)
        fail_msg("%s", r->diag.text);
    return octet_calibration_run(r->c, &f.feed, threads, &r->diag);
}

static void finish(run *r)
{
    octet_calibration_destroy(r->c);
    net_close(&r->n);
}

static void check_range(const char *graph, const char *observed, const float *values, int64_t count,
                        int threads, float min, float max)
{
    octet_range range;
    run r;

    if (start(&r, graph, observed, values, count, 2, threads) != OCTET_OK)
        fail_msg("%s", r.diag.text);
    assert_int_equal(octet_calibration_samples(r.c), count);
    assert_true(octet_calibration_extent(r.c, r.number, &range));
    if (range.min != min || range.max != max)
        fail_msg("'%s' on %d threads: [%g, %g] instead of [%g, %g]", observed, threads,
                 (double)range.min, (double)range.max, (double)min, (double)max);
    finish(&r);
}

#define DOUBLED                                                                                    \
    "g (" IMAGE "x) => (" IMAGE "y)\n{[a] a = Add(x, x)\n[n] b = Neg(a)\n[y] y = Add(b, x)\n}"

static void ranges_do_not_depend_on_threads(void **state)
{
    static const float values[] = {1, -3, 2, 0.5F, -1, 4, 0, 2};

    (void)state;
    for (int threads = 1; threads <= 4; threads++) {
        check_range(DOUBLED, "x", values, 8, threads, -6, 8);
        check_range(DOUBLED, "a", values, 8, threads, -12, 16);
        check_range(DOUBLED, "b", values, 8, threads, -16, 12);
    }
}

static void check_failure(const char *graph, const char *observed, const float *values,
                          int64_t count, const char *sample, const char *tensor)
{
    for (int threads = 1; threads <= 4; threads += 3) {
        run r;
        octet_status status = start(&r, graph, observed, values, count, 2, threads);

        if (status != OCTET_ERR_DATA)
            fail_msg("%d threads: '%s'", threads, octet_status_name(status));
        if (strstr(r.diag.text, sample) == NULL || strstr(r.diag.text, tensor) == NULL)
            fail_msg("%d threads: '%s' does not name %s and %s", threads, r.diag.text, sample,
                     tensor);
        finish(&r);
    }
}

static void a_sample_with_a_nan(void **state)
{
    const float values[] = {1, 2, 3, NAN, 5, INFINITY, 7, 8};

    (void)state;
    check_failure(DOUBLED, "b", values, 8, "'number 3'", "tensor 'x' (an input of the model)");
}

#define ROOTS                                                                                      \
    "g (" IMAGE "x) => (" IMAGE "y)\n{[r] a = Sqrt(x)\n[n] b = Neg(a)\n[y] y = Add(b, x)\n}"

/* The first tensor is named, not the one that is observed. */
static void a_nan_made_on_the_way(void **state)
{
    const float values[] = {1, 2, 3, 4, 5, -6, -7, -8};

    (void)state;
    check_failure(ROOTS, "b", values, 8, "'number 5'", "tensor 'a' (made by node 'r' (Sqrt))");
    check_failure(ROOTS, "y", values, 8, "'number 5'", "tensor 'a' (made by node 'r' (Sqrt))");
}

static void a_constant_with_a_nan(void **state)
{
    const float values[] = {1, 2, 3, 4};

    (void)state;
    check_failure("g (" IMAGE "x) => ("
                  "float[1,2,1,2] y)\n<float[2] k = {nan, 1}>\n"
                  "{[m] y = Mul(x, k)\n}",
                  "y", values, 4, "'number 0'",
                  "'m' (Mul)) holds a NaN or an infinity, as does "
                  "initializer 'k'");
}

static void a_sample_of_the_wrong_shape(void **state)
{
    const float values[] = {1, 2};
    run r;

    (void)state;
    assert_int_equal(start(&r, DOUBLED, "a", values, 2, 1, 1), OCTET_ERR_DATA);
    if (strstr(r.diag.text, "'number 0'") == NULL || strstr(r.diag.text, "'x'") == NULL)
        fail_msg("'%s'", r.diag.text);
    finish(&r);
}

#define EMPTY                                                                                      \
    "g (" IMAGE "x) => (float[1,n,1,1] y)\n<int64[1] zero = {0}, int64[1] one = {1}>\n"            \
    "{[s] a = Slice(x, zero, zero, one)\n[n] b = Neg(a)\n[c] y = Concat <axis: int = 1> (b, x)\n}"

static void empty_tensors_have_no_range(void **state)
{
    static const float values[] = {1, 2};
    octet_range range;
    run r;

    (void)state;
    assert_int_equal(start(&r, EMPTY, "b", values, 2, 2, 1), OCTET_OK);
    assert_false(octet_calibration_extent(r.c, r.number, &range));
    finish(&r);
}

/* What no observed value depends on is never run. */
static void operators_nobody_needs(void **state)
{
    static const float values[] = {1, 2};
    run r;

    (void)state;
    assert_int_equal(start(&r,
                           "g (" IMAGE "x) => (" IMAGE "y)\n{[a] a = Neg(x)\n[u] y = "
                           "strange.domain.Unheard(a)\n}",
                           "a", values, 2, 2, 1),
                     OCTET_OK);
    finish(&r);
    assert_int_equal(start(&r,
                           "g (" IMAGE "x) => (" IMAGE "y)\n{[u] a = "
                           "strange.domain.Unheard(x)\n[n] y = Neg(a)\n}",
                           "y", values, 2, 2, 1),
                     OCTET_ERR_UNSUPPORTED);
    if (strstr(r.diag.text, "'u'") == NULL || strstr(r.diag.text, "'Unheard'") == NULL ||
        strstr(r.diag.text, "'strange.domain'") == NULL)
        fail_msg("'%s'", r.diag.text);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_do_not_depend_on_threads),
        cmocka_unit_test(a_sample_with_a_nan),
        cmocka_unit_test(a_nan_made_on_the_way),
        cmocka_unit_test(a_constant_with_a_nan),
        cmocka_unit_test(a_sample_of_the_wrong_shape),
        cmocka_unit_test(empty_tensors_have_no_range),
        cmocka_unit_test(operators_nobody_needs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
