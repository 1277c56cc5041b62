/* parallel.c: a parallel loop on OpenMP, or a plain one without it
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L

#include "base/parallel.h"

#include <fenv.h>
#include <sched.h>
#include <unistd.h>

#if defined(_OPENMP)
#    include <omp.h>
#endif

/* The default environment rounds to nearest even and keeps denormals (no FTZ, no DAZ). */
static void enter_float_mode(fenv_t *saved)
{
    fegetenv(saved);
    fesetenv(FE_DFL_ENV);
}

static void run_serial(size_t count, void (*body)(void *arg, size_t index, int worker), void *arg)
{
    fenv_t saved;

    enter_float_mode(&saved);
    for (size_t i = 0; i < count; i++)
        body(arg, i, 0);
    fesetenv(&saved);
}

#if defined(_OPENMP)

/* Set in workers: a loop inside a loop must not multiply the threads. */
static _Thread_local int inside;

static void run_parallel(size_t count, int threads,
                         void (*body)(void *arg, size_t index, int worker), void *arg)
{
#    pragma omp parallel num_threads(threads)
    {
        fenv_t saved;

        enter_float_mode(&saved);
        inside = 1;
#    pragma omp for schedule(monotonic : dynamic, 1)
        for (size_t i = 0; i < count; i++)
            body(arg, i, omp_get_thread_num());
        inside = 0;
        fesetenv(&saved);
    }
}

#endif

void octet_parallel_for(size_t count, int threads,
                        void (*body)(void *arg, size_t index, int worker), void *arg)
{
#if defined(_OPENMP)
    if (threads > 1 && count > 1 && !inside) {
        if (count < (size_t)threads)
            threads = (int)count;
        run_parallel(count, threads, body, arg);
        return;
    }
#else
    (void)threads;
#endif
    run_serial(count, body, arg);
}

int octet_cpu_count(void)
{
#if defined(_OPENMP)
    long count = omp_get_num_procs();
#else
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#endif

    return count < 1 ? 1 : (int)count;
}

void octet_lock_take(octet_lock *lock)
{
    while (atomic_exchange_explicit(&lock->taken, 1, memory_order_acquire) != 0)
        sched_yield();
}

void octet_lock_give(octet_lock *lock)
{
    atomic_store_explicit(&lock->taken, 0, memory_order_release);
}

typedef struct attempt {
    octet_status (*body)(void *arg, size_t index, int worker, octet_diag *diag);
    void *arg;
    octet_lock lock;
    size_t failed; /* lowest index; the count: none */
    octet_status status;
    octet_diag diag;
} attempt;

static void note_failure(attempt *a, size_t index, octet_status status, const octet_diag *diag)
{
    octet_lock_take(&a->lock);
    if (index < a->failed) {
        a->failed = index;
        a->status = status;
        a->diag = *diag;
    }
    octet_lock_give(&a->lock);
}

static void try_one(void *arg, size_t index, int worker)
{
    attempt *a = arg;
    octet_diag diag = {0};
    octet_status status = a->body(a->arg, index, worker, &diag);

    if (status != OCTET_OK)
        note_failure(a, index, status, &diag);
}

octet_status octet_parallel_try(size_t count, int threads,
                                octet_status (*body)(void *arg, size_t index, int worker,
                                                     octet_diag *diag),
                                void *arg, octet_diag *diag)
{
    attempt a = {.body = body, .arg = arg, .failed = count, .status = OCTET_OK};

    octet_parallel_for(count, threads, try_one, &a);
    if (a.failed == count)
        return OCTET_OK;
    if (diag != NULL)
        *diag = a.diag;
    return a.status;
}
