/* data.c: samples for a model's inputs, and as a feed for the calibrator
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/api.h"

#include "base/hash.h"

#include <string.h>

static octet_status describe_inputs(octet_data *d, const octet_graph *g, octet_diag *diag)
{
    d->inputs = OCTET_ARENA_ARRAY(&d->arena, octet_sample_input, g->n_inputs + 1);
    OCTET_TRY_ALLOC(diag, d->inputs);
    for (uint32_t i = 0; i < g->n_inputs; i++) {
        const octet_value *v = octet_graph_value(g, g->inputs[i]);
        if (v->is_initializer)
            continue;
        octet_sample_input *in = &d->inputs[d->n_inputs++];
        in->name = octet_arena_strdup(&d->arena, v->name);
        OCTET_TRY_ALLOC(diag, in->name);
        in->dtype = v->type.dtype;
        in->rank = v->type.rank > OCTET_MAX_RANK ? -1 : v->type.rank;
        for (int32_t k = 0; k < in->rank; k++)
            in->dims[k] = v->type.dims[k].size;
    }
    return OCTET_OK;
}

static octet_status create(octet_context *ctx, octet_model *model, octet_data **out)
{
    *out = NULL;
    octet_data *d = octet_mem_zalloc(&ctx->allocator, 1, sizeof *d);
    OCTET_TRY_ALLOC(&ctx->diag, d);
    d->ctx = ctx;
    octet_arena_init(&d->arena, &ctx->allocator);
    octet_status status = describe_inputs(d, model->graph, &ctx->diag);
    if (status != OCTET_OK) {
        octet_data_close(d);
        return status;
    }
    *out = d;
    return OCTET_OK;
}

/* A damaged file among the samples is an unusable sample, whatever its format calls it. */
static octet_status as_data(octet_diag *diag, octet_status status)
{
    if (status != OCTET_ERR_MALFORMED)
        return status;
    diag->code = OCTET_ERR_DATA;
    return OCTET_ERR_DATA;
}

static octet_status finish(octet_data **out, octet_status status)
{
    status = as_data(&(*out)->ctx->diag, status);
    if (status != OCTET_OK) {
        octet_data_close(*out);
        *out = NULL;
    }
    return status;
}

/* ---- options */

static octet_status choose(octet_context *ctx, const char *what, const char *value,
                           const char *const *names, int *out)
{
    size_t n = 0;
    if (value == NULL)
        return OCTET_OK;
    for (; names[n] != NULL; n++)
        if (strcmp(names[n], value) == 0) {
            *out = (int)n;
            return OCTET_OK;
        }
    const char *near = octet_nearest(value, names, n);
    return octet_fail(&ctx->diag, OCTET_ERR_INVALID_ARGUMENT, "%s '%s' is not known%s%s%s", what,
                      value, near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
                      near != NULL ? "'?" : "");
}

static octet_resize_kind geometry_of(const octet_image_preprocessing *p)
{
    if (p->resize_short > 0)
        return OCTET_RESIZE_CENTER;
    if (p->resize_width > 0 && p->letterbox)
        return OCTET_RESIZE_LETTERBOX;
    return p->resize_width > 0 ? OCTET_RESIZE_STRETCH : OCTET_RESIZE_NONE;
}

static octet_status convert_image(octet_context *ctx, const octet_image_preprocessing *p,
                                  octet_image_options *out)
{
    static const char *const filters[] = {"nearest", "bilinear", "bicubic", NULL};
    static const char *const channels[] = {"rgb", "bgr", "gray", NULL};
    static const char *const layouts[] = {"auto", "nchw", "nhwc", "chw", "hwc", NULL};
    int filter = OCTET_INTERP_BILINEAR, channel = 0, layout = 0;

    OCTET_TRY(choose(ctx, "interpolation", p->interpolation, filters, &filter));
    OCTET_TRY(choose(ctx, "channel order", p->channels, channels, &channel));
    OCTET_TRY(choose(ctx, "layout", p->layout, layouts, &layout));
    *out = (octet_image_options){
        .geometry = geometry_of(p),
        .width = p->resize_width,
        .height = p->resize_height,
        .short_side = p->resize_short,
        .crop_width = p->crop_width,
        .crop_height = p->crop_height,
        .pad_value = p->pad_value,
        .centered = !p->letterbox_top_left,
        .interpolation = (octet_interpolation)filter,
        .scale = p->scale == 0.0F ? 1.0F : p->scale,
    };
    /* The enumerators of these two stand in the order of the names. */
    out->channels = channel;
    out->layout = layout;
    for (int i = 0; i < 3; i++) {
        out->mean[i] = p->mean[i];
        out->std[i] = p->std[i] == 0.0F ? 1.0F : p->std[i];
    }
    return OCTET_OK;
}

octet_status octet_data_open(octet_context *ctx, octet_model *model, const char *path,
                             const octet_data_options *options, octet_data **out)
{
    octet_samples_options inner = {0};

    *out = NULL;
    if (options != NULL) {
        inner.limit = options->limit;
        inner.have_images = options->image.given;
        OCTET_TRY(convert_image(ctx, &options->image, &inner.image));
    }
    OCTET_TRY(create(ctx, model, out));
    octet_data *d = *out;
    return finish(out, octet_samples_open(ctx, path, d->inputs, d->n_inputs, &inner, &d->samples,
                                          &ctx->diag));
}

octet_status octet_data_random(octet_context *ctx, octet_model *model, int64_t count,
                               octet_data **out)
{
    OCTET_TRY(create(ctx, model, out));
    octet_data *d = *out;
    return finish(
        out, octet_samples_random(ctx, d->inputs, d->n_inputs, count, &d->samples, &ctx->diag));
}

/* ---- callbacks */

static int call_back(void *user, int64_t index, octet_tensor *tensors, uint32_t n)
{
    octet_data *d = user;
    octet_input *inputs = octet_mem_zalloc(&d->ctx->allocator, n + 1, sizeof *inputs);
    octet_diag ignored;
    if (inputs == NULL)
        return -1;
    int result = d->callback(d->user, index, inputs, n);
    for (uint32_t i = 0; result == 1 && i < n; i++) {
        if (octet_tensor_describe(&tensors[i], (octet_dtype)inputs[i].dtype, inputs[i].rank,
                                  inputs[i].dims, &ignored) != OCTET_OK)
            result = -1;
        /* read-only here, but octet_tensor has one kind of payload */
        memcpy(&tensors[i].data, &inputs[i].data, sizeof tensors[i].data);
    }
    octet_mem_free(&d->ctx->allocator, inputs);
    return result;
}

octet_status octet_data_from_callback(octet_context *ctx, octet_model *model,
                                      octet_data_callback callback, void *user, octet_data **out)
{
    OCTET_TRY(create(ctx, model, out));
    octet_data *d = *out;
    d->callback = callback;
    d->user = user;
    return finish(out, octet_samples_callback(ctx, d->inputs, d->n_inputs, call_back, d,
                                              &d->samples, &ctx->diag));
}

void octet_data_close(octet_data *d)
{
    if (d == NULL)
        return;
    const octet_allocator allocator = d->ctx->allocator;
    octet_samples_close(d->samples);
    octet_arena_deinit(&d->arena);
    octet_mem_free(&allocator, d);
}

int64_t octet_data_count(const octet_data *d)
{
    return octet_samples_count(d->samples);
}

/* ---- feed */

static octet_status store_digest(octet_data_feed *f, int64_t index, const octet_sample *sample,
                                 octet_diag *diag)
{
    /* With a known count the table is complete from the start, and workers write different rows. */
    if (index >= f->digests_capacity) {
        int64_t capacity = f->digests_capacity * 2 + 64;
        void *grown = octet_mem_realloc(&f->data->ctx->allocator, f->digests, (size_t)capacity,
                                        sizeof *f->digests);
        OCTET_TRY_ALLOC(diag, grown);
        f->digests = grown;
        f->digests_capacity = capacity;
    }
    octet_sample_hash(sample, f->data->inputs, f->digests[index]);
    if (f->feed.count < 0)
        f->n_digests = index + 1;
    return OCTET_OK;
}

static octet_status feed_get(void *user, int64_t index, int worker, octet_tensor *tensors,
                             bool *end, octet_diag *diag)
{
    octet_data_feed *f = user;
    octet_sample *sample = &f->lanes[worker];

    OCTET_TRY(as_data(diag, octet_samples_get(f->data->samples, index, sample, end, diag)));
    if (*end)
        return OCTET_OK;
    for (uint32_t i = 0; i < sample->n; i++)
        tensors[i] = sample->tensors[i];
    return store_digest(f, index, sample, diag);
}

static void feed_release(void *user, int worker)
{
    octet_data_feed *f = user;
    octet_sample_release(f->data->samples, &f->lanes[worker]);
}

static const char *feed_name(void *user, int64_t index, char *buffer, size_t size)
{
    const octet_data_feed *f = user;
    return octet_samples_name(f->data->samples, index, buffer, size);
}

static void feed_progress(void *user, int64_t done)
{
    const octet_data_feed *f = user;
    f->progress(f->user, done, f->feed.count);
}

octet_status octet_data_feed_init(octet_data_feed *f, octet_data *data, int threads,
                                  octet_progress progress, void *user, octet_diag *diag)
{
    *f = (octet_data_feed){.data = data, .n_lanes = threads, .progress = progress, .user = user};
    f->feed = (octet_feed){
        .user = f,
        .count = octet_samples_count(data->samples),
        .get = feed_get,
        .release = feed_release,
        .name = feed_name,
        .progress = progress != NULL ? feed_progress : NULL,
    };
    f->lanes = octet_mem_zalloc(&data->ctx->allocator, (size_t)threads, sizeof *f->lanes);
    OCTET_TRY_ALLOC(diag, f->lanes);
    if (f->feed.count < 0)
        return OCTET_OK;
    f->digests_capacity = f->n_digests = f->feed.count;
    f->digests =
        octet_mem_zalloc(&data->ctx->allocator, (size_t)f->feed.count + 1, sizeof *f->digests);
    OCTET_TRY_ALLOC(diag, f->digests);
    return OCTET_OK;
}

void octet_data_feed_deinit(octet_data_feed *f)
{
    octet_mem_free(&f->data->ctx->allocator, f->lanes);
    octet_mem_free(&f->data->ctx->allocator, f->digests);
}

void octet_data_feed_hash(const octet_data_feed *f, char out[65])
{
    octet_sha256 hash;
    uint8_t digest[32];
    octet_sha256_init(&hash);
    if (f->n_digests > 0)
        octet_sha256_add(&hash, f->digests, (size_t)f->n_digests * sizeof *f->digests);
    octet_sha256_finish(&hash, digest);
    octet_sha256_hex(digest, out);
}
