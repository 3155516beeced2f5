/* Reads the metadata's JSON into dlrt_program_info_t. Unknown keys are skipped, so that a newer compiler may say
 * more; a key that is known must have the right form, and none may come twice. */
#include "core/metadata.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "core/json.h"
#include "core/status.h"

#define MAX_TASKS 1000000
#define MAX_FEATURES 1024

/* Grows *items, an array of elements of `bytes` bytes, so that it has room for one more than `count`. The new
 * element is zeroed. */
static bool make_room(dlrt_json_t *json, void **items, int32_t count, int32_t limit, size_t bytes) {
  if (count >= limit) return dlrt_json_fail(json, "more than %d elements", limit);
  if (!(count & (count - 1))) { /* at 0, 1, 2, 4, 8, ...: doubles */
    size_t capacity = count ? (size_t)count * 2 : 1;
    void *grown = realloc(*items, capacity * bytes);
    if (!grown) return dlrt_json_fail(json, "out of memory");
    *items = grown;
  }
  memset((char *)*items + (size_t)count * bytes, 0, bytes);
  return true;
}

/* Marks key number `bit` as seen; false when it was already. */
static bool once(dlrt_json_t *json, uint32_t *seen, uint32_t bit, const char *key) {
  if (*seen & (1u << bit)) return dlrt_json_fail(json, "key \"%.40s\" twice", key);
  *seen |= 1u << bit;
  return true;
}

/* The index of key in names, which ends with null; -1 when it is not there. */
static int find_key(const char *key, const char *const *names) {
  for (int i = 0; names[i]; ++i)
    if (!strcmp(key, names[i])) return i;
  return -1;
}

static bool read_size(dlrt_json_t *json, int64_t *out_value) {
  if (!dlrt_json_integer(json, out_value)) return false;
  return *out_value >= 0 || dlrt_json_fail(json, "negative size");
}

/* "shape": an array of sizes, null for what is known only at run time. */
static bool read_shape(dlrt_json_t *json, dlrt_tensor_info_t *tensor) {
  int64_t elements = 1;
  if (!dlrt_json_enter(json, '[')) return false;
  while (dlrt_json_next(json, ']')) {
    if (tensor->rank == (int32_t)DLRT_MAX_RANK) return dlrt_json_fail(json, "more than %u dimensions", DLRT_MAX_RANK);
    int64_t *size = &tensor->shape[tensor->rank++];
    if (dlrt_json_peek(json) == 'n') {
      *size = DLRT_DYNAMIC;
      if (!dlrt_json_null(json)) return false;
      continue;
    }
    if (!read_size(json, size)) return false;
    if (*size && __builtin_mul_overflow(elements, *size, &elements))
      return dlrt_json_fail(json, "shape with too many elements");
  }
  if (elements > INT64_MAX / 16) return dlrt_json_fail(json, "shape with too many elements");
  return !json->failed;
}

static bool read_dim_names(dlrt_json_t *json, dlrt_tensor_info_t *tensor, int32_t *out_count) {
  if (!dlrt_json_enter(json, '[')) return false;
  while (dlrt_json_next(json, ']')) {
    if (*out_count == (int32_t)DLRT_MAX_RANK) return dlrt_json_fail(json, "more than %u names", DLRT_MAX_RANK);
    const char **name = &tensor->dim_names[(*out_count)++];
    if (!(dlrt_json_peek(json) == 'n' ? dlrt_json_null(json) : dlrt_json_string(json, name))) return false;
    if (*name && !**name) *name = NULL;
  }
  return !json->failed;
}

static bool read_dtype(dlrt_json_t *json, dlrt_dtype_t *out_dtype) {
  const char *name;
  if (!dlrt_json_string(json, &name)) return false;
  return !dlrt_dtype_from_name(name, out_dtype) || dlrt_json_fail(json, "unknown dtype \"%.40s\"", name);
}

static bool read_tensor(dlrt_json_t *json, dlrt_tensor_info_t *tensor) {
  static const char *const keys[] = {"name", "dtype", "shape", "dim_names", NULL};
  uint32_t seen = 0;
  int32_t names = 0;
  const char *key;
  if (!dlrt_json_enter(json, '{')) return false;
  while (dlrt_json_next(json, '}')) {
    if (!dlrt_json_key(json, &key)) return false;
    int which = find_key(key, keys);
    if (which >= 0 && !once(json, &seen, (uint32_t)which, key)) return false;
    bool good = which == 0   ? dlrt_json_string(json, &tensor->name)
                : which == 1 ? read_dtype(json, &tensor->dtype)
                : which == 2 ? read_shape(json, tensor)
                : which == 3 ? read_dim_names(json, tensor, &names)
                             : dlrt_json_skip(json);
    if (!good) return false;
  }
  if ((seen & 7) != 7) return dlrt_json_fail(json, "tensor without name, dtype or shape");
  if (!*tensor->name) return dlrt_json_fail(json, "tensor with an empty name");
  if (seen & 8 && names != tensor->rank)
    return dlrt_json_fail(json, "tensor \"%.40s\" has rank %d but %d dim_names", tensor->name, tensor->rank, names);
  return !json->failed;
}

static bool read_tensors(dlrt_json_t *json, dlrt_tensor_info_t **items, int32_t *count) {
  if (!dlrt_json_enter(json, '[')) return false;
  while (dlrt_json_next(json, ']')) {
    void *room = *items;
    bool good = make_room(json, &room, *count, DLRT_MAX_TENSORS, sizeof **items);
    *items = room;
    if (!good || !read_tensor(json, &(*items)[*count])) return false;
    for (int32_t i = 0; i < *count; ++i)
      if (!strcmp((*items)[i].name, (*items)[*count].name))
        return dlrt_json_fail(json, "two tensors are called \"%.40s\"", (*items)[i].name);
    ++*count;
  }
  return !json->failed;
}

static bool read_task(dlrt_json_t *json, dlrt_task_info_t *task) {
  static const char *const keys[] = {"name", "schedule", NULL};
  uint32_t seen = 0;
  const char *key;
  task->schedule = "";
  if (!dlrt_json_enter(json, '{')) return false;
  while (dlrt_json_next(json, '}')) {
    if (!dlrt_json_key(json, &key)) return false;
    int which = find_key(key, keys);
    if (which >= 0 && !once(json, &seen, (uint32_t)which, key)) return false;
    bool good = which == 0   ? dlrt_json_string(json, &task->name)
                : which == 1 ? dlrt_json_string(json, &task->schedule)
                             : dlrt_json_skip(json);
    if (!good) return false;
  }
  return seen & 1 ? !json->failed : dlrt_json_fail(json, "task without name");
}

static bool read_tasks(dlrt_json_t *json, dlrt_metadata_t *out) {
  if (!dlrt_json_enter(json, '[')) return false;
  while (dlrt_json_next(json, ']')) {
    void *room = out->tasks;
    bool good = make_room(json, &room, out->info.task_count, MAX_TASKS, sizeof *out->tasks);
    out->tasks = room;
    if (!good || !read_task(json, &out->tasks[out->info.task_count])) return false;
    ++out->info.task_count;
  }
  return !json->failed;
}

static bool read_features(dlrt_json_t *json, dlrt_metadata_t *out) {
  if (!dlrt_json_enter(json, '[')) return false;
  while (dlrt_json_next(json, ']')) {
    void *room = out->features;
    bool good = make_room(json, &room, out->info.cpu_feature_count, MAX_FEATURES, sizeof *out->features);
    out->features = room;
    if (!good || !dlrt_json_string(json, &out->features[out->info.cpu_feature_count])) return false;
    ++out->info.cpu_feature_count;
  }
  return !json->failed;
}

static bool read_format(dlrt_json_t *json) {
  int64_t format;
  if (!dlrt_json_integer(json, &format)) return false;
  return format == DLRT_METADATA_FORMAT || dlrt_json_fail(json, "metadata of format %lld, this runtime reads format %d",
                                                          (long long)format, DLRT_METADATA_FORMAT);
}

enum {
  KEY_FORMAT,
  KEY_NAME,
  KEY_PRODUCER,
  KEY_TARGET,
  KEY_FEATURES,
  KEY_INPUTS,
  KEY_OUTPUTS,
  KEY_ARENA,
  KEY_SCRATCH,
  KEY_WEIGHTS,
  KEY_TASKS
};

static bool read_value(dlrt_json_t *json, int which, dlrt_metadata_t *out) {
  switch (which) {
  case KEY_FORMAT:
    return read_format(json);
  case KEY_NAME:
    return dlrt_json_string(json, &out->info.name);
  case KEY_PRODUCER:
    return dlrt_json_string(json, &out->info.producer);
  case KEY_TARGET:
    return dlrt_json_string(json, &out->info.target);
  case KEY_FEATURES:
    return read_features(json, out);
  case KEY_INPUTS:
    return read_tensors(json, &out->inputs, &out->info.input_count);
  case KEY_OUTPUTS:
    return read_tensors(json, &out->outputs, &out->info.output_count);
  case KEY_ARENA:
    return read_size(json, &out->info.arena_bytes);
  case KEY_SCRATCH:
    return read_size(json, &out->info.scratch_bytes);
  case KEY_WEIGHTS:
    return read_size(json, &out->info.weight_bytes);
  case KEY_TASKS:
    return read_tasks(json, out);
  default:
    return dlrt_json_skip(json);
  }
}

static bool read_program(dlrt_json_t *json, dlrt_metadata_t *out) {
  static const char *const keys[] = {"format",        "name",         "producer", "target",
                                     "cpu_features",  "inputs",       "outputs",  "arena_bytes",
                                     "scratch_bytes", "weight_bytes", "tasks",    NULL};
  const uint32_t needed = 1u << KEY_FORMAT | 1u << KEY_INPUTS | 1u << KEY_OUTPUTS;
  uint32_t seen = 0;
  const char *key;
  out->info.name = out->info.producer = out->info.target = "";
  if (!dlrt_json_enter(json, '{')) return false;
  while (dlrt_json_next(json, '}')) {
    if (!dlrt_json_key(json, &key)) return false;
    int which = find_key(key, keys);
    if (which >= 0 && !once(json, &seen, (uint32_t)which, key)) return false;
    if (!read_value(json, which, out)) return false;
  }
  if (!dlrt_json_end(json)) return false;
  return (seen & needed) == needed || dlrt_json_fail(json, "format, inputs or outputs missing");
}

dlrt_status_t dlrt_metadata_parse(const char *text, size_t size, dlrt_metadata_t *out) {
  dlrt_json_t json;
  memset(out, 0, sizeof *out);
  bool good = dlrt_json_init(&json, text, size) && read_program(&json, out);
  out->pool = json.pool;
  if (!good) {
    dlrt_metadata_clear(out);
    return dlrt_status_make(DLRT_INVALID_PROGRAM, "metadata: %s", json.error);
  }
  out->info.inputs = out->inputs;
  out->info.outputs = out->outputs;
  out->info.tasks = out->tasks;
  out->info.cpu_features = out->features;
  return dlrt_status_ok();
}

void dlrt_metadata_clear(dlrt_metadata_t *metadata) {
  free(metadata->inputs);
  free(metadata->outputs);
  free(metadata->tasks);
  free(metadata->features);
  free(metadata->pool);
  memset(metadata, 0, sizeof *metadata);
}
