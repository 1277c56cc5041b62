/* map.c: hash table from strings to 32-bit numbers
 * SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing with linear probing and deletion by shifting back. Names come from files nobody
 * vouches for, so the hash is SipHash-1-3 keyed by where the program was loaded: equal hashes
 * cannot be prepared beforehand, and nothing observable depends on the order of slots.
 */
#include "base/map.h"

#include <string.h>

#define FIRST_CAPACITY ((size_t)16) /* capacities are powers of two */

struct octet_map_slot {
    const char *key; /* NULL: free */
    uint32_t hash, value;
};

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static uint32_t hash_text(const char *text)
{
    static const char anchor = 0;
    size_t length = strlen(text), left = length;
    uint64_t k0 = (uintptr_t)&anchor, k1 = ~rotate(k0, 29), word;
    uint64_t v[4] = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                     k1 ^ 0x7465646279746573u};

    for (;; text += sizeof word, left -= sizeof word) {
        word = left < sizeof word ? (uint64_t)length << 56 : 0;
        memcpy(&word, text, left < sizeof word ? left : sizeof word);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
        if (left < sizeof word)
            break;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    word = v[0] ^ v[1] ^ v[2] ^ v[3];
    return (uint32_t)(word ^ word >> 32);
}

void octet_map_init(octet_map *map, const octet_allocator *allocator)
{
    *map = (octet_map){0};
    if (allocator != NULL)
        map->allocator = *allocator;
}

void octet_map_deinit(octet_map *map)
{
    octet_mem_free(&map->allocator, map->slots);
    map->slots = NULL;
    map->capacity = map->count = 0;
}

/* The slot that holds key, or the free one where it belongs. There is always a free one. */
static size_t find(const octet_map *map, const char *key, uint32_t hash)
{
    size_t mask = map->capacity - 1, i = hash & mask;

    while (map->slots[i].key != NULL &&
           (map->slots[i].hash != hash || strcmp(map->slots[i].key, key) != 0))
        i = (i + 1) & mask;
    return i;
}

uint32_t octet_map_get(const octet_map *map, const char *key)
{
    size_t i;

    if (map->count == 0)
        return OCTET_MAP_NONE;
    i = find(map, key, hash_text(key));
    return map->slots[i].key != NULL ? map->slots[i].value : OCTET_MAP_NONE;
}

static bool grow(octet_map *map)
{
    size_t old_capacity = map->capacity;
    size_t capacity = old_capacity == 0 ? FIRST_CAPACITY : old_capacity * 2;
    struct octet_map_slot *old = map->slots;
    struct octet_map_slot *slots = octet_mem_zalloc(&map->allocator, capacity, sizeof *slots);

    if (slots == NULL)
        return false;
    map->slots = slots;
    map->capacity = capacity;
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i].key != NULL)
            slots[find(map, old[i].key, old[i].hash)] = old[i];
    }
    octet_mem_free(&map->allocator, old);
    return true;
}

bool octet_map_set(octet_map *map, const char *key, uint32_t value)
{
    uint32_t hash = hash_text(key);
    struct octet_map_slot *slot;

    if (map->count >= map->capacity / 4 * 3 && !grow(map))
        return false;
    slot = &map->slots[find(map, key, hash)];
    if (slot->key == NULL) {
        slot->key = key;
        slot->hash = hash;
        map->count++;
    }
    slot->value = value;
    return true;
}

void octet_map_remove(octet_map *map, const char *key)
{
    size_t mask, hole, i;

    if (map->count == 0)
        return;
    mask = map->capacity - 1;
    hole = find(map, key, hash_text(key));
    if (map->slots[hole].key == NULL)
        return;
    /* A later slot moves into the hole unless its home lies behind the hole. */
    for (i = (hole + 1) & mask; map->slots[i].key != NULL; i = (i + 1) & mask) {
        size_t home = map->slots[i].hash & mask;

        if (((i - home) & mask) >= ((i - hole) & mask)) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct octet_map_slot){0};
    map->count--;
}
