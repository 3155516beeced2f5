/* The constants of a loaded library, moved to huge pages. */
#ifndef DLRT_HOST_CONSTANTS_H
#define DLRT_HOST_CONSTANTS_H
#include <stddef.h>

/* Puts what a library that is loaded holds of constants, its read-only segments, on huge pages: the same bytes at the
 * same addresses, no longer the file's. `inside`: any address in the library. Only whole huge pages, and only where
 * they are no more than `most` bytes in all. Other threads may read them meanwhile. Changes nothing where the system
 * has no huge pages or refuses. Returns the bytes that were moved. */
size_t dlrt_constants_to_huge_pages(const void *inside, size_t most);

#endif
