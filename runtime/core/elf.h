/* Examines a file before the dynamic linker gets it: glibc trusts what it maps, and a truncated or foreign file
 * could crash it or give messages that do not help. */
#ifndef DLRT_CORE_ELF_H
#define DLRT_CORE_ELF_H
#include "dlrt/dlrt.h"

/* `data`, `size`: the whole file. Checks that it is an ELF shared object for this machine, that headers, segments,
 * sections and dynamic tables lie inside the file, and that it defines the function `symbol`. Never reads outside
 * of data. Not a proof that the code is sane. Messages do not name the file. */
DLRT_MUST_USE dlrt_status_t dlrt_elf_check(const uint8_t *data, size_t size, const char *symbol);

#endif
