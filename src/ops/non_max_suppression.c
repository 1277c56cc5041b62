/* non_max_suppression.c: NonMaxSuppression
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ops/common.h"
#include "ops/sort_key.h"

#include <stdlib.h>
#include <string.h>

static octet_status infer(octet_infer *in)
{
    octet_dim *dims = octet_infer_new_dims(in, 2);

    OCTET_TRY_ALLOC(in->diag, dims);
    dims[1] = octet_dim_known(3);
    octet_infer_set(in, 0, OCTET_DTYPE_INT64, 2, dims);
    return OCTET_OK;
}

typedef struct rectangle {
    float y0, x0, y1, x1;
} rectangle;

/* Corners in any order, or a centre with sizes. */
static rectangle rectangle_of(const float *box, bool centered)
{
    rectangle r;

    if (centered)
        return (rectangle){.y0 = box[1] - box[3] / 2,
                           .x0 = box[0] - box[2] / 2,
                           .y1 = box[1] + box[3] / 2,
                           .x1 = box[0] + box[2] / 2};
    r.y0 = box[0] < box[2] ? box[0] : box[2];
    r.y1 = box[0] < box[2] ? box[2] : box[0];
    r.x0 = box[1] < box[3] ? box[1] : box[3];
    r.x1 = box[1] < box[3] ? box[3] : box[1];
    return r;
}

static bool overlaps(const rectangle *a, const rectangle *b, float threshold)
{
    float height = (a->y1 < b->y1 ? a->y1 : b->y1) - (a->y0 > b->y0 ? a->y0 : b->y0);
    float width = (a->x1 < b->x1 ? a->x1 : b->x1) - (a->x0 > b->x0 ? a->x0 : b->x0);
    float area_a = (a->y1 - a->y0) * (a->x1 - a->x0);
    float area_b = (b->y1 - b->y0) * (b->x1 - b->x0);
    float common = height * width;

    if (!(height > 0) || !(width > 0) || !(area_a > 0) || !(area_b > 0))
        return false;
    return common / (area_a + area_b - common) > threshold;
}

typedef struct candidate {
    uint64_t key; /* ascending keys are descending scores */
    int64_t index;
} candidate;

static int compare_candidates(const void *pa, const void *pb)
{
    const candidate *a = pa, *b = pb;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

typedef struct selection {
    int64_t (*rows)[3];
    int64_t n, capacity;
} selection;

static octet_status select_box(octet_eval *e, selection *s, int64_t batch, int64_t class_,
                               int64_t box)
{
    if (s->n == s->capacity) {
        int64_t capacity = s->capacity == 0 ? 64 : 2 * s->capacity;
        int64_t(*rows)[3] = octet_eval_scratch(e, (size_t)capacity * sizeof *rows);

        OCTET_TRY_ALLOC(e->diag, rows);
        if (s->n > 0)
            memcpy(rows, s->rows, (size_t)s->n * sizeof *rows);
        s->rows = rows;
        s->capacity = capacity;
    }
    s->rows[s->n][0] = batch;
    s->rows[s->n][1] = class_;
    s->rows[s->n++][2] = box;
    return OCTET_OK;
}

typedef struct nms {
    int64_t batches, classes, boxes, limit;
    float overlap, score;
    bool has_score, centered;
    uint64_t *keys;
    candidate *candidates;
    rectangle *kept;
} nms;

/* All boxes of one class that reach the score, best first, unless a better one covers them. */
static octet_status eval_class(octet_eval *e, const nms *s, int64_t batch, int64_t class_,
                               selection *out)
{
    int64_t at = (batch * s->classes + class_) * s->boxes, n = 0, kept = 0;
    const float *scores = (const float *)e->in[1]->data + at;
    const float *boxes = (const float *)e->in[0]->data + batch * s->boxes * 4;

    for (int64_t i = 0; i < s->boxes; i++)
        if (!s->has_score || scores[i] > s->score)
            s->candidates[n++] = (candidate){.key = ~s->keys[at + i], .index = i};
    qsort(s->candidates, (size_t)n, sizeof *s->candidates, compare_candidates);
    for (int64_t i = 0; i < n && kept < s->limit; i++) {
        rectangle r = rectangle_of(boxes + 4 * s->candidates[i].index, s->centered);
        bool covered = false;

        for (int64_t k = 0; k < kept && !covered; k++)
            covered = overlaps(&r, &s->kept[k], s->overlap);
        if (covered)
            continue;
        s->kept[kept++] = r;
        OCTET_TRY(select_box(e, out, batch, class_, s->candidates[i].index));
    }
    return OCTET_OK;
}

static octet_status read_number(octet_eval *e, uint32_t index, float *out)
{
    const octet_tensor *t = octet_eval_input(e, index);

    if (t == NULL)
        return OCTET_OK;
    if (octet_tensor_count(t) != 1 || t->dtype != OCTET_DTYPE_FLOAT32)
        return octet_fail(e->diag, OCTET_ERR_DATA, "input %u is not one float", index);
    *out = *(const float *)t->data;
    return OCTET_OK;
}

static octet_status read_inputs(octet_eval *e, nms *s)
{
    const octet_tensor *boxes = e->in[0], *scores = e->in[1];

    if (boxes->dtype != OCTET_DTYPE_FLOAT32 || scores->dtype != OCTET_DTYPE_FLOAT32 ||
        boxes->rank != 3 || scores->rank != 3 || boxes->dims[2] != 4 ||
        boxes->dims[0] != scores->dims[0] || boxes->dims[1] != scores->dims[2])
        return octet_fail(e->diag, OCTET_ERR_DATA, "boxes and scores do not go together");
    *s = (nms){.batches = boxes->dims[0],
               .classes = scores->dims[1],
               .boxes = boxes->dims[1],
               .has_score = octet_eval_input(e, 4) != NULL,
               .centered = octet_node_int(e->node, "center_point_box", 0) != 0};
    OCTET_TRY(octet_eval_int(e, 2, 0, &s->limit));
    OCTET_TRY(read_number(e, 3, &s->overlap));
    OCTET_TRY(read_number(e, 4, &s->score));
    OCTET_TRY(octet_sort_keys(e, scores, &s->keys));
    s->candidates = octet_eval_scratch(e, ((size_t)s->boxes + 1) * sizeof *s->candidates);
    s->kept = octet_eval_scratch(e, ((size_t)s->boxes + 1) * sizeof *s->kept);
    if (s->candidates == NULL || s->kept == NULL)
        return octet_fail_nomem(e->diag);
    return OCTET_OK;
}

static octet_status eval(octet_eval *e)
{
    selection out = {0};
    int64_t dims[2];
    nms s;

    OCTET_TRY(octet_eval_require(e, 2));
    OCTET_TRY(read_inputs(e, &s));
    for (int64_t b = 0; e->in[1]->bytes > 0 && b < s.batches; b++)
        for (int64_t c = 0; c < s.classes; c++)
            OCTET_TRY(eval_class(e, &s, b, c, &out));
    dims[0] = out.n;
    dims[1] = 3;
    OCTET_TRY(octet_eval_output(e, 0, OCTET_DTYPE_INT64, 2, dims));
    if (out.n > 0)
        memcpy(e->out[0].data, out.rows, (size_t)out.n * sizeof *out.rows);
    return OCTET_OK;
}

const octet_op octet_op_non_max_suppression = {
    .domain = "",
    .name = "NonMaxSuppression",
    .since = 13,
    .in = {{.name = "boxes", .role = OCTET_ROLE_DATA},
           {.name = "scores", .role = OCTET_ROLE_DATA},
           {.name = "max_output_boxes_per_class", .role = OCTET_ROLE_SHAPE, .optional = true},
           {.name = "iou_threshold", .role = OCTET_ROLE_PARAM, .optional = true},
           {.name = "score_threshold", .role = OCTET_ROLE_PARAM, .optional = true}},
    .out = {{.name = "selected_indices", .role = OCTET_ROLE_SHAPE}},
    .quant = {.observe = OCTET_OBSERVE_NONE},
    .infer = infer,
    .eval = eval,
};
