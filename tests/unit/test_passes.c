/* test_passes.c: runs the fixtures of tests/passes
 * SPDX-License-Identifier: Apache-2.0
 *
 * A fixture is one file: comments, `# run: pass …` (with `--min-opset N` where it matters), the
 * model after `--- input` and after `--- expect` what the passes make of it, in ONNX text syntax,
 * or the error. UPDATE_EXPECTED=1 in the environment rewrites what differs.
 */
#define _POSIX_C_SOURCE 200809L
#include "base/context.h"
#include "engine/pass.h"
#include "graph/text.h"
#include "octet/context.h"
#include "support/check.h"
#include "upgrade/upgrade.h"

#include <dirent.h>
#include <stdio.h>

#define MAX_FIXTURES 512
#define INPUT_MARK "--- input\n"
#define EXPECT_MARK "--- expect\n"

static char *paths[MAX_FIXTURES];
static size_t n_paths;

/* ---- files */

static char *read_text(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t capacity = 1 << 20;
    char *text = f == NULL ? NULL : calloc(1, capacity);

    if (text != NULL)
        assert_true(fread(text, 1, capacity - 1, f) < capacity - 1);
    if (f != NULL)
        fclose(f);
    return text;
}

static void rewrite(const char *path, const char *head, size_t head_length, const char *tail)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    fwrite(head, 1, head_length, f);
    fputs(tail, f);
    assert_int_equal(fclose(f), 0);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);

    assert_non_null(path);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* Every *.txt below a folder; returns whether it is a folder. */
static bool collect(const char *folder)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (dir == NULL)
        return false;
    while ((entry = readdir(dir)) != NULL) {
        size_t length = strlen(entry->d_name);
        char *path = join(folder, entry->d_name);

        if (entry->d_name[0] == '.' || collect(path)) {
            free(path);
        } else if (length > 4 && strcmp(entry->d_name + length - 4, ".txt") == 0) {
            assert_true(n_paths < MAX_FIXTURES);
            paths[n_paths++] = path;
        } else {
            free(path);
        }
    }
    closedir(dir);
    return true;
}

/* ---- one fixture */

static octet_status run_words(char *words, octet_model *model, octet_diag *diag)
{
    uint32_t widened = 0;
    octet_pipeline_options options = {.widened = &widened};

    octet_ops_resolve(model->graph);
    for (char *word = strtok(words, " \n"); word != NULL; word = strtok(NULL, " \n")) {
        if (strcmp(word, "--min-opset") == 0) {
            options.min_opset = atoi(strtok(NULL, " \n"));
            continue;
        }
        const octet_pass *pass = octet_pass_find_any(word);
        if (pass == NULL)
            fail_msg("there is no pass '%s'", word);
        OCTET_TRY(octet_pass_run(pass, model, &options, diag));
    }
    return OCTET_OK;
}

/* What the passes named in the comment make of the text; the caller frees it. */
static void transform(octet_context *ctx, const char *run_line, const char *text, size_t length,
                      octet_text *out)
{
    octet_diag diag = {0};
    octet_model *model = NULL;
    char words[512] = "";
    size_t end = strcspn(run_line, "\n");

    assert_true(end < sizeof words);
    memcpy(words, run_line, end);
    octet_status status = octet_text_read_model(ctx, text, length, &model, &diag);
    if (status == OCTET_OK)
        status = run_words(words, model, &diag);
    if (status == OCTET_OK)
        status = octet_text_write_model(model, 64, out, &diag);
    if (status != OCTET_OK)
        octet_text_add(out, "error: %s: %s\n", octet_status_name(status), diag.text);
    octet_model_destroy(model);
}

static bool check_fixture(octet_context *ctx, const char *path)
{
    char *text = read_text(path);
    const char *run = text == NULL ? NULL : strstr(text, "# run:");
    const char *input = text == NULL ? NULL : strstr(text, INPUT_MARK);
    const char *expect = text == NULL ? NULL : strstr(text, EXPECT_MARK);
    octet_text out;

    if (run == NULL || input == NULL || expect == NULL)
        fail_msg("%s is no fixture", path);
    input += strlen(INPUT_MARK);
    octet_text_init(&out, NULL);
    transform(ctx, run + strlen("# run:"), input, (size_t)(expect - input), &out);
    assert_false(out.failed);
    expect += strlen(EXPECT_MARK);
    bool same = strcmp(out.data, expect) == 0;
    if (!same && getenv("UPDATE_EXPECTED") != NULL)
        rewrite(path, text, (size_t)(expect - text), out.data);
    else if (!same)
        print_error("%s: expected\n%sgot\n%s", path, expect, out.data);
    octet_text_deinit(&out);
    free(text);
    return same;
}

static void fixtures(void **state)
{
    octet_context *ctx;
    const char *source = getenv("OCTET_SOURCE");
    size_t wrong = 0;

    (void)state;
    if (source == NULL)
        skip();
    char *folder = join(source, "tests/passes");
    collect(folder);
    free(folder);
    assert_true(n_paths > 0);
    qsort(paths, n_paths, sizeof paths[0], by_name);
    assert_int_equal(octet_context_create(NULL, &ctx), OCTET_OK);
    for (size_t i = 0; i < n_paths; i++) {
        wrong += !check_fixture(ctx, paths[i]);
        free(paths[i]);
    }
    octet_context_destroy(ctx);
    if (wrong > 0)
        fail_msg("%zu of %zu fixtures differ", wrong, n_paths);
}

/* ---- tables */

/* Look-up is by bisection, so the rules must stand in order. */
static void upgrade_rules_are_sorted(void **state)
{
    size_t count;
    const octet_upgrade_rule *rules = octet_upgrade_rules(&count);

    (void)state;
    for (size_t i = 1; i < count; i++) {
        int order = strcmp(rules[i - 1].op, rules[i].op);

        if (order > 0 || (order == 0 && rules[i - 1].version > rules[i].version))
            fail_msg("rule for %s %d stands before %s %d", rules[i - 1].op, rules[i - 1].version,
                     rules[i].op, rules[i].version);
    }
}

static void every_pass_is_found_by_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < octet_pass_count(); i++) {
        assert_ptr_equal(octet_pass_find(octet_pass_at(i)->name), octet_pass_at(i));
        assert_true(strlen(octet_pass_at(i)->summary) > 0);
    }
    assert_null(octet_pass_find("no-such-pass"));
    assert_null(octet_pass_at(octet_pass_count()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(upgrade_rules_are_sorted),
        cmocka_unit_test(every_pass_is_found_by_name),
        cmocka_unit_test(fixtures),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
