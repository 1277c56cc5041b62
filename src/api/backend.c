/* backend.c: built-in backends by name
 * SPDX-License-Identifier: Apache-2.0
 */
#include "api/api.h"

#include "engine/embedded.h"

const char *octet_backend_name(size_t index)
{
    return index < octet_embedded_backends_count ? octet_embedded_backends[index].name : NULL;
}

const char *octet_backend_text(size_t index)
{
    return index < octet_embedded_backends_count ? octet_embedded_backends[index].text : NULL;
}

octet_status octet_backend_check(octet_context *ctx, const char *name, char **summary)
{
    octet_backend *backend;
    octet_text text;

    if (summary != NULL)
        *summary = NULL;
    OCTET_TRY(octet_backend_open(&ctx->allocator, name, &backend, &ctx->diag));
    octet_text_init(&text, &ctx->allocator);
    octet_text_add(&text, "%s", backend->summary != NULL ? backend->summary : "");
    octet_backend_destroy(backend);
    if (text.failed)
        return octet_fail_nomem(&ctx->diag);
    if (summary != NULL)
        *summary = text.data;
    else
        octet_text_deinit(&text);
    return OCTET_OK;
}
