/* test_onnx_save.c: what the writer makes of a changed model, and memory that runs out
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "support/check.h"

#include "graph/edit.h"
#include "onnx/onnx.h"
#include "onnx/wire.h"
#include "support/roundtrip.h"
#include "support/seed.h"

#include <unistd.h>

/* A model that is edited, then read back as messages. */
typedef struct bench {
    octet_context *ctx;
    octet_model *model;
    octet_graph *g;
    octet_diag *diag;
    octet_file file, saved;
    octet_arena arena;
    char path[512];
} bench;

static void start(bench *b, const char *seed)
{
    *b = (bench){.file = open_seed(seed)};
    octet_arena_init(&b->arena, NULL);
    roundtrip_path(b->path, sizeof b->path, "save", (long)getpid());
    assert_int_equal(octet_context_create(NULL, &b->ctx), OCTET_OK);
    b->diag = &b->ctx->diag;
    if (octet_onnx_load_memory(b->ctx, b->file.data, b->file.size, NULL, &b->model, b->diag))
        fail_msg("%s", b->diag->text);
    b->g = b->model->graph;
}

static const Onnx__ModelProto *save(bench *b)
{
    ProtobufCMessage *message = NULL;

    if (octet_onnx_save(b->model, b->path, NULL, NULL, b->diag) != OCTET_OK ||
        octet_file_map(b->path, &b->saved, b->diag) != OCTET_OK ||
        octet_wire_unpack(&onnx__model_proto__descriptor, b->saved.data, b->saved.size,
                          &b->ctx->limits, &b->arena, &message, b->diag) != OCTET_OK)
        fail_msg("%s", b->diag->text);
    return (const Onnx__ModelProto *)message;
}

static void stop(bench *b)
{
    octet_model_destroy(b->model);
    octet_context_destroy(b->ctx);
    octet_arena_deinit(&b->arena);
    octet_file_unmap(&b->file);
    octet_file_unmap(&b->saved);
    unlink(b->path);
}

static octet_node *node(const octet_graph *g, const char *name)
{
    octet_node_id id = octet_graph_find_node(g, name);

    assert_int_not_equal(id, OCTET_NO_NODE);
    return octet_graph_node(g, id);
}

static octet_value_id value(const octet_graph *g, const char *name)
{
    octet_value_id id = octet_graph_find_value(g, name);

    assert_int_not_equal(id, OCTET_NO_VALUE);
    return id;
}

#define OK(expr) assert_int_equal(expr, OCTET_OK)

/* The declaration and the annotation of a value go with the value; others stay. */
static void a_removed_value_is_not_mentioned(void **state)
{
    const Onnx__GraphProto *p;
    bool left;
    bench b;

    (void)state;
    start(&b, "convolution.onnx");
    OK(octet_edit_replace_value(b.g, value(b.g, "y"), value(b.g, "c"), &left, b.diag));
    assert_false(left);
    octet_edit_remove_node(b.g, node(b.g, "relu")->id);
    p = save(&b)->graph;
    assert_int_equal(p->n_node, 2);
    assert_string_equal(p->node[0]->name, "conv");
    assert_string_equal(p->node[0]->output[0], "y");
    assert_int_equal(p->n_output, 1);
    assert_string_equal(p->output[0]->name, "y");
    assert_int_equal(p->n_value_info, 0);
    assert_int_equal(p->n_quantization_annotation, 1);
    assert_string_equal(p->quantization_annotation[0]->tensor_name, "y");
    stop(&b);
}

static void a_new_node_stands_in_order(void **state)
{
    static const float scale[2] = {0.5f, 0.25f};
    octet_attr attr = {.name = "axis", .kind = OCTET_ATTR_INT, .i = -1};
    octet_node_desc desc = {.op_type = "QuantizeLinear", .attrs = &attr, .n_attrs = 1};
    octet_value_id in[3] = {OCTET_NO_VALUE, OCTET_NO_VALUE, OCTET_NO_VALUE}, out;
    octet_tensor odd = {
        .dtype = OCTET_DTYPE_INT4, .rank = 1, .dims = {3}, .data = "\x21\x03", .bytes = 2};
    const Onnx__GraphProto *p;
    bench b;

    (void)state;
    start(&b, "unordered.onnx");
    in[0] = value(b.g, "a");
    OK(octet_edit_add_f32(b.g, "scale", scale, 2, false, &in[1], b.diag));
    OK(octet_edit_add_initializer(b.g, "odd", &odd, &in[2], b.diag));
    OK(octet_edit_add_value(b.g, "a_q", NULL, &out, b.diag));
    desc.inputs = in;
    desc.n_inputs = 3;
    desc.outputs = &out;
    desc.n_outputs = 1;
    OK(octet_edit_add_node(b.g, &desc, "test", NULL, b.diag));
    OK(octet_edit_redirect(b.g, in[0], &(octet_use){OCTET_USE_INPUT, node(b.g, "to_b")->id, 0}, out,
                           b.diag));
    OK(octet_graph_sort(b.g, b.diag));
    p = save(&b)->graph;
    assert_int_equal(p->n_node, 5);
    assert_string_equal(p->node[0]->name, "to_a");
    assert_string_equal(p->node[1]->op_type, "QuantizeLinear");
    assert_null(p->node[1]->domain);
    assert_int_equal(p->node[1]->attribute[0]->i, -1);
    assert_int_equal(p->node[1]->attribute[0]->type, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    assert_string_equal(p->node[2]->name, "to_b");
    assert_string_equal(p->node[2]->input[0], "a_q");
    assert_int_equal(p->n_initializer, 2);
    assert_string_equal(p->initializer[0]->name, "scale");
    assert_int_equal(p->initializer[0]->dims[0], 2);
    assert_memory_equal(p->initializer[0]->raw_data.data, scale, sizeof scale);
    assert_int_equal(p->initializer[1]->data_type, ONNX__TENSOR_PROTO__DATA_TYPE__INT4);
    assert_int_equal(p->initializer[1]->raw_data.len, 2);
    stop(&b);
}

/* Changing one thing of a node keeps all else, what is unknown included. */
static void a_changed_node_keeps_the_rest(void **state)
{
    const Onnx__NodeProto *before, *after;
    bench b;

    (void)state;
    start(&b, "unknown-attributes.onnx");
    before = b.g->nodes[0]->origin;
    OK(octet_edit_set_int(b.g, 0, "i", 77, b.diag));
    OK(octet_edit_set_string(b.g, 0, "new", "text", b.diag));
    octet_edit_remove_attr(b.g, 0, "floats");
    after = save(&b)->graph->node[0];
    assert_int_equal(after->n_attribute, before->n_attribute);
    assert_int_equal(after->base.n_unknown_fields, before->base.n_unknown_fields);
    assert_int_equal(after->n_device_configurations, 1);
    assert_string_equal(after->doc_string, "doc");
    assert_int_equal(after->n_input, 3);
    assert_string_equal(after->input[1], "");
    for (size_t i = 0, k = 0; i < before->n_attribute; i++) {
        const Onnx__AttributeProto *old = before->attribute[i], *new = after->attribute[k];

        if (strcmp(old->name, "floats") == 0)
            continue;
        k++;
        assert_string_equal(new->name, old->name);
        if (strcmp(old->name, "i") == 0) {
            assert_int_equal(new->i, 77);
            continue;
        }
        assert_int_equal(protobuf_c_message_get_packed_size(&new->base),
                         protobuf_c_message_get_packed_size(&old->base));
    }
    assert_string_equal(after->attribute[after->n_attribute - 1]->name, "new");
    stop(&b);
}

/* A pass may hand attributes of one node to another and change the copies. */
static void a_copied_attribute_is_written_as_it_is_now(void **state)
{
    octet_attr attrs[2];
    octet_node_desc desc = {.op_type = "Copy", .attrs = attrs, .n_attrs = 2};
    octet_value_id out;
    const Onnx__NodeProto *p;
    bench b;

    (void)state;
    start(&b, "attributes.onnx");
    attrs[0] = *octet_node_attr(b.g->nodes[0], "f");
    attrs[0].f = 2.5f;
    attrs[1] = *octet_node_attr(b.g->nodes[0], "ints");
    attrs[1].count = 1;
    attrs[1].name = "fewer";
    OK(octet_edit_add_value(b.g, "copied", NULL, &out, b.diag));
    desc.outputs = &out;
    desc.n_outputs = 1;
    OK(octet_edit_add_node(b.g, &desc, "test", NULL, b.diag));
    p = save(&b)->graph->node[1];
    assert_true(p->attribute[0]->f == 2.5f);
    assert_string_equal(p->attribute[0]->doc_string, "attribute doc");
    assert_string_equal(p->attribute[1]->name, "fewer");
    assert_int_equal(p->attribute[1]->n_ints, 1);
    stop(&b);
}

static void types_that_changed_are_written(void **state)
{
    static const octet_dim dims[] = {{-1, "batch"}, {-1, NULL}, {8, NULL}};
    const octet_type type = {OCTET_TYPE_TENSOR, OCTET_DTYPE_INT8, 3, dims};
    const Onnx__TypeProto__Tensor *p;
    const Onnx__GraphProto *graph;
    bench b;

    (void)state;
    start(&b, "convolution.onnx");
    OK(octet_edit_set_type(b.g, value(b.g, "x"), &type, b.diag));
    OK(octet_edit_set_type(b.g, value(b.g, "c"), &type, b.diag));
    graph = save(&b)->graph;
    for (int i = 0; i < 2; i++) {
        p = (i == 0 ? graph->input[0] : graph->value_info[0])->type->tensor_type;
        assert_int_equal(p->elem_type, ONNX__TENSOR_PROTO__DATA_TYPE__INT8);
        assert_int_equal(p->shape->n_dim, 3);
        assert_string_equal(p->shape->dim[0]->dim_param, "batch");
        assert_int_equal(p->shape->dim[1]->value_case,
                         ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET);
        assert_int_equal(p->shape->dim[2]->dim_value, 8);
    }
    p = graph->output[0]->type->tensor_type;
    assert_int_equal(p->shape->n_dim, 4);
    stop(&b);
}

static void the_model_itself_changes(void **state)
{
    const Onnx__ModelProto *p;
    bench b;

    (void)state;
    start(&b, "convolution.onnx");
    OK(octet_edit_set_opset(b.model, "", 21, b.diag));
    OK(octet_edit_set_opset(b.model, "com.microsoft", 1, b.diag));
    OK(octet_edit_set_metadata(b.model, "octet", "1", b.diag));
    OK(octet_edit_set_metadata(b.model, "author", "octet", b.diag));
    b.model->ir_version = 10;
    p = save(&b);
    assert_int_equal(p->ir_version, 10);
    assert_int_equal(p->n_opset_import, 2);
    assert_int_equal(p->opset_import[0]->version, 21);
    assert_string_equal(p->opset_import[1]->domain, "com.microsoft");
    assert_int_equal(p->n_metadata_props, 3);
    assert_string_equal(p->metadata_props[0]->value, "octet");
    assert_string_equal(p->metadata_props[1]->value, "none");
    assert_string_equal(p->metadata_props[2]->key, "octet");
    stop(&b);
}

/* The first model without imports gets one when its opset is set. */
static void an_old_model_gets_imports(void **state)
{
    const Onnx__ModelProto *p;
    bench b;

    (void)state;
    start(&b, "ir2.onnx");
    assert_int_equal(octet_model_opset(b.model, ""), 1);
    OK(octet_edit_set_opset(b.model, "", 13, b.diag));
    b.model->ir_version = 7;
    p = save(&b);
    assert_int_equal(p->n_opset_import, 1);
    assert_string_equal(p->opset_import[0]->domain, "");
    assert_int_equal(p->opset_import[0]->version, 13);
    stop(&b);
}

/* A change two levels down reaches the file; the other levels keep what octet does not know. */
static void a_change_in_a_subgraph_is_written(void **state)
{
    octet_subgraphs it = {0};
    octet_graph *then, *inner;
    const Onnx__GraphProto *p, *q;
    bench b;

    (void)state;
    start(&b, "unknown-subgraphs.onnx");
    then = octet_node_next_subgraph(node(b.g, "choice"), &it);
    for (int i = 0; strcmp(then->name, "then") != 0 && i < 2; i++)
        then = octet_node_next_subgraph(node(b.g, "choice"), &it);
    it = (octet_subgraphs){0};
    inner = octet_node_next_subgraph(then->nodes[1], &it);
    OK(octet_edit_set_op(inner, 0, "Sub", "", b.diag));
    p = save(&b)->graph;
    q = p->node[1]->attribute[0]->g;
    if (strcmp(q->name, "then") != 0)
        q = p->node[1]->attribute[1]->g;
    assert_true(q->base.n_unknown_fields > 0);
    assert_true(q->node[1]->base.n_unknown_fields > 0);
    q = strcmp(q->node[1]->attribute[0]->g->name, inner->name) == 0 ? q->node[1]->attribute[0]->g
                                                                    : q->node[1]->attribute[1]->g;
    assert_string_equal(q->node[0]->op_type, "Sub");
    assert_true(q->node[0]->base.n_unknown_fields > 0);
    stop(&b);
}

static void typed_payloads_are_read(void **state)
{
    octet_graph *g;
    bench b;

    (void)state;
    start(&b, "types-typed.onnx");
    g = b.g;
    for (uint32_t i = 0; i < g->n_initializers; i++) {
        const octet_value *v = g->values[g->initializers[i]];
        const octet_tensor *t = v->constant;
        size_t bytes;

        if (octet_dtype_get(v->type.dtype)->bits == 0) { /* strings, float6 */
            assert_null(t);
            continue;
        }
        assert_non_null(t);
        assert_true(octet_dtype_bytes(t->dtype, 15, &bytes));
        assert_int_equal(t->bytes, bytes);
        if (octet_dtype_get(t->dtype)->kind == OCTET_KIND_OTHER ||
            octet_dtype_get(t->dtype)->bits < 8)
            continue;
        if (t->dtype == OCTET_DTYPE_INT64)
            assert_true(octet_tensor_i64_at(t, 1) == -6 * ((int64_t)1 << 40));
        else if (t->dtype == OCTET_DTYPE_FLOAT32 || t->dtype == OCTET_DTYPE_FLOAT64 ||
                 t->dtype == OCTET_DTYPE_UINT32 || t->dtype == OCTET_DTYPE_UINT64)
            assert_int_equal(octet_tensor_i64_at(t, 14), 14);
        else if (octet_dtype_get(t->dtype)->kind != OCTET_KIND_FLOAT)
            assert_int_equal(octet_tensor_i64_at(t, 13), 1);
    }
    stop(&b);
}

/* A model that would pass the limit gets its payloads moved without being asked. */
static void large_models_become_external(void **state)
{
    const octet_onnx_save_options options = {.external_above = 2000};
    const octet_value *v;
    octet_model *again;
    float values[1000];
    octet_value_id id;
    char data_path[600];
    uint64_t bytes;
    bench b;

    (void)state;
    for (int i = 0; i < 1000; i++)
        values[i] = (float)i;
    start(&b, "convolution.onnx");
    OK(octet_onnx_save(b.model, b.path, &options, &bytes, b.diag));
    assert_true(bytes < 2000);
    OK(octet_edit_add_f32(b.g, "table", values, 1000, false, &id, b.diag));
    OK(octet_onnx_save(b.model, b.path, &options, &bytes, b.diag));
    OK(octet_file_map(b.path, &b.saved, b.diag));
    assert_true(b.saved.size < 2000);
    assert_int_equal(b.saved.size + sizeof values, bytes);
    OK(octet_onnx_load(b.ctx, b.path, &again, b.diag));
    assert_int_equal(again->file_bytes, bytes);
    v = again->graph->values[value(again->graph, "table")];
    assert_memory_equal(v->constant->data, values, sizeof values);
    octet_model_destroy(again);
    snprintf(data_path, sizeof data_path, "%s.data", b.path);
    assert_int_equal(unlink(data_path), 0);
    stop(&b);
}

/* ---- memory that runs out at any request */

static octet_status load_and_save(octet_context *ctx, const octet_file *file, const char *path)
{
    octet_model *model;
    octet_status status =
        octet_onnx_load_memory(ctx, file->data, file->size, NULL, &model, &ctx->diag);

    if (status == OCTET_OK)
        status = octet_onnx_save(model, path, NULL, NULL, &ctx->diag);
    octet_model_destroy(model);
    return status;
}

static void without_memory(const char *seed)
{
    octet_file file = open_seed(seed);
    failing_heap heap = {0};
    octet_allocator allocator = failing_allocator(&heap);
    octet_context_options options = {.allocator = &allocator, .threads = 1};
    octet_status status = OCTET_ERR_NOMEM;
    size_t k;
    char path[512];

    roundtrip_path(path, sizeof path, "nomem", (long)getpid());
    for (k = 1; status == OCTET_ERR_NOMEM; k++) {
        octet_context *ctx;

        heap = (failing_heap){0};
        assert_int_equal(octet_context_create(&options, &ctx), OCTET_OK);
        heap.fail_at = heap.requests + k;
        status = load_and_save(ctx, &file, path);
        if (status != OCTET_OK && status != OCTET_ERR_NOMEM)
            fail_msg("request %zu: %s", k, octet_context_message(ctx));
        octet_context_destroy(ctx);
        assert_int_equal(heap.alive, 0);
    }
    assert_true(k > 10);
    unlink(path);
    octet_file_unmap(&file);
}

static void out_of_memory(void **state)
{
    (void)state;
    without_memory("convolution.onnx");
    without_memory("subgraphs.onnx");
    without_memory("functions.onnx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_removed_value_is_not_mentioned),
        cmocka_unit_test(a_new_node_stands_in_order),
        cmocka_unit_test(a_changed_node_keeps_the_rest),
        cmocka_unit_test(a_copied_attribute_is_written_as_it_is_now),
        cmocka_unit_test(types_that_changed_are_written),
        cmocka_unit_test(the_model_itself_changes),
        cmocka_unit_test(an_old_model_gets_imports),
        cmocka_unit_test(a_change_in_a_subgraph_is_written),
        cmocka_unit_test(typed_payloads_are_read),
        cmocka_unit_test(large_models_become_external),
        cmocka_unit_test(out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
