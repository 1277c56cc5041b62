/* cmd_overflow.c: octet overflow QMODEL
 * SPDX-License-Identifier: Apache-2.0
 */
#include "command.h"
#include "common.h"

#include <jansson.h>
#include <stdio.h>

#define FEW_CHANNELS 10

/* ---- as text */

static void print_channel(const octet_overflow_channel *c)
{
    bool low;

    printf("  %s '%s' ", c->op_type, c->node);
    if (c->channel < 0)
        printf("every channel:");
    else
        printf("channel %lld:", c->channel);
    low = -1 - c->pair_min > c->pair_max;
    if (c->pair_overflows)
        printf(" pairs reach %lld of %d", low ? c->pair_min : c->pair_max,
               low ? OCTET_OVERFLOW_PAIR_MIN : OCTET_OVERFLOW_PAIR_MAX);
    low = -1 - c->sum_min > c->sum_max;
    if (c->sum_overflows)
        printf("%s sums reach %lld of %lld", c->pair_overflows ? "," : "",
               low ? c->sum_min : c->sum_max, low ? -2147483648LL : 2147483647LL);
    putchar('\n');
}

static long long count_channels(const octet_overflow *o)
{
    long long count = 0;

    for (size_t i = 0; i < o->n_nodes; i++)
        count += o->nodes[i].channels;
    return count;
}

static void print_conditions(const octet_overflow *o)
{
    for (size_t i = 0; i < o->n_nodes; i++)
        if (o->nodes[i].longest >= 0)
            printf("  %s '%s': as long as sums have at most %lld products\n", o->nodes[i].op_type,
                   o->nodes[i].node, o->nodes[i].longest);
}

static void print_text(const octet_overflow *o, const char *model, bool all)
{
    size_t shown = all || o->n_channels < FEW_CHANNELS ? o->n_channels : FEW_CHANNELS;

    if (o->n_nodes == 0)
        printf("%s: no integer products, so nothing can overflow\n", model);
    else if (o->certified)
        printf("%s: no sum can overflow: %lld channels of %zu integer products\n", model,
               count_channels(o), o->n_nodes);
    else
        printf("%s: sums of %zu of %lld channels of %zu integer products can overflow\n", model,
               o->n_channels, count_channels(o), o->n_nodes);
    for (size_t i = 0; i < shown; i++)
        print_channel(&o->channels[i]);
    if (shown < o->n_channels)
        printf("  and %zu more; -v lists them\n", o->n_channels - shown);
    print_conditions(o);
}

/* ---- as JSON */

/* JSON is UTF-8; a name need not be: then every byte beyond ASCII becomes a question mark. */
static json_t *name_json(const char *name)
{
    json_t *string = json_string(name);
    char ascii[256];

    if (string != NULL)
        return string;
    snprintf(ascii, sizeof ascii, "%s", name);
    for (char *at = ascii; *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    return json_string(ascii);
}

static json_t *channels_json(const octet_overflow *o)
{
    json_t *list = json_array();

    for (size_t i = 0; i < o->n_channels; i++) {
        const octet_overflow_channel *c = &o->channels[i];

        json_array_append_new(
            list,
            json_pack("{s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:b, s:b}", "node",
                      name_json(c->node), "op_type", c->op_type, "weight", name_json(c->weight),
                      "channel", (json_int_t)c->channel, "pair_min", (json_int_t)c->pair_min,
                      "pair_max", (json_int_t)c->pair_max, "sum_min", (json_int_t)c->sum_min,
                      "sum_max", (json_int_t)c->sum_max, "pair_overflows", (int)c->pair_overflows,
                      "sum_overflows", (int)c->sum_overflows));
    }
    return list;
}

static json_t *nodes_json(const octet_overflow *o)
{
    json_t *list = json_array();

    for (size_t i = 0; i < o->n_nodes; i++) {
        const octet_overflow_node *n = &o->nodes[i];
        json_t *entry =
            json_pack("{s:o, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "node",
                      name_json(n->node), "op_type", n->op_type, "weight", name_json(n->weight),
                      "channels", (json_int_t)n->channels, "pair_channels",
                      (json_int_t)n->pair_channels, "sum_channels", (json_int_t)n->sum_channels,
                      "pair_min", (json_int_t)n->pair_min, "pair_max", (json_int_t)n->pair_max,
                      "sum_min", (json_int_t)n->sum_min, "sum_max", (json_int_t)n->sum_max);

        if (n->longest >= 0)
            json_object_set_new(entry, "longest", json_integer((json_int_t)n->longest));
        json_array_append_new(list, entry);
    }
    return list;
}

static int print_json(const octet_overflow *o, const char *model)
{
    json_t *root = json_pack("{s:o, s:b, s:I, s:o, s:o}", "model", name_json(model), "certified",
                             (int)o->certified, "channels", (json_int_t)count_channels(o), "nodes",
                             nodes_json(o), "overflowing", channels_json(o));
    int failed = root == NULL || json_dumpf(root, stdout, JSON_INDENT(1)) != 0;

    json_decref(root);
    if (failed)
        return message_usage("cannot write the result") + 3;
    putchar('\n');
    return 0;
}

/* ---- the command */

static int check(octet_context *ctx, octet_model *model, const char *path, bool json, bool all)
{
    octet_overflow *found;
    octet_status status = octet_overflow_check(ctx, model, &found);
    int code = 0;

    if (status != OCTET_OK)
        return message_failure(ctx, status);
    if (json)
        code = print_json(found, path);
    else
        print_text(found, path, all);
    if (code == 0 && !found->certified)
        code = 1;
    octet_overflow_free(found);
    return code;
}

static int run(int argc, char **argv)
{
    const char *path = NULL;
    bool help = false, json = false, all = false;
    octet_context *ctx;
    octet_model *model;
    const opt options[] = {
        {OPT_POSITIONAL, 0, "model", &path, "MODEL", "quantized ONNX model, - for standard input"},
        {OPT_FLAG, 0, "json", &json, NULL, "every node and channel as JSON"},
        {OPT_FLAG, 'v', "verbose", &all, NULL, "every channel that can overflow"},
        {OPT_END, 0, NULL, NULL, NULL, NULL},
    };

    if (opt_parse(options, argc, argv, &help) != 0)
        return 2;
    if (help) {
        opt_usage(options, "overflow", command_overflow.summary, stdout);
        return 0;
    }
    octet_status status = octet_context_create(NULL, &ctx);
    if (status != OCTET_OK)
        return octet_status_exit_code(status);
    status = octet_model_open(ctx, path, &model);
    int code =
        status == OCTET_OK ? check(ctx, model, path, json, all) : message_failure(ctx, status);
    octet_model_destroy(model);
    octet_context_destroy(ctx);
    return code;
}

const command command_overflow = {
    "overflow", "tell whether the integer sums of a quantized model can overflow", run};
