/* cmd_help.c: octet help
 * SPDX-License-Identifier: Apache-2.0
 */
#include "command.h"
#include "message.h"

#include <stdio.h>
#include <string.h>

static void list_commands(void)
{
    puts("usage: octet COMMAND [options] ...\n\ncommands:");
    for (const command *const *c = command_list; *c != NULL; c++)
        printf("  %-10s %s\n", (*c)->name, (*c)->summary);
    puts("\n'octet help COMMAND' or 'octet COMMAND -h' tells more");
    puts("exit codes: 0 done, 1 the answer is no, 2 usage, 3 malformed or invalid model,\n"
         "4 unsupported, 5 input/output or memory, 6 unusable sample, 70 internal error");
}

static int run(int argc, char **argv)
{
    const char *name = NULL;
    bool help = false;
    const opt options[] = {
        {OPT_OPTIONAL, 0, "command", &name, "COMMAND", "the command to explain"},
        {OPT_END, 0, NULL, NULL, NULL, NULL},
    };
    char dash_h[] = "-h";

    if (opt_parse(options, argc, argv, &help) != 0)
        return 2;
    if (name == NULL) {
        list_commands();
        return 0;
    }
    for (const command *const *c = command_list; *c != NULL; c++)
        if (strcmp((*c)->name, name) == 0 && *c != &command_help) {
            char *args[] = {argv[0], dash_h, NULL};
            return (*c)->run(2, args);
        }
    return strcmp(name, "help") == 0 ? 0 : message_usage("there is no command '%s'", name);
}

const command command_help = {"help", "list the commands or explain one", run};
