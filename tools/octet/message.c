/* message.c: what the program says on standard error, and its progress bar
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L
#include "message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int message_usage(const char *fmt, ...)
{
    va_list args;
    fputs("octet: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputs("\n", stderr);
    return octet_status_exit_code(OCTET_ERR_INVALID_ARGUMENT);
}

int message_failure(const octet_context *ctx, octet_status status)
{
    fprintf(stderr, "octet: %s\n", octet_context_message(ctx));
    if (status == OCTET_ERR_INTERNAL)
        fputs("octet: this is a bug of octet; please report it with the model\n", stderr);
    return octet_status_exit_code(status);
}

void message_warning(const char *fmt, ...)
{
    va_list args;
    fputs("octet: warning: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputs("\n", stderr);
}

/* Edit distance of short words; anything longer is not a typing error. */
static size_t distance(const char *a, const char *b)
{
    size_t row[65], n = strlen(b);
    if (strlen(a) > 64 || n > 64)
        return 99;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            size_t shift = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            row[j + 1] = change < shift ? change : shift;
        }
    }
    return row[n];
}

const char *message_nearest(const char *word, const char *const *candidates, size_t count)
{
    const char *best = NULL;
    size_t least = 2 + strlen(word) / 4;
    for (size_t i = 0; i < count; i++) {
        size_t d = distance(word, candidates[i]);
        if (d < least) {
            least = d;
            best = candidates[i];
        }
    }
    return best;
}

double message_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

const char *message_bytes(double bytes, char *buffer, size_t size)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    int unit = 0;
    while (bytes >= 1000.0 && unit < 4) {
        bytes /= 1000.0;
        unit++;
    }
    snprintf(buffer, size, unit == 0 ? "%.0f %s" : "%.2f %s", bytes, units[unit]);
    return buffer;
}

/* ---- progress */

#define BAR_WIDTH 28
#define REDRAW_SECONDS 0.1

void progress_begin(progress *p, const char *what, bool quiet)
{
    *p = (progress){.on = !quiet && isatty(STDERR_FILENO) == 1, .what = what};
    p->started = p->drawn = message_clock();
}

static void draw(const progress *p, int64_t done, int64_t total, double elapsed)
{
    double rate = elapsed > 0.0 ? (double)done / elapsed : 0.0;
    char bar[BAR_WIDTH + 1];

    if (total <= 0) {
        fprintf(stderr, "\r%s %lld samples, %.1f/s\033[K", p->what, (long long)done, rate);
        return;
    }
    int filled = (int)((double)done / (double)total * BAR_WIDTH);
    memset(bar, '-', BAR_WIDTH);
    memset(bar, '#', (size_t)filled);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%s [%s] %lld/%lld, %.1f/s, %.0f s left\033[K", p->what, bar, (long long)done,
            (long long)total, rate, rate > 0.0 ? (double)(total - done) / rate : 0.0);
}

void progress_update(void *user, int64_t done, int64_t total)
{
    progress *p = user;
    double now = message_clock();
    if (!p->on || (now - p->drawn < REDRAW_SECONDS && done != total))
        return;
    p->drawn = now;
    draw(p, done, total, now - p->started);
}

void progress_end(progress *p)
{
    if (p->on)
        fputs("\r\033[K", stderr);
    p->on = false;
}
