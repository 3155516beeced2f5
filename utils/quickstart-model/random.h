/* Reproducible values: the same seed gives the same floats on every machine and compiler.
 *
 * splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
 * generators", OOPSLA 2014) gives 64 bits; the top 24 make a float in [-1, 1)
 * exactly. Each tensor starts its own stream from the seed and its name, so that
 * a change to one layer leaves the weights of the others alone.
 */
#ifndef QUICKSTART_RANDOM_H
#define QUICKSTART_RANDOM_H
#include <stddef.h>
#include <stdint.h>

/* values[i] = centre + radius * u, u uniform in [-1, 1). With a centre other than 0 the
 * radius must be a power of two: then the product is exact, and it cannot matter
 * whether a compiler fuses it with the sum. */
void fillUniform(uint64_t seed, const char *name, float centre, float radius, float *values, size_t count);

#endif
