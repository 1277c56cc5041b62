/* buffers.c: memory of one worker's tensors
 * SPDX-License-Identifier: Apache-2.0
 */
#include "run/buffers.h"

#include <stdlib.h>
#include <string.h>

/* Overruns are found between heap blocks only. */
#if defined(__SANITIZE_ADDRESS__)
#    define HEAP_ONLY 1
#elif defined(__has_feature)
#    if __has_feature(address_sanitizer)
#        define HEAP_ONLY 1
#    endif
#endif
#if !defined(HEAP_ONLY)
#    define HEAP_ONLY 0
#endif

/* Before the payload, whose 64-byte alignment it keeps. */
typedef struct header {
    size_t bytes; /* header included */
    uint32_t number, owners;
    bool on_heap;
} header;

#define HEADER ((size_t)64)
#define ALIVE UINT32_MAX

/* Laying out takes the square of the number of buffers. */
#define MOST_PLANNED 4096

void octet_buffers_init(octet_buffers *pool, const octet_allocator *allocator)
{
    memset(pool, 0, sizeof *pool);
    pool->allocator = allocator;
}

static void free_block(octet_buffers *pool)
{
    octet_mem_free_aligned(pool->allocator, pool->block);
    pool->block = NULL;
    pool->block_bytes = 0;
}

void octet_buffers_deinit(octet_buffers *pool)
{
    if (pool->block != NULL)
        free_block(pool);
    octet_mem_free(pool->allocator, pool->now.all);
    octet_mem_free(pool->allocator, pool->plan.all);
}

/* ---- layout */

static bool together(const octet_buffer_note *a, const octet_buffer_note *b)
{
    return a->born < b->died && b->born < a->died;
}

/* Lowest place where a buffer fits among those that have one and live at the same time; `placed` is
 * sorted by place. */
static size_t find_place(const octet_buffer_note *note, octet_buffer_note *const *placed, size_t n)
{
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        if (!together(note, placed[i]))
            continue;
        if (placed[i]->place >= at && placed[i]->place - at >= note->bytes)
            break;
        if (placed[i]->place + placed[i]->bytes > at)
            at = placed[i]->place + placed[i]->bytes;
    }
    return at;
}

static void insert(octet_buffer_note *note, octet_buffer_note **placed, size_t n)
{
    size_t i = n;

    for (; i > 0 && placed[i - 1]->place > note->place; i--)
        placed[i] = placed[i - 1];
    placed[i] = note;
}

/* The most that is alive at any time of a buffer's life. */
static size_t crowd(const octet_buffer_note *note, const size_t *live)
{
    size_t most = 0;

    for (uint32_t t = note->born; t < note->died; t++)
        most = live[t] > most ? live[t] : most;
    return most;
}

static int most_crowded_first(const void *a, const void *b)
{
    const octet_buffer_note *x = *(octet_buffer_note *const *)a,
                            *y = *(octet_buffer_note *const *)b;

    if (x->crowd != y->crowd)
        return x->crowd > y->crowd ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->born < y->born ? -1 : 1;
}

/* live[t]: bytes alive after event t. */
static void fill_live(const octet_buffer_notes *notes, size_t *live, uint32_t clock)
{
    memset(live, 0, clock * sizeof *live);
    for (uint32_t i = 0; i < notes->count; i++)
        for (uint32_t t = notes->all[i].born; t < notes->all[i].died; t++)
            live[t] += notes->all[i].bytes;
}

static bool order_notes(const octet_allocator *allocator, octet_buffer_notes *notes, uint32_t clock,
                        octet_buffer_note **order)
{
    size_t *live = octet_mem_alloc(allocator, clock, sizeof *live);

    if (live == NULL)
        return false;
    fill_live(notes, live, clock);
    for (uint32_t i = 0; i < notes->count; i++) {
        order[i] = &notes->all[i];
        order[i]->crowd = crowd(order[i], live);
    }
    qsort(order, notes->count, sizeof *order, most_crowded_first);
    octet_mem_free(allocator, live);
    return true;
}

/* Those that live when memory is fullest first, each at the lowest place that is free all its life:
 * in practice that needs no or little more than what is alive at the peak. Returns the bytes
 * needed, 0: no memory. */
static size_t lay_out(const octet_allocator *allocator, octet_buffer_notes *notes, uint32_t clock)
{
    octet_buffer_note **order = octet_mem_alloc(allocator, 2 * (size_t)notes->count, sizeof *order);
    octet_buffer_note **placed;
    size_t all = 0;

    if (order == NULL || !order_notes(allocator, notes, clock, order)) {
        octet_mem_free(allocator, order);
        return 0;
    }
    placed = order + notes->count;
    for (uint32_t i = 0; i < notes->count; i++) {
        order[i]->place = find_place(order[i], placed, i);
        insert(order[i], placed, i);
        if (order[i]->place + order[i]->bytes > all)
            all = order[i]->place + order[i]->bytes;
    }
    octet_mem_free(allocator, order);
    return all;
}

static void make_plan(octet_buffers *pool)
{
    octet_buffer_notes old = pool->plan;

    pool->plan = pool->now;
    pool->now = old;
    for (uint32_t i = 0; i < pool->plan.count; i++)
        if (pool->plan.all[i].died == ALIVE)
            pool->plan.all[i].died = pool->clock;
    if (pool->plan.count == 0 || pool->plan.count > MOST_PLANNED)
        return;
    pool->block_bytes = lay_out(pool->allocator, &pool->plan, pool->clock);
    if (pool->block_bytes > 0)
        pool->block = octet_mem_alloc_aligned(pool->allocator, pool->block_bytes);
    if (pool->block == NULL)
        pool->block_bytes = 0;
}

/* Runs that keep differing are planned ever more rarely. */
static bool worth_planning(const octet_buffers *pool)
{
    return (pool->misses & (pool->misses - 1)) == 0;
}

void octet_buffers_begin(octet_buffers *pool)
{
    if (pool->now.count > 0 && !pool->following && !HEAP_ONLY) {
        if (pool->block != NULL)
            free_block(pool);
        pool->misses++;
        if (worth_planning(pool))
            make_plan(pool);
    } else {
        pool->misses = 0;
    }
    pool->now.count = 0;
    pool->clock = 0;
    pool->following = pool->block != NULL;
}

/* ---- taking and giving */

static bool note_birth(octet_buffers *pool, size_t bytes)
{
    octet_buffer_notes *now = &pool->now;

    if (now->count == now->capacity) {
        uint32_t capacity = now->capacity < 64 ? 64 : 2 * now->capacity;
        octet_buffer_note *all =
            octet_mem_realloc(pool->allocator, now->all, capacity, sizeof *all);
        if (all == NULL)
            return false;
        now->all = all;
        now->capacity = capacity;
    }
    now->all[now->count++] =
        (octet_buffer_note){.bytes = bytes, .born = pool->clock++, .died = ALIVE};
    return true;
}

static bool as_planned(const octet_buffers *pool, uint32_t number)
{
    const octet_buffer_note *now = &pool->now.all[number], *plan;

    if (number >= pool->plan.count)
        return false;
    plan = &pool->plan.all[number];
    return now->bytes == plan->bytes && now->born == plan->born &&
           (now->died == ALIVE || now->died == plan->died);
}

static void count_up(octet_buffers *pool, size_t bytes)
{
    pool->live += bytes;
    if (pool->live > pool->peak_live)
        pool->peak_live = pool->live;
    if (pool->heap + pool->block_bytes > pool->peak_held)
        pool->peak_held = pool->heap + pool->block_bytes;
}

/* A run that went its own way has no use for the rest of the block. */
static void drop_unused_block(octet_buffers *pool)
{
    if (pool->block != NULL && !pool->following && pool->in_block == 0)
        free_block(pool);
}

void *octet_buffers_take(octet_buffers *pool, size_t bytes)
{
    size_t rounded;
    header *h;

    if (!octet_add_size(bytes, HEADER + 63, &rounded))
        return NULL;
    rounded &= ~(size_t)63;
    if (pool->now.count == UINT32_MAX / 2 || !note_birth(pool, rounded))
        return NULL;
    uint32_t number = pool->now.count - 1;
    pool->following = pool->following && as_planned(pool, number);
    drop_unused_block(pool);
    if (pool->following)
        h = (header *)(void *)(pool->block + pool->plan.all[number].place);
    else
        h = octet_mem_alloc_aligned(pool->allocator, rounded);
    if (h == NULL)
        return NULL;
    *h = (header){.bytes = rounded, .number = number, .owners = 1, .on_heap = !pool->following};
    if (h->on_heap)
        pool->heap += rounded;
    else
        pool->in_block++;
    count_up(pool, rounded);
    return (char *)h + HEADER;
}

static header *header_of(void *data)
{
    return (header *)(void *)((char *)data - HEADER);
}

void octet_buffers_share(void *data)
{
    header_of(data)->owners++;
}

void octet_buffers_give(octet_buffers *pool, void *data)
{
    header *h = data != NULL ? header_of(data) : NULL;

    if (h == NULL || --h->owners > 0)
        return;
    pool->live -= h->bytes;
    pool->now.all[h->number].died = pool->clock++;
    pool->following = pool->following && as_planned(pool, h->number);
    if (h->on_heap) {
        pool->heap -= h->bytes;
        octet_mem_free_aligned(pool->allocator, h);
    } else {
        pool->in_block--;
        drop_unused_block(pool);
    }
}
