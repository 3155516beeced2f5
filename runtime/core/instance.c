/* The life of an instance: options and environment, memory, team. */
#include "core/instance.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "core/status.h"
#include "core/tensor.h"
#include "host/constants.h"
#include "host/topology.h"

#define DEFAULT_SPIN 50000 /* ns */
#define MAX_SPIN INT64_C(1000000000)
#define CONSTANTS_PART 4 /* a fourth of the memory limit */

/* Options with nothing left open. */
typedef struct settings {
  int32_t threads;
  int pin;
  int64_t memory_limit;
  int64_t spin;
  bool huge_constants;
} settings_t;

/* Reads a whole number of lo..hi from environment variable `name`, with a suffix K, M or G when `scaled`. *out_value
 * stays as it is when the variable is not set. */
static dlrt_status_t read_environment(const char *name, int64_t lo, int64_t hi, bool scaled, int64_t *out_value) {
  const char *text = getenv(name);
  if (!text || !*text) return dlrt_status_ok();
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  bool good = !errno && end != text;
  if (good && scaled && *end && strchr("KMG", *end)) {
    int shift = *end == 'K' ? 10 : *end == 'M' ? 20 : 30;
    good = !__builtin_mul_overflow(value, 1LL << shift, &value);
    ++end;
  }
  if (!good || *end || value < lo || value > hi)
    return dlrt_status_make(DLRT_INVALID_ARGUMENT, "%s='%.100s' is no number of %" PRId64 "..%" PRId64 "%s", name, text,
                            lo, hi, scaled ? ", with or without suffix K, M, G" : "");
  *out_value = value;
  return dlrt_status_ok();
}

static dlrt_status_t settle(const dlrt_options_t *options, settings_t *out) {
  static const dlrt_options_t defaults;
  if (!options) options = &defaults;
  if (options->threads < 0 || options->threads > DLRT_MAX_THREADS)
    return dlrt_status_make(DLRT_INVALID_ARGUMENT, "%d threads is not in 1..%d", options->threads, DLRT_MAX_THREADS);
  if (options->memory_limit < 0)
    return dlrt_status_make(DLRT_INVALID_ARGUMENT, "a memory limit of %" PRId64 " bytes", options->memory_limit);
  int32_t cpus = dlrt_topology_cpus();
  int64_t threads = options->threads, pin = options->pin > 0, limit = options->memory_limit, spin = -1, huge = 1;
  dlrt_status_t status = dlrt_status_ok();
  if (!threads) {
    threads = cpus < DLRT_MAX_THREADS ? cpus : DLRT_MAX_THREADS;
    status = read_environment("DLRT_NUM_THREADS", 1, DLRT_MAX_THREADS, false, &threads);
  }
  if (!status.code && !options->pin) status = read_environment("DLRT_PIN", 0, 1, false, &pin);
  if (!status.code) status = read_environment("DLRT_HUGE_CONSTANTS", 0, 1, false, &huge);
  if (!status.code && !limit) {
    limit = dlrt_topology_memory();
    status = read_environment("DLRT_MEMORY_LIMIT", 1, INT64_MAX, true, &limit);
  }
  if (!status.code && !options->spin) {
    status = read_environment("DLRT_SPIN_US", 0, MAX_SPIN / 1000, false, &spin);
    /* A thread that spins on the CPU that the one it waits for needs would only hold it up. */
    spin = spin >= 0 ? spin * 1000 : threads > cpus ? 0 : DEFAULT_SPIN;
  } else {
    spin = options->spin < 0 ? 0 : options->spin < MAX_SPIN ? options->spin : MAX_SPIN;
  }
  *out = (settings_t){
      .threads = (int32_t)threads, .pin = pin > 0, .memory_limit = limit, .spin = spin, .huge_constants = huge > 0};
  return status;
}

/* Maps a region on the instance's account. */
static dlrt_status_t map_region(dlrt_instance_t *instance, size_t bytes, const char *what, dlrt_region_t *out) {
  if (!dlrt_budget_take(&instance->budget, (int64_t)bytes))
    return dlrt_status_make(DLRT_OUT_OF_MEMORY,
                            "%s of %zu bytes passes the memory limit of %" PRId64 " bytes (DLRT_MEMORY_LIMIT)", what,
                            bytes, instance->budget.limit);
  if (!dlrt_region_map(bytes, out))
    return dlrt_status_make(DLRT_OUT_OF_MEMORY, "the system has no %zu bytes for %s", bytes, what);
  return dlrt_status_ok();
}

static dlrt_status_t map_memory(dlrt_instance_t *instance, int32_t threads) {
  const dlrt_program_desc_t *desc = instance->program->desc;
  /* Workers' scratch begins on pages of its own: no two workers share a line, and first touch places it. */
  size_t stride = dlrt_round_up((size_t)desc->scratch_bytes, 4096), total;
  if (__builtin_mul_overflow(stride, (size_t)threads, &total) || total > (size_t)INT64_MAX)
    return dlrt_status_make(DLRT_OUT_OF_MEMORY, "scratch of %zu bytes for each of %d threads", stride, threads);
  instance->scratch_stride = stride;
  dlrt_status_t status = map_region(instance, (size_t)desc->arena_bytes, "the arena", &instance->arena);
  if (!status.code) status = map_region(instance, total, "scratch", &instance->scratch);
  if (!status.code && !(instance->heap = dlrt_heap_create(&instance->budget)))
    status = dlrt_status_make(DLRT_OUT_OF_MEMORY, "out of memory");
  return status;
}

/* A copy of the constants is no more the page cache's, which many processes share and the system may drop: it may be a
 * part of the memory only. */
static void settle_constants(dlrt_program_t *program, const settings_t *settings) {
  if (!settings->huge_constants || atomic_flag_test_and_set(&program->settled)) return;
  (void)dlrt_constants_to_huge_pages(program->desc, (size_t)settings->memory_limit / CONSTANTS_PART);
}

/* Finds for each named dimension of the inputs the first of the same name, so that a run compares in one pass. */
static void link_dims(dlrt_instance_t *instance) {
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  for (int32_t i = 0; i < info->input_count; ++i)
    for (int32_t d = 0; d < (int32_t)DLRT_MAX_RANK; ++d) {
      dlrt_same_dim_t *same = &instance->same_dims[i * (int32_t)DLRT_MAX_RANK + d];
      const char *name = info->inputs[i].dim_names[d];
      same->input = -1;
      for (int32_t j = 0; name && j <= i && same->input < 0; ++j)
        for (int32_t e = 0; e < (j < i ? info->inputs[j].rank : d) && same->input < 0; ++e)
          if (info->inputs[j].dim_names[e] && !strcmp(info->inputs[j].dim_names[e], name))
            *same = (dlrt_same_dim_t){.input = j, .dim = e};
    }
}

static void expect(const dlrt_tensor_info_t *info, dlrt_expected_t *out) {
  *out = (dlrt_expected_t){.dtype = dlrt_dtype_to_dlpack(info->dtype),
                           .rank = info->rank,
                           .shape = info->shape,
                           .alignment_mask = dlrt_dtype_size(info->dtype) - 1};
  size_t bytes;
  bool known = dlrt_tensor_bytes(info->dtype, info->rank, info->shape, &bytes); /* DLRT_DYNAMIC is negative */
  if (!known || !bytes) out->rank = -1;
}

/* Whether the names of its dimensions promise what the sizes do not keep; then a run has to say so. */
static bool contradicts(const dlrt_instance_t *instance, int32_t i) {
  const dlrt_tensor_info_t *inputs = instance->program->metadata.info.inputs;
  for (int32_t d = 0; d < inputs[i].rank; ++d) {
    dlrt_same_dim_t same = instance->same_dims[i * (int32_t)DLRT_MAX_RANK + d];
    if (same.input >= 0 && inputs[same.input].shape[same.dim] != inputs[i].shape[d]) return true;
  }
  return false;
}

static void expect_all(dlrt_instance_t *instance) {
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  for (int32_t i = 0; i < info->input_count; ++i) {
    expect(&info->inputs[i], &instance->expected[i]);
    if (contradicts(instance, i)) instance->expected[i].rank = -1;
  }
  for (int32_t i = 0; i < info->output_count; ++i)
    expect(&info->outputs[i], &instance->expected[info->input_count + i]);
}

static dlrt_status_t make_tables(dlrt_instance_t *instance) {
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  size_t inputs = (size_t)info->input_count, outputs = (size_t)info->output_count;
  instance->views = calloc(inputs + 1, sizeof *instance->views);
  instance->outputs = calloc(outputs + 1, sizeof *instance->outputs);
  instance->same_dims = calloc(inputs * DLRT_MAX_RANK + 1, sizeof *instance->same_dims);
  instance->expected = calloc(inputs + outputs + 1, sizeof *instance->expected);
  instance->given = calloc(outputs + 1, sizeof *instance->given);
  if (!instance->views || !instance->outputs || !instance->same_dims || !instance->expected || !instance->given)
    return dlrt_status_make(DLRT_OUT_OF_MEMORY, "out of memory");
  link_dims(instance);
  expect_all(instance);
  return dlrt_status_ok();
}

dlrt_status_t dlrt_instance_create(dlrt_program_t *program, const dlrt_options_t *options,
                                   dlrt_instance_t **out_instance) {
  *out_instance = NULL;
  settings_t settings;
  dlrt_status_t status = settle(options, &settings);
  if (status.code) return status;
  dlrt_instance_t *instance = calloc(1, sizeof *instance);
  if (!instance) return dlrt_status_make(DLRT_OUT_OF_MEMORY, "out of memory");
  dlrt_program_hold(program);
  instance->program = program;
  settle_constants(program, &settings);
  atomic_init(&instance->failing, 0);
  atomic_flag_clear(&instance->busy);
  dlrt_budget_init(&instance->budget, settings.memory_limit);
  status = map_memory(instance, settings.threads);
  if (!status.code) status = make_tables(instance);
  if (!status.code && !(instance->team = dlrt_team_create(settings.threads, settings.pin, settings.spin)))
    status = dlrt_status_make(DLRT_OUT_OF_MEMORY, "out of memory");
  if (status.code) {
    dlrt_instance_destroy(instance);
    return status;
  }
  instance->threads = dlrt_team_size(instance->team);
  instance->frame = (dlrt_frame_t){.api = &dlrt_frame_api,
                                   .arena = instance->arena.data,
                                   .inputs = instance->views,
                                   .scratch = instance->scratch.data,
                                   .runtime = instance,
                                   .outputs = instance->given};
  *out_instance = instance;
  return status;
}

void dlrt_instance_destroy(dlrt_instance_t *instance) {
  if (!instance) return;
  dlrt_team_destroy(instance->team);
  dlrt_heap_destroy(instance->heap);
  dlrt_region_unmap(&instance->arena);
  dlrt_region_unmap(&instance->scratch);
  dlrt_profile_destroy(instance->profile);
  free(instance->views);
  free(instance->outputs);
  free(instance->same_dims);
  free(instance->expected);
  free(instance->given);
  dlrt_program_close(instance->program);
  free(instance);
}

int32_t dlrt_instance_threads(const dlrt_instance_t *instance) { return dlrt_team_size(instance->team); }

void dlrt_instance_memory(const dlrt_instance_t *instance, dlrt_memory_info_t *out_info) {
  *out_info = (dlrt_memory_info_t){.arena_bytes = (int64_t)instance->arena.bytes,
                                   .scratch_bytes = (int64_t)instance->scratch.bytes,
                                   .heap_bytes = (int64_t)dlrt_heap_bytes(instance->heap),
                                   .peak_bytes = atomic_load(&instance->budget.peak),
                                   .limit_bytes = instance->budget.limit};
}

void *dlrt_instance_alloc(dlrt_instance_t *instance, int64_t bytes, dlrt_status_t *out_status) {
  if (bytes < 0) {
    *out_status = dlrt_status_make(DLRT_INTERNAL, "alloc of %" PRId64 " bytes", bytes);
    return NULL;
  }
  void *data = dlrt_heap_alloc(instance->heap, (size_t)bytes);
  if (!data)
    *out_status = dlrt_status_make(DLRT_OUT_OF_MEMORY,
                                   "no memory for a buffer of %" PRId64 " bytes: %" PRId64
                                   " bytes are held, the limit is %" PRId64 " (DLRT_MEMORY_LIMIT)",
                                   bytes, atomic_load(&instance->budget.held), instance->budget.limit);
  return data;
}
