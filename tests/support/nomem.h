/* nomem.h: a job in a context of its own, one of whose allocations fails
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TESTS_NOMEM_H
#define OCTET_TESTS_NOMEM_H

#include "octet/octet.h"
#include "support/check.h"

typedef octet_status nomem_job(octet_context *ctx, void *user);

/* The job with request number fail_at (and all after it, unless `once`) failing; counts the
 * requests. Whatever happens, a message says why it failed and nothing is lost. */
static inline octet_status nomem_run(nomem_job *job, void *user, size_t fail_at, bool once,
                                     size_t *requests)
{
    failing_heap heap = {.fail_at = fail_at, .once = once};
    const octet_allocator allocator = failing_allocator(&heap);
    const octet_context_options options = {.allocator = &allocator, .threads = 1};
    octet_context *ctx;
    octet_status status = octet_context_create(&options, &ctx);

    if (status == OCTET_OK) {
        status = job(ctx, user);
        if (status != OCTET_OK && octet_context_message(ctx)[0] == '\0')
            fail_msg("request %zu: no message", fail_at);
        octet_context_destroy(ctx);
    }
    if (heap.alive != 0)
        fail_msg("request %zu: %zu blocks are left, status '%s'", fail_at, heap.alive,
                 octet_status_name(status));
    *requests = heap.requests;
    return status;
}

typedef void nomem_check(void *user, size_t at);

/* Every request fails, from it on and alone, at first, where most kinds are; then in steps that
 * grow with the distance. Where the job succeeds all the same, `same` checks its result. */
static inline void nomem_sweep(const char *name, nomem_job *job, nomem_check *same, void *user)
{
    size_t total, requests;

    assert_int_equal(nomem_run(job, user, 0, false, &total), OCTET_OK);
    for (size_t at = 1; at <= total; at += 1 + at / 256) {
        octet_status all = nomem_run(job, user, at, false, &requests);
        octet_status one = nomem_run(job, user, at, true, &requests);

        if (all != OCTET_ERR_NOMEM || (one != OCTET_ERR_NOMEM && one != OCTET_OK))
            fail_msg("%s: request %zu of %zu fails: '%s', alone '%s'", name, at, total,
                     octet_status_name(all), octet_status_name(one));
        if (one == OCTET_OK)
            same(user, at);
    }
    assert_int_equal(nomem_run(job, user, total + 1, false, &requests), OCTET_OK);
    same(user, total + 1);
}

#endif
