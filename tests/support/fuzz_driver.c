/* fuzz_driver.c: runs a fuzz target on the files of folders, without a fuzzer
 * SPDX-License-Identifier: Apache-2.0
 *
 * So every input that once was a finding, and the seeds, are tests of an ordinary build.
 */
#define _XOPEN_SOURCE 700

#include "base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SKIPPED 77

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    octet_diag diag;
    octet_file file;
    uint8_t *copy;

    if (octet_file_map(path, &file, &diag) != OCTET_OK) {
        fprintf(stderr, "%s\n", diag.text);
        return -1;
    }
    /* A copy of the exact size lets AddressSanitizer see a read past the end. */
    copy = malloc(file.size > 0 ? file.size : 1);
    if (copy == NULL)
        abort();
    if (file.size > 0)
        memcpy(copy, file.data, file.size);
    printf("%s\n", path);
    fflush(stdout); /* names the culprit when the target dies */
    LLVMFuzzerTestOneInput(copy, file.size);
    free(copy);
    octet_file_unmap(&file);
    return 1;
}

/* How many files were run; -1 when one could not be read. */
static int run_path(const char *path)
{
    struct dirent **entries;
    int count, total = 0;
    struct stat st;

    if (stat(path, &st) != 0)
        return 0;
    if (!S_ISDIR(st.st_mode))
        return run_file(path);
    count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char file[4096];
        int ran = 0;

        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            ran = run_path(file);
        total = total < 0 || ran < 0 ? -1 : total + ran;
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return total;
}

int main(int argc, char **argv)
{
    int total = 0;

    for (int i = 1; i < argc; i++) {
        int ran = run_path(argv[i]);

        if (ran < 0)
            return 1;
        total += ran;
    }
    printf("%d inputs\n", total);
    return total > 0 ? 0 : SKIPPED;
}
