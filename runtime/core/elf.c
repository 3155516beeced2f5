/* Checks of a shared object's ELF structure; the format is the System V gABI, chapters 4 and 5, and for
 * DT_GNU_HASH the description in binutils. All reads go through take(), which bounds them. */
#include "core/elf.h"
#include <elf.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include "core/status.h"

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#else
#error "the runtime knows the ELF machine of x86-64 and AArch64 only"
#endif

typedef struct image {
  const uint8_t *data;
  size_t size;
  Elf64_Ehdr header;
} image_t;

/* What the dynamic section points to, as file offsets; 0 means absent. */
typedef struct dynamic {
  uint64_t symtab, strtab, strsz, hash, gnu_hash;
} dynamic_t;

static bool inside(const image_t *image, uint64_t offset, uint64_t bytes) {
  return offset <= image->size && bytes <= image->size - offset;
}

static bool take(const image_t *image, uint64_t offset, void *out, size_t bytes) {
  if (!inside(image, offset, bytes)) return false;
  memcpy(out, image->data + offset, bytes);
  return true;
}

static dlrt_status_t refuse(const char *what) { return dlrt_status_make(DLRT_INVALID_PROGRAM, "%s", what); }

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

static dlrt_status_t check_header(image_t *image) {
  if (image->size < SELFMAG || memcmp(image->data, ELFMAG, SELFMAG)) return refuse("not an ELF file");
  Elf64_Ehdr *h = &image->header;
  if (!take(image, 0, h, sizeof *h)) return truncated("the ELF header", 0, sizeof *h, image->size);
  if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB)
    return dlrt_status_make(DLRT_INCOMPATIBLE, "not a 64-bit little-endian ELF file");
  if (h->e_machine != HOST_MACHINE)
    return dlrt_status_make(DLRT_INCOMPATIBLE, "compiled for %s (ELF machine %u), this machine is %s",
                            machine_name(h->e_machine), h->e_machine, machine_name(HOST_MACHINE));
  if (h->e_type != ET_DYN)
    return dlrt_status_make(DLRT_INVALID_PROGRAM, "not a shared object (ELF type %u)%s", h->e_type,
                            h->e_type == ET_REL ? "; it is an object file that has yet to be linked" : "");
  if (h->e_ident[EI_VERSION] != EV_CURRENT || h->e_version != EV_CURRENT) return refuse("unknown ELF version");
  if (h->e_phentsize != sizeof(Elf64_Phdr) || !h->e_phnum || h->e_phnum == PN_XNUM)
    return refuse("no valid program headers");
  uint64_t bytes = (uint64_t)h->e_phnum * sizeof(Elf64_Phdr);
  if (!inside(image, h->e_phoff, bytes)) return truncated("the program headers", h->e_phoff, bytes, image->size);
  return dlrt_status_ok();
}

static Elf64_Phdr segment_at(const image_t *image, unsigned index) {
  Elf64_Phdr segment;
  memcpy(&segment, image->data + image->header.e_phoff + index * sizeof segment, sizeof segment);
  return segment;
}

/* Loadable segments must lie in the file, in ascending order, without overlap and of a sane size: that is what the
 * dynamic linker's arithmetic relies on. */
static dlrt_status_t check_segments(const image_t *image) {
  uint64_t end = 0;
  bool any = false;
  for (unsigned i = 0; i < image->header.e_phnum; ++i) {
    Elf64_Phdr s = segment_at(image, i);
    if (s.p_type == PT_NULL || s.p_type == PT_GNU_STACK) continue;
    if (!inside(image, s.p_offset, s.p_filesz)) return truncated("a segment", s.p_offset, s.p_filesz, image->size);
    if (s.p_type == PT_INTERP) return refuse("an executable, not a shared object");
    if (s.p_type != PT_LOAD) continue;
    if (s.p_filesz > s.p_memsz || s.p_memsz > (UINT64_C(1) << 46) || s.p_vaddr > (UINT64_C(1) << 46) ||
        (s.p_align > 1 && (s.p_align & (s.p_align - 1) || (s.p_vaddr ^ s.p_offset) & (s.p_align - 1))) ||
        s.p_vaddr < end)
      return refuse("damaged: a loadable segment has impossible addresses");
    end = s.p_vaddr + s.p_memsz;
    any = true;
  }
  return any ? dlrt_status_ok() : refuse("nothing to load in it");
}

/* The section headers are at the end of a linked file: they are what truncation hits first. */
static dlrt_status_t check_sections(const image_t *image) {
  const Elf64_Ehdr *h = &image->header;
  if (!h->e_shoff || !h->e_shnum) return dlrt_status_ok(); /* stripped of them: allowed */
  if (h->e_shentsize != sizeof(Elf64_Shdr)) return refuse("no valid section headers");
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

/* File offset of `bytes` bytes at virtual address `address`, all in one segment's file part; 0 when there is none. */
static uint64_t offset_of(const image_t *image, uint64_t address, uint64_t bytes) {
  for (unsigned i = 0; i < image->header.e_phnum; ++i) {
    Elf64_Phdr s = segment_at(image, i);
    if (s.p_type != PT_LOAD || address < s.p_vaddr) continue;
    uint64_t within = address - s.p_vaddr;
    if (within <= s.p_filesz && bytes <= s.p_filesz - within) return s.p_offset + within;
  }
  return 0;
}

/* Tables that the dynamic linker follows without looking: address tag, size tag. */
static bool check_table(const image_t *image, const uint64_t *values, unsigned address, unsigned bytes) {
  return !values[address] || !values[bytes] || offset_of(image, values[address], values[bytes]);
}

static dlrt_status_t read_dynamic(const image_t *image, dynamic_t *out) {
  memset(out, 0, sizeof *out);
  Elf64_Phdr dynamic = {0};
  for (unsigned i = 0; i < image->header.e_phnum; ++i) {
    Elf64_Phdr s = segment_at(image, i);
    if (s.p_type == PT_DYNAMIC) dynamic = s;
  }
  if (!dynamic.p_filesz) return refuse("no dynamic section");
  if (offset_of(image, dynamic.p_vaddr, dynamic.p_filesz) != dynamic.p_offset)
    return refuse("damaged: the dynamic section is not where it says");
  uint64_t values[DT_NUM] = {0}, gnu_hash = 0, count = dynamic.p_filesz / sizeof(Elf64_Dyn);
  bool ended = false;
  for (uint64_t i = 0; i < count && !ended; ++i) {
    Elf64_Dyn entry;
    memcpy(&entry, image->data + dynamic.p_offset + i * sizeof entry, sizeof entry);
    if (entry.d_tag == DT_NULL)
      ended = true;
    else if (entry.d_tag == DT_GNU_HASH)
      gnu_hash = entry.d_un.d_val;
    else if (entry.d_tag > 0 && entry.d_tag < DT_NUM)
      values[entry.d_tag] = entry.d_un.d_val;
  }
  if (!ended) return refuse("damaged: the dynamic section has no end");
  if (!check_table(image, values, DT_RELA, DT_RELASZ) || !check_table(image, values, DT_REL, DT_RELSZ) ||
      !check_table(image, values, DT_JMPREL, DT_PLTRELSZ) || !check_table(image, values, DT_STRTAB, DT_STRSZ))
    return refuse("damaged: a table of the dynamic section is not inside the file");
  out->strsz = values[DT_STRSZ];
  out->strtab = offset_of(image, values[DT_STRTAB], out->strsz);
  out->symtab = offset_of(image, values[DT_SYMTAB], sizeof(Elf64_Sym));
  out->hash = values[DT_HASH] ? offset_of(image, values[DT_HASH], 8) : 0;
  out->gnu_hash = gnu_hash ? offset_of(image, gnu_hash, 16) : 0;
  if (!out->strtab || !out->strsz || !out->symtab) return refuse("no dynamic symbols");
  if (image->data[out->strtab + out->strsz - 1]) return refuse("damaged: the dynamic strings have no end");
  return dlrt_status_ok();
}

/* Whether dynamic symbol `index` is a defined function called `name`. */
static bool is_function(const image_t *image, const dynamic_t *dynamic, uint64_t index, const char *name) {
  Elf64_Sym symbol;
  if (index > image->size / sizeof symbol) return false;
  if (!take(image, dynamic->symtab + index * sizeof symbol, &symbol, sizeof symbol)) return false;
  if (symbol.st_name >= dynamic->strsz) return false;
  if (strcmp((const char *)image->data + dynamic->strtab + symbol.st_name, name)) return false;
  return symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
         offset_of(image, symbol.st_value, 1);
}

static bool find_by_hash(const image_t *image, const dynamic_t *dynamic, const char *name) {
  uint32_t counts[2]; /* buckets, chains; there is one chain entry for each symbol */
  if (!dynamic->hash || !take(image, dynamic->hash, counts, sizeof counts)) return false;
  for (uint64_t i = 1; i < counts[1] && inside(image, dynamic->symtab + i * sizeof(Elf64_Sym), 1); ++i)
    if (is_function(image, dynamic, i, name)) return true;
  return false;
}

static bool find_by_gnu_hash(const image_t *image, const dynamic_t *dynamic, const char *name) {
  uint32_t head[4]; /* buckets, index of the first symbol, words of the Bloom filter, its shift */
  if (!dynamic->gnu_hash || !take(image, dynamic->gnu_hash, head, sizeof head) || !head[0]) return false;
  uint32_t hash = 5381;
  for (const char *c = name; *c; ++c) hash = hash * 33 + (uint8_t)*c;
  uint64_t buckets = dynamic->gnu_hash + sizeof head + (uint64_t)head[2] * 8;
  uint64_t chains = buckets + (uint64_t)head[0] * 4;
  uint32_t index, entry;
  if (!take(image, buckets + (uint64_t)(hash % head[0]) * 4, &index, 4) || index < head[1]) return false;
  for (uint64_t i = index; take(image, chains + (i - head[1]) * 4, &entry, 4); ++i) {
    if ((entry | 1) == (hash | 1) && is_function(image, dynamic, i, name)) return true;
    if (entry & 1) return false;
  }
  return false;
}

dlrt_status_t dlrt_elf_check(const uint8_t *data, size_t size, const char *symbol) {
  image_t image = {.data = data, .size = size};
  dynamic_t dynamic;
  dlrt_status_t status = check_header(&image);
  if (!status.code) status = check_segments(&image);
  if (!status.code) status = check_sections(&image);
  if (!status.code) status = read_dynamic(&image, &dynamic);
  if (status.code) return status;
  if (!find_by_gnu_hash(&image, &dynamic, symbol) && !find_by_hash(&image, &dynamic, symbol))
    return dlrt_status_make(DLRT_INVALID_PROGRAM, "a shared object, but no program: it does not export %s", symbol);
  return dlrt_status_ok();
}
