// The constants of a program as one file: see lowering/host/emit.h. As an object for the linker it is an ELF file with
// one section of them, read-only and 64-byte aligned, and the hidden symbol dlc_weights at its start: LLVM need not
// hold them and write them once more.
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dlc/ir.h"
#include "lowering/device/kernel.h"
#include "lowering/host/emit.h"
#include "ods/memref.h"

typedef struct {
  FILE *file;
  int64_t start, at; // of the constants; of what comes next
  bool ok;
} Writer;
static void take(const void *bytes, size_t n, void *data) {
  Writer *w = data;
  w->ok = w->ok && fwrite(bytes, 1, n, w->file) == n;
  w->at += (int64_t)n;
}

static bool padTo(Writer *w, int64_t offset) {
  static const char zeros[64];
  while (w->ok && w->at < offset) take(zeros, (size_t)(offset - w->at < 64 ? offset - w->at : 64), w);
  return w->ok && w->at == offset;
}

//===--- as an object -----------------------------------------------------------------------===//
enum { NO_SECTION, WEIGHTS, SYMBOLS, NAMES, SECTIONS }; // of the object
static const char names[] = "\0.dlc.weights\0.symtab\0.strtab\0dlc_weights";
enum { WEIGHTS_NAME = 1, SYMBOLS_NAME = 14, NAMES_NAME = 22, SYMBOL_NAME = 30 };

static void writeHeader(Writer *w, int64_t sections) {
  Elf64_Ehdr header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                       .e_type = ET_REL,
                       .e_machine = EM_X86_64,
                       .e_version = EV_CURRENT,
                       .e_shoff = (Elf64_Off)sections,
                       .e_ehsize = sizeof header,
                       .e_shentsize = sizeof(Elf64_Shdr),
                       .e_shnum = SECTIONS,
                       .e_shstrndx = NAMES};
  take(&header, sizeof header, w);
}

// Behind the constants, which begin right behind the header; then the header again, which knows where this stands.
static void writeSections(Writer *w) {
  Elf64_Xword size = (Elf64_Xword)w->at - sizeof(Elf64_Ehdr);
  padTo(w, (w->at + 7) / 8 * 8);
  Elf64_Off symbols = (Elf64_Off)w->at;
  const Elf64_Sym table[] = {{0},
                             {.st_name = SYMBOL_NAME,
                              .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
                              .st_other = STV_HIDDEN,
                              .st_shndx = WEIGHTS,
                              .st_size = size}};
  take(table, sizeof table, w);
  const Elf64_Shdr headers[SECTIONS] = {[WEIGHTS] = {.sh_name = WEIGHTS_NAME,
                                                     .sh_type = SHT_PROGBITS,
                                                     .sh_flags = SHF_ALLOC,
                                                     .sh_offset = sizeof(Elf64_Ehdr),
                                                     .sh_size = size,
                                                     .sh_addralign = 64},
                                        [SYMBOLS] = {.sh_name = SYMBOLS_NAME,
                                                     .sh_type = SHT_SYMTAB,
                                                     .sh_offset = symbols,
                                                     .sh_size = sizeof table,
                                                     .sh_link = NAMES,
                                                     .sh_info = 1, // the first that is not local
                                                     .sh_addralign = 8,
                                                     .sh_entsize = sizeof *table},
                                        [NAMES] = {.sh_name = NAMES_NAME,
                                                   .sh_type = SHT_STRTAB,
                                                   .sh_offset = symbols + sizeof table + sizeof headers,
                                                   .sh_size = sizeof names,
                                                   .sh_addralign = 1}};
  int64_t at = w->at;
  take(headers, sizeof headers, w);
  take(names, sizeof names, w);
  w->ok = w->ok && !fseek(w->file, 0, SEEK_SET);
  writeHeader(w, at);
}

//===--- the constants ------------------------------------------------------------------------===//
typedef struct {
  int64_t offset;
  MlirOperation global;
} Placed;
static int byOffset(const void *x, const void *y) {
  const Placed *a = x, *b = y;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static MlirLogicalResult writeAll(Writer *w, const Placed *placed, intptr_t n, const char *path) {
  for (intptr_t i = 0; i < n; ++i) {
    MlirAttribute value = memref_global_initial_value(placed[i].global);
    if (!padTo(w, w->start + placed[i].offset) ||
        (!mlirAttributeIsNull(value) && !dlcForConstantBytes(value, take, w)) || !w->ok)
      return dlcRefuse(placed[i].global, w->ok ? "the value of this constant cannot be read" : "cannot write %s: %s",
                       path, strerror(errno)),
             mlirLogicalResultFailure();
  }
  return mlirLogicalResultSuccess();
}

static MlirLogicalResult writeFile(MlirOperation module, const Placed *placed, intptr_t n, const char *path,
                                   bool asObject, int64_t *bytes) {
  Writer w = {.file = fopen(path, "wb"), .ok = true};
  MlirLogicalResult result = mlirLogicalResultFailure();
  if (!w.file) return dlcRefuse(module, "cannot write %s: %s", path, strerror(errno)), result;
  if (asObject) writeHeader(&w, 0);
  w.start = w.at;
  result = writeAll(&w, placed, n, path);
  *bytes = w.at - w.start;
  if (asObject && mlirLogicalResultIsSuccess(result)) writeSections(&w);
  if ((fclose(w.file) || !w.ok) && mlirLogicalResultIsSuccess(result))
    result = (dlcRefuse(module, "cannot write %s: %s", path, strerror(errno)), mlirLogicalResultFailure());
  if (mlirLogicalResultIsFailure(result)) unlink(path);
  return result;
}

MlirLogicalResult dlcHostTakeWeights(MlirOperation module, const char *path, bool asObject, int64_t *bytes) {
  DlcOps globals = dlcCollect(module, memref_global_isa);
  Placed *placed = calloc((size_t)globals.n + 1, sizeof *placed);
  MlirLogicalResult result = mlirLogicalResultSuccess();
  intptr_t n = 0;
  for (intptr_t i = 0; i < globals.n; ++i) {
    MlirAttribute offset = mlirOperationGetDiscardableAttributeByName(globals.data[i], dlcText("dlc.offset"));
    if (!mlirAttributeIsNull(offset)) placed[n++] = (Placed){mlirIntegerAttrGetValueInt(offset), globals.data[i]};
  }
  qsort(placed, (size_t)n, sizeof *placed, byOffset);
  *bytes = 0;
  if (n) result = writeFile(module, placed, n, path, asObject, bytes);
  for (intptr_t i = 0; i < globals.n; ++i) mlirOperationDestroy(globals.data[i]);
  free(placed), free(globals.data);
  return result;
}
