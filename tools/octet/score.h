/* score.h: top-1 accuracy against a list of labels
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TOOL_SCORE_H
#define OCTET_TOOL_SCORE_H

#include "octet/run.h"

#include <stdbool.h>

typedef struct score {
    long *labels;
    size_t count;
    int64_t right, seen, unlabelled;
} score;

/* One class number a line, in sample order. Returns an exit code after a message. */
int score_open(score *s, const char *path);
/* output: float32; the class is the index of its largest element. */
void score_add(score *s, int64_t index, const octet_output_view *output);
int score_print(const score *s, bool json);
void score_close(score *s);

#endif
