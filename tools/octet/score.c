/* score.c: top-1 accuracy against a list of labels
 * SPDX-License-Identifier: Apache-2.0
 */
#include "score.h"

#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int append(score *s, size_t *capacity, long label)
{
    if (s->count == *capacity) {
        size_t wanted = *capacity * 2 + 64;
        long *grown = realloc(s->labels, wanted * sizeof *grown);
        if (grown == NULL)
            return 5;
        s->labels = grown;
        *capacity = wanted;
    }
    s->labels[s->count++] = label;
    return 0;
}

int score_open(score *s, const char *path)
{
    char line[64], *end;
    size_t capacity = 0;
    int code = 0;
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        message_usage("cannot read '%s': %s", path, strerror(errno));
        return octet_status_exit_code(OCTET_ERR_IO);
    }
    while (code == 0 && fgets(line, sizeof line, file) != NULL) {
        long label = strtol(line, &end, 10);
        if (end == line || (*end != '\n' && *end != '\r' && *end != '\0')) {
            message_usage("%s:%zu: not a class number", path, s->count + 1);
            code = octet_status_exit_code(OCTET_ERR_DATA);
        } else {
            code = append(s, &capacity, label);
        }
    }
    fclose(file);
    return code;
}

void score_add(score *s, int64_t index, const octet_output_view *output)
{
    const float *x = output->data;
    size_t n = output->bytes / sizeof *x, best = 0;
    if ((size_t)index >= s->count)
        s->unlabelled++;
    if (output->dtype != 1 || n == 0 || (size_t)index >= s->count)
        return;
    for (size_t i = 1; i < n; i++)
        if (x[i] > x[best])
            best = i;
    s->seen++;
    s->right += (long)best == s->labels[index];
}

int score_print(const score *s, bool json)
{
    double share = s->seen > 0 ? 100.0 * (double)s->right / (double)s->seen : 0.0;
    if (s->seen == 0)
        return message_usage(s->unlabelled > 0 ? "no sample has a label"
                                               : "the first output is not float32") +
               4;
    if (s->unlabelled > 0)
        message_warning("%lld samples have no label", (long long)s->unlabelled);
    printf(json ? "{\"right\": %lld, \"samples\": %lld, \"top1\": %.4f}\n"
                : "top-1: %lld of %lld right (%.2f %%)\n",
           (long long)s->right, (long long)s->seen, json ? share / 100.0 : share);
    return 0;
}

void score_close(score *s)
{
    free(s->labels);
    s->labels = NULL;
}
