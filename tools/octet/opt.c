/* opt.c: parses a command's options from its table and prints help from it
 * SPDX-License-Identifier: Apache-2.0
 */
#include "opt.h"

#include "message.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct parser {
    const opt *options;
    int argc, next;
    char **argv;
    int positionals; /* seen so far */
} parser;

static const opt *find_long(const opt *options, const char *name, size_t length)
{
    for (const opt *o = options; o->kind != OPT_END; o++)
        if (o->kind < OPT_POSITIONAL && strlen(o->name) == length &&
            strncmp(o->name, name, length) == 0)
            return o;
    return NULL;
}

static const opt *find_short(const opt *options, char name)
{
    for (const opt *o = options; o->kind != OPT_END; o++)
        if (o->short_name == name)
            return o;
    return NULL;
}

static int unknown_option(const opt *options, const char *given)
{
    const char *names[64];
    size_t n = 0;
    for (const opt *o = options; o->kind != OPT_END && n < 64; o++)
        if (o->kind < OPT_POSITIONAL)
            names[n++] = o->name;
    const char *near = message_nearest(given + strspn(given, "-"), names, n);
    if (near != NULL)
        return message_usage("there is no option '%s', did you mean '--%s'?", given, near);
    return message_usage("there is no option '%s'", given);
}

/* Numbers are read without the locale: the program never sets one. */
static int read_numbers(const opt *o, const char *text)
{
    opt_numbers *numbers = o->value;
    const char *at = text;
    numbers->count = 0;
    for (;;) {
        char *end;
        double value = strtod(at, &end);
        if (end == at || numbers->count == 4)
            return message_usage("option '--%s' takes up to four numbers, not '%s'", o->name, text);
        numbers->values[numbers->count++] = value;
        if (*end == '\0')
            return 0;
        if (*end != ',' && *end != 'x')
            return message_usage("option '--%s' takes up to four numbers, not '%s'", o->name, text);
        at = end + 1;
    }
}

static int read_count(const opt *o, const char *text)
{
    char *end;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 0 || value > INT_MAX)
        return message_usage("option '--%s' takes a number of 0 to %d, not '%s'", o->name, INT_MAX,
                             text);
    *(long long *)o->value = value;
    return 0;
}

static int store(const opt *o, const char *text)
{
    opt_list *list = o->value;
    switch (o->kind) {
    case OPT_COUNT:
        return read_count(o, text);
    case OPT_NUMBERS:
        return read_numbers(o, text);
    case OPT_LIST:
        if (list->count == OPT_LIST_MAX)
            return message_usage("option '--%s' is given too often", o->name);
        list->values[list->count++] = text;
        return 0;
    default:
        *(const char **)o->value = text;
        return 0;
    }
}

static int take(parser *p, const opt *o, const char *attached, const char *given)
{
    if (o->kind == OPT_FLAG) {
        if (attached != NULL)
            return message_usage("option '--%s' takes no value", o->name);
        *(bool *)o->value = true;
        return 0;
    }
    if (attached != NULL)
        return store(o, attached);
    if (p->next >= p->argc)
        return message_usage("option '%s' needs a value: %s", given, o->argument);
    return store(o, p->argv[p->next++]);
}

static int take_long(parser *p, const char *given)
{
    const char *name = given + 2, *equals = strchr(name, '=');
    size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const opt *o = find_long(p->options, name, length);
    if (o == NULL)
        return unknown_option(p->options, given);
    return take(p, o, equals != NULL ? equals + 1 : NULL, given);
}

static int take_positional(parser *p, const char *given)
{
    int at = 0;
    for (const opt *o = p->options; o->kind != OPT_END; o++)
        if (o->kind >= OPT_POSITIONAL && at++ == p->positionals) {
            p->positionals++;
            return store(o, given);
        }
    return message_usage("'%s' is one argument too many", given);
}

static int take_argument(parser *p, const char *given, bool *only_positionals)
{
    if (*only_positionals || given[0] != '-' || given[1] == '\0')
        return take_positional(p, given);
    if (strcmp(given, "--") == 0) {
        *only_positionals = true;
        return 0;
    }
    if (given[1] == '-')
        return take_long(p, given);
    const opt *o = find_short(p->options, given[1]);
    if (o == NULL)
        return unknown_option(p->options, given);
    return take(p, o, given[2] != '\0' ? given + 2 : NULL, given);
}

static int check_positionals(const parser *p)
{
    int at = 0;
    for (const opt *o = p->options; o->kind != OPT_END; o++)
        if (o->kind >= OPT_POSITIONAL && at++ >= p->positionals && o->kind == OPT_POSITIONAL)
            return message_usage("%s is missing", o->argument);
    return 0;
}

int opt_parse(const opt *options, int argc, char **argv, bool *help)
{
    parser p = {.options = options, .argc = argc, .next = 1, .argv = argv};
    bool only_positionals = false;

    while (p.next < argc) {
        const char *given = argv[p.next++];
        if (!only_positionals && (strcmp(given, "--help") == 0 || strcmp(given, "-h") == 0)) {
            *help = true;
            return 0;
        }
        if (take_argument(&p, given, &only_positionals) != 0)
            return 2;
    }
    return check_positionals(&p);
}

static void print_option(const opt *o, FILE *out)
{
    char left[64];
    int n = 0;
    if (o->short_name != '\0')
        n = snprintf(left, sizeof left, "-%c, ", o->short_name);
    snprintf(left + n, sizeof left - (size_t)n, "--%s%s%s", o->name, o->argument != NULL ? " " : "",
             o->argument != NULL ? o->argument : "");
    fprintf(out, strlen(left) > 26 ? "  %s\n%28s%s\n" : "  %-26s%.0s%s\n", left, "", o->help);
}

void opt_usage(const opt *options, const char *command, const char *summary, void *file)
{
    FILE *out = file;
    fprintf(out, "usage: octet %s [options]", command);
    for (const opt *o = options; o->kind != OPT_END; o++) {
        if (o->kind == OPT_POSITIONAL)
            fprintf(out, " %s", o->argument);
        if (o->kind == OPT_OPTIONAL)
            fprintf(out, " [%s]", o->argument);
    }
    fprintf(out, "\n\n%s\n\n", summary);
    for (const opt *o = options; o->kind != OPT_END; o++) {
        if (o->kind >= OPT_POSITIONAL)
            fprintf(out, "  %-26s%s\n", o->argument, o->help);
        else
            print_option(o, out);
    }
}
