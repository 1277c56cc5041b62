/* test_samples.c: sample sources, from the folder to the checked tensor
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "data/samples.h"
#include "data/source.h"
#include "support/data_files.h"

#include <fcntl.h>

static octet_context *ctx;
static char logged[2048];

static void keep_log(void *user, octet_log_level level, const char *text)
{
    (void)user;
    (void)level;
    snprintf(logged, sizeof logged, "%s", text);
}

static int start(void **state)
{
    octet_context_options options = {.threads = 1, .log = keep_log};

    return make_scratch(state) != 0 || octet_context_create(&options, &ctx) != OCTET_OK;
}

static int stop(void **state)
{
    octet_context_destroy(ctx);
    return remove_scratch(state);
}

static octet_sample_input x_of(int32_t rank, int64_t a, int64_t b, int64_t c)
{
    return (octet_sample_input){
        .name = "x", .dtype = OCTET_DTYPE_FLOAT32, .rank = rank, .dims = {a, b, c}};
}

static octet_samples *open_good(const char *path, const octet_sample_input *inputs, uint32_t n)
{
    octet_samples *samples;
    octet_diag diag = {0};

    if (octet_samples_open(ctx, path, inputs, n, NULL, &samples, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    return samples;
}

/* Opening or reading the first sample fails with this code and says these words. */
static void expect_failure(const char *path, const octet_sample_input *inputs, uint32_t n,
                           octet_status code, const char *words)
{
    octet_samples *samples;
    octet_sample sample;
    octet_diag diag = {0};
    bool end;
    octet_status status = octet_samples_open(ctx, path, inputs, n, NULL, &samples, &diag);

    if (status == OCTET_OK) {
        status = octet_samples_get(samples, 0, &sample, &end, &diag);
        octet_sample_release(samples, &sample);
        octet_samples_close(samples);
    }
    if (!strstr(diag.text, words))
        fail_msg("'%s' does not say '%s'", diag.text, words);
    assert_int_equal(status, code);
}

/* First element of the first input of sample i, and its shape. */
static double first_of(octet_samples *samples, int64_t i, int32_t rank)
{
    octet_sample sample;
    octet_diag diag = {0};
    bool end;
    double value;

    if (octet_samples_get(samples, i, &sample, &end, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    assert_false(end);
    assert_int_equal(sample.tensors[0].rank, rank);
    value = octet_tensor_f64_at(&sample.tensors[0], 0);
    octet_sample_release(samples, &sample);
    return value;
}

static const float counting[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                   11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21};

static const char *folder(const char *name)
{
    mkdir(scratch_path(name), 0700);
    return scratch_path(name);
}

/* ---------------------------------------------------------------- by shape */

static void samples_are_found_by_shape(void **state)
{
    static const struct {
        int32_t file_rank;
        int64_t file[3];
        int32_t rank;
        int64_t dims[3];
        int64_t count; /* 0: refused */
        double second; /* first element of the second sample */
    } cases[] = {
        {3, {4, 1, 3}, 2, {1, 3}, 4, 3},  /* stacked */
        {2, {4, 3}, 2, {1, 3}, 4, 3},     /* a batch of 4 for a model of batch 1 */
        {2, {4, 3}, 2, {-1, 3}, 4, 3},    /* the same with a symbolic batch */
        {2, {4, 3}, 2, {4, 3}, 1, 0},     /* the model wants just this */
        {3, {2, 4, 3}, 2, {4, 3}, 2, 12}, /* stacked */
        {1, {3}, 2, {1, 3}, 1, 0},        /* without its batch axis */
        {1, {3}, 2, {-1, 3}, 1, 0},       /* without its batch axis */
        {1, {5}, 0, {0}, 5, 1},           /* stacked scalars */
        {3, {2, 2, 3}, -1, {0}, 2, 6},    /* nothing known: stacked */
        {2, {4, 3}, 2, {2, 3}, 0, 0},     {2, {4, 3}, 2, {1, 4}, 0, 0},
        {3, {2, 1, 4}, 2, {1, 3}, 0, 0},  {1, {3}, 3, {1, 1, 3}, 0, 0},
        {2, {4, 1}, 0, {0}, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        octet_sample_input x =
            x_of(cases[i].rank, cases[i].dims[0], cases[i].dims[1], cases[i].dims[2]);
        octet_samples *samples;

        write_floats(scratch_path("s.npy"), cases[i].file_rank, cases[i].file, counting);
        if (cases[i].count == 0) {
            expect_failure(scratch_path("s.npy"), &x, 1, OCTET_ERR_DATA, "input 'x' is float32[");
            continue;
        }
        samples = open_good(scratch_path("s.npy"), &x, 1);
        assert_int_equal(octet_samples_count(samples), cases[i].count);
        if (cases[i].count > 1)
            assert_true(first_of(samples, 1, cases[i].rank < 0 ? 2 : cases[i].rank) ==
                        cases[i].second);
        octet_samples_close(samples);
    }
}

static void mapped_samples_are_not_copied(void **state)
{
    octet_sample_input x = x_of(2, 1, 3, 0);
    octet_samples *samples;
    octet_sample sample;
    octet_diag diag = {0};
    bool end;

    (void)state;
    write_floats(scratch_path("s.npy"), 3, (int64_t[]){4, 1, 3}, counting);
    samples = open_good(scratch_path("s.npy"), &x, 1);
    assert_int_equal(octet_samples_get(samples, 2, &sample, &end, &diag), OCTET_OK);
    assert_false(sample.owned[0]);
    assert_int_equal(sample.tensors[0].bytes, 12);
    assert_memory_equal(sample.tensors[0].data, counting + 6, 12);
    octet_sample_release(samples, &sample);
    assert_int_equal(octet_samples_get(samples, 4, &sample, &end, &diag), OCTET_OK);
    assert_true(end);
    octet_samples_close(samples);
}

/* ---------------------------------------------------------------- folders */

static void one_file_per_input(void **state)
{
    octet_sample_input inputs[2] = {x_of(2, 1, 3, 0), x_of(1, 2, 0, 0)};
    octet_samples *samples;
    octet_sample sample;
    octet_diag diag = {0};
    bool end;

    (void)state;
    inputs[1].name = "in:2/b";
    folder("pair");
    write_floats(scratch_path("pair/x.npy"), 3, (int64_t[]){4, 1, 3}, counting);
    expect_failure(scratch_path("pair"), inputs, 2, OCTET_ERR_DATA, "'in:2/b'");
    write_floats(scratch_path("pair/in_2_b.npy"), 2, (int64_t[]){4, 2}, counting);
    samples = open_good(scratch_path("pair"), inputs, 2);
    assert_int_equal(octet_samples_count(samples), 4);
    assert_int_equal(octet_samples_get(samples, 3, &sample, &end, &diag), OCTET_OK);
    assert_true(octet_tensor_f64_at(&sample.tensors[0], 0) == 9);
    assert_true(octet_tensor_f64_at(&sample.tensors[1], 0) == 6);
    octet_sample_release(samples, &sample);
    octet_samples_close(samples);
    write_floats(scratch_path("pair/in_2_b.npy"), 2, (int64_t[]){3, 2}, counting);
    expect_failure(scratch_path("pair"), inputs, 2, OCTET_ERR_DATA, "different numbers");
}

/* Files in turn, in the order of their bytes; each may hold several samples. */
static void files_in_turn(void **state)
{
    octet_sample_input x = x_of(2, -1, 3, 0);
    octet_samples_options options = {.limit = 2};
    octet_samples *samples;
    octet_diag diag = {0};
    char name[64];

    (void)state;
    folder("turn");
    write_floats(scratch_path("turn/b.npy"), 2, (int64_t[]){1, 3}, counting);
    write_floats(scratch_path("turn/a10.npy"), 2, (int64_t[]){3, 3}, counting + 1);
    write_floats(scratch_path("turn/a2.npy"), 1, (int64_t[]){3}, counting + 2);
    samples = open_good(scratch_path("turn"), &x, 1);
    assert_int_equal(octet_samples_count(samples), 5);
    assert_string_equal(octet_samples_name(samples, 2, name, sizeof name), "a10.npy[2]");
    assert_string_equal(octet_samples_name(samples, 3, name, sizeof name), "a2.npy");
    assert_string_equal(octet_samples_name(samples, 4, name, sizeof name), "b.npy");
    assert_true(first_of(samples, 2, 2) == 7);
    assert_true(first_of(samples, 3, 2) == 2);
    assert_true(first_of(samples, 4, 2) == 0);
    octet_samples_close(samples);
    assert_int_equal(
        octet_samples_open(ctx, scratch_path("turn"), &x, 1, &options, &samples, &diag), OCTET_OK);
    assert_int_equal(octet_samples_count(samples), 2);
    octet_samples_close(samples);
    /* A file named as the input stands for it alone. */
    write_floats(scratch_path("turn/x.npy"), 2, (int64_t[]){2, 3}, counting);
    samples = open_good(scratch_path("turn"), &x, 1);
    assert_int_equal(octet_samples_count(samples), 2);
    octet_samples_close(samples);
}

static void write_archive(const char *path, const char *key, const char *other)
{
    octet_tensor tensor;
    octet_npz_entry entries[2] = {{key, &tensor}, {other, &tensor}};
    octet_diag diag = {0};

    assert_int_equal(
        octet_tensor_describe(&tensor, OCTET_DTYPE_FLOAT32, 2, (int64_t[]){1, 3}, &diag), 0);
    tensor.data = (void *)(uintptr_t)counting;
    assert_int_equal(octet_npz_write(path, entries, other ? 2 : 1, &diag), OCTET_OK);
}

static void one_archive_per_sample(void **state)
{
    octet_sample_input inputs[2] = {x_of(2, 1, 3, 0), x_of(2, 1, 3, 0)};
    octet_samples *samples;

    (void)state;
    inputs[1].name = "mask";
    folder("zips");
    write_archive(scratch_path("zips/0.npz"), "mask", "x");
    samples = open_good(scratch_path("zips"), inputs, 2);
    assert_int_equal(octet_samples_count(samples), 1);
    assert_true(first_of(samples, 0, 2) == 0);
    octet_samples_close(samples);
    samples = open_good(scratch_path("zips/0.npz"), inputs, 2);
    assert_int_equal(octet_samples_count(samples), 1);
    octet_samples_close(samples);
    write_archive(scratch_path("zips/0.npz"), "mask", NULL);
    expect_failure(scratch_path("zips"), inputs, 2, OCTET_ERR_DATA,
                   "sample '0.npz': input 'x' is missing");
    write_archive(scratch_path("zips/0.npz"), "x", "masq");
    expect_failure(scratch_path("zips"), inputs, 2, OCTET_ERR_DATA, "'mask' meant");
    /* A single array needs no key. */
    write_archive(scratch_path("zips/0.npz"), "arr_0", NULL);
    samples = open_good(scratch_path("zips"), inputs, 1);
    assert_true(first_of(samples, 0, 2) == 0);
    octet_samples_close(samples);
}

/* dims, data_type, name and raw_data of a TensorProto */
static void write_proto(const char *path, char tensor_name, const float *values)
{
    uint8_t bytes[32] = "\x08\x01\x08\x03\x10\x01\x42\x01?\x4a\x0c";

    bytes[8] = (uint8_t)tensor_name;
    memcpy(bytes + 11, values, 12);
    write_bytes(path, bytes, 23);
}

static void test_data_sets(void **state)
{
    octet_sample_input inputs[2] = {x_of(2, 1, 3, 0), x_of(2, 1, 3, 0)};
    octet_samples *samples;
    octet_sample sample;
    octet_diag diag = {0};
    char name[64];
    bool end;

    (void)state;
    inputs[1].name = "y";
    folder("sets");
    folder("sets/test_data_set_0");
    folder("sets/test_data_set_1");
    write_proto(scratch_path("sets/test_data_set_0/input_0.pb"), 'a', counting);
    write_proto(scratch_path("sets/test_data_set_0/input_1.pb"), 'b', counting + 1);
    write_proto(scratch_path("sets/test_data_set_1/input_0.pb"), 'y', counting + 2);
    write_proto(scratch_path("sets/test_data_set_1/input_1.pb"), 'x', counting + 3);
    samples = open_good(scratch_path("sets"), inputs, 2);
    assert_int_equal(octet_samples_count(samples), 2);
    assert_string_equal(octet_samples_name(samples, 1, name, sizeof name), "test_data_set_1");
    assert_true(first_of(samples, 0, 2) == 0);
    /* Names go before numbers. */
    assert_int_equal(octet_samples_get(samples, 1, &sample, &end, &diag), OCTET_OK);
    assert_true(octet_tensor_f64_at(&sample.tensors[0], 0) == 3);
    assert_true(octet_tensor_f64_at(&sample.tensors[1], 0) == 2);
    octet_sample_release(samples, &sample);
    octet_samples_close(samples);
    samples = open_good(scratch_path("sets/test_data_set_0"), inputs, 2);
    assert_int_equal(octet_samples_count(samples), 1);
    octet_samples_close(samples);
    write_proto(scratch_path("sets/test_data_set_0/input_1.pb"), 'x', counting);
    expect_failure(scratch_path("sets"), inputs, 2, OCTET_ERR_DATA, "twice");
    unlink(scratch_path("sets/test_data_set_0/input_1.pb"));
    expect_failure(scratch_path("sets"), inputs, 2, OCTET_ERR_IO, "input_1.pb");
    write_text(scratch_path("sets/test_data_set_0/input_0.pb"), "hello");
    expect_failure(scratch_path("sets"), inputs, 2, OCTET_ERR_MALFORMED, "input_0.pb");
}

static void unusable_folders_are_named(void **state)
{
    octet_sample_input x = x_of(2, 1, 3, 0);

    (void)state;
    folder("empty");
    expect_failure(scratch_path("empty"), &x, 1, OCTET_ERR_DATA, "holds no samples");
    expect_failure(scratch_path("absent"), &x, 1, OCTET_ERR_IO, "absent");
    folder("mixed");
    write_floats(scratch_path("mixed/a.npy"), 1, (int64_t[]){3}, counting);
    write_archive(scratch_path("mixed/b.npz"), "x", NULL);
    expect_failure(scratch_path("mixed"), &x, 1, OCTET_ERR_DATA, "both .npy and .npz");
    write_text(scratch_path("empty/a.npy"), "");
    expect_failure(scratch_path("empty"), &x, 1, OCTET_ERR_MALFORMED, "a.npy");
    write_text(scratch_path("notes.txt"), "hello");
    expect_failure(scratch_path("notes.txt"), &x, 1, OCTET_ERR_DATA, "notes.txt");
}

/* ---------------------------------------------------------------- what the model wants */

static void messages_show_both_types(void **state)
{
    octet_sample_input x = {
        .name = "x", .dtype = OCTET_DTYPE_FLOAT32, .rank = 4, .dims = {-1, 3, -1, 4}};

    (void)state;
    folder("wrong");
    write_floats(scratch_path("wrong/img_0042.npy"), 3, (int64_t[]){3, 2, 5}, counting);
    expect_failure(scratch_path("wrong"), &x, 1, OCTET_ERR_DATA,
                   "input 'x' is float32[3,2,5], the model wants float32[N,3,?,4]");
}

static void dtypes_are_converted_where_nothing_is_lost(void **state)
{
    static const octet_dtype d[] = {
        OCTET_DTYPE_BOOL,  OCTET_DTYPE_UINT8,   OCTET_DTYPE_INT8,    OCTET_DTYPE_UINT16,
        OCTET_DTYPE_INT16, OCTET_DTYPE_UINT32,  OCTET_DTYPE_INT32,   OCTET_DTYPE_UINT64,
        OCTET_DTYPE_INT64, OCTET_DTYPE_FLOAT16, OCTET_DTYPE_FLOAT32, OCTET_DTYPE_FLOAT64,
    };
    /* Row: what the file has; column: what the model wants. */
    static const char *const allowed[] = {
        "1...........", /* bool */
        ".1.111111111", /* uint8 */
        "..1.1.1.1111", /* int8 */
        "...1.1111.11", /* uint16 */
        "....1.1.1.11", /* int16 */
        ".....1.11..1", /* uint32 */
        "......1.1..1", /* int32 */
        ".......1....", /* uint64 */
        "........1...", /* int64 */
        ".........111", /* float16 */
        ".........111", /* float32: to float16 by exception */
        ".........111", /* float64: to narrower floats by exception */
    };
    octet_diag diag = {0};

    (void)state;
    for (size_t from = 0; from < 12; from++)
        for (size_t to = 0; to < 12; to++) {
            octet_sample_input x = x_of(1, 2, 0, 0);
            octet_tensor tensor;
            bool owned = true;
            octet_status status;

            x.dtype = d[to];
            assert_int_equal(octet_tensor_init(&tensor, NULL, d[from], 1, (int64_t[]){2}, &diag),
                             0);
            memset(tensor.data, 0, tensor.bytes);
            status = octet_fit_input(&x, NULL, &tensor, &owned, &diag);
            if (status != (allowed[from][to] == '1' ? OCTET_OK : OCTET_ERR_DATA))
                fail_msg("%s to %s", octet_dtype_get(d[from])->name, octet_dtype_get(d[to])->name);
            octet_tensor_deinit(&tensor, NULL);
        }
}

static void conversion_keeps_values(void **state)
{
    octet_sample_input x = x_of(1, 2, 0, 0);
    uint8_t image[128], bytes[16];
    double values[2] = {1.5, -3};
    octet_samples *samples;

    (void)state;
    memcpy(bytes, values, 16);
    write_bytes(
        scratch_path("d.npy"), image,
        make_npy(image, "{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}", bytes, 16));
    samples = open_good(scratch_path("d.npy"), &x, 1);
    assert_true(first_of(samples, 0, 1) == 1.5);
    octet_samples_close(samples);
}

/* ---------------------------------------------------------------- manifests */

static void expect_manifest_error(const char *json, octet_status code, const char *words)
{
    octet_sample_input x = x_of(2, 1, 3, 0);

    folder("manifest");
    write_floats(scratch_path("manifest/x.npy"), 3, (int64_t[]){4, 1, 3}, counting);
    write_text(scratch_path("manifest/samples.json"), json);
    expect_failure(scratch_path("manifest"), &x, 1, code, words);
}

static void stacked_manifest(void **state)
{
    octet_sample_input x = x_of(2, 1, 3, 0);
    octet_samples *samples;

    (void)state;
    folder("manifest");
    write_floats(scratch_path("manifest/x.npy"), 3, (int64_t[]){1, 4, 3}, counting);
    write_text(scratch_path("manifest/samples.json"),
               "{\"kind\": \"stacked\", \"samples\": 4, \"sample_axis\": 1, \"shoe\": 43,\n"
               " \"inputs\": [{\"file\": \"x.npy\", \"input\": \"x\", \"dtype\": \"float32\","
               " \"sample_shape\": [1, 3]}]}");
    samples = open_good(scratch_path("manifest"), &x, 1);
    assert_int_equal(octet_samples_count(samples), 4);
    assert_true(first_of(samples, 2, 2) == 6);
    octet_samples_close(samples);
    assert_non_null(strstr(logged, "'shoe'"));
    samples = open_good(scratch_path("manifest/samples.json"), &x, 1);
    octet_samples_close(samples);
}

#define STACKED(rest) "{\"kind\": \"stacked\", \"inputs\": [{\"file\": \"x.npy\"" rest "}]}"
#define IMAGES(rest) "{\"images\": {\"files\": [\"x.npy\"]" rest "}}"

static void manifest_errors_say_where(void **state)
{
    static const struct {
        const char *json;
        octet_status code;
        const char *words;
    } cases[] = {
        {"", OCTET_ERR_MALFORMED, "line 1"},
        {"{\n \"kind\": 3,\n", OCTET_ERR_MALFORMED, "line 3"},
        {"{\"kind\": 1, \"kind\": 2}", OCTET_ERR_MALFORMED, "line 1, column"},
        {"[]", OCTET_ERR_MALFORMED, "object"},
        {"{}", OCTET_ERR_MALFORMED, "'kind' is missing"},
        {"{\"kind\": \"heap\"}", OCTET_ERR_MALFORMED, "'kind' is none of stacked"},
        {"{\"kind\": \"stacked\"}", OCTET_ERR_MALFORMED, "'inputs'"},
        {"{\"kind\": \"stacked\", \"samples\": 0}", OCTET_ERR_MALFORMED, "'samples'"},
        {"{\"kind\": \"stacked\", \"inputs\": [3]}", OCTET_ERR_MALFORMED, "'inputs[0]'"},
        {"{\"kind\": \"stacked\", \"sample_axis\": -1}", OCTET_ERR_MALFORMED, "'sample_axis'"},
        {STACKED(", \"input\": \"z\""), OCTET_ERR_DATA, "'z' is not an input"},
        {STACKED(", \"dtype\": \"float33\""), OCTET_ERR_MALFORMED, "'inputs[0].dtype'"},
        {STACKED(", \"dtype\": \"int8\""), OCTET_ERR_DATA, "int8"},
        {STACKED(", \"sample_shape\": [3]"), OCTET_ERR_DATA, "sample_shape"},
        {STACKED(", \"sample_shape\": [1.5]"), OCTET_ERR_MALFORMED, "'inputs[0].sample_shape'"},
        {"{\"kind\": \"stacked\", \"samples\": 5, \"inputs\": [{\"file\": \"x.npy\"}]}",
         OCTET_ERR_DATA, "holds 4 samples"},
        {"{\"kind\": \"stacked\", \"inputs\": [{\"file\": \"x.npy\"}, {\"file\": \"x.npy\"}]}",
         OCTET_ERR_DATA, "twice"},
        {"{\"kind\": \"stacked\", \"inputs\": [{\"file\": \"y.npy\"}]}", OCTET_ERR_IO, "y.npy"},
        {"{\"kind\": \"npz_per_sample\"}", OCTET_ERR_MALFORMED, "'files'"},
        {"{\"kind\": \"npz_per_sample\", \"files\": \"%d.npz\"}", OCTET_ERR_MALFORMED, "'samples'"},
        {"{\"kind\": \"npz_per_sample\", \"files\": \"%s.npz\", \"samples\": 1}",
         OCTET_ERR_MALFORMED, "pattern"},
        {"{\"kind\": \"npz_per_sample\", \"files\": \"%d%d\", \"samples\": 1}", OCTET_ERR_MALFORMED,
         "pattern"},
        {"{\"kind\": \"npz_per_sample\", \"files\": \"%n\", \"samples\": 1}", OCTET_ERR_MALFORMED,
         "pattern"},
        {"{\"kind\": \"npz_per_sample\", \"files\": \"%999d\", \"samples\": 1}",
         OCTET_ERR_MALFORMED, "pattern"},
        {"{\"kind\": \"npz_per_sample\", \"files\": \"a%%%03d.npz\", \"samples\": 9}", OCTET_ERR_IO,
         "a%000.npz"},
        {"{\"kind\": \"npz_per_sample\", \"files\": [1]}", OCTET_ERR_MALFORMED, "file name"},
        {"{\"kind\": \"npz_per_sample\", \"files\": [\"x.npy\"], \"samples\": 2}",
         OCTET_ERR_MALFORMED, "another number"},
        {"{\"images\": 3}", OCTET_ERR_MALFORMED, "'images'"},
        {"{\"images\": {}}", OCTET_ERR_MALFORMED, "'images.files'"},
        {IMAGES(", \"geometry\": 1"), OCTET_ERR_MALFORMED, "'images.geometry'"},
        {IMAGES(", \"geometry\": {}"), OCTET_ERR_MALFORMED, "'images.geometry.kind'"},
        {IMAGES(", \"geometry\": {\"kind\": \"fold\"}"), OCTET_ERR_MALFORMED, "none of none"},
        {IMAGES(", \"geometry\": {\"kind\": \"center\"}"), OCTET_ERR_MALFORMED, "short_side"},
        {IMAGES(", \"geometry\": {\"kind\": \"stretch\", \"width\": 4}"), OCTET_ERR_MALFORMED,
         "'images.geometry.height' is missing"},
        {IMAGES(", \"geometry\": {\"kind\": \"stretch\", \"width\": 4.5}"), OCTET_ERR_MALFORMED,
         "'images.geometry.width' is not an integer"},
        {IMAGES(", \"geometry\": {\"kind\": \"letterbox\", \"pad_value\": 256}"),
         OCTET_ERR_MALFORMED, "pad_value"},
        {IMAGES(", \"geometry\": {\"kind\": \"letterbox\", \"centered\": 1}"), OCTET_ERR_MALFORMED,
         "centered"},
        {IMAGES(", \"channels\": \"rgba\""), OCTET_ERR_MALFORMED, "'images.channels'"},
        {IMAGES(", \"mean\": [1, 2]"), OCTET_ERR_MALFORMED, "'images.mean'"},
        {IMAGES(", \"mean\": [1, 2, \"3\"]"), OCTET_ERR_MALFORMED, "'images.mean'"},
        {IMAGES(", \"std\": 0"), OCTET_ERR_MALFORMED, "'images.std' is 0"},
        {IMAGES(", \"scale\": 1e300"), OCTET_ERR_MALFORMED, "'images.scale'"},
        {IMAGES(", \"layout\": \"NCWH\""), OCTET_ERR_MALFORMED, "'images.layout'"},
        {IMAGES(""), OCTET_ERR_DATA, "neither a JPEG nor a PNG"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_manifest_error(cases[i].json, cases[i].code, cases[i].words);
}

/* ---------------------------------------------------------------- streams, callbacks, random */

static octet_samples *open_stream(const char *path, const octet_sample_input *inputs, uint32_t n,
                                  int *fd)
{
    octet_samples *samples;
    octet_diag diag = {0};

    *fd = open(path, O_RDONLY);
    assert_true(*fd >= 0);
    assert_int_equal(octet_source_new(ctx, inputs, n, &samples, &diag), OCTET_OK);
    assert_int_equal(octet_source_stream(samples, *fd, &diag), OCTET_OK);
    return samples;
}

static void streams_of_arrays(void **state)
{
    octet_sample_input inputs[2] = {x_of(2, -1, 2, 0), x_of(0, 0, 0, 0)};
    uint8_t file[2048];
    size_t size = 0;
    octet_samples *samples;
    octet_sample sample;
    octet_diag diag = {0};
    bool end;
    int fd;

    (void)state;
    inputs[1].name = "n";
    inputs[1].dtype = OCTET_DTYPE_INT64;
    for (int i = 0; i < 2; i++) {
        size += make_npy(file + size, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2)}",
                         counting + i, 8);
        size += make_npy(file + size, "{'descr': '>i4', 'fortran_order': False, 'shape': ()}",
                         (uint8_t[]){0, 0, 1, (uint8_t)i}, 4);
    }
    write_bytes(scratch_path("stream"), file, size);
    samples = open_stream(scratch_path("stream"), inputs, 2, &fd);
    assert_int_equal(octet_samples_count(samples), -1);
    for (int64_t i = 0; i < 2; i++) {
        assert_int_equal(octet_samples_get(samples, i, &sample, &end, &diag), OCTET_OK);
        assert_false(end);
        assert_true(octet_tensor_f64_at(&sample.tensors[0], 0) == (double)i);
        assert_int_equal(octet_tensor_i64_at(&sample.tensors[1], 0), 256 + i);
        assert_int_equal(sample.tensors[1].dtype, OCTET_DTYPE_INT64);
        octet_sample_release(samples, &sample);
    }
    assert_int_equal(octet_samples_get(samples, 2, &sample, &end, &diag), OCTET_OK);
    assert_true(end);
    octet_samples_close(samples);
    close(fd);
}

/* Wherever a stream is cut, what came before is given and the cut is an error or the end. */
static void cut_streams(void **state)
{
    octet_sample_input inputs[2] = {x_of(1, 2, 0, 0), x_of(1, 2, 0, 0)};
    uint8_t file[512];
    size_t size, one;

    (void)state;
    one = make_npy(file, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", counting, 8);
    memcpy(file + one, file, one);
    size = 2 * one;
    for (size_t cut = 0; cut <= size; cut++) {
        octet_samples *samples;
        octet_sample sample;
        octet_diag diag = {0};
        octet_status status;
        bool end = false;
        int fd;

        write_bytes(scratch_path("stream"), file, cut);
        samples = open_stream(scratch_path("stream"), inputs, 2, &fd);
        status = octet_samples_get(samples, 0, &sample, &end, &diag);
        assert_int_equal(end && status == OCTET_OK, cut == 0);
        assert_int_equal(status == OCTET_OK && !end, cut == size);
        octet_sample_release(samples, &sample);
        octet_samples_close(samples);
        close(fd);
    }
}

static int give(void *user, int64_t index, octet_tensor *tensors, uint32_t n_inputs)
{
    float *value = user;

    assert_int_equal(n_inputs, 1);
    *value = (float)index;
    tensors[0] = (octet_tensor){.dtype = OCTET_DTYPE_FLOAT32, .rank = 1, .dims = {1}};
    tensors[0].data = value;
    return index < 2 ? 1 : index == 2 ? 0 : -1;
}

static void callbacks(void **state)
{
    octet_sample_input x = x_of(1, 1, 0, 0);
    octet_samples *samples;
    octet_sample sample[2];
    octet_diag diag = {0};
    bool end;
    float value;

    (void)state;
    assert_int_equal(octet_samples_callback(ctx, &x, 1, give, &value, &samples, &diag), OCTET_OK);
    assert_int_equal(octet_samples_count(samples), -1);
    for (int64_t i = 0; i < 2; i++)
        assert_int_equal(octet_samples_get(samples, i, &sample[i], &end, &diag), OCTET_OK);
    /* The caller wrote over its memory in between. */
    assert_true(octet_tensor_f64_at(&sample[0].tensors[0], 0) == 0);
    octet_sample_release(samples, &sample[0]);
    octet_sample_release(samples, &sample[1]);
    assert_int_equal(octet_samples_get(samples, 2, &sample[0], &end, &diag), OCTET_OK);
    assert_true(end);
    assert_int_equal(octet_samples_get(samples, 3, &sample[0], &end, &diag), OCTET_ERR_DATA);
    octet_samples_close(samples);
}

static void random_samples_are_fixed(void **state)
{
    octet_sample_input inputs[3] = {x_of(2, -1, 4000, 0), x_of(1, 64, 0, 0), x_of(1, 64, 0, 0)};
    octet_samples *samples;
    octet_sample a, b;
    octet_diag diag = {0};
    uint8_t hash[3][32];
    double mean = 0, square = 0;
    bool end;

    (void)state;
    inputs[1].name = "ids";
    inputs[1].dtype = OCTET_DTYPE_INT64;
    inputs[2].name = "mask";
    inputs[2].dtype = OCTET_DTYPE_BOOL;
    assert_int_equal(octet_samples_random(ctx, inputs, 3, 2, &samples, &diag), OCTET_OK);
    assert_int_equal(octet_samples_count(samples), 2);
    assert_int_equal(octet_samples_get(samples, 1, &a, &end, &diag), OCTET_OK);
    assert_int_equal(octet_samples_get(samples, 0, &b, &end, &diag), OCTET_OK);
    octet_sample_hash(&a, inputs, hash[0]);
    octet_sample_hash(&b, inputs, hash[1]);
    assert_memory_not_equal(hash[0], hash[1], 32);
    for (int64_t i = 0; i < 4000; i++) {
        double v = octet_tensor_f64_at(&a.tensors[0], i);

        mean += v / 4000;
        square += v * v / 4000;
    }
    assert_true(fabs(mean) < 0.1 && fabs(square - 1) < 0.1);
    octet_sample_release(samples, &b);
    assert_int_equal(octet_samples_get(samples, 1, &b, &end, &diag), OCTET_OK);
    octet_sample_hash(&b, inputs, hash[2]);
    assert_memory_equal(hash[0], hash[2], 32);
    octet_sample_release(samples, &a);
    octet_sample_release(samples, &b);
    octet_samples_close(samples);
    inputs[0].rank = -1;
    assert_int_equal(octet_samples_random(ctx, inputs, 3, 2, &samples, &diag), OCTET_ERR_DATA);
    assert_int_equal(octet_samples_random(ctx, inputs, 3, 0, &samples, &diag),
                     OCTET_ERR_INVALID_ARGUMENT);
}

/* Name, dtype, shape and payload all count. */
static void hash_covers_everything(void **state)
{
    octet_sample_input x = x_of(2, 1, 4, 0);
    float values[4] = {1, 2, 3, 4};
    octet_tensor tensor = {.dtype = OCTET_DTYPE_FLOAT32, .rank = 2, .dims = {1, 4}, .bytes = 16};
    bool owned = false;
    octet_sample sample = {.tensors = &tensor, .n = 1, .owned = &owned};
    uint8_t hash[5][32];

    (void)state;
    tensor.data = values;
    octet_sample_hash(&sample, &x, hash[0]);
    values[3] = 5;
    octet_sample_hash(&sample, &x, hash[1]);
    values[3] = 4;
    tensor.dims[0] = 2;
    tensor.dims[1] = 2;
    octet_sample_hash(&sample, &x, hash[2]);
    tensor.dtype = OCTET_DTYPE_INT32;
    octet_sample_hash(&sample, &x, hash[3]);
    x.name = "y";
    octet_sample_hash(&sample, &x, hash[4]);
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(hash[i], hash[k], 32);
}

/* ---------------------------------------------------------------- memory */

static void running_out_of_memory(void **state)
{
    octet_sample_input x = x_of(2, 1, 3, 0);
    bool enough = false;

    (void)state;
    folder("little");
    write_archive(scratch_path("little/0.npz"), "x", NULL);
    write_text(scratch_path("little/samples.json"),
               "{\"kind\": \"npz_per_sample\", \"samples\": 1, \"files\": \"%d.npz\"}");
    for (size_t fail_at = 1; !enough; fail_at++) {
        failing_heap heap = {.fail_at = fail_at};
        octet_allocator allocator = failing_allocator(&heap);
        octet_context_options options = {.threads = 1, .allocator = &allocator};
        octet_context *poor;
        octet_samples *samples;
        octet_sample sample;
        octet_diag diag = {0};
        octet_status status;
        bool end;

        if (octet_context_create(&options, &poor) != OCTET_OK)
            continue;
        status = octet_samples_open(poor, scratch_path("little"), &x, 1, NULL, &samples, &diag);
        if (status == OCTET_OK) {
            status = octet_samples_get(samples, 0, &sample, &end, &diag);
            octet_sample_release(samples, &sample);
        }
        assert_true(status == OCTET_OK || status == OCTET_ERR_NOMEM);
        enough = status == OCTET_OK;
        octet_samples_close(samples);
        octet_context_destroy(poor);
        assert_int_equal(heap.alive, 0);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_found_by_shape),
        cmocka_unit_test(mapped_samples_are_not_copied),
        cmocka_unit_test(one_file_per_input),
        cmocka_unit_test(files_in_turn),
        cmocka_unit_test(one_archive_per_sample),
        cmocka_unit_test(test_data_sets),
        cmocka_unit_test(unusable_folders_are_named),
        cmocka_unit_test(messages_show_both_types),
        cmocka_unit_test(dtypes_are_converted_where_nothing_is_lost),
        cmocka_unit_test(conversion_keeps_values),
        cmocka_unit_test(stacked_manifest),
        cmocka_unit_test(manifest_errors_say_where),
        cmocka_unit_test(streams_of_arrays),
        cmocka_unit_test(cut_streams),
        cmocka_unit_test(callbacks),
        cmocka_unit_test(random_samples_are_fixed),
        cmocka_unit_test(hash_covers_everything),
        cmocka_unit_test(running_out_of_memory),
    };

    return cmocka_run_group_tests_name("samples", tests, start, stop);
}
