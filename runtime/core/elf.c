/* Checks of a shared object's ELF structure: header, segments, sections; the format is the System V gABI, chapters 4
 * and 5. What the dynamic section leads to is in elf_links.c. All reads go through dlrt_elf_take(), which bounds them.
 */
#include "core/elf.h"
#include <inttypes.h>
#include <string.h>
#include "core/elf_image.h"
#include "core/status.h"

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#else
#error "the runtime knows the ELF machine of x86-64 and AArch64 only"
#endif

#define MAX_ADDRESS (UINT64_C(1) << 46)
#define MAX_ALIGN (UINT64_C(1) << 30)

static bool inside(const dlrt_elf_image_t *image, uint64_t offset, uint64_t bytes) {
  return offset <= image->size && bytes <= image->size - offset;
}

bool dlrt_elf_take(const dlrt_elf_image_t *image, uint64_t offset, void *out, size_t bytes) {
  if (!inside(image, offset, bytes)) return false;
  memcpy(out, image->data + offset, bytes);
  return true;
}

dlrt_status_t dlrt_elf_refuse(const char *what) { return dlrt_status_make(DLRT_INVALID_PROGRAM, "%s", what); }

static dlrt_status_t truncated(const char *what, uint64_t offset, uint64_t bytes, size_t size) {
  return dlrt_status_make(DLRT_INVALID_PROGRAM,
                          "truncated or damaged: %s at offset %" PRIu64 " with %" PRIu64
                          " bytes is not inside the file of %zu bytes",
                          what, offset, bytes, size);
}

static const char *machine_name(uint16_t machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86-64";
  case EM_AARCH64:
    return "AArch64";
  case EM_386:
    return "i386";
  case EM_RISCV:
    return "RISC-V";
  case EM_PPC64:
    return "PowerPC64";
  case EM_S390:
    return "s390x";
  case 224:
    return "AMD GPU";
  case 190:
    return "NVIDIA CUDA";
  default:
    return "an unknown machine";
  }
}

static dlrt_status_t check_header(dlrt_elf_image_t *image) {
  if (image->size < SELFMAG || memcmp(image->data, ELFMAG, SELFMAG)) return dlrt_elf_refuse("not an ELF file");
  Elf64_Ehdr *h = &image->header;
  if (!dlrt_elf_take(image, 0, h, sizeof *h)) return truncated("the ELF header", 0, sizeof *h, image->size);
  if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB)
    return dlrt_status_make(DLRT_INCOMPATIBLE, "not a 64-bit little-endian ELF file");
  if (h->e_machine != HOST_MACHINE)
    return dlrt_status_make(DLRT_INCOMPATIBLE, "compiled for %s (ELF machine %u), this machine is %s",
                            machine_name(h->e_machine), h->e_machine, machine_name(HOST_MACHINE));
  if (h->e_type != ET_DYN)
    return dlrt_status_make(DLRT_INVALID_PROGRAM, "not a shared object (ELF type %u)%s", h->e_type,
                            h->e_type == ET_REL ? "; it is an object file that has yet to be linked" : "");
  if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT) return dlrt_elf_refuse("unknown ELF version");
  if (h->e_phentsize != sizeof(Elf64_Phdr) || !h->e_phnum || h->e_phnum == PN_XNUM)
    return dlrt_elf_refuse("no valid program headers");
  uint64_t bytes = (uint64_t)h->e_phnum * sizeof(Elf64_Phdr);
  if (!inside(image, h->e_phoff, bytes)) return truncated("the program headers", h->e_phoff, bytes, image->size);
  return dlrt_status_ok();
}

Elf64_Phdr dlrt_elf_segment(const dlrt_elf_image_t *image, unsigned index) {
  Elf64_Phdr segment;
  memcpy(&segment, image->data + image->header.e_phoff + index * sizeof segment, sizeof segment);
  return segment;
}

uint64_t dlrt_elf_offset(const dlrt_elf_image_t *image, uint64_t address, uint64_t bytes, uint32_t flags) {
  for (unsigned i = 0; i < image->header.e_phnum; ++i) {
    Elf64_Phdr s = dlrt_elf_segment(image, i);
    if (s.p_type != PT_LOAD || address < s.p_vaddr || (s.p_flags & flags) != flags) continue;
    uint64_t within = address - s.p_vaddr;
    if (within <= s.p_filesz && bytes <= s.p_filesz - within) return s.p_offset + within;
  }
  return 0;
}

bool dlrt_elf_in_memory(const dlrt_elf_image_t *image, uint64_t address, uint64_t bytes, uint32_t flags) {
  for (unsigned i = 0; i < image->header.e_phnum; ++i) {
    Elf64_Phdr s = dlrt_elf_segment(image, i);
    if (s.p_type != PT_LOAD || address < s.p_vaddr || (s.p_flags & flags) != flags) continue;
    /* Mapped in whole pages. */
    uint64_t size = ((s.p_vaddr + s.p_memsz + 4095) & ~UINT64_C(4095)) - s.p_vaddr, within = address - s.p_vaddr;
    if (within <= size && bytes <= size - within) return true;
  }
  return false;
}

/* Loadable segments must lie in the file, in ascending order, without overlap and of a sane size: that is what the
 * dynamic linker's arithmetic relies on. */
static dlrt_status_t check_loads(dlrt_elf_image_t *image) {
  for (unsigned i = 0; i < image->header.e_phnum; ++i) {
    Elf64_Phdr s = dlrt_elf_segment(image, i);
    if (s.p_type == PT_INTERP) return dlrt_elf_refuse("an executable, not a shared object");
    if (s.p_type != PT_LOAD) continue;
    if (!inside(image, s.p_offset, s.p_filesz)) return truncated("a segment", s.p_offset, s.p_filesz, image->size);
    if (s.p_filesz > s.p_memsz || s.p_memsz > MAX_ADDRESS || s.p_vaddr > MAX_ADDRESS || !(s.p_flags & PF_R) ||
        s.p_align & (s.p_align - 1) || s.p_align > MAX_ALIGN || s.p_align < 4096 ||
        (s.p_vaddr ^ s.p_offset) & (s.p_align - 1) || s.p_vaddr < image->end)
      return dlrt_elf_refuse("damaged: a loadable segment has impossible addresses");
    image->end = s.p_vaddr + s.p_memsz;
  }
  return image->end ? dlrt_status_ok() : dlrt_elf_refuse("nothing to load in it");
}

/* The other segments describe parts of the loadable ones. */
static dlrt_status_t check_parts(const dlrt_elf_image_t *image) {
  for (unsigned i = 0; i < image->header.e_phnum; ++i) {
    Elf64_Phdr s = dlrt_elf_segment(image, i);
    if (s.p_type == PT_LOAD || s.p_type == PT_NULL || s.p_type == PT_GNU_STACK || !s.p_memsz) continue;
    if (!inside(image, s.p_offset, s.p_filesz)) return truncated("a segment", s.p_offset, s.p_filesz, image->size);
    if (!dlrt_elf_in_memory(image, s.p_vaddr, s.p_memsz, 0) ||
        (s.p_filesz && dlrt_elf_offset(image, s.p_vaddr, s.p_filesz, 0) != s.p_offset))
      return dlrt_elf_refuse("damaged: a segment is not part of what is loaded");
  }
  return dlrt_status_ok();
}

/* The section headers are at the end of a linked file: they are what truncation hits first. */
static dlrt_status_t check_sections(const dlrt_elf_image_t *image) {
  const Elf64_Ehdr *h = &image->header;
  if (!h->e_shoff || !h->e_shnum) return dlrt_status_ok(); /* stripped of them: allowed */
  if (h->e_shentsize != sizeof(Elf64_Shdr)) return dlrt_elf_refuse("no valid section headers");
  uint64_t bytes = (uint64_t)h->e_shnum * sizeof(Elf64_Shdr);
  if (!inside(image, h->e_shoff, bytes)) return truncated("the section headers", h->e_shoff, bytes, image->size);
  for (unsigned i = 0; i < h->e_shnum; ++i) {
    Elf64_Shdr s;
    memcpy(&s, image->data + h->e_shoff + i * sizeof s, sizeof s);
    if (s.sh_type == SHT_NOBITS || s.sh_type == SHT_NULL) continue;
    if (!inside(image, s.sh_offset, s.sh_size)) return truncated("a section", s.sh_offset, s.sh_size, image->size);
  }
  return dlrt_status_ok();
}

dlrt_status_t dlrt_elf_check(const uint8_t *data, size_t size, const char *symbol) {
  dlrt_elf_image_t image = {.data = data, .size = size};
  dlrt_status_t status = check_header(&image);
  if (!status.code) status = check_loads(&image);
  if (!status.code) status = check_parts(&image);
  if (!status.code) status = check_sections(&image);
  if (!status.code) status = dlrt_elf_check_links(&image);
  if (!status.code && !dlrt_elf_has_function(&image, symbol))
    status = dlrt_status_make(DLRT_INVALID_PROGRAM, "a shared object, but no program: it does not export %s", symbol);
  return status;
}
