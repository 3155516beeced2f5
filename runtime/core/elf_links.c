/* Checks of what a shared object's dynamic section leads to; the dynamic linker follows all of it without looking. The
 * format is the System V gABI, chapter 5, its x86-64 and AArch64 supplements, and for DT_GNU_HASH what binutils makes.
 * Symbol versions are not examined: programs of ours have none.
 */
#include <string.h>
#include "core/elf_image.h"
#include "core/status.h"

/* Relocations that a linker leaves in a shared object without COPY and without indirect functions, whose resolvers
 * would run while it loads. */
#if defined(__x86_64__)
static const uint32_t types[] = {R_X86_64_NONE,     R_X86_64_64,       R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT,
                                 R_X86_64_RELATIVE, R_X86_64_DTPMOD64, R_X86_64_DTPOFF64, R_X86_64_TPOFF64};
#define TYPE_RELATIVE R_X86_64_RELATIVE
#elif defined(__aarch64__)
static const uint32_t types[] = {R_AARCH64_NONE,       R_AARCH64_ABS64,     R_AARCH64_GLOB_DAT,
                                 R_AARCH64_JUMP_SLOT,  R_AARCH64_RELATIVE,  R_AARCH64_TLS_DTPMOD,
                                 R_AARCH64_TLS_DTPREL, R_AARCH64_TLS_TPREL, R_AARCH64_TLSDESC};
#define TYPE_RELATIVE R_AARCH64_RELATIVE
#endif

/* The entries of the dynamic section by tag; those that are not there are 0. */
typedef struct entries {
  uint64_t value[DT_NUM];
  uint64_t gnu_hash;
  uint64_t relative_count; /* DT_RELACOUNT */
} entries_t;

static dlrt_status_t read_entries(const dlrt_elf_image_t *image, Elf64_Phdr *dynamic, entries_t *out) {
  memset(out, 0, sizeof *out);
  memset(dynamic, 0, sizeof *dynamic);
  for (unsigned i = 0; i < image->header.e_phnum; ++i) {
    Elf64_Phdr s = dlrt_elf_segment(image, i);
    if (s.p_type == PT_DYNAMIC) *dynamic = s;
  }
  if (!dynamic->p_filesz) return dlrt_elf_refuse("no dynamic section");
  for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic->p_filesz; at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn entry;
    if (!dlrt_elf_take(image, dynamic->p_offset + at, &entry, sizeof entry)) break;
    if (entry.d_tag == DT_NULL) return dlrt_status_ok();
    if (entry.d_tag == DT_GNU_HASH)
      out->gnu_hash = entry.d_un.d_val;
    else if (entry.d_tag == DT_RELACOUNT)
      out->relative_count = entry.d_un.d_val;
    else if (entry.d_tag > 0 && entry.d_tag < DT_NUM)
      out->value[entry.d_tag] = entry.d_un.d_val;
  }
  return dlrt_elf_refuse("damaged: the dynamic section has no end");
}

static bool is_name(const dlrt_elf_image_t *image, uint64_t offset) { return offset < image->strsz; }

/* Entries that are offsets of names, of which there may be several. */
static bool check_names(const dlrt_elf_image_t *image, const Elf64_Phdr *dynamic) {
  for (uint64_t at = 0;; at += sizeof(Elf64_Dyn)) {
    Elf64_Dyn entry;
    if (!dlrt_elf_take(image, dynamic->p_offset + at, &entry, sizeof entry) || entry.d_tag == DT_NULL) return true;
    bool name = entry.d_tag == DT_NEEDED || entry.d_tag == DT_SONAME || entry.d_tag == DT_RPATH ||
                entry.d_tag == DT_RUNPATH || entry.d_tag == DT_AUXILIARY || entry.d_tag == DT_FILTER;
    if (name && !is_name(image, entry.d_un.d_val)) return false;
  }
}

static bool take_symbol(const dlrt_elf_image_t *image, uint64_t index, Elf64_Sym *out) {
  if (index > image->size / sizeof *out) return false;
  return dlrt_elf_take(image, image->symtab + index * sizeof *out, out, sizeof *out) && is_name(image, out->st_name);
}

/* A table of relocations: each of a known type, for a symbol that there is, into memory that can be written. */
static bool check_relocations(const dlrt_elf_image_t *image, uint64_t address, uint64_t bytes) {
  if (!bytes) return true;
  uint64_t at = dlrt_elf_offset(image, address, bytes, 0);
  if (!at || bytes % sizeof(Elf64_Rela)) return false;
  for (uint64_t end = at + bytes; at < end; at += sizeof(Elf64_Rela)) {
    Elf64_Rela r;
    Elf64_Sym symbol;
    if (!dlrt_elf_take(image, at, &r, sizeof r)) return false;
    uint32_t type = (uint32_t)ELF64_R_TYPE(r.r_info);
    size_t known = 0;
    while (known < sizeof types / sizeof types[0] && types[known] != type) ++known;
    if (known == sizeof types / sizeof types[0]) return false;
    if (!dlrt_elf_in_memory(image, r.r_offset, 8, PF_W)) return false;
    if (!take_symbol(image, ELF64_R_SYM(r.r_info), &symbol)) return false;
    if (type == TYPE_RELATIVE && (uint64_t)r.r_addend > image->end) return false;
  }
  return true;
}

static bool is_code(const dlrt_elf_image_t *image, uint64_t address) {
  return !address || dlrt_elf_offset(image, address, 1, PF_X);
}

static bool is_array(const dlrt_elf_image_t *image, uint64_t address, uint64_t bytes) {
  return !bytes || (bytes % 8 == 0 && dlrt_elf_offset(image, address, bytes, 0));
}

/* Every chain of the table ends inside the file. Together the chains are no longer than there can be symbols. */
static bool check_gnu_hash(const dlrt_elf_image_t *image, uint64_t address) {
  uint32_t head[4]; /* buckets, index of the first symbol, words of the Bloom filter, its shift */
  if (!address) return true;
  if (!image->gnu_hash || !dlrt_elf_take(image, image->gnu_hash, head, sizeof head)) return false;
  uint64_t fixed = sizeof head + (uint64_t)head[2] * 8 + (uint64_t)head[0] * 4, steps = 0;
  if (!head[0] || !head[2] || head[2] & (head[2] - 1) || head[3] > 63) return false;
  if (dlrt_elf_offset(image, address, fixed, 0) != image->gnu_hash) return false;
  uint64_t buckets = image->gnu_hash + sizeof head + (uint64_t)head[2] * 8, chains = buckets + (uint64_t)head[0] * 4;
  for (uint32_t b = 0; b < head[0]; ++b) {
    uint32_t index, entry = 0;
    if (!dlrt_elf_take(image, buckets + (uint64_t)b * 4, &index, 4)) return false;
    if (!index) continue;
    if (index < head[1]) return false;
    for (uint64_t i = index; !(entry & 1); ++i) {
      Elf64_Sym symbol;
      if (++steps > image->size / 4 || !dlrt_elf_take(image, chains + (i - head[1]) * 4, &entry, 4)) return false;
      if (!take_symbol(image, i, &symbol)) return false;
    }
  }
  return true;
}

/* The older table: as many chain entries as symbols; neither buckets nor chains lead outside, and no chain is endless.
 */
static bool check_hash(const dlrt_elf_image_t *image, uint64_t address) {
  uint32_t counts[2]; /* buckets, chains */
  if (!address) return true;
  if (!image->hash || !dlrt_elf_take(image, image->hash, counts, sizeof counts) || !counts[0]) return false;
  uint64_t bytes = 8 + ((uint64_t)counts[0] + counts[1]) * 4, steps = 0;
  if (dlrt_elf_offset(image, address, bytes, 0) != image->hash) return false;
  for (uint32_t b = 0; b < counts[0]; ++b) {
    uint32_t index;
    if (!dlrt_elf_take(image, image->hash + 8 + (uint64_t)b * 4, &index, 4)) return false;
    while (index) {
      Elf64_Sym symbol;
      if (index >= counts[1] || ++steps > counts[1] || !take_symbol(image, index, &symbol)) return false;
      if (!dlrt_elf_take(image, image->hash + 8 + ((uint64_t)counts[0] + index) * 4, &index, 4)) return false;
    }
  }
  return true;
}

/* Whether the entries that only make sense together are there together. */
static bool check_entries(const entries_t *entries) {
  static const uint8_t pairs[][2] = {{DT_RELA, DT_RELASZ},
                                     {DT_RELA, DT_RELAENT},
                                     {DT_JMPREL, DT_PLTRELSZ},
                                     {DT_JMPREL, DT_PLTREL},
                                     {DT_INIT_ARRAY, DT_INIT_ARRAYSZ},
                                     {DT_FINI_ARRAY, DT_FINI_ARRAYSZ},
                                     {DT_STRTAB, DT_STRSZ},
                                     {DT_SYMTAB, DT_SYMENT}};
  const uint64_t *v = entries->value;
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; ++i)
    if (!v[pairs[i][0]] != !v[pairs[i][1]]) return false;
  return (!v[DT_RELA] || v[DT_RELAENT] == sizeof(Elf64_Rela)) && (!v[DT_JMPREL] || v[DT_PLTREL] == DT_RELA) &&
         (!v[DT_SYMTAB] || v[DT_SYMENT] == sizeof(Elf64_Sym)) && !v[DT_REL] && !v[DT_PREINIT_ARRAYSZ] &&
         entries->relative_count <= v[DT_RELASZ] / sizeof(Elf64_Rela);
}

dlrt_status_t dlrt_elf_check_links(dlrt_elf_image_t *image) {
  Elf64_Phdr dynamic;
  entries_t entries;
  dlrt_status_t status = read_entries(image, &dynamic, &entries);
  if (status.code) return status;
  if (!check_entries(&entries)) return dlrt_elf_refuse("damaged: entries of the dynamic section do not fit together");
  const uint64_t *v = entries.value;
  image->strsz = v[DT_STRSZ];
  image->strtab = v[DT_STRSZ] ? dlrt_elf_offset(image, v[DT_STRTAB], v[DT_STRSZ], 0) : 0;
  image->symtab = dlrt_elf_offset(image, v[DT_SYMTAB], sizeof(Elf64_Sym), 0);
  image->hash = v[DT_HASH] ? dlrt_elf_offset(image, v[DT_HASH], 8, 0) : 0;
  image->gnu_hash = entries.gnu_hash ? dlrt_elf_offset(image, entries.gnu_hash, 16, 0) : 0;
  if (!image->strtab || !image->symtab) return dlrt_elf_refuse("no dynamic symbols");
  if (image->data[image->strtab + image->strsz - 1]) return dlrt_elf_refuse("damaged: the dynamic strings have no end");
  if (!check_names(image, &dynamic)) return dlrt_elf_refuse("damaged: a name of the dynamic section is outside of it");
  if (!check_gnu_hash(image, entries.gnu_hash) || !check_hash(image, v[DT_HASH]))
    return dlrt_elf_refuse("damaged: the table of symbols leads nowhere");
  if (!check_relocations(image, v[DT_RELA], v[DT_RELASZ]) || !check_relocations(image, v[DT_JMPREL], v[DT_PLTRELSZ]))
    return dlrt_elf_refuse("damaged: a relocation leads nowhere, or is of a kind that programs have not");
  if (!is_code(image, v[DT_INIT]) || !is_code(image, v[DT_FINI]) ||
      !is_array(image, v[DT_INIT_ARRAY], v[DT_INIT_ARRAYSZ]) || !is_array(image, v[DT_FINI_ARRAY], v[DT_FINI_ARRAYSZ]))
    return dlrt_elf_refuse("damaged: its initialisers are not in it");
  return status;
}

/* Whether dynamic symbol `index` is a defined function called `name`. */
static bool is_function(const dlrt_elf_image_t *image, uint64_t index, const char *name) {
  Elf64_Sym symbol;
  if (!take_symbol(image, index, &symbol)) return false;
  if (strcmp((const char *)image->data + image->strtab + symbol.st_name, name)) return false;
  return symbol.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(symbol.st_info) == STT_FUNC &&
         dlrt_elf_offset(image, symbol.st_value, 1, PF_X);
}

static bool find_by_hash(const dlrt_elf_image_t *image, const char *name) {
  uint32_t counts[2];
  if (!image->hash || !dlrt_elf_take(image, image->hash, counts, sizeof counts)) return false;
  for (uint64_t i = 1; i < counts[1]; ++i)
    if (is_function(image, i, name)) return true;
  return false;
}

static bool find_by_gnu_hash(const dlrt_elf_image_t *image, const char *name) {
  uint32_t head[4], index, entry = 0, hash = 5381;
  if (!image->gnu_hash || !dlrt_elf_take(image, image->gnu_hash, head, sizeof head)) return false;
  for (const char *c = name; *c; ++c) hash = hash * 33 + (uint8_t)*c;
  uint64_t buckets = image->gnu_hash + sizeof head + (uint64_t)head[2] * 8, chains = buckets + (uint64_t)head[0] * 4;
  if (!dlrt_elf_take(image, buckets + (uint64_t)(hash % head[0]) * 4, &index, 4) || index < head[1]) return false;
  for (uint64_t i = index; !(entry & 1); ++i) {
    if (!dlrt_elf_take(image, chains + (i - head[1]) * 4, &entry, 4)) return false;
    if ((entry | 1) == (hash | 1) && is_function(image, i, name)) return true;
  }
  return false;
}

bool dlrt_elf_has_function(const dlrt_elf_image_t *image, const char *name) {
  return find_by_gnu_hash(image, name) || find_by_hash(image, name);
}
