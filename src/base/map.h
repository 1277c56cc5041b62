/* map.h: hash table from strings to 32-bit numbers
 * SPDX-License-Identifier: Apache-2.0
 *
 * Keys are borrowed. Iteration is not offered on purpose: nothing may depend on hash order.
 */
#ifndef OCTET_BASE_MAP_H
#define OCTET_BASE_MAP_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct octet_map {
    octet_allocator allocator;
    struct octet_map_slot *slots;
    size_t capacity, count;
} octet_map;

#define OCTET_MAP_NONE UINT32_MAX

void octet_map_init(octet_map *map, const octet_allocator *allocator);
void octet_map_deinit(octet_map *map);
uint32_t octet_map_get(const octet_map *map, const char *key);       /* OCTET_MAP_NONE if absent */
bool octet_map_set(octet_map *map, const char *key, uint32_t value); /* false: no memory */
void octet_map_remove(octet_map *map, const char *key);

#endif
