/* test_text.c: numbers without the locale, growing text, nearest names
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/text.h"
#include "support/check.h"

#include <float.h>
#include <locale.h>

static void text_grows(void **state)
{
    octet_text text;

    (void)state;
    octet_text_init(&text, NULL);
    for (int i = 0; i < 300; i++)
        octet_text_add(&text, "%d,", i % 10);
    octet_text_add_bytes(&text, "a\0b", 3);
    octet_text_add_bytes(&text, NULL, 0);
    assert_false(text.failed);
    assert_int_equal(text.length, 603);
    assert_memory_equal(text.data, "0,1,2,3", 7);
    assert_memory_equal(text.data + 600, "a\0b", 4);
    octet_text_deinit(&text);
}

static void text_says_when_memory_ran_out(void **state)
{
    failing_heap heap = {.fail_at = 2};
    octet_allocator allocator = failing_allocator(&heap);
    octet_text text;

    (void)state;
    octet_text_init(&text, &allocator);
    octet_text_add(&text, "short");
    assert_false(text.failed);
    octet_text_add(&text, "%0200d", 1);
    assert_true(text.failed);
    octet_text_add(&text, "!");
    assert_string_equal(text.data, "short");
    octet_text_deinit(&text);
    assert_int_equal(heap.alive, 0);
}

static void integers(void **state)
{
    static const char *const wrong[] = {"",
                                        "-",
                                        "+",
                                        " 1",
                                        "1 ",
                                        "1.0",
                                        "0x1",
                                        "1e3",
                                        "--1",
                                        "9223372036854775808",
                                        "-9223372036854775809"};
    int64_t x;

    (void)state;
    assert_true(octet_parse_i64("-9223372036854775808", &x) && x == INT64_MIN);
    assert_true(octet_parse_i64("9223372036854775807", &x) && x == INT64_MAX);
    assert_true(octet_parse_i64("+007", &x) && x == 7);
    x = 5;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(octet_parse_i64(wrong[i], &x));
    assert_int_equal(x, 5);
}

static void reals(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0", 0},      {"-1.5", -1.5},    {".5", 0.5},         {"5.", 5},
        {"1e3", 1000}, {"1.5E-2", 0.015}, {"+2", 2},           {"1e-400", 0},
        {"0.1", 0.1},  {"inf", INFINITY}, {"-inf", -INFINITY},
    };
    static const char *const wrong[] = {"",   ".",   "-.",   "e1",    "1e",    "1e+",      " 1",
                                        "1 ", "1,5", "0x10", "1e400", "1.2.3", "infinity", "1f"};
    double x = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(octet_parse_f64(cases[i].text, &x));
        assert_true(x == cases[i].value);
    }
    assert_true(octet_parse_f64("nan", &x) && isnan(x));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(octet_parse_f64(wrong[i], &x));
}

static void endless_numbers_are_refused(void **state)
{
    char digits[5000];
    double x;

    (void)state;
    memset(digits, '1', sizeof digits - 1);
    digits[sizeof digits - 1] = '\0';
    assert_false(octet_parse_f64(digits, &x));
}

static void floats_print_short(void **state)
{
    static const struct {
        float x;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0f, "-0"},
        {1, "1"},
        {0.1f, "0.1"},
        {1.0f / 3, "0.33333334"},
        {16777216, "16777216"},
        {1e10f, "1e+10"},
        {FLT_MAX, "3.4028235e+38"},
        {FLT_MIN, "1.1754944e-38"},
        {1e-45f, "1e-45"},
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
    };
    char buffer[32];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(octet_print_f32(cases[i].x, buffer), cases[i].text);
}

static void floats_read_back_as_themselves(void **state)
{
    uint32_t random = 12345;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        char buffer[32];
        double back;
        float x;

        random = random * 1664525u + 1013904223u;
        memcpy(&x, &random, sizeof x);
        if (isnan(x))
            continue;
        assert_true(octet_parse_f64(octet_print_f32(x, buffer), &back));
        assert_true((float)back == x);
    }
}

static void doubles_read_back_as_themselves(void **state)
{
    uint64_t random = 12345;
    char buffer[32];

    (void)state;
    assert_string_equal(octet_print_f64(0.1, buffer), "0.1");
    assert_string_equal(octet_print_f64(5e-324, buffer), "5e-324");
    assert_string_equal(octet_print_f64(-DBL_MAX, buffer), "-1.7976931348623157e+308");
    assert_string_equal(octet_print_f64(-INFINITY, buffer), "-inf");
    for (int i = 0; i < 100000; i++) {
        double x, back;

        random = random * 6364136223846793005u + 1442695040888963407u;
        memcpy(&x, &random, sizeof x);
        if (!isfinite(x))
            continue;
        assert_true(octet_parse_f64(octet_print_f64(x, buffer), &back));
        assert_true(back == x);
    }
}

/* By way of a double the first would be rounded to a tie and then down. */
static void floats_are_rounded_once(void **state)
{
    float x;

    (void)state;
    assert_true(octet_parse_f32("1.00000005960464477540", &x));
    assert_true(x == 1.00000011920928955078125f);
    assert_true(octet_parse_f32("3.4028235e38", &x) && x == FLT_MAX);
    assert_false(octet_parse_f32("3.5e38", &x));
    assert_true(octet_parse_f32("-inf", &x) && x == -INFINITY);
    assert_true(octet_parse_f32("1e-99", &x) && x == 0);
    assert_false(octet_parse_f32("1,5", &x));
    assert_false(octet_parse_f32("", &x));
}

/* A program that links octet may have set a locale whose decimal point is a comma. */
static void the_locale_does_not_matter(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    const char *set = NULL;
    char buffer[32];
    double x;

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && set == NULL; i++)
        set = setlocale(LC_ALL, names[i]);
    if (set == NULL)
        skip();
    assert_string_equal(localeconv()->decimal_point, ",");
    assert_string_equal(octet_print_f32(0.25f, buffer), "0.25");
    assert_true(octet_parse_f64("0.25", &x) && x == 0.25);
    assert_false(octet_parse_f64("0,25", &x));
    setlocale(LC_ALL, "C");
}

static void the_nearest_name_is_found(void **state)
{
    static const char *const names[] = {"quantize", "check", "inspect", "--backend", "ort-cpu"};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"quantise", "quantize"},   {"qauntize", "quantize"}, {"chek", "check"}, {"CHECK", "check"},
        {"--bakcend", "--backend"}, {"ort_cpu", "ort-cpu"},   {"xyz", NULL},     {"", NULL},
        {"check", "check"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *nearest = octet_nearest(cases[i].word, names, 5);

        if (cases[i].nearest == NULL)
            assert_null(nearest);
        else
            assert_string_equal(nearest, cases[i].nearest);
    }
}

static void endless_words_have_no_neighbour(void **state)
{
    static char word[10000];
    const char *const names[] = {word};

    (void)state;
    memset(word, 'a', sizeof word - 1);
    assert_null(octet_nearest(word, names, 1));
    assert_null(octet_nearest("aaa", names, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_grows),
        cmocka_unit_test(text_says_when_memory_ran_out),
        cmocka_unit_test(integers),
        cmocka_unit_test(reals),
        cmocka_unit_test(endless_numbers_are_refused),
        cmocka_unit_test(floats_print_short),
        cmocka_unit_test(floats_read_back_as_themselves),
        cmocka_unit_test(doubles_read_back_as_themselves),
        cmocka_unit_test(floats_are_rounded_once),
        cmocka_unit_test(the_locale_does_not_matter),
        cmocka_unit_test(the_nearest_name_is_found),
        cmocka_unit_test(endless_words_have_no_neighbour),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
