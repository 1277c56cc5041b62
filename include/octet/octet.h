/* octet.h: everything, for programs that do not want to choose
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef OCTET_OCTET_H
#define OCTET_OCTET_H

#include "octet/backend.h"
#include "octet/context.h"
#include "octet/data.h"
#include "octet/model.h"
#include "octet/overflow.h"
#include "octet/quantize.h"
#include "octet/run.h"
#include "octet/status.h"
#include "octet/version.h"

#endif
