/* test_file.c: mapped input, output that appears whole or not at all
 * SPDX-License-Identifier: Apache-2.0
 */
#define _XOPEN_SOURCE 700

#include "base/file.h"
#include "support/check.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static octet_diag diag;

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/octet-test-XXXXXX");
    return mkdtemp(folder) == NULL || chdir(folder) != 0;
}

static int remove_folder(void **state)
{
    char command[96];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") != 0 || system(command) != 0;
}

static void put(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static void expect(const char *path, const char *text)
{
    octet_file file;

    assert_int_equal(octet_file_map(path, &file, &diag), OCTET_OK);
    assert_int_equal(file.size, strlen(text));
    if (file.size > 0)
        assert_memory_equal(file.data, text, file.size);
    octet_file_unmap(&file);
}

static int entries(void)
{
    DIR *d = opendir(".");
    int n = 0;

    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

static void files_are_read(void **state)
{
    octet_file file;

    (void)state;
    put("full", "abc");
    put("empty", "");
    expect("full", "abc");
    assert_int_equal(octet_file_map("empty", &file, &diag), OCTET_OK);
    assert_null(file.data);
    octet_file_unmap(&file);
    octet_file_unmap(&file);
    unlink("full");
    unlink("empty");
}

static void what_cannot_be_read_is_named(void **state)
{
    octet_file file;

    (void)state;
    assert_int_equal(octet_file_map("absent", &file, &diag), OCTET_ERR_IO);
    assert_string_equal(diag.text, "cannot open 'absent': No such file or directory");
    assert_int_equal(octet_file_map(".", &file, &diag), OCTET_ERR_IO);
    assert_string_equal(diag.text, "cannot read '.': Is a directory");
    assert_int_equal(octet_file_map("", &file, &diag), OCTET_ERR_IO);
}

/* Runs body in a child; its result is the child's exit code. */
static int in_child(int (*body)(void))
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static int read_stdin(void)
{
    octet_file file;
    int right;

    if (freopen("big", "rb", stdin) == NULL || octet_file_map("-", &file, &diag) != OCTET_OK)
        return 1;
    right = file.size == 300000 && file.data[299999] == 'x' && !file.mapped;
    octet_file_unmap(&file);
    return right ? 0 : 2;
}

static int read_pipe(void)
{
    octet_file file;
    int right;

    if (octet_file_map("fifo", &file, &diag) != OCTET_OK)
        return 1;
    right = file.size == 300000;
    octet_file_unmap(&file);
    return right ? 0 : 2;
}

static void standard_input_and_pipes_are_read_to_their_end(void **state)
{
    (void)state;
    assert_int_equal(system("head -c 300000 /dev/zero | tr '\\0' x >big; mkfifo fifo"), 0);
    assert_int_equal(in_child(read_stdin), 0);
    assert_int_equal(system("cat big >fifo &"), 0);
    assert_int_equal(in_child(read_pipe), 0);
    unlink("fifo");
    unlink("big");
}

static void output_appears_at_commit(void **state)
{
    octet_output out;
    struct stat st;
    mode_t before = umask(027);

    (void)state;
    put("model", "old");
    assert_int_equal(octet_output_open(&out, "model", &diag), OCTET_OK);
    assert_int_equal(octet_output_write(&out, "new ", 4, &diag), OCTET_OK);
    assert_int_equal(octet_output_write(&out, "text", 4, &diag), OCTET_OK);
    assert_int_equal(out.written, 8);
    expect("model", "old");
    assert_int_equal(octet_output_commit(&out, &diag), OCTET_OK);
    octet_output_abort(&out);
    expect("model", "new text");
    assert_int_equal(stat("model", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    umask(before);
    unlink("model");
    assert_int_equal(entries(), 0);
}

static void an_abandoned_output_leaves_nothing(void **state)
{
    octet_output out;

    (void)state;
    put("model", "old");
    assert_int_equal(octet_output_open(&out, "model", &diag), OCTET_OK);
    assert_int_equal(octet_output_write(&out, "x", 1, &diag), OCTET_OK);
    octet_output_abort(&out);
    octet_output_abort(&out);
    expect("model", "old");
    assert_int_equal(entries(), 1);
    unlink("model");
}

/* Sizes around the buffer take each way through octet_output_write(). */
static void large_pieces_keep_their_order(void **state)
{
    static const size_t pieces[] = {1, 262143, 262144, 5, 262145, 700000, 0, 3};
    char *data = malloc(700000);
    octet_output out;
    octet_file file;
    size_t at = 0;

    (void)state;
    assert_int_equal(octet_output_open(&out, "big", &diag), OCTET_OK);
    for (int i = 0; i < 8; i++) {
        memset(data, 'a' + i, 700000);
        assert_int_equal(octet_output_write(&out, data, pieces[i], &diag), OCTET_OK);
    }
    assert_int_equal(octet_output_commit(&out, &diag), OCTET_OK);
    assert_int_equal(octet_file_map("big", &file, &diag), OCTET_OK);
    for (int i = 0; i < 8; i++) {
        for (size_t j = 0; j < pieces[i]; j++)
            assert_int_equal(file.data[at + j], 'a' + i);
        at += pieces[i];
    }
    assert_int_equal(file.size, at);
    octet_file_unmap(&file);
    free(data);
    unlink("big");
}

static void a_link_stays_a_link(void **state)
{
    octet_output out;
    struct stat st;

    (void)state;
    put("target", "old");
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(octet_output_open(&out, "link", &diag), OCTET_OK);
    assert_int_equal(octet_output_write(&out, "new", 3, &diag), OCTET_OK);
    assert_int_equal(octet_output_commit(&out, &diag), OCTET_OK);
    expect("target", "new");
    assert_true(lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
    unlink("link");
    unlink("target");
}

static void a_full_device_is_reported(void **state)
{
    octet_output out;
    struct stat st;

    (void)state;
    if (stat("/dev/full", &st) != 0 || !S_ISCHR(st.st_mode))
        skip();
    assert_int_equal(octet_output_open(&out, "/dev/full", &diag), OCTET_OK);
    assert_int_equal(octet_output_write(&out, "x", 1, &diag), OCTET_OK);
    assert_int_equal(octet_output_commit(&out, &diag), OCTET_ERR_IO);
    assert_string_equal(diag.text, "cannot write '/dev/full': No space left on device");
    octet_output_abort(&out);
    assert_true(stat("/dev/full", &st) == 0 && S_ISCHR(st.st_mode));
}

static void places_that_take_no_file_are_named(void **state)
{
    static const char *const paths[] = {".", "", "absent/model", "/dev/null/model", "sub/"};
    octet_output out;

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        assert_int_equal(octet_output_open(&out, paths[i], &diag), OCTET_ERR_IO);
        assert_non_null(strstr(diag.text, paths[i]));
        octet_output_abort(&out);
    }
    assert_int_equal(entries(), 0);
}

/* The default action of SIGXFSZ is to end the process. */
static int exceed_file_size(void)
{
    struct rlimit limit = {.rlim_cur = 100000, .rlim_max = 100000};
    static char data[400000];
    octet_output out;

    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        return 10;
    if (octet_output_open(&out, "limited", &diag) != OCTET_OK)
        return 11;
    if (octet_output_write(&out, data, sizeof data, &diag) != OCTET_ERR_IO)
        return 12;
    if (strcmp(diag.text, "cannot write 'limited': File too large") != 0)
        return 13;
    /* The failure sticks. */
    diag.text[0] = '\0';
    if (octet_output_write(&out, data, 1, &diag) != OCTET_ERR_IO ||
        octet_output_commit(&out, &diag) != OCTET_ERR_IO)
        return 14;
    return strcmp(diag.text, "cannot write 'limited': File too large") != 0 ? 15 : entries();
}

static int write_to_closed_pipe(void)
{
    int ends[2];
    octet_output out;

    if (pipe(ends) != 0 || dup2(ends[1], STDOUT_FILENO) < 0)
        return 10;
    close(ends[0]);
    close(ends[1]);
    if (octet_output_open(&out, "-", &diag) != OCTET_OK ||
        octet_output_write(&out, "x", 1, &diag) != OCTET_OK)
        return 11;
    if (octet_output_commit(&out, &diag) != OCTET_ERR_IO)
        return 12;
    return strcmp(diag.text, "cannot write 'standard output': Broken pipe") != 0;
}

static void signals_of_writing_do_not_kill(void **state)
{
    (void)state;
    assert_int_equal(in_child(exceed_file_size), 0);
    assert_int_equal(in_child(write_to_closed_pipe), 0);
}

static void files_inside_a_folder(void **state)
{
    static const char *const outside[] = {"/etc/passwd", "../x", "a/../../x", "..", "", "link"};
    octet_file file;

    (void)state;
    assert_int_equal(mkdir("in", 0777), 0);
    put("in/data", "payload");
    put("secret", "key");
    assert_int_equal(symlink("../secret", "in/link"), 0);
    assert_int_equal(octet_file_map_inside("in", "data", &file, &diag), OCTET_OK);
    assert_int_equal(file.size, 7);
    octet_file_unmap(&file);
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_int_equal(octet_file_map_inside("in", outside[i], &file, &diag),
                         OCTET_ERR_INVALID_MODEL);
    assert_int_equal(octet_file_map_inside("in", "absent", &file, &diag), OCTET_ERR_IO);
    assert_int_equal(system("rm -r in secret"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(standard_input_and_pipes_are_read_to_their_end),
        cmocka_unit_test(output_appears_at_commit),
        cmocka_unit_test(an_abandoned_output_leaves_nothing),
        cmocka_unit_test(large_pieces_keep_their_order),
        cmocka_unit_test(a_link_stays_a_link),
        cmocka_unit_test(a_full_device_is_reported),
        cmocka_unit_test(places_that_take_no_file_are_named),
        cmocka_unit_test(signals_of_writing_do_not_kill),
        cmocka_unit_test(files_inside_a_folder),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
