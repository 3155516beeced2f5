/* splitmix64, one stream a tensor; see random.h. */
#include "random.h"

static uint64_t hashName(uint64_t seed, const char *name) { /* FNV-1a */
  uint64_t hash = 0xcbf29ce484222325u ^ seed;
  for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
  return hash;
}

static uint64_t nextBits(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void fillUniform(uint64_t seed, const char *name, float centre, float radius, float *values, size_t count) {
  uint64_t state = hashName(seed, name);
  for (size_t i = 0; i < count; i++) {
    float unit = (float)(nextBits(&state) >> 40) * 0x1p-23f - 1.0f; /* exact: a multiple of 2^-23 */
    values[i] = centre + radius * unit;
  }
}
