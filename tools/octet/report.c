/* report.c: the summary of a quantization as text and as JSON
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L
#include "report.h"

#include "message.h"

#include <jansson.h>
#include <string.h>
#include <sys/resource.h>

#define FEW_REASONS 8

double report_peak_bytes(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0.0;
    return (double)usage.ru_maxrss * 1024.0;
}

static void print_reasons(const octet_report *r, const report_facts *facts, FILE *out)
{
    size_t shown = facts->verbose || r->n_reasons < FEW_REASONS ? r->n_reasons : FEW_REASONS;
    for (size_t i = 0; i < shown; i++)
        fprintf(out, "  %4u %-20s %s (as '%s')\n", r->reasons[i].count, r->reasons[i].op_type,
                r->reasons[i].reason, r->reasons[i].example);
    if (shown < r->n_reasons)
        fprintf(out, "  and %zu more kinds; -v lists them\n", r->n_reasons - shown);
}

static void print_tensors(const octet_report *r, FILE *out)
{
    fputs("tensors               min          max        scale   zero point\n", out);
    for (size_t i = 0; i < r->n_tensors; i++)
        fprintf(out, "  %12g %12g %12g %12d  %s\n", (double)r->tensors[i].min,
                (double)r->tensors[i].max, (double)r->tensors[i].scale, r->tensors[i].zero_point,
                r->tensors[i].name);
}

static void print_memory(const octet_report *r, FILE *out)
{
    char tensors[32], held[32], scratch[32], packed[32];

    fprintf(out, "memory        %s of tensors in flight (%s held), %s scratch, %s packed weights\n",
            message_bytes((double)r->tensor_bytes, tensors, sizeof tensors),
            message_bytes((double)r->held_bytes, held, sizeof held),
            message_bytes((double)r->scratch_bytes, scratch, sizeof scratch),
            message_bytes((double)r->packed_bytes, packed, sizeof packed));
}

void report_print_text(const octet_report *r, const report_facts *facts, FILE *out)
{
    char before[32], after[32], peak[32], percentile[32] = "";

    fputs(r->explanations, out);
    fprintf(out, "%s -> %s\n", facts->model, facts->out);
    if (r->percentile > 0.0)
        snprintf(percentile, sizeof percentile, " %g", r->percentile);
    fprintf(out, "calibration   %lld samples%s, method %s%s, backend %s\n", (long long)r->samples,
            facts->noise ? " of NOISE" : "", r->method, percentile, r->backend);
    fprintf(out, "int8          %u nodes, of them %u of %u Conv/Gemm/MatMul/RNN\n",
            r->nodes_integer, r->heavy_integer, r->heavy_integer + r->heavy_float);
    fprintf(out, "float         %u nodes\n", r->nodes_float);
    print_reasons(r, facts, out);
    if (facts->avoid_saturation)
        fprintf(out, "7-bit weights %lld channels\n", r->narrowed_channels);
    if (facts->verbose)
        print_tensors(r, out);
    fprintf(out, "size          %s -> %s\n",
            message_bytes((double)facts->bytes_before, before, sizeof before),
            message_bytes((double)facts->bytes_after, after, sizeof after));
    print_memory(r, out);
    fprintf(out, "time          %.2f s, peak memory %s\n", facts->seconds,
            message_bytes(facts->peak_bytes, peak, sizeof peak));
    if (facts->noise)
        message_warning("calibrated with noise: the ranges say nothing about real inputs");
}

static json_t *reasons_json(const octet_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_reasons; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:i}", "op_type", r->reasons[i].op_type,
                                        "reason", r->reasons[i].reason, "example",
                                        r->reasons[i].example, "count", (int)r->reasons[i].count));
    return list;
}

static json_t *tensors_json(const octet_report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n_tensors; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:f, s:f, s:f, s:i}", "name", r->tensors[i].name, "min",
                            (double)r->tensors[i].min, "max", (double)r->tensors[i].max, "scale",
                            (double)r->tensors[i].scale, "zero_point", r->tensors[i].zero_point));
    return list;
}

int report_print_json(const octet_report *r, const report_facts *facts, FILE *out)
{
    json_t *warnings = json_array();
    for (size_t i = 0; i < r->n_warnings; i++)
        json_array_append_new(warnings, json_string(r->warnings[i]));
    json_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:b, s:{s:i, s:i, s:i, s:i}, s:{s:i, s:i, s:i, s:I}, s:o, s:o, "
        "s:o, "
        "s:I, s:I, s:f, s:f, s:{s:I, s:I, s:I, s:I}, s:s, s:s}",
        "model", facts->model, "output", facts->out, "backend", r->backend, "method", r->method,
        "samples", (json_int_t)r->samples, "noise", facts->noise ? 1 : 0, "nodes", "integer",
        (int)r->nodes_integer, "float", (int)r->nodes_float, "heavy_integer", (int)r->heavy_integer,
        "heavy_float", (int)r->heavy_float, "placed", "pairs", (int)r->pairs, "weights",
        (int)r->weights, "biases", (int)r->biases, "narrowed_channels",
        (json_int_t)r->narrowed_channels, "float_reasons", reasons_json(r), "tensors",
        tensors_json(r), "warnings", warnings, "bytes_before", (json_int_t)facts->bytes_before,
        "bytes_after", (json_int_t)facts->bytes_after, "seconds", facts->seconds, "peak_bytes",
        facts->peak_bytes, "memory", "tensors", (json_int_t)r->tensor_bytes, "held",
        (json_int_t)r->held_bytes, "scratch", (json_int_t)r->scratch_bytes, "packed",
        (json_int_t)r->packed_bytes, "calibration_sha256", r->calibration_sha256, "explanations",
        r->explanations);
    if (root != NULL && r->percentile > 0.0)
        json_object_set_new(root, "percentile", json_real(r->percentile));
    if (root == NULL || json_dumpf(root, out, JSON_INDENT(1)) != 0) {
        json_decref(root);
        return message_usage("cannot write the report") + 3;
    }
    fputs("\n", out);
    json_decref(root);
    return 0;
}
