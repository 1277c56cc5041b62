/* test_onnx_wire.c: where a damaged message is said to be damaged, payloads that are not copied,
 * limits, tensor files SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "support/check.h"

#include "onnx/onnx.h"
#include "onnx/wire.h"
#include "support/roundtrip.h"
#include "support/seed.h"

#include <unistd.h>

static const octet_limits plenty = {.max_depth = 64, .max_nodes = 1000};

static octet_status unpack(const ProtobufCMessageDescriptor *type, const void *bytes, size_t size,
                           const octet_limits *limits, octet_diag *diag)
{
    octet_arena arena;
    ProtobufCMessage *message;
    octet_status status;

    octet_arena_init(&arena, NULL);
    status = octet_wire_unpack(type, bytes, size, limits, &arena, &message, diag);
    assert_true((status == OCTET_OK) == (message != NULL));
    octet_arena_deinit(&arena);
    return status;
}

static void errors_say_where(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        octet_status status;
        const char *says;
    } cases[] = {
        {"\x3a\x05", 2, OCTET_ERR_MALFORMED,
         "length beyond the end of the enclosing message at byte 0"},
        {"\x3a", 1, OCTET_ERR_MALFORMED, "truncated length at byte 0"},
        {"\x08\x01\x88", 3, OCTET_ERR_MALFORMED, "truncated field tag at byte 2"},
        {"\x08\x80", 2, OCTET_ERR_MALFORMED, "truncated or overlong number at byte 0"},
        {"\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12, OCTET_ERR_MALFORMED,
         "truncated or overlong number at byte 0"},
        {"\x00\x01", 2, OCTET_ERR_MALFORMED, "impossible field number at byte 0"},
        {"\x0b", 1, OCTET_ERR_MALFORMED, "unknown wire type at byte 0"},
        {"\x0d"
         "abcd",
         5, OCTET_ERR_MALFORMED, "wrong wire type at byte 0 (in ir_version)"},
        {"\x12\x02\x61\x00", 4, OCTET_ERR_MALFORMED,
         "a string contains a zero byte at byte 0 (in producer_name)"},
        {"\x3a\x0c\x0a\x00\x0a\x08\x2a\x00\x2a\x04\x2a\x02\x48\x01", 14, OCTET_ERR_MALFORMED,
         "wrong wire type at byte 12 (in graph.node[1].attribute[1].t.raw_data)"},
        {"\x3a\x06\x2a\x04\x22\x02\x61\x62", 8, OCTET_ERR_MALFORMED,
         "packed numbers of broken length at byte 4 (in graph.initializer[0].float_data[0])"},
        {"\x3a\x05\x2a\x03\x0a\x01\x80", 7, OCTET_ERR_MALFORMED,
         "truncated or overlong packed number at byte 4 (in graph.initializer[0].dims[0])"},
        {"\x3a\x00\x3a\x00", 4, OCTET_ERR_UNSUPPORTED,
         "a message that may stand once is given twice at byte 2 (in graph)"},
    };
    octet_diag diag;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            unpack(&onnx__model_proto__descriptor, cases[i].bytes, cases[i].size, &plenty, &diag),
            cases[i].status);
        assert_string_equal(diag.text, cases[i].says);
    }
}

static void limits_hold(void **state)
{
    static const char nodes[] = "\x3a\x06\x0a\x00\x0a\x00\x0a\x00";
    const octet_limits few = {.max_depth = 3, .max_nodes = 2},
                       flat = {.max_depth = 2, .max_nodes = 9};
    octet_diag diag;

    (void)state;
    assert_int_equal(unpack(&onnx__model_proto__descriptor, nodes, 8, &plenty, &diag), OCTET_OK);
    assert_int_equal(unpack(&onnx__model_proto__descriptor, nodes, 8, &few, &diag),
                     OCTET_ERR_UNSUPPORTED);
    assert_int_equal(unpack(&onnx__model_proto__descriptor, nodes, 8, &flat, &diag),
                     OCTET_ERR_MALFORMED);
    assert_non_null(strstr(diag.text, "too deep"));
}

/* A tensor with `n` bytes of raw_data, built by protobuf-c. */
static size_t pack_tensor(uint8_t *out, uint8_t *payload, size_t n, float *floats, size_t n_floats)
{
    Onnx__TensorProto t = ONNX__TENSOR_PROTO__INIT;

    t.has_raw_data = n > 0;
    t.raw_data = (ProtobufCBinaryData){n, payload};
    t.float_data = floats;
    t.n_float_data = n_floats;
    return protobuf_c_message_pack(&t.base, out);
}

static bool lies_in(const void *pointer, const uint8_t *bytes, size_t size)
{
    return (uintptr_t)pointer >= (uintptr_t)bytes && (uintptr_t)pointer < (uintptr_t)bytes + size;
}

static void payloads_stay_where_they_are(void **state)
{
    uint8_t payload[200], bytes[1000];
    float floats[40];

    (void)state;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (uint8_t)i;
    for (size_t i = 0; i < 40; i++)
        floats[i] = (float)i;
    for (size_t n = 1; n <= sizeof payload; n++) {
        size_t size = pack_tensor(bytes, payload, n, floats, n / 5);
        const Onnx__TensorProto *t;
        ProtobufCMessage *message;
        octet_arena arena;
        octet_diag diag;

        octet_arena_init(&arena, NULL);
        assert_int_equal(octet_wire_unpack(&onnx__tensor_proto__descriptor, bytes, size, &plenty,
                                           &arena, &message, &diag),
                         OCTET_OK);
        t = (const Onnx__TensorProto *)message;
        assert_int_equal(t->base.n_unknown_fields, 0);
        assert_int_equal(t->raw_data.len, n);
        assert_memory_equal(t->raw_data.data, payload, n);
        assert_int_equal(lies_in(t->raw_data.data, bytes, size), n >= 64);
        assert_int_equal(t->n_float_data, n / 5);
        if (n >= 5)
            assert_memory_equal((const void *)t->float_data, floats, n / 5 * sizeof(float));
        assert_int_equal(lies_in((const void *)t->float_data, bytes, size), n / 5 >= 16);
        octet_arena_deinit(&arena);
    }
}

/* ---- tensor files */

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

static octet_status load_tensor(const Onnx__TensorProto *p, octet_tensor *out, char **name,
                                octet_diag *diag)
{
    uint8_t bytes[1000];
    char path[512];
    octet_status status;

    roundtrip_path(path, sizeof path, "tensor", (long)getpid());
    write_file(path, bytes, protobuf_c_message_pack(&p->base, bytes));
    status = octet_onnx_load_tensor(path, NULL, out, name, diag);
    unlink(path);
    return status;
}

static void tensor_files_are_read(void **state)
{
    static int64_t dims[] = {2, 3};
    static int32_t halves[] = {0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0xc600};
    Onnx__TensorProto p = ONNX__TENSOR_PROTO__INIT;
    static char wanted[] = "input";
    octet_tensor t;
    octet_diag diag;
    char *name;

    (void)state;
    p.has_data_type = 1;
    p.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16;
    p.n_dims = 2;
    p.dims = dims;
    p.n_int32_data = 6;
    p.int32_data = halves;
    p.name = wanted;
    assert_int_equal(load_tensor(&p, &t, &name, &diag), OCTET_OK);
    assert_string_equal(name, "input");
    assert_int_equal(t.rank, 2);
    assert_int_equal((uintptr_t)t.data % 64, 0);
    assert_true(octet_tensor_f64_at(&t, 2) == 3 && octet_tensor_f64_at(&t, 5) == -6);
    octet_tensor_deinit(&t, NULL);
    octet_mem_free(NULL, name);
    p.n_int32_data = 5;
    assert_int_equal(load_tensor(&p, &t, NULL, &diag), OCTET_ERR_INVALID_MODEL);
    p.data_type = ONNX__TENSOR_PROTO__DATA_TYPE__STRING;
    assert_int_equal(load_tensor(&p, &t, &name, &diag), OCTET_ERR_INVALID_MODEL);
    assert_null(name);
    p.n_dims = 0;
    p.n_string_data = 1;
    p.string_data = &(ProtobufCBinaryData){1, (uint8_t *)wanted};
    assert_int_equal(load_tensor(&p, &t, &name, &diag), OCTET_ERR_UNSUPPORTED);
    p.has_data_location = 1;
    p.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    assert_int_equal(load_tensor(&p, &t, &name, &diag), OCTET_ERR_UNSUPPORTED);
    assert_int_equal(octet_onnx_load_tensor("/nowhere/x.pb", NULL, &t, NULL, &diag), OCTET_ERR_IO);
}

static void the_size_limit_holds(void **state)
{
    octet_file file = open_seed("convolution.onnx");
    octet_limits limits = {.max_depth = 64, .max_nodes = 100, .max_model_bytes = file.size};
    octet_context_options options = {.limits = &limits, .threads = 1};
    octet_model *model;
    octet_context *ctx;

    (void)state;
    for (int i = 0; i < 2; i++, limits.max_model_bytes--) {
        assert_int_equal(octet_context_create(&options, &ctx), OCTET_OK);
        assert_int_equal(
            octet_onnx_load_memory(ctx, file.data, file.size, NULL, &model, &ctx->diag),
            i == 0 ? OCTET_OK : OCTET_ERR_UNSUPPORTED);
        octet_model_destroy(model);
        octet_context_destroy(ctx);
    }
    octet_file_unmap(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_say_where),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(payloads_stay_where_they_are),
        cmocka_unit_test(tensor_files_are_read),
        cmocka_unit_test(the_size_limit_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
