/* test_qparams.c: scales and zero points from ranges, weights and biases
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calib/qparams.h"
#include "support/check.h"

#include <float.h>

static const octet_qspec u8 = {.dtype = OCTET_DTYPE_UINT8, .qmin = 0, .qmax = 255};
static const octet_qspec s8 = {
    .dtype = OCTET_DTYPE_INT8, .qmin = -127, .qmax = 127, .symmetric = true};
static const octet_qspec s32 = {
    .dtype = OCTET_DTYPE_INT32, .qmin = INT32_MIN, .qmax = INT32_MAX, .symmetric = true};

static void check_range(float min, float max, const octet_qspec *spec, float scale, int zero_point)
{
    octet_qparams p = octet_qparams_from_range(min, max, spec);

    if (p.scale != scale || p.zero_point != zero_point)
        fail_msg("[%g, %g]: scale %.9g, zero point %d; expected %.9g, %d", (double)min, (double)max,
                 (double)p.scale, p.zero_point, (double)scale, zero_point);
}

static void asymmetric_ranges(void **state)
{
    (void)state;
    check_range(0.0F, 255.0F, &u8, 1.0F, 0);
    check_range(-255.0F, 0.0F, &u8, 1.0F, 255);
    check_range(-128.0F, 127.0F, &u8, 1.0F, 128);
    check_range(-1.0F, 254.0F, &u8, 1.0F, 1);
}

static void zero_is_always_inside(void **state)
{
    (void)state;
    check_range(10.0F, 255.0F, &u8, 1.0F, 0);
    check_range(-255.0F, -10.0F, &u8, 1.0F, 255);
}

static void symmetric_ranges(void **state)
{
    octet_qspec middle = u8;

    (void)state;
    middle.symmetric = true;
    check_range(-127.0F, 3.0F, &s8, 1.0F, 0);
    check_range(0.0F, 254.0F, &s8, 2.0F, 0);
    check_range(-255.0F, 3.0F, &middle, 2.0F, 128);
}

static void ranges_without_extent(void **state)
{
    (void)state;
    check_range(0.0F, 0.0F, &u8, 1.0F, 0);
    check_range(0.0F, 0.0F, &s8, 1.0F, 0);
    check_range(0.0F, 1e-44F, &u8, 1.0F, 0);
    check_range(-FLT_MIN, FLT_MIN, &s8, 1.0F, 0);
    check_range(5.0F, 5.0F, &u8, 5.0F / 255.0F, 0);
}

/* Whatever the range, both ends are within half a step of what is represented. */
static void both_ends_are_covered(void **state)
{
    static const float ends[] = {1e-37F, 1e-6F, 0.1F, 0.999F, 1.0F, 2.64F, 100.0F, 6.5e4F, FLT_MAX};
    size_t n = sizeof ends / sizeof *ends;

    (void)state;
    for (size_t i = 0; i < n * n; i++) {
        float lo = -ends[i / n], hi = ends[i % n];
        octet_qparams p = octet_qparams_from_range(lo, hi, &u8);
        double least = (double)(u8.qmin - p.zero_point) * (double)p.scale;
        double most = (double)(u8.qmax - p.zero_point) * (double)p.scale;
        double room = (double)p.scale * 0.5 + (double)FLT_EPSILON * (most - least);

        if (!isfinite(p.scale) || p.scale < FLT_MIN || p.zero_point < 0 || p.zero_point > 255)
            fail_msg("[%g, %g]: scale %g, zero point %d", (double)lo, (double)hi, (double)p.scale,
                     p.zero_point);
        if (least > (double)lo + room || most < (double)hi - room)
            fail_msg("[%g, %g] is represented as [%g, %g]", (double)lo, (double)hi, least, most);
    }
}

/* Pixels scaled to [-1, 1] stay on the grid of the integers they came from. */
static void rounded_zero_points_do_not_cut_an_end(void **state)
{
    octet_qparams p = octet_qparams_from_range(-1.0F, 1.0F, &u8);
    float least = (float)(0 - p.zero_point) * p.scale, most = (float)(255 - p.zero_point) * p.scale;

    (void)state;
    assert_true(least <= -1.0F && most >= 1.0F);
    assert_true(p.scale <= 2.0F / 254.0F);
}

static void check_inside(float scale, int zero_point, float lo, float hi, const octet_qspec *spec)
{
    octet_qparams p = {scale, zero_point};

    octet_qparams_fit_inside(&p, spec, lo, hi);
    float least = (float)(spec->qmin - zero_point) * p.scale;
    float most = (float)(spec->qmax - zero_point) * p.scale;
    if (p.zero_point != zero_point || p.scale > scale || least < lo || most > hi)
        fail_msg("%g, %d inside [%g, %g]: scale %.9g, represents [%.9g, %.9g]", (double)scale,
                 zero_point, (double)lo, (double)hi, (double)p.scale, (double)least, (double)most);
    if (p.scale < scale * 0.99F && (most < hi * 0.9999F) && (least > lo * 0.9999F))
        fail_msg("%g, %d inside [%g, %g]: scale %.9g is needlessly small", (double)scale,
                 zero_point, (double)lo, (double)hi, (double)p.scale);
}

static void ranges_fit_inside_the_bounds_of_a_clip(void **state)
{
    (void)state;
    check_inside(6.0F / 255.0F, 0, 0.0F, 6.0F, &u8);
    check_inside(6.00001F / 255.0F, 0, 0.0F, 6.0F, &u8);
    check_inside(1.0F, 0, 0.0F, 6.0F, &u8);
    check_inside(1.0F, 100, -3.0F, 6.0F, &u8);
    check_inside(1.0F, 100, -INFINITY, 6.0F, &u8);
    check_inside(0.001F, 100, -INFINITY, INFINITY, &u8);
    check_inside(1.0F, 255, -1.0F, 6.0F, &u8);
}

static void bounds_that_cannot_be_met_change_nothing(void **state)
{
    octet_qparams p = {0.5F, 10};

    (void)state;
    octet_qparams_fit_inside(&p, &u8, 0.0F, 6.0F);
    assert_true(p.scale == 0.5F && p.zero_point == 10);
}

static void one_value(void **state)
{
    const octet_qparams p = {0.5F, 10};
    const octet_qparams wide = {1e-30F, 0};

    (void)state;
    assert_int_equal(octet_quantize_one(0.0F, &p, &u8), 10);
    assert_int_equal(octet_quantize_one(0.25F, &p, &u8), 10); /* ties go to even */
    assert_int_equal(octet_quantize_one(0.75F, &p, &u8), 12);
    assert_int_equal(octet_quantize_one(-0.25F, &p, &u8), 10);
    assert_int_equal(octet_quantize_one(1000.0F, &p, &u8), 255);
    assert_int_equal(octet_quantize_one(-1000.0F, &p, &u8), 0);
    assert_int_equal(octet_quantize_one(FLT_MAX, &wide, &s32), INT32_MAX);
    assert_int_equal(octet_quantize_one(-FLT_MAX, &wide, &s32), INT32_MIN);
}

static void scales_of_channels(void **state)
{
    /* [2][3][2]: channels along the middle */
    static const float data[] = {1, -2, 0, 0, 3, 0, -12.7F, 0, 0, 0, 0, -6};
    float scales[3];

    (void)state;
    octet_weight_scales(data, 2, 3, 2, &s8, scales);
    assert_true(scales[0] == (float)((double)12.7F / 127.0));
    assert_true(scales[2] == (float)(6.0 / 127.0));
    assert_true(scales[1] == scales[2]); /* dead: as the smallest of the others */
}

static void scales_of_dead_weights(void **state)
{
    static const float zeros[6], tiny[2] = {1e-44F, -FLT_MIN};
    float scales[3];

    (void)state;
    octet_weight_scales(zeros, 1, 3, 2, &s8, scales);
    for (int i = 0; i < 3; i++)
        assert_true(scales[i] == 1.0F);
    octet_weight_scales(tiny, 1, 1, 2, &s8, scales);
    assert_true(scales[0] == 1.0F);
    octet_weight_scales(NULL, 1, 2, 0, &s8, scales);
    assert_true(scales[0] == 1.0F && scales[1] == 1.0F);
}

static void check_fits(float bias, float x_scale, float scale)
{
    double steps = fabs((double)bias) / ((double)x_scale * (double)scale);

    if (!(isfinite(scale) && steps <= OCTET_BIAS_LIMIT * (1 + 1e-6)))
        fail_msg("bias %g with scales %g and %g is %g steps", (double)bias, (double)x_scale,
                 (double)scale, steps);
}

static void biases_enlarge_scales(void **state)
{
    float scales[3] = {1e-6F, 1e-6F, 1e-6F}, one = 1e-6F;
    static const float bias[3] = {0.5F, -1e9F, 1e4F};

    (void)state;
    assert_int_equal(octet_enlarge_for_bias(scales, 3, bias, 3, 0.01F), 2);
    assert_true(scales[0] == 1e-6F);
    for (int i = 0; i < 3; i++)
        check_fits(bias[i], 0.01F, scales[i]);
    assert_int_equal(octet_enlarge_for_bias(&one, 1, bias, 3, 0.01F), 1);
    for (int i = 0; i < 3; i++)
        check_fits(bias[i], 0.01F, one);
}

/* A scale never becomes infinite, however large the bias; the bias saturates then. */
static void enlarged_scales_stay_finite(void **state)
{
    float scale = 1e-6F;
    static const float bias[1] = {FLT_MAX};

    (void)state;
    octet_enlarge_for_bias(&scale, 1, bias, 1, FLT_MIN);
    assert_true(isfinite(scale) && scale > 0.0F);
}

/* The product of the scales is the bias's own: it must not vanish. */
static void products_of_scales_stay_normal(void **state)
{
    float scale = 1e-30F;
    static const float bias[1] = {0.0F};

    (void)state;
    assert_int_equal(octet_enlarge_for_bias(&scale, 1, bias, 1, 1e-20F), 1);
    assert_true(scale * 1e-20F >= FLT_MIN);
    assert_int_equal(octet_enlarge_for_bias(&scale, 1, bias, 1, 1e-20F), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(asymmetric_ranges),
        cmocka_unit_test(zero_is_always_inside),
        cmocka_unit_test(symmetric_ranges),
        cmocka_unit_test(ranges_without_extent),
        cmocka_unit_test(both_ends_are_covered),
        cmocka_unit_test(rounded_zero_points_do_not_cut_an_end),
        cmocka_unit_test(ranges_fit_inside_the_bounds_of_a_clip),
        cmocka_unit_test(bounds_that_cannot_be_met_change_nothing),
        cmocka_unit_test(one_value),
        cmocka_unit_test(scales_of_channels),
        cmocka_unit_test(scales_of_dead_weights),
        cmocka_unit_test(biases_enlarge_scales),
        cmocka_unit_test(enlarged_scales_stay_finite),
        cmocka_unit_test(products_of_scales_stay_normal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
