/* test_backend_file.c: backend descriptions, good and bad
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/alloc.h"
#include "engine/backend.h"
#include "support/check.h"

#include <stdio.h>

#define CONFIG                                                                                     \
    "{\"name\": \"c\", \"input_dtype\": {\"dtype\": \"uint8\"}, "                                  \
    "\"output_dtype\": {\"dtype\": \"uint8\"}}"
#define FILE_WITH(config, pattern)                                                                 \
    "{\"name\": \"b\",\n\"dtype_configs\": [" config "],\n\"patterns\": [" pattern "]}"
#define PATTERN(rest) FILE_WITH(CONFIG, "{\"name\": \"p\", \"dtype_configs\": [\"c\"], " rest "}")
#define ELEMENT(rest) PATTERN("\"pattern\": [{\"as\": \"a\", \"op\": [\"Conv\"]" rest "}]")
#define SPEC(rest)                                                                                 \
    FILE_WITH("{\"name\": \"c\", \"input_dtype\": {" rest                                          \
              "}, \"output_dtype\": {\"dtype\": \"uint8\"}}",                                      \
              "")

static octet_status parse(const char *text, octet_backend **out, octet_diag *diag)
{
    const octet_allocator allocator = {0};

    return octet_backend_parse(&allocator, text, strlen(text), "b.json", out, diag);
}

static octet_backend *good(const char *text)
{
    octet_backend *backend;
    octet_diag diag = {0};

    if (parse(text, &backend, &diag) != OCTET_OK)
        fail_msg("%s\nis refused: %s", text, diag.text);
    return backend;
}

static void bad(const char *text, const char *message)
{
    octet_backend *backend;
    octet_diag diag = {0};

    if (parse(text, &backend, &diag) != OCTET_ERR_INVALID_ARGUMENT)
        fail_msg("%s\nis not refused as it should be: '%s'", text, diag.text);
    assert_null(backend);
    if (strstr(diag.text, message) == NULL || strncmp(diag.text, "b.json:", 7) != 0)
        fail_msg("%s\nis refused with '%s', expected '%s'", text, diag.text, message);
}

static void what_is_left_out(void **state)
{
    octet_backend *b = good(ELEMENT(""));
    const octet_pattern *p = &b->patterns[0];

    (void)state;
    assert_int_equal(b->n_patterns, 1);
    assert_true(p->observation == OCTET_OUTPUT_USE_DIFFERENT_OBSERVER_AS_INPUT && !p->between);
    assert_true(!p->from_float && !p->output_optional && !p->overwrite_output_qparams);
    assert_int_equal(p->elements[0].from, -1);
    assert_int_equal(p->configs[0]->input.qmax, 255);
    assert_int_equal(p->configs[0]->weight.dtype, OCTET_DTYPE_UNDEFINED);
    octet_backend_destroy(b);
}

static void longer_patterns_come_first(void **state)
{
#define SHORT(name)                                                                                \
    "{\"name\": \"" name "\", \"dtype_configs\": [\"c\"], "                                        \
    "\"pattern\": [{\"as\": \"a\", \"op\": [\"Conv\"]}]}"
    octet_backend *b = good(
        FILE_WITH(CONFIG, SHORT("first") ", " SHORT(
                              "second") ", {\"name\": \"long\", \"dtype_configs\": [\"c\"], "
                                        "\"pattern\": [{\"as\": \"a\", \"op\": [\"Conv\"]}, "
                                        "{\"as\": \"b\", \"op\": [\"Relu\"], \"input\": \"a\"}]}"));

    (void)state;
    assert_string_equal(b->patterns[0].name, "long");
    assert_string_equal(b->patterns[1].name, "first");
    assert_string_equal(b->patterns[2].name, "second");
    octet_backend_destroy(b);
}

static void comments_are_allowed(void **state)
{
    (void)state;
    octet_backend_destroy(good(ELEMENT(", \"comment\": \"why\"")));
}

static void the_syntax(void **state)
{
    (void)state;
    bad("", "b.json:");
    bad("{\n  \"name\": \"b\",\n  oops\n}", "b.json:3:");
    bad("[]", "must be an object");
    bad("{\"name\": \"a\", \"name\": \"b\"}", "b.json:1:");
    bad("\xff\xfe", "b.json:");
    bad("{\"name\": \"a\\u0000b\"}", "b.json:");
}

static void unknown_keys(void **state)
{
    (void)state;
    bad("{\"nam\": \"b\"}", "unknown key 'nam', did you mean 'name'");
    bad(PATTERN("\"patern\": []"), "patterns[0]: unknown key 'patern', did you mean 'pattern'");
    bad(ELEMENT(", \"optionl\": true"), "patterns[0].pattern[0]: unknown key 'optionl'");
    bad(SPEC("\"dtype\": \"uint8\", \"qmin\": 0"),
        "dtype_configs[0].input_dtype: unknown key 'qmin'");
}

static void missing_keys(void **state)
{
    (void)state;
    bad("{}", "lacks the key 'name'");
    bad("{\"name\": \"b\"}", "dtype_configs");
    bad("{\"name\": \"b\", \"dtype_configs\": []}", "patterns");
    bad(FILE_WITH("{\"name\": \"c\"}", ""), "dtype_configs[0]: lacks input_dtype or output_dtype");
    bad(FILE_WITH(CONFIG, "{\"name\": \"p\"}"), "lacks the key 'dtype_configs'");
    bad(PATTERN("\"pattern\": [{\"as\": \"a\"}]"), "lacks the key 'op'");
}

static void wrong_types(void **state)
{
    (void)state;
    bad("{\"name\": 3}", "must be a string: 'name'");
    bad("{\"name\": \"b\", \"dtype_configs\": {}}", "needs a list: 'dtype_configs'");
    bad(FILE_WITH("3", ""), "must be an object");
    bad(PATTERN("\"pattern\": []"), "1 to 8 elements");
    bad(PATTERN("\"pattern\": [1]"), "must be an object");
    bad(ELEMENT(", \"optional\": 1"), "must be true or false: 'optional'");
    bad(ELEMENT(", \"min_rank\": 1.5"), "must be an integer: 'min_rank'");
    bad(ELEMENT(", \"constant\": \"W\""), "must be a list of strings: 'constant'");
    bad(ELEMENT(", \"attributes\": {\"alpha\": {\"in\": 1}}"), "needs a list 'in': 'alpha'");
    bad(ELEMENT(", \"attributes\": {\"alpha\": {\"in\": [null]}}"), "'alpha'");
}

static void ranks_and_counts(void **state)
{
    (void)state;
    bad(ELEMENT(", \"min_rank\": -1"), "min_rank");
    bad(ELEMENT(", \"max_rank\": 4294967297"), "max_rank");
    bad(ELEMENT(", \"max_outputs\": -1"), "max_outputs");
}

static void element_types(void **state)
{
    (void)state;
    bad(SPEC("\"dtype\": \"unt8\""), "'unt8'");
    bad(SPEC("\"dtype\": \"float32\""), "is not an integer type");
    bad(SPEC("\"dtype\": \"float\""), "is not an integer type");
    bad(SPEC("\"dtype\": \"int64\""), "is not an integer type");
    bad(SPEC("\"dtype\": \"bool\""), "is not an integer type");
    bad(SPEC("\"dtype\": \"uint8\", \"qscheme\": \"per_tensor_afine\""),
        "did you mean 'per_tensor_affine'");
}

static void ranges_of_integers(void **state)
{
    (void)state;
    bad(SPEC("\"dtype\": \"uint8\", \"quant_max\": 256"), "within the range of 'uint8'");
    bad(SPEC("\"dtype\": \"uint8\", \"quant_min\": -1"), "within the range of 'uint8'");
    bad(SPEC("\"dtype\": \"int8\", \"quant_min\": 5"), "within the range of 'int8'");
    bad(SPEC("\"dtype\": \"int8\", \"quant_min\": 0, \"quant_max\": 0"), "within the range");
    bad(SPEC("\"dtype\": \"int8\", \"quant_min\": 1e3"), "must be an integer");
}

static void references(void **state)
{
    (void)state;
    bad(FILE_WITH(CONFIG, "{\"name\": \"p\", \"dtype_configs\": [\"d\"], \"pattern\": "
                          "[{\"as\": \"a\", \"op\": [\"Conv\"]}]}"),
        "no dtype configuration is called 'd'");
    bad(FILE_WITH(CONFIG, "{\"name\": \"p\", \"dtype_configs\": [], \"pattern\": "
                          "[{\"as\": \"a\", \"op\": [\"Conv\"]}]}"),
        "is empty: 'dtype_configs'");
    bad(PATTERN("\"pattern\": [{\"as\": \"a\", \"op\": [\"Conv\"], \"input\": \"a\"}]"),
        "the first element reads no other");
    bad(PATTERN("\"pattern\": [{\"as\": \"a\", \"op\": [\"A\"]}, {\"as\": \"b\", \"op\": "
                "[\"B\"], \"input\": \"c\"}]"),
        "input names no earlier element: 'c'");
    bad(PATTERN("\"pattern\": [{\"as\": \"a\", \"op\": [\"A\"], \"optional\": true}]"),
        "the first element cannot be optional");
}

static void choices_and_fixed_parameters(void **state)
{
    (void)state;
    bad(PATTERN("\"quantize\": \"betwen\", \"pattern\": []"), "did you mean 'between'");
    bad(PATTERN("\"observation_type\": \"X\", \"pattern\": []"), "is no value of");
    bad(PATTERN("\"overwrite_output_qparams\": {\"scale\": 0}"), "needs a positive number");
    bad(PATTERN("\"overwrite_output_qparams\": {\"scale\": 1e-60}"), "needs a positive number");
    bad(PATTERN("\"overwrite_output_qparams\": {\"scale\": 1e300}"), "needs a positive number");
    bad(PATTERN("\"overwrite_output_qparams\": {\"scale\": 1, \"zero_point\": 5000000000}, "
                "\"pattern\": [{\"as\": \"a\", \"op\": [\"Conv\"]}]"),
        "zero_point");
}

static void names_of_backends(void **state)
{
    const octet_allocator allocator = {0};
    octet_backend *backend;
    octet_diag diag = {0};

    (void)state;
    assert_int_equal(octet_backend_open(&allocator, "ort-cpu", &backend, &diag), OCTET_OK);
    assert_string_equal(backend->name, "ort-cpu");
    octet_backend_destroy(backend);
    assert_int_equal(octet_backend_open(&allocator, "ort-cpo", &backend, &diag),
                     OCTET_ERR_INVALID_ARGUMENT);
    assert_non_null(strstr(diag.text, "did you mean 'ort-cpu'"));
    assert_int_equal(octet_backend_open(&allocator, "./none.json", &backend, &diag), OCTET_ERR_IO);
    assert_non_null(strstr(diag.text, "./none.json"));
}

/* Placement writes a byte for each element. */
static void types_that_placement_cannot_write(void **state)
{
    (void)state;
    bad(SPEC("\"dtype\": \"uint16\""), "activations are uint8 or int8, not 'uint16'");
    bad(SPEC("\"dtype\": \"int4\""), "activations are uint8 or int8, not 'int4'");
    bad(SPEC("\"dtype\": \"int8\"}, \"weight_dtype\": {\"dtype\": \"int16\""),
        "weights are int8 and symmetric");
    bad(SPEC("\"dtype\": \"int8\"}, \"weight_dtype\": {\"dtype\": \"int8\""),
        "weights are int8 and symmetric");
    bad(SPEC("\"dtype\": \"int8\"}, \"bias_dtype\": {\"dtype\": \"int16\""),
        "biases are int32, not 'int16'");
    bad(PATTERN("\"overwrite_output_qparams\": {\"scale\": 1, \"zero_point\": 256}, "
                "\"pattern\": [{\"as\": \"a\", \"op\": [\"Conv\"]}]"),
        "is no value of output_dtype: 'zero_point'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out),     cmocka_unit_test(longer_patterns_come_first),
        cmocka_unit_test(comments_are_allowed), cmocka_unit_test(the_syntax),
        cmocka_unit_test(unknown_keys),         cmocka_unit_test(missing_keys),
        cmocka_unit_test(wrong_types),          cmocka_unit_test(ranks_and_counts),
        cmocka_unit_test(element_types),        cmocka_unit_test(ranges_of_integers),
        cmocka_unit_test(references),           cmocka_unit_test(choices_and_fixed_parameters),
        cmocka_unit_test(names_of_backends),    cmocka_unit_test(types_that_placement_cannot_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
