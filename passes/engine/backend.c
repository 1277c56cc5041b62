/* backend.c: reads backend descriptions (JSON, docs/backend-format.md)
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/backend.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "engine/embedded.h"

#include <float.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

typedef struct reader {
    octet_backend *backend;
    octet_arena *arena;
    const char *where;
    octet_diag *diag;
    char path[256]; /* "patterns[3].pattern[1]" */
} reader;

static octet_status bad(reader *r, const char *what, const char *name)
{
    return octet_fail(r->diag, OCTET_ERR_INVALID_ARGUMENT, "%s: %s: %s%s%s%s", r->where, r->path,
                      what, name != NULL ? " '" : "", name != NULL ? name : "",
                      name != NULL ? "'" : "");
}

/* ---- generic pieces */

/* Index of s in a NULL-terminated list, -1: not there. */
static int find_name(const char *const *names, const char *s)
{
    for (int i = 0; names[i] != NULL; i++)
        if (strcmp(names[i], s) == 0)
            return i;
    return -1;
}

static octet_status check_keys(reader *r, json_t *object, const char *const *known)
{
    const char *key;
    json_t *value;
    size_t n = 0;

    if (!json_is_object(object))
        return bad(r, "must be an object", NULL);
    while (known[n] != NULL)
        n++;
    json_object_foreach(object, key, value)
    {
        if (find_name(known, key) >= 0 || strcmp(key, "comment") == 0)
            continue;
        const char *near = octet_nearest(key, known, n);
        return octet_fail(r->diag, OCTET_ERR_INVALID_ARGUMENT, "%s: %s: unknown key '%s'%s%s%s",
                          r->where, r->path, key, near != NULL ? ", did you mean '" : "",
                          near != NULL ? near : "", near != NULL ? "'" : "");
    }
    return OCTET_OK;
}

static octet_status get_string(reader *r, json_t *object, const char *key, bool required,
                               const char **out)
{
    const json_t *value = json_object_get(object, key);
    *out = NULL;
    if (value == NULL)
        return required ? bad(r, "lacks the key", key) : OCTET_OK;
    if (!json_is_string(value))
        return bad(r, "must be a string:", key);
    *out = octet_arena_strdup(r->arena, json_string_value(value));
    OCTET_TRY_ALLOC(r->diag, *out);
    return OCTET_OK;
}

static octet_status get_bool(reader *r, json_t *object, const char *key, bool *out)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL)
        return OCTET_OK;
    if (!json_is_boolean(value))
        return bad(r, "must be true or false:", key);
    *out = json_is_true(value);
    return OCTET_OK;
}

static octet_status get_int(reader *r, json_t *object, const char *key, int64_t *out)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL)
        return OCTET_OK;
    if (!json_is_integer(value))
        return bad(r, "must be an integer:", key);
    *out = json_integer_value(value);
    return OCTET_OK;
}

static octet_status get_strings(reader *r, json_t *object, const char *key, bool required,
                                const char *const **out, uint32_t *n)
{
    const json_t *list = json_object_get(object, key);
    *out = NULL;
    *n = 0;
    if (list == NULL)
        return required ? bad(r, "lacks the key", key) : OCTET_OK;
    if (!json_is_array(list))
        return bad(r, "must be a list of strings:", key);
    size_t count = json_array_size(list);
    const char **strings = octet_arena_alloc(r->arena, count + 1, sizeof *strings);
    OCTET_TRY_ALLOC(r->diag, strings);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        if (!json_is_string(item))
            return bad(r, "must be a list of strings:", key);
        strings[i] = octet_arena_strdup(r->arena, json_string_value(item));
        OCTET_TRY_ALLOC(r->diag, strings[i]);
    }
    *out = strings;
    *n = (uint32_t)count;
    return OCTET_OK;
}

static octet_status get_choice(reader *r, json_t *object, const char *key, const char *const *names,
                               int *out)
{
    const char *text;
    OCTET_TRY(get_string(r, object, key, false, &text));
    if (text == NULL)
        return OCTET_OK;
    int index = find_name(names, text);
    if (index < 0) {
        size_t n = 0;
        while (names[n] != NULL)
            n++;
        const char *near = octet_nearest(text, names, n);
        return octet_fail(r->diag, OCTET_ERR_INVALID_ARGUMENT,
                          "%s: %s: '%s' is no value of '%s'; %s '%s'", r->where, r->path, text, key,
                          near != NULL ? "did you mean" : "the first of them is",
                          near != NULL ? near : names[0]);
    }
    *out = index;
    return OCTET_OK;
}

/* ---- dtype configurations */

static octet_status read_spec(reader *r, json_t *config, const char *key, octet_qspec *out)
{
    static const char *const keys[] = {"dtype", "qscheme", "quant_min", "quant_max", NULL};
    static const char *const schemes[] = {"per_tensor_affine", "per_tensor_symmetric",
                                          "per_channel_affine", "per_channel_symmetric", NULL};
    json_t *object = json_object_get(config, key);
    size_t mark = strlen(r->path);
    const char *name;
    int scheme = 0;

    memset(out, 0, sizeof *out);
    if (object == NULL)
        return OCTET_OK;
    snprintf(r->path + mark, sizeof r->path - mark, ".%s", key);
    OCTET_TRY(check_keys(r, object, keys));
    OCTET_TRY(get_string(r, object, "dtype", true, &name));
    OCTET_TRY(get_choice(r, object, "qscheme", schemes, &scheme));
    out->dtype = octet_dtype_from_name(name);
    const octet_dtype_traits *traits = octet_dtype_get(out->dtype);
    if (traits->min == traits->max || traits->kind == OCTET_KIND_BOOL)
        return bad(r, "is not an integer type of at most 32 bits:", name);
    out->qmin = traits->min;
    out->qmax = traits->max;
    out->symmetric = (scheme & 1) != 0;
    out->per_channel = scheme >= 2;
    OCTET_TRY(get_int(r, object, "quant_min", &out->qmin));
    OCTET_TRY(get_int(r, object, "quant_max", &out->qmax));
    if (out->qmin < traits->min || out->qmax > traits->max || out->qmin >= out->qmax ||
        out->qmin > 0 || out->qmax < 0)
        return bad(r, "quant_min and quant_max must enclose 0 within the range of", name);
    r->path[mark] = '\0';
    return OCTET_OK;
}

/* What placement can write: a byte for each activation, weights around a zero point of 0, biases
 * that go into an int32 accumulator. */
static octet_status check_specs(reader *r, const octet_dtype_config *c)
{
    const octet_qspec *activations[] = {&c->input, &c->output};

    if (c->input.dtype == OCTET_DTYPE_UNDEFINED || c->output.dtype == OCTET_DTYPE_UNDEFINED)
        return bad(r, "lacks input_dtype or output_dtype", NULL);
    for (int i = 0; i < 2; i++)
        if (activations[i]->dtype != OCTET_DTYPE_UINT8 && activations[i]->dtype != OCTET_DTYPE_INT8)
            return bad(r, "activations are uint8 or int8, not",
                       octet_dtype_get(activations[i]->dtype)->name);
    if (c->weight.dtype != OCTET_DTYPE_UNDEFINED &&
        (c->weight.dtype != OCTET_DTYPE_INT8 || !c->weight.symmetric))
        return bad(r, "weights are int8 and symmetric", NULL);
    if (c->bias.dtype != OCTET_DTYPE_UNDEFINED && c->bias.dtype != OCTET_DTYPE_INT32)
        return bad(r, "biases are int32, not", octet_dtype_get(c->bias.dtype)->name);
    return OCTET_OK;
}

static octet_status read_config(reader *r, json_t *object, octet_dtype_config *out)
{
    static const char *const keys[] = {"name",         "input_dtype", "output_dtype",
                                       "weight_dtype", "bias_dtype",  NULL};
    OCTET_TRY(check_keys(r, object, keys));
    OCTET_TRY(get_string(r, object, "name", true, &out->name));
    OCTET_TRY(read_spec(r, object, "input_dtype", &out->input));
    OCTET_TRY(read_spec(r, object, "output_dtype", &out->output));
    OCTET_TRY(read_spec(r, object, "weight_dtype", &out->weight));
    OCTET_TRY(read_spec(r, object, "bias_dtype", &out->bias));
    return check_specs(r, out);
}

/* ---- patterns */

static octet_status read_number_rule(reader *r, const json_t *list, octet_attr_rule *rule)
{
    size_t count = json_array_size(list);
    double *numbers = octet_arena_alloc(r->arena, count + 1, sizeof *numbers);
    const char **strings = octet_arena_alloc(r->arena, count + 1, sizeof *strings);
    OCTET_TRY_ALLOC(r->diag, numbers);
    OCTET_TRY_ALLOC(r->diag, strings);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        if (json_is_number(item)) {
            numbers[rule->n_numbers++] = json_number_value(item);
        } else if (json_is_string(item)) {
            strings[rule->n_strings] = octet_arena_strdup(r->arena, json_string_value(item));
            OCTET_TRY_ALLOC(r->diag, strings[rule->n_strings]);
            rule->n_strings++;
        } else {
            return bad(r, "holds something else than numbers and strings:", rule->name);
        }
    }
    rule->numbers = numbers;
    rule->strings = strings;
    return OCTET_OK;
}

/* {"mode": {"in": ["nearest"], "default": "nearest"}} */
static octet_status read_attr_rule(reader *r, const char *name, json_t *object,
                                   octet_attr_rule *rule)
{
    static const char *const keys[] = {"in", "default", NULL};
    OCTET_TRY(check_keys(r, object, keys));
    rule->name = octet_arena_strdup(r->arena, name);
    OCTET_TRY_ALLOC(r->diag, rule->name);
    const json_t *list = json_object_get(object, "in"), *dflt = json_object_get(object, "default");
    if (!json_is_array(list))
        return bad(r, "needs a list 'in':", name);
    OCTET_TRY(read_number_rule(r, list, rule));
    rule->has_default = dflt != NULL;
    if (json_is_number(dflt))
        rule->default_number = json_number_value(dflt);
    if (json_is_string(dflt)) {
        rule->default_string = octet_arena_strdup(r->arena, json_string_value(dflt));
        OCTET_TRY_ALLOC(r->diag, rule->default_string);
    }
    return OCTET_OK;
}

static octet_status read_attr_rules(reader *r, json_t *object, octet_element *el)
{
    json_t *rules = json_object_get(object, "attributes"), *value;
    const char *name;

    if (rules == NULL)
        return OCTET_OK;
    if (!json_is_object(rules))
        return bad(r, "must be an object:", "attributes");
    octet_attr_rule *list = octet_arena_alloc(r->arena, json_object_size(rules) + 1, sizeof *list);
    OCTET_TRY_ALLOC(r->diag, list);
    json_object_foreach(rules, name, value)
        OCTET_TRY(read_attr_rule(r, name, value, &list[el->n_attrs++]));
    el->attrs = list;
    return OCTET_OK;
}

static octet_status find_source(reader *r, json_t *object, const octet_element *elements,
                                uint32_t index, octet_element *el)
{
    const char *from;
    OCTET_TRY(get_string(r, object, "input", false, &from));
    el->from = -1;
    if (index == 0)
        return from == NULL ? OCTET_OK : bad(r, "the first element reads no other:", from);
    if (from == NULL)
        return bad(r, "lacks the key", "input");
    for (uint32_t i = 0; i < index; i++)
        if (strcmp(elements[i].as, from) == 0)
            el->from = (int)i;
    return el->from >= 0 ? OCTET_OK : bad(r, "input names no earlier element:", from);
}

static octet_status read_element(reader *r, json_t *object, const octet_element *elements,
                                 uint32_t index, octet_element *el)
{
    static const char *const keys[] = {
        "as",         "op",       "input",    "optional",    "bias",          "constant", "absent",
        "attributes", "min_rank", "max_rank", "max_outputs", "clip_to_range", NULL};
    int64_t min_rank = 0, max_rank = 0, max_outputs = 0;

    OCTET_TRY(check_keys(r, object, keys));
    OCTET_TRY(get_string(r, object, "as", true, &el->as));
    OCTET_TRY(get_strings(r, object, "op", true, &el->ops, &el->n_ops));
    OCTET_TRY(find_source(r, object, elements, index, el));
    OCTET_TRY(get_bool(r, object, "optional", &el->optional));
    OCTET_TRY(get_bool(r, object, "bias", &el->bias));
    OCTET_TRY(get_bool(r, object, "clip_to_range", &el->clip_to_range));
    OCTET_TRY(get_strings(r, object, "constant", false, &el->constant, &el->n_constant));
    OCTET_TRY(get_strings(r, object, "absent", false, &el->absent, &el->n_absent));
    OCTET_TRY(get_int(r, object, "min_rank", &min_rank));
    OCTET_TRY(get_int(r, object, "max_rank", &max_rank));
    OCTET_TRY(get_int(r, object, "max_outputs", &max_outputs));
    if (min_rank < 0 || min_rank > OCTET_MAX_RANK || max_rank < 0 || max_rank > OCTET_MAX_RANK)
        return bad(r, "min_rank and max_rank must be ranks:", el->as);
    if (max_outputs < 0 || max_outputs > UINT16_MAX)
        return bad(r, "max_outputs must be a number of outputs:", el->as);
    el->min_rank = (int32_t)min_rank;
    el->max_rank = (int32_t)max_rank;
    el->max_outputs = (uint32_t)max_outputs;
    if (index == 0 && el->optional)
        return bad(r, "the first element cannot be optional:", el->as);
    return read_attr_rules(r, object, el);
}

static octet_status read_elements(reader *r, json_t *object, octet_pattern *p)
{
    const json_t *list = json_object_get(object, "pattern");
    size_t count = json_array_size(list), mark = strlen(r->path);

    if (!json_is_array(list) || count == 0 || count > OCTET_MAX_ELEMENTS)
        return bad(r, "needs a list of 1 to 8 elements:", "pattern");
    octet_element *elements = octet_arena_alloc(r->arena, count, sizeof *elements);
    OCTET_TRY_ALLOC(r->diag, elements);
    for (size_t i = 0; i < count; i++) {
        snprintf(r->path + mark, sizeof r->path - mark, ".pattern[%zu]", i);
        OCTET_TRY(read_element(r, json_array_get(list, i), elements, (uint32_t)i, &elements[i]));
    }
    r->path[mark] = '\0';
    p->elements = elements;
    p->n_elements = (uint32_t)count;
    return OCTET_OK;
}

static octet_status read_fixed(reader *r, json_t *object, octet_pattern *p)
{
    static const char *const keys[] = {"scale", "zero_point", NULL};
    json_t *fixed = json_object_get(object, "overwrite_output_qparams");
    int64_t zero_point = 0;

    if (fixed == NULL)
        return OCTET_OK;
    OCTET_TRY(check_keys(r, fixed, keys));
    const json_t *scale = json_object_get(fixed, "scale");
    if (!json_is_number(scale) || !(json_number_value(scale) >= (double)FLT_MIN) ||
        json_number_value(scale) > (double)FLT_MAX)
        return bad(r, "needs a positive number:", "scale");
    OCTET_TRY(get_int(r, fixed, "zero_point", &zero_point));
    if (zero_point < INT32_MIN || zero_point > INT32_MAX)
        return bad(r, "is out of range:", "zero_point");
    p->overwrite_output_qparams = true;
    p->output_qparams.scale = (float)json_number_value(scale);
    p->output_qparams.zero_point = (int32_t)zero_point;
    return OCTET_OK;
}

static octet_status find_configs(reader *r, json_t *object, octet_pattern *p)
{
    const char *const *names;
    OCTET_TRY(get_strings(r, object, "dtype_configs", true, &names, &p->n_configs));
    const octet_dtype_config **configs =
        octet_arena_alloc(r->arena, p->n_configs + 1, sizeof *configs);
    OCTET_TRY_ALLOC(r->diag, configs);
    for (uint32_t i = 0; i < p->n_configs; i++) {
        for (uint32_t c = 0; c < r->backend->n_configs; c++)
            if (strcmp(r->backend->configs[c].name, names[i]) == 0)
                configs[i] = &r->backend->configs[c];
        if (configs[i] == NULL)
            return bad(r, "no dtype configuration is called", names[i]);
    }
    p->configs = configs;
    return p->n_configs > 0 ? OCTET_OK : bad(r, "is empty:", "dtype_configs");
}

static octet_status read_pattern(reader *r, json_t *object, octet_pattern *p)
{
    static const char *const keys[] = {
        "name",     "pattern",    "observation_type", "dtype_configs",
        "quantize", "from_float", "output_optional",  "overwrite_output_qparams",
        NULL};
    static const char *const observations[] = {"OUTPUT_USE_DIFFERENT_OBSERVER_AS_INPUT",
                                               "OUTPUT_SHARE_OBSERVER_WITH_INPUT",
                                               "INPUT_OUTPUT_NOT_OBSERVED", NULL};
    static const char *const when[] = {"always", "between", NULL};
    int observation = 0, between = 0;

    OCTET_TRY(check_keys(r, object, keys));
    OCTET_TRY(get_string(r, object, "name", true, &p->name));
    OCTET_TRY(get_choice(r, object, "observation_type", observations, &observation));
    OCTET_TRY(get_choice(r, object, "quantize", when, &between));
    OCTET_TRY(get_bool(r, object, "from_float", &p->from_float));
    OCTET_TRY(get_bool(r, object, "output_optional", &p->output_optional));
    p->observation = (octet_observation_type)observation;
    p->between = between == 1;
    OCTET_TRY(read_fixed(r, object, p));
    OCTET_TRY(find_configs(r, object, p));
    const octet_qspec *output = &p->configs[0]->output;
    if (p->overwrite_output_qparams && (p->output_qparams.zero_point < output->qmin ||
                                        p->output_qparams.zero_point > output->qmax))
        return bad(r, "is no value of output_dtype:", "zero_point");
    return read_elements(r, object, p);
}

/* ---- the file */

/* Stable: equal lengths keep the file's order. */
static void longest_first(octet_pattern *patterns, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        octet_pattern p = patterns[i];
        uint32_t j = i;
        for (; j > 0 && patterns[j - 1].n_elements < p.n_elements; j--)
            patterns[j] = patterns[j - 1];
        patterns[j] = p;
    }
}

static octet_status open_list(reader *r, const json_t *root, const char *key, const json_t **list,
                              size_t *count)
{
    strcpy(r->path, "top level");
    *list = json_object_get(root, key);
    *count = json_array_size(*list);
    return json_is_array(*list) ? OCTET_OK : bad(r, "needs a list:", key);
}

static octet_status read_patterns(reader *r, json_t *root)
{
    octet_pattern *patterns;
    const json_t *list;
    size_t count;

    OCTET_TRY(open_list(r, root, "patterns", &list, &count));
    patterns = octet_arena_alloc(r->arena, count + 1, sizeof *patterns);
    OCTET_TRY_ALLOC(r->diag, patterns);
    for (size_t i = 0; i < count; i++) {
        snprintf(r->path, sizeof r->path, "patterns[%zu]", i);
        OCTET_TRY(read_pattern(r, json_array_get(list, i), &patterns[i]));
    }
    longest_first(patterns, (uint32_t)count);
    r->backend->patterns = patterns;
    r->backend->n_patterns = (uint32_t)count;
    return OCTET_OK;
}

static octet_status read_configs(reader *r, json_t *root)
{
    octet_dtype_config *configs;
    const json_t *list;
    size_t count;

    OCTET_TRY(open_list(r, root, "dtype_configs", &list, &count));
    configs = octet_arena_alloc(r->arena, count + 1, sizeof *configs);
    OCTET_TRY_ALLOC(r->diag, configs);
    for (size_t i = 0; i < count; i++) {
        snprintf(r->path, sizeof r->path, "dtype_configs[%zu]", i);
        OCTET_TRY(read_config(r, json_array_get(list, i), &configs[i]));
    }
    r->backend->configs = configs;
    r->backend->n_configs = (uint32_t)count;
    return OCTET_OK;
}

static octet_status read_backend(reader *r, json_t *root)
{
    static const char *const keys[] = {"name",          "summary",  "arithmetic",
                                       "dtype_configs", "patterns", NULL};
    strcpy(r->path, "top level");
    OCTET_TRY(check_keys(r, root, keys));
    OCTET_TRY(get_string(r, root, "name", true, &r->backend->name));
    OCTET_TRY(get_string(r, root, "summary", false, &r->backend->summary));
    OCTET_TRY(get_string(r, root, "arithmetic", false, &r->backend->arithmetic));
    OCTET_TRY(read_configs(r, root));
    return read_patterns(r, root);
}

octet_status octet_backend_parse(const octet_allocator *allocator, const char *text, size_t size,
                                 const char *where, octet_backend **out, octet_diag *diag)
{
    json_error_t error;
    *out = NULL;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "%s:%d:%d: %s", where, error.line,
                          error.column, error.text);
    octet_backend *backend = octet_mem_zalloc(allocator, 1, sizeof *backend);
    octet_status status = OCTET_OK;
    if (backend == NULL) {
        status = octet_fail_nomem(diag);
    } else {
        octet_arena_init(&backend->arena, allocator);
        octet_sha256 hash;
        octet_sha256_init(&hash);
        octet_sha256_add(&hash, text, size);
        octet_sha256_finish(&hash, backend->digest);
        reader r = {.backend = backend, .arena = &backend->arena, .where = where, .diag = diag};
        status = read_backend(&r, root);
    }
    json_decref(root);
    if (status != OCTET_OK) {
        octet_backend_destroy(backend);
        return status;
    }
    *out = backend;
    return OCTET_OK;
}

static octet_status open_file(const octet_allocator *allocator, const char *path,
                              octet_backend **out, octet_diag *diag)
{
    octet_file file;
    OCTET_TRY(octet_file_map(path, &file, diag));
    octet_status status =
        octet_backend_parse(allocator, (const char *)file.data, file.size, path, out, diag);
    octet_file_unmap(&file);
    return status;
}

static bool is_path(const char *name)
{
    size_t n = strlen(name);
    return strchr(name, '/') != NULL || (n > 5 && strcmp(name + n - 5, ".json") == 0);
}

octet_status octet_backend_open(const octet_allocator *allocator, const char *name,
                                octet_backend **out, octet_diag *diag)
{
    const char *names[64];
    size_t n = 0;

    if (is_path(name))
        return open_file(allocator, name, out, diag);
    for (; n < octet_embedded_backends_count && n < 64; n++) {
        const struct octet_embedded *e = &octet_embedded_backends[n];
        names[n] = e->name;
        if (strcmp(e->name, name) == 0)
            return octet_backend_parse(allocator, e->text, e->size, e->name, out, diag);
    }
    const char *near = octet_nearest(name, names, n);
    return octet_fail(diag, OCTET_ERR_INVALID_ARGUMENT, "no backend is called '%s'%s%s%s", name,
                      near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
                      near != NULL ? "'?" : "; 'octet backends' lists them");
}

void octet_backend_destroy(octet_backend *backend)
{
    if (backend == NULL)
        return;
    const octet_allocator allocator = backend->arena.allocator;
    octet_arena_deinit(&backend->arena);
    octet_mem_free(&allocator, backend);
}
