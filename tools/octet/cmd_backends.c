/* cmd_backends.c: octet backends [show NAME]
 * SPDX-License-Identifier: Apache-2.0
 */
#include "command.h"
#include "message.h"

#include <stdio.h>
#include <string.h>

static int list(octet_context *ctx)
{
    for (size_t i = 0; octet_backend_name(i) != NULL; i++) {
        char *summary;
        octet_status status = octet_backend_check(ctx, octet_backend_name(i), &summary);
        if (status != OCTET_OK)
            return message_failure(ctx, status);
        printf("%-14s %s\n", octet_backend_name(i), summary);
        octet_string_free(ctx, summary);
    }
    return 0;
}

static int show(octet_context *ctx, const char *name)
{
    for (size_t i = 0; octet_backend_name(i) != NULL; i++)
        if (strcmp(octet_backend_name(i), name) == 0) {
            fputs(octet_backend_text(i), stdout);
            return 0;
        }
    return message_failure(ctx, octet_backend_check(ctx, name, NULL));
}

static int run(int argc, char **argv)
{
    const char *verb = NULL, *name = NULL;
    bool help = false;
    octet_context *ctx;
    const opt options[] = {
        {OPT_OPTIONAL, 0, "show", &verb, "show", "print one description"},
        {OPT_OPTIONAL, 0, "name", &name, "NAME", "which one"},
        {OPT_END, 0, NULL, NULL, NULL, NULL},
    };

    if (opt_parse(options, argc, argv, &help) != 0)
        return 2;
    if (help) {
        opt_usage(options, "backends", command_backends.summary, stdout);
        return 0;
    }
    if (verb != NULL && (strcmp(verb, "show") != 0 || name == NULL))
        return message_usage("'backends' takes nothing, or 'show NAME'");
    octet_status status = octet_context_create(NULL, &ctx);
    if (status != OCTET_OK)
        return octet_status_exit_code(status);
    int code = verb == NULL ? list(ctx) : show(ctx, name);
    octet_context_destroy(ctx);
    return code;
}

const command command_backends = {"backends", "list the built-in backends or print one", run};
