/* annotate.h: the quantization plan of a model: units, tensors, who shares parameters
 * SPDX-License-Identifier: Apache-2.0
 *
 * Made from the graph and the backend before any data is seen; nothing in the graph changes. A unit
 * is a match of one pattern. A site is a float tensor (of the graph that makes it) that will be
 * represented in integers between a QuantizeLinear and its DequantizeLinear.
 */
#ifndef OCTET_PASSES_ANNOTATE_H
#define OCTET_PASSES_ANNOTATE_H

#include "calib/observer.h"
#include "engine/match.h"

typedef struct octet_unit {
    octet_graph *g;
    octet_match match;
    const octet_dtype_config *config;
    bool quantized;
    const char *reason; /* why not, when it is not */
} octet_unit;

typedef struct octet_site {
    octet_graph *g;
    octet_value_id value;
    octet_qspec spec;
    uint32_t group;      /* first site of those that share parameters (itself when alone) */
    bool shared;         /* first of its group: others share its parameters */
    bool fixed;          /* parameters given by the pattern */
    bool zero_point_min; /* a Relu vanishes in it */
    bool clipped;        /* a Clip vanishes in it: range must stay inside [clip_min, clip_max] */
    float clip_min, clip_max;
    bool made_quantized;  /* its producer's unit runs in integers: every reader gets the DQ */
    bool covered;         /* made of values of sites that its unit reads, and of nothing else */
    uint32_t observation; /* number in the calibration, unless covered */
    bool has_choice;      /* first of its group: an observer chose the range for all of it */
    octet_range choice;
    bool gathered;        /* octet_annotation_resolve: range holds that of the group so far */
    octet_qparams params; /* after octet_annotation_resolve */
    octet_range observed; /* of its own values */
    octet_range range;
} octet_site;

#define OCTET_NO_SITE UINT32_MAX

typedef struct octet_graph_notes { /* side tables of one graph */
    octet_graph *g;
    uint32_t *unit; /* by node id: index into units, NO_SITE: none */
    uint32_t *site; /* by value id: index into sites, NO_SITE: none */
    /* By value id: how many inputs of integer units read it as an activation, and of units that
     * always run so. */
    uint32_t *reads, *heavy_reads;
} octet_graph_notes;

typedef struct octet_annotation {
    octet_arena arena;
    octet_model *model;
    const octet_backend *backend;
    octet_unit *units;
    uint32_t n_units, units_capacity;
    octet_site *sites;
    uint32_t n_sites, sites_capacity;
    octet_graph_notes *graphs;
    uint32_t n_graphs, graphs_capacity;
    uint32_t *by_number; /* by the graph's number: index into graphs, NO_SITE: not annotated */
} octet_annotation;

octet_status octet_annotate(octet_model *model, const octet_backend *backend,
                            octet_annotation **out, octet_diag *diag);
void octet_annotation_destroy(octet_annotation *a);

const octet_graph_notes *octet_annotation_notes(const octet_annotation *a, const octet_graph *g);
/* Site of a value; NO_SITE: stays float. A captured value has one of its own in each subgraph that
 * reads it in integers. */
uint32_t octet_annotation_site(const octet_annotation *a, const octet_graph *g, octet_value_id v);

/* Role of input `index` of `node` within its unit. */
octet_role octet_unit_role(const octet_unit *u, const octet_node *node, uint32_t index);
/* Element index of a node of the unit, -1 if it is not one. */
int octet_unit_element(const octet_unit *u, octet_node_id node);
octet_value_id octet_unit_output(const octet_unit *u);

/* Before that: ranges[] and seen[] of covered sites, from those that cover them. */
void octet_annotation_cover(const octet_annotation *a, octet_range *ranges, bool *seen);

/* After calibration: parameters of every site from its range and those it shares with. ranges[i]
 * belongs to site i; seen[i] false: never computed, then its units are set back to float with that
 * reason. */
void octet_annotation_resolve(octet_annotation *a, const octet_range *ranges, const bool *seen);

/* Why a node is left float; NULL when it runs in integers. */
const char *octet_annotation_reason(const octet_annotation *a, const octet_graph *g,
                                    octet_node_id node);

/* For --explain: every attempt at a node, as text. */
octet_status octet_explain(const octet_annotation *a, const octet_graph *g, octet_node_id node,
                           octet_text *out, octet_diag *diag);

#endif
