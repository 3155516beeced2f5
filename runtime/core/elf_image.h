/* A file under examination, and the checks of it in the order in which they are made; elf.c and elf_links.c. */
#ifndef DLRT_CORE_ELF_IMAGE_H
#define DLRT_CORE_ELF_IMAGE_H
#include <elf.h>
#include <stdbool.h>
#include "dlrt/dlrt.h"

typedef struct dlrt_elf_image {
  const uint8_t *data;
  size_t size;
  Elf64_Ehdr header;
  uint64_t end; /* of the last loadable segment, as an address */
  /* Of the dynamic section, as file offsets; 0: absent. */
  uint64_t symtab, strtab, strsz, hash, gnu_hash;
} dlrt_elf_image_t;

/* Copies bytes at a file offset; false when they are not all inside the file. */
bool dlrt_elf_take(const dlrt_elf_image_t *image, uint64_t offset, void *out, size_t bytes);
Elf64_Phdr dlrt_elf_segment(const dlrt_elf_image_t *image, unsigned index);
/* File offset of `bytes` bytes at virtual address `address`, all in the file's part of one segment that has all of
 * `flags` (PF_X, ...); 0 when there is none. */
uint64_t dlrt_elf_offset(const dlrt_elf_image_t *image, uint64_t address, uint64_t bytes, uint32_t flags);
/* The same for memory, which may go past the file's part. */
bool dlrt_elf_in_memory(const dlrt_elf_image_t *image, uint64_t address, uint64_t bytes, uint32_t flags);
dlrt_status_t dlrt_elf_refuse(const char *what);

/* Reads the dynamic section and checks what the dynamic linker will follow without looking: tables, names, relocations,
 * initialisers, hash chains. */
dlrt_status_t dlrt_elf_check_links(dlrt_elf_image_t *image);
/* Whether it defines a function of this name. After the above. */
bool dlrt_elf_has_function(const dlrt_elf_image_t *image, const char *name);

#endif
