// An open-addressing table from pointers to numbers: see dlc/ir.h.
#include <stdlib.h>
#include "dlc/ir.h"

static size_t slotOf(const DlcPointerMap *map, const void *key) {
  size_t slot = (size_t)(((uintptr_t)key >> 4) * 0x9E3779B97F4A7C15u) & (map->capacity - 1);
  while (map->keys[slot] && map->keys[slot] != key) slot = (slot + 1) & (map->capacity - 1);
  return slot;
}

int64_t dlcPointerMapGet(const DlcPointerMap *map, const void *key) {
  if (!map->capacity) return -1;
  size_t slot = slotOf(map, key);
  return map->keys[slot] ? map->values[slot] : -1;
}

static void grow(DlcPointerMap *map) {
  DlcPointerMap old = *map;
  map->capacity = old.capacity ? 2 * old.capacity : 64;
  map->keys = (const void **)calloc(map->capacity, sizeof *map->keys);
  map->values = calloc(map->capacity, sizeof *map->values);
  map->n = 0;
  for (size_t i = 0; i < old.capacity; ++i)
    if (old.keys[i]) dlcPointerMapSet(map, old.keys[i], old.values[i]);
  free((void *)old.keys), free(old.values);
}

void dlcPointerMapSet(DlcPointerMap *map, const void *key, int64_t value) {
  if (2 * (map->n + 1) > map->capacity) grow(map);
  size_t slot = slotOf(map, key);
  if (!map->keys[slot]) map->keys[slot] = key, ++map->n;
  map->values[slot] = value;
}

void dlcPointerMapDestroy(DlcPointerMap *map) {
  free((void *)map->keys), free(map->values);
  *map = (DlcPointerMap){0};
}
