/* main.c: the smallest program that uses octet
 * SPDX-License-Identifier: Apache-2.0
 */
#include <octet/octet.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    octet_context *ctx;
    octet_status status = octet_context_create(NULL, &ctx);

    if (status != OCTET_OK) {
        fprintf(stderr, "%s: %s\n", octet_status_name(status), octet_context_message(NULL));
        return octet_status_exit_code(status);
    }
    printf("octet %s, kernels: %s, threads: %d\n", octet_version(),
           octet_cpu_level_name(octet_context_cpu(ctx)), octet_context_threads(ctx));
    octet_context_destroy(ctx);
    return strcmp(octet_version(), OCTET_VERSION_STRING) != 0;
}
