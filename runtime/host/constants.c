/* Constants on huge pages; see constants.h.
 *
 * A file is mapped in pages of 4 KiB, wherever the page cache has them: a core that reads weights from memory then
 * waits for a translation every 64 lines, and no prefetcher goes from one page to the next. Reading 64 MB takes a
 * fourth to a third less time from huge pages. A copy takes the place of the mapping (mremap): addresses stay, a
 * thread that touches a page in between waits in the kernel until the copy is there, and dlclose unmaps the copy with
 * the rest.
 */
#define _GNU_SOURCE
#include "host/constants.h"
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "host/memory.h"

#define HUGE ((size_t)2 << 20)
#define LEAST (2 * HUGE)

typedef struct search {
  uintptr_t inside;
  size_t total;
  uintptr_t begin[4];
  size_t bytes[4];
  int count;
} search_t;

static bool holds(const struct dl_phdr_info *info, uintptr_t address) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) *p = &info->dlpi_phdr[i];
    uintptr_t begin = info->dlpi_addr + p->p_vaddr;
    if (p->p_type == PT_LOAD && address >= begin && address - begin < p->p_memsz) return true;
  }
  return false;
}

/* Remembers the whole huge pages of the read-only segments of the library that is looked for. */
static int find_segments(struct dl_phdr_info *info, size_t size, void *data) {
  (void)size;
  search_t *search = data;
  if (!holds(info, search->inside)) return 0;
  for (int i = 0; i < info->dlpi_phnum && search->count < 4; ++i) {
    const ElfW(Phdr) *p = &info->dlpi_phdr[i];
    if (p->p_type != PT_LOAD || p->p_flags != PF_R || p->p_memsz < LEAST + HUGE) continue;
    uintptr_t begin = dlrt_round_up(info->dlpi_addr + p->p_vaddr, HUGE);
    size_t bytes = ((info->dlpi_addr + p->p_vaddr + p->p_filesz) & ~(HUGE - 1)) - begin;
    search->begin[search->count] = begin;
    search->bytes[search->count++] = bytes;
    search->total += bytes;
  }
  return 1;
}

static bool has_huge_pages(void) {
  char text[64] = "";
  FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
  if (!file) return false;
  bool read = fgets(text, sizeof text, file);
  fclose(file);
  return read && !strstr(text, "[never]");
}

/* Whole pages, with what a sanitizer keeps between variables: not by memcpy, which it would stop. */
__attribute__((no_sanitize("address"))) static void copy_pages(uint64_t *to, const volatile uint64_t *from,
                                                               size_t bytes) {
  for (size_t i = 0; i < bytes / sizeof *to; ++i) to[i] = from[i];
}

static bool move(uintptr_t begin, size_t bytes) {
  dlrt_region_t copy;
  void *place = (void *)begin; /* mapped by the dynamic linker, whose addresses are numbers */
  if (!dlrt_region_map(bytes, &copy)) return false;
#ifdef MADV_POPULATE_READ
  (void)madvise(place, bytes, MADV_POPULATE_READ); /* else one fault for every 16 pages; advice */
#endif
  copy_pages(copy.data, place, bytes);
  if (!mprotect(copy.data, bytes, PROT_READ) &&
      mremap(copy.data, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place)
    return true;
  dlrt_region_unmap(&copy);
  return false;
}

size_t dlrt_constants_to_huge_pages(const void *inside, size_t most) {
  search_t search = {.inside = (uintptr_t)inside};
  size_t moved = 0;
  dl_iterate_phdr(find_segments, &search);
  if (!search.total || search.total > most || !has_huge_pages()) return 0;
  for (int i = 0; i < search.count; ++i)
    if (move(search.begin[i], search.bytes[i])) moved += search.bytes[i];
  return moved;
}
