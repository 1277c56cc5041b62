/* opt.h: one option table per command drives parsing, help and the manual
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_TOOL_OPT_H
#define OCTET_TOOL_OPT_H

#include <stdbool.h>
#include <stddef.h>

typedef enum opt_kind {
    OPT_END = 0,
    OPT_FLAG,       /* bool * */
    OPT_STRING,     /* const char ** */
    OPT_COUNT,      /* long long *, 0 to INT_MAX */
    OPT_NUMBERS,    /* opt_numbers *: "1,2,3" or "1" */
    OPT_LIST,       /* opt_list *: may be given several times */
    OPT_POSITIONAL, /* const char **; required */
    OPT_OPTIONAL,   /* const char **; positional that may be left out */
} opt_kind;

typedef struct opt {
    opt_kind kind;
    char short_name; /* 0: none */
    const char *name;
    void *value;
    const char *argument; /* "FILE"; NULL for flags */
    const char *help;
} opt;

typedef struct opt_numbers {
    double values[4];
    int count;
} opt_numbers;

#define OPT_LIST_MAX 64
typedef struct opt_list {
    const char *values[OPT_LIST_MAX];
    size_t count;
} opt_list;

/* Parses argv[1..]; argv[0] is the command's name. Returns 0, or 2 after a message on standard
 * error.
 * "--help" and "-h" set *help. "--" ends the options; "-" is a value. */
int opt_parse(const opt *options, int argc, char **argv, bool *help);
/* "usage: octet run [options] MODEL" and the table. */
void opt_usage(const opt *options, const char *command, const char *summary, void *file);

#endif
