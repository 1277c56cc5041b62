/* command.h: what a command is
 * SPDX-License-Identifier: Apache-2.0
 *
 * To add one: a file cmd_<name>.c with a descriptor, a line in commands.def, its manual page.
 */
#ifndef OCTET_TOOL_COMMAND_H
#define OCTET_TOOL_COMMAND_H

#include "opt.h"

typedef struct command {
    const char *name;
    const char *summary;               /* one line */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit code */
} command;

#define C(name) extern const command command_##name;
#include "commands.def"
#undef C

extern const command *const command_list[]; /* ends with NULL */

#endif
