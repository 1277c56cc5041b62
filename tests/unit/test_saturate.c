/* test_saturate.c: ranges that readers cannot tell apart are trimmed
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/saturate.h"
#include "support/quantize_text.h"

#define NET(body) "g (float[1,2,1,1] x) => (float[1,2,1,1] y)\n<" EYE ">\n{" body "}"
#define NET2(body)                                                                                 \
    "g (float[1,2,1,1] x) => (float[1,2,1,1] y, float[1,2,1,1] z)\n<" EYE ">\n{" body "}"

static octet_saturation of(const char *graph)
{
    octet_saturation s;
    net n;

    net_read(&n, graph);
    s = octet_saturation_of(n.g, net_value(&n, "x"));
    net_close(&n);
    return s;
}

static void check_exact(const char *graph, float lo, float hi)
{
    octet_saturation s = of(graph);

    if (s.kind != OCTET_SATURATION_EXACT || fabsf(s.lo - lo) > 1e-6F ||
        (s.hi != hi && !(fabsf(s.hi - hi) <= 1e-6F)))
        fail_msg("%s: kind %d, [%g, %g]", graph, (int)s.kind, (double)s.lo, (double)s.hi);
}

static void check_kind(const char *graph, octet_saturation_kind kind)
{
    octet_saturation s = of(graph);

    if (s.kind != kind)
        fail_msg("%s: kind %d instead of %d", graph, (int)s.kind, (int)kind);
}

static void flat_functions(void **state)
{
    (void)state;
    check_exact(NET("y = HardSwish(x)"), -3.0F, INFINITY);
    check_exact(NET("y = Relu(x)"), 0.0F, INFINITY);
    check_exact(NET("y = HardSigmoid(x)"), -2.5F, 2.5F);
    check_exact(NET("y = HardSigmoid <alpha: float = 0.5, beta: float = 0.25> (x)"), -0.5F, 1.5F);
    check_kind(NET("y = Sigmoid(x)"), OCTET_SATURATION_SIGMOID);
    check_kind(NET("y = Tanh(x)"), OCTET_SATURATION_NONE);
    check_kind(NET("y = HardSigmoid <alpha: float = -1> (x)"), OCTET_SATURATION_NONE);
}

static void gated_products(void **state)
{
    (void)state;
    check_kind(NET("s = Sigmoid(x)\ny = Mul(x, s)"), OCTET_SATURATION_SILU);
    check_kind(NET("s = Sigmoid(x)\ny = Mul(s, x)"), OCTET_SATURATION_SILU);
    check_exact(NET("s = HardSigmoid(x)\ny = Mul(x, s)"), -2.5F, INFINITY);
    check_kind(NET("s = Sigmoid(x)\ny = Add(x, s)"), OCTET_SATURATION_NONE);
}

static void other_readers_keep_the_range(void **state)
{
    (void)state;
    check_kind(NET2("y = HardSwish(x)\nz = Neg(x)"), OCTET_SATURATION_NONE);
    check_kind(NET2("s = Sigmoid(x)\ny = Mul(x, s)\nz = Neg(s)"), OCTET_SATURATION_NONE);
    check_kind(NET2("s = Sigmoid(x)\ny = Mul(x, s)\nz = Neg(x)"), OCTET_SATURATION_NONE);
    check_kind("g (float[1,2,1,1] x) => (float[1,2,1,1] y, float[1,2,1,1] s)\n{s = Sigmoid(x)\ny = "
               "Mul(x, s)\n}",
               OCTET_SATURATION_NONE);
}

/* |silu(-floor)| is within the tolerance, and a little above it is not. */
static void the_floor_of_silu(void **state)
{
    (void)state;
    for (float tolerance = 0.2F; tolerance > 1e-9F; tolerance /= 2.0F) {
        double m = (double)octet_silu_floor(tolerance);
        double below = (m - 0.01) / (1.0 + exp(m - 0.01));

        if (m / (1.0 + exp(m)) > (double)tolerance || below <= (double)tolerance)
            fail_msg("tolerance %g: floor %g", (double)tolerance, m);
    }
    assert_true(isfinite(octet_silu_floor(0.0F)));
    assert_true(octet_silu_floor(1.0F) > 0.0F);
}

/* The input of the activation as it is quantized, in a net that reaches from -12 to 12. */
static void check_scale(const char *graph, const char *value, float expected)
{
    static const float samples[] = {-6.0F, 6.0F};
    octet_report *report;
    net n;

    net_read(&n, graph);
    if (net_quantize(&n, samples, 2, 2, &report) != OCTET_OK)
        fail_msg("%s", octet_context_message(n.ctx));
    for (size_t i = 0; i < report->n_tensors; i++)
        if (strcmp(report->tensors[i].name, value) == 0) {
            if (fabsf(report->tensors[i].scale / expected - 1.0F) > 0.01F)
                fail_msg("%s: scale of '%s' is %g instead of %g", graph, value,
                         (double)report->tensors[i].scale, (double)expected);
            expected = 0.0F;
        }
    assert_true(expected == 0.0F);
    octet_report_free(report);
    net_close(&n);
}

static void trimmed_ranges(void **state)
{
    (void)state;
    check_scale(NET("a = Conv(x, w)\ny = HardSwish(a)"), "a", 15.0F / 255.0F);
    check_scale(NET("a = Conv(x, w)\ny = Tanh(a)"), "a", 24.0F / 255.0F);
    check_scale(NET2("a = Conv(x, w)\ny = HardSwish(a)\nz = Tanh(a)"), "a", 24.0F / 255.0F);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flat_functions),
        cmocka_unit_test(gated_products),
        cmocka_unit_test(other_readers_keep_the_range),
        cmocka_unit_test(the_floor_of_silu),
        cmocka_unit_test(trimmed_ranges),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
