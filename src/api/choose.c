/* choose.c: what calibration keeps of each site, and the ranges chosen from it
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/choose.h"

#include "base/parallel.h"

/* ---- before calibration */

/* The value that a captured one stands for is what the interpreter computes. */
static void climb(const octet_graph **g, octet_value_id *v)
{
    while (octet_graph_value(*g, *v)->outer != OCTET_NO_VALUE) {
        *v = octet_graph_value(*g, *v)->outer;
        *g = (*g)->parent;
    }
}

/* Parameters that the backend gives and that nobody shares are not chosen: the extent says all that
 * is asked. */
static bool is_given(const octet_annotation *a, const octet_site *site)
{
    return site->fixed && !a->sites[site->group].shared;
}

static octet_status observe_sites(const octet_choosing *c, bool given, octet_diag *diag)
{
    octet_annotation *a = c->annotation;

    for (uint32_t i = 0; i < a->n_sites; i++) {
        octet_site *site = &a->sites[i];
        const octet_graph *g = site->g;
        octet_value_id v = site->value;
        if (site->covered || is_given(a, site) != given)
            continue;
        climb(&g, &v);
        OCTET_TRY(octet_calibration_observe(
            c->calibration, g, v, given ? &octet_statistics_minmax : c->observer->statistics,
            &site->observation, diag));
    }
    return OCTET_OK;
}

/* Sites of several graphs may stand for one value: who needs more comes first. */
octet_status octet_choose_observed(const octet_choosing *c, octet_diag *diag)
{
    OCTET_TRY(observe_sites(c, false, diag));
    return observe_sites(c, true, diag);
}

/* ---- after it */

typedef struct group {
    uint32_t first;    /* site */
    uint32_t *members; /* observations, each once */
    uint32_t n, capacity;
    octet_choice choice;
} group;

typedef struct groups {
    const octet_choosing *c;
    group *list;
    uint32_t n;
} groups;

static octet_status add_member(group *g, uint32_t observation, octet_arena *arena, octet_diag *diag)
{
    for (uint32_t i = 0; i < g->n; i++)
        if (g->members[i] == observation)
            return OCTET_OK;
    if (!octet_arena_grow(arena, (void **)&g->members, &g->capacity, g->n + 1, sizeof *g->members))
        return octet_fail_nomem(diag);
    g->members[g->n++] = observation;
    return OCTET_OK;
}

/* Groups in the order of their first sites. */
static octet_status gather_groups(groups *all, const bool *seen, octet_arena *arena,
                                  octet_diag *diag)
{
    const octet_annotation *a = all->c->annotation;
    uint32_t *of_site = OCTET_ARENA_ARRAY(arena, uint32_t, a->n_sites + 1);

    all->list = OCTET_ARENA_ARRAY(arena, group, a->n_sites + 1);
    OCTET_TRY_ALLOC(diag, of_site);
    OCTET_TRY_ALLOC(diag, all->list);
    for (uint32_t i = 0; i < a->n_sites; i++) {
        const octet_site *site = &a->sites[i];
        if (site->group == i) {
            of_site[i] = all->n;
            all->list[all->n++].first = i;
        }
        if (seen[i] && !site->covered && !is_given(a, site))
            OCTET_TRY(add_member(&all->list[of_site[site->group]], site->observation, arena, diag));
    }
    return OCTET_OK;
}

static octet_status choose_group(void *user, size_t index, int worker, octet_diag *diag)
{
    const groups *all = user;
    const octet_choosing *c = all->c;
    group *g = &all->list[index];

    (void)worker;
    if (g->n == 0)
        return OCTET_OK;
    return octet_calibration_choose(c->calibration, g->members, g->n, c->observer,
                                    &c->annotation->sites[g->first].spec, &c->options, &g->choice,
                                    diag);
}

static octet_status choose_all(octet_choosing *c, const bool *seen, octet_arena *arena,
                               octet_diag *diag)
{
    groups all = {.c = c};

    OCTET_TRY(gather_groups(&all, seen, arena, diag));
    OCTET_TRY(octet_parallel_try(all.n, c->threads, choose_group, &all, diag));
    for (uint32_t i = 0; i < all.n; i++) {
        const group *g = &all.list[i];
        octet_site *first = &c->annotation->sites[g->first];
        first->has_choice = g->n > 0;
        first->choice = g->choice.range;
        c->coarse += g->n > 0 && g->choice.coarse;
    }
    return OCTET_OK;
}

static octet_status resolve(octet_choosing *c, octet_arena *arena, octet_diag *diag)
{
    octet_annotation *a = c->annotation;
    octet_range *ranges = OCTET_ARENA_ARRAY(arena, octet_range, a->n_sites + 1);
    bool *seen = OCTET_ARENA_ARRAY(arena, bool, a->n_sites + 1);

    OCTET_TRY_ALLOC(diag, ranges);
    OCTET_TRY_ALLOC(diag, seen);
    for (uint32_t i = 0; i < a->n_sites; i++)
        if (!a->sites[i].covered)
            seen[i] = octet_calibration_extent(c->calibration, a->sites[i].observation, &ranges[i]);
    octet_annotation_cover(a, ranges, seen);
    OCTET_TRY(choose_all(c, seen, arena, diag));
    octet_annotation_resolve(a, ranges, seen);
    return OCTET_OK;
}

octet_status octet_choose_ranges(octet_choosing *c, octet_diag *diag)
{
    octet_arena arena;

    octet_arena_init(&arena, &c->annotation->model->ctx->allocator);
    octet_status status = resolve(c, &arena, diag);
    octet_arena_deinit(&arena);
    return status;
}
