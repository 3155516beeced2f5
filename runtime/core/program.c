/* Loading of compiled programs. The order of the checks is by what they trust: the file as bytes, then the
 * descriptor and metadata of the loaded library, then the CPU; only an invocation runs compiled code proper
 * (dlc_program itself only returns an address). */
#include "core/program.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/cpu.h"
#include "core/elf.h"
#include "core/json.h"
#include "core/status.h"

#define ENTRY_SYMBOL "dlc_program"
#define MAX_PLANNED_BYTES (INT64_C(1) << 46)

/* Puts the file's name before the message. */
static dlrt_status_t with_path(dlrt_status_t status, const char *path) {
  if (!status.code) return status;
  return dlrt_status_make(status.code, "%s: %s", path, status.message);
}

static dlrt_status_t check_file(const char *path) {
  dlrt_status_t status = dlrt_status_ok();
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    dlrt_code_t code = errno == ENOENT || errno == ENOTDIR ? DLRT_NOT_FOUND : DLRT_IO;
    return dlrt_status_make(code, "cannot open: %s", strerror(errno));
  }
  if (fstat(fd, &info)) {
    status = dlrt_status_make(DLRT_IO, "cannot read: %s", strerror(errno));
  } else if (!S_ISREG(info.st_mode)) {
    status = dlrt_status_make(DLRT_INVALID_PROGRAM, "not a regular file");
  } else if (!info.st_size) {
    status = dlrt_status_make(DLRT_INVALID_PROGRAM, "an empty file");
  } else {
    size_t size = (size_t)info.st_size;
    void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
      status = dlrt_status_make(DLRT_IO, "cannot map: %s", strerror(errno));
    } else {
      status = dlrt_elf_check(data, size, ENTRY_SYMBOL);
      munmap(data, size);
    }
  }
  close(fd);
  return status;
}

/* dlopen and the descriptor. A name without a slash would be searched for in the library path: "./" goes before it. */
static dlrt_status_t load_library(dlrt_program_t *program, const char *path) {
  char *name = NULL;
  if (!strchr(path, '/')) {
    size_t bytes = strlen(path) + 3;
    name = malloc(bytes);
    if (!name) return dlrt_status_make(DLRT_OUT_OF_MEMORY, "out of memory");
    snprintf(name, bytes, "./%s", path);
  }
  program->library = dlopen(name ? name : path, RTLD_LOCAL | RTLD_NOW);
  free(name);
  if (!program->library) {
    const char *reason = dlerror();
    return dlrt_status_make(DLRT_INVALID_PROGRAM, "cannot load: %s", reason ? reason : "unknown reason");
  }
  void *symbol = dlsym(program->library, ENTRY_SYMBOL);
  if (!symbol) return dlrt_status_make(DLRT_INVALID_PROGRAM, "does not export " ENTRY_SYMBOL);
  dlrt_program_fn get;
  memcpy(&get, &symbol, sizeof get); /* POSIX's way around ISO C's ban on the cast */
  program->desc = get();
  if (!program->desc) return dlrt_status_make(DLRT_INVALID_PROGRAM, ENTRY_SYMBOL " gives no descriptor");
  return dlrt_status_ok();
}

static dlrt_status_t check_desc(const dlrt_program_desc_t *desc) {
  if (desc->magic != DLRT_PROGRAM_MAGIC)
    return dlrt_status_make(DLRT_INVALID_PROGRAM, "magic 0x%08" PRIx32 " instead of 0x%08x", desc->magic,
                            DLRT_PROGRAM_MAGIC);
  if (desc->abi_version < 1 || desc->abi_version > DLRT_ABI_VERSION)
    return dlrt_status_make(DLRT_INCOMPATIBLE, "compiled for program ABI %" PRIu32 ", this runtime has ABI %u",
                            desc->abi_version, DLRT_ABI_VERSION);
  if (desc->arena_bytes < 0 || desc->scratch_bytes < 0 || desc->arena_bytes > MAX_PLANNED_BYTES ||
      desc->scratch_bytes > MAX_PLANNED_BYTES)
    return dlrt_status_make(DLRT_INVALID_PROGRAM, "impossible sizes: arena %" PRId64 ", scratch %" PRId64 " bytes",
                            desc->arena_bytes, desc->scratch_bytes);
  if (!desc->metadata || !desc->entry) return dlrt_status_make(DLRT_INVALID_PROGRAM, "no metadata or no entry");
  return dlrt_status_ok();
}

static dlrt_status_t check_cpu(const dlrt_program_info_t *info) {
  for (int32_t i = 0; i < info->cpu_feature_count; ++i) {
    const char *feature = info->cpu_features[i];
    switch (dlrt_cpu_query(feature)) {
    case DLRT_CPU_HAS:
      break;
    case DLRT_CPU_LACKS:
      return dlrt_status_make(DLRT_INCOMPATIBLE, "program was compiled for %s (target %s), this CPU has not", feature,
                              info->target);
    case DLRT_CPU_UNKNOWN:
      return dlrt_status_make(DLRT_INCOMPATIBLE,
                              "program was compiled for CPU feature '%s' (target %s), which this runtime does not know",
                              feature, info->target);
    }
  }
  return dlrt_status_ok();
}

static dlrt_status_t read_metadata(dlrt_program_t *program) {
  const dlrt_program_desc_t *desc = program->desc;
  size_t size = strnlen(desc->metadata, DLRT_JSON_MAX_BYTES + 1);
  dlrt_status_t status = dlrt_metadata_parse(desc->metadata, size, &program->metadata);
  if (status.code) return status;
  dlrt_program_info_t *info = &program->metadata.info;
  info->path = program->path;
  info->metadata = desc->metadata;
  /* The descriptor is what counts; metadata that disagrees was made for something else. Absent reads as 0. */
  if ((info->arena_bytes && info->arena_bytes != desc->arena_bytes) ||
      (info->scratch_bytes && info->scratch_bytes != desc->scratch_bytes))
    return dlrt_status_make(DLRT_INVALID_PROGRAM,
                            "metadata and descriptor disagree: arena %" PRId64 " and %" PRId64 ", scratch %" PRId64
                            " and %" PRId64 " bytes",
                            info->arena_bytes, desc->arena_bytes, info->scratch_bytes, desc->scratch_bytes);
  info->arena_bytes = desc->arena_bytes;
  info->scratch_bytes = desc->scratch_bytes;
  return dlrt_status_ok();
}

dlrt_status_t dlrt_program_open(const char *path, dlrt_program_t **out_program) {
  *out_program = NULL;
  dlrt_status_t status = check_file(path);
  if (status.code) return with_path(status, path);
  dlrt_program_t *program = calloc(1, sizeof *program);
  if (!program) return dlrt_status_make(DLRT_OUT_OF_MEMORY, "%s: out of memory", path);
  atomic_init(&program->holds, 1);
  atomic_flag_clear(&program->settled);
  program->path = strdup(path);
  if (!program->path) status = dlrt_status_make(DLRT_OUT_OF_MEMORY, "out of memory");
  if (!status.code) status = load_library(program, path);
  if (!status.code) status = check_desc(program->desc);
  if (!status.code) status = read_metadata(program);
  if (!status.code) status = check_cpu(&program->metadata.info);
  if (status.code) {
    dlrt_program_close(program);
    return with_path(status, path);
  }
  *out_program = program;
  return status;
}

void dlrt_program_hold(dlrt_program_t *program) { atomic_fetch_add_explicit(&program->holds, 1, memory_order_relaxed); }

void dlrt_program_close(dlrt_program_t *program) {
  if (!program || atomic_fetch_sub_explicit(&program->holds, 1, memory_order_acq_rel) > 1) return;
  dlrt_metadata_clear(&program->metadata);
  if (program->library) dlclose(program->library);
  free(program->path);
  free(program);
}

const dlrt_program_info_t *dlrt_program_info(const dlrt_program_t *program) { return &program->metadata.info; }
