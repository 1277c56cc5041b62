/* main.c: looks up the command
 * SPDX-License-Identifier: Apache-2.0
 */
#define _POSIX_C_SOURCE 200809L
#include "command.h"
#include "message.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

const command *const command_list[] = {
#define C(name) &command_##name,
#include "commands.def"
#undef C
    NULL,
};

static const command *find(const char *name)
{
    for (const command *const *c = command_list; *c != NULL; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

static int unknown_command(const char *name)
{
    const char *names[32];
    size_t n = 0;
    for (; command_list[n] != NULL; n++)
        names[n] = command_list[n]->name;
    const char *near = message_nearest(name, names, n);
    if (near != NULL)
        return message_usage("there is no command '%s', did you mean '%s'?", name, near);
    return message_usage("there is no command '%s'; 'octet help' lists them", name);
}

int main(int argc, char **argv)
{
    /* A closed pipe or a size limit is reported by the write that meets it. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        message_usage("no command is given; 'octet help' lists them");
        return 2;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0)
        name = "version";
    const command *c = find(name);
    if (c == NULL)
        return unknown_command(name);
    int code = c->run(argc - 1, argv + 1);
    if (fflush(stdout) != 0 && code == 0)
        code = message_usage("cannot write to standard output") + 3;
    return code;
}
