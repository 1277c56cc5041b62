/* observers.c: the list of observers
 * SPDX-License-Identifier: Apache-2.0
 */
#include "calib/observer.h"

#include <string.h>

static const octet_observer *const list[] = {
    &octet_observer_minmax,
    &octet_observer_percentile,
    &octet_observer_entropy,
    &octet_observer_mse,
};

const octet_observer *const *octet_observer_list(size_t *count)
{
    *count = sizeof list / sizeof *list;
    return list;
}

const octet_observer *octet_observer_find(const char *name)
{
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(list[i]->name, name) == 0)
            return list[i];
    return NULL;
}
