/* cmd_version.c: octet version
 * SPDX-License-Identifier: Apache-2.0
 */
#include "command.h"
#include "message.h"

#include <stdio.h>

static int run(int argc, char **argv)
{
    bool help = false;
    octet_context *ctx;
    const opt options[] = {{OPT_END, 0, NULL, NULL, NULL, NULL}};

    if (opt_parse(options, argc, argv, &help) != 0)
        return 2;
    if (help) {
        opt_usage(options, "version", command_version.summary, stdout);
        return 0;
    }
    octet_status status = octet_context_create(NULL, &ctx);
    if (status != OCTET_OK)
        return octet_status_exit_code(status);
    printf("octet %s\ncpu level: %s\nthreads: %d\n", octet_version(),
           octet_cpu_level_name(octet_context_cpu(ctx)), octet_context_threads(ctx));
    octet_context_destroy(ctx);
    return 0;
}

const command command_version = {"version", "print version, CPU level and threads", run};
