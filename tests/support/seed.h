/* seed.h: the small models of tests/fuzz/corpus, for unit tests
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TESTS_SEED_H
#define OCTET_TESTS_SEED_H

#include "base/file.h"
#include "support/check.h"

#include <stdio.h>

/* Skips the test where the source is not known. */
static inline octet_file open_seed_of(const char *folder, const char *name)
{
    const char *source = getenv("OCTET_SOURCE");
    octet_diag diag = {0};
    char path[1024];
    octet_file file;

    if (source == NULL)
        skip();
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s/%s", source, folder, name);
    if (octet_file_map(path, &file, &diag) != OCTET_OK)
        fail_msg("%s", diag.text);
    return file;
}

static inline octet_file open_seed(const char *name)
{
    return open_seed_of("load", name);
}

#endif
