/* test_diag.c: texts of failures and exit codes
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/diag.h"
#include "support/check.h"

static octet_status load(octet_diag *diag)
{
    OCTET_TRY_NOTE(diag, octet_fail(diag, OCTET_ERR_UNSUPPORTED, "opset %d", -3), "node '%s'", "c");
    return OCTET_OK;
}

static void notes_are_prepended(void **state)
{
    octet_diag diag = {0};

    (void)state;
    assert_int_equal(octet_note(&diag, load(&diag), "graph 'g'"), OCTET_ERR_UNSUPPORTED);
    assert_int_equal(diag.code, OCTET_ERR_UNSUPPORTED);
    assert_string_equal(diag.text, "graph 'g': node 'c': opset -3");
}

static void success_and_absence_pass(void **state)
{
    octet_diag diag = {.text = "kept"};

    (void)state;
    assert_int_equal(octet_note(&diag, OCTET_OK, "x"), OCTET_OK);
    assert_string_equal(diag.text, "kept");
    assert_int_equal(octet_fail(NULL, OCTET_ERR_IO, "x"), OCTET_ERR_IO);
    assert_int_equal(octet_note(NULL, OCTET_ERR_IO, "x"), OCTET_ERR_IO);
    assert_int_equal(octet_fail_nomem(&diag), OCTET_ERR_NOMEM);
    assert_string_equal(diag.text, "out of memory");
}

/* Names in a file may be as long as the file. */
static void long_texts_are_cut(void **state)
{
    octet_diag diag = {0};
    char name[3 * OCTET_DIAG_TEXT];

    (void)state;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    octet_fail(&diag, OCTET_ERR_IO, "%s", name);
    assert_int_equal(strlen(diag.text), OCTET_DIAG_TEXT - 1);
    for (int i = 0; i < 5; i++)
        octet_note(&diag, OCTET_ERR_IO, "outer");
    assert_int_equal(strlen(diag.text), OCTET_DIAG_TEXT - 1);
    assert_memory_equal(diag.text, "outer: outer: outer: outer: outer: nnn", 38);
    octet_note(&diag, OCTET_ERR_IO, "%s", name);
    assert_true(strlen(diag.text) < OCTET_DIAG_TEXT);
}

static void arguments_may_be_the_text_itself(void **state)
{
    octet_diag diag = {0};

    (void)state;
    octet_fail(&diag, OCTET_ERR_IO, "inner");
    octet_fail(&diag, OCTET_ERR_DATA, "outer (%s)", diag.text);
    assert_string_equal(diag.text, "outer (inner)");
}

static void every_status_has_a_name_and_an_exit_code(void **state)
{
    static const int codes[] = {0, 2, 3, 3, 4, 5, 5, 6, 70};

    (void)state;
    for (int i = OCTET_OK; i <= OCTET_ERR_INTERNAL; i++) {
        assert_int_equal(octet_status_exit_code((octet_status)i), codes[i]);
        assert_true(strlen(octet_status_name((octet_status)i)) > 1);
    }
    assert_string_equal(octet_status_name(OCTET_ERR_INVALID_MODEL), "invalid model");
    assert_int_equal(octet_status_exit_code((octet_status)999), 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_are_prepended),
        cmocka_unit_test(success_and_absence_pass),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(arguments_may_be_the_text_itself),
        cmocka_unit_test(every_status_has_a_name_and_an_exit_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
