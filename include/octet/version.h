/* version.h: version of the library; the build reads the three numbers from here
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_VERSION_H
#define OCTET_VERSION_H

#include "octet/status.h"

#define OCTET_VERSION_MAJOR 0
#define OCTET_VERSION_MINOR 1
#define OCTET_VERSION_PATCH 0
#define OCTET_VERSION_STRING "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library in use, which may differ from that of the headers compiled against. */
OCTET_API const char *octet_version(void);

#ifdef __cplusplus
}
#endif
#endif
