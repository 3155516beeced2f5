/* Inputs from files, from an ONNX test data set, or drawn at random; see inputs.h. */
#include "inputs.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "file.h"
#include "number.h"
#include "status.h"

/* The program's names, for a message. */
static void list_names(const dlrt_tensor_info_t *tensors, int32_t count, char *text, size_t size) {
  size_t used = 0;
  text[0] = 0;
  for (int32_t i = 0; i < count && used < size; ++i)
    used += (size_t)snprintf(text + used, size - used, "%s'%s'", i ? ", " : "", tensors[i].name);
}

static int32_t find_tensor(const dlrt_tensor_info_t *tensors, int32_t count, const char *name) {
  for (int32_t i = 0; i < count; ++i)
    if (!strcmp(tensors[i].name, name)) return i;
  return -1;
}

/* Replaces what *slot holds by the tensor in a file. */
static dlrt_status_t read_into(const char *path, DLManagedTensor **slot, char name[PB_NAME_BYTES]) {
  DLManagedTensor *tensor;
  dlrt_status_t status = file_read_tensor(path, &tensor, name);
  if (status.code) return status;
  dlrt_tensor_release(*slot);
  *slot = tensor;
  return status;
}

/* DIR/`kind`_N.pb for N = 0, 1, ...: by name where the file has one that the program knows, else by number. */
static dlrt_status_t read_set(const char *dir, const char *kind, const dlrt_tensor_info_t *tensors, int32_t count,
                              DLManagedTensor **slots) {
  dlrt_status_t status = status_ok();
  size_t size = strlen(dir) + strlen(kind) + 32;
  char *path = malloc(size), name[PB_NAME_BYTES];
  if (!path) return status_make(DLRT_OUT_OF_MEMORY, "out of memory");
  for (int32_t i = 0; !status.code; ++i) {
    DLManagedTensor *tensor = NULL;
    snprintf(path, size, "%s/%s_%d.pb", dir, kind, i);
    if (!file_exists(path)) break;
    status = read_into(path, &tensor, name);
    if (status.code) break;
    int32_t at = name[0] ? find_tensor(tensors, count, name) : -1;
    if (at < 0) at = i;
    if (at >= count || slots[at]) {
      status = status_make(DLRT_INVALID_ARGUMENT, "%s: the program has %d %ss, this one ('%s') fits none", path, count,
                           kind, name);
      dlrt_tensor_release(tensor);
    } else {
      slots[at] = tensor;
    }
  }
  free(path);
  return status;
}

/* splitmix64 (S. Vigna, public domain): the same numbers on every machine. */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* "LO:HI"; the defaults depend on the type. */
static dlrt_status_t read_range(const char *text, const dlrt_tensor_info_t *info, double *lo, double *hi) {
  bool floating = number_is_float(info->dtype);
  *lo = floating ? -1 : 0;
  *hi = floating ? 1 : 2;
  if (!text) return status_ok();
  char *end, *rest;
  *lo = strtod(text, &end);
  *hi = *end == ':' ? strtod(end + 1, &rest) : 0;
  /* 2^53: beyond it a double no longer counts in ones. */
  if (end == text || *end != ':' || rest == end + 1 || *rest || !(*lo < *hi) || fabs(*lo) > 9007199254740992.0 ||
      fabs(*hi) > 9007199254740992.0)
    return status_make(DLRT_INVALID_ARGUMENT, "--range %s=%s: LO:HI with LO < HI expected", info->name, text);
  if (floating) return status_ok();
  size_t bits = dlrt_dtype_size(info->dtype) * 8;
  bool is_signed = info->dtype >= DLRT_INT8 && info->dtype <= DLRT_INT64;
  double least = is_signed ? -ldexp(1, (int)bits - 1) : 0, past = ldexp(1, (int)bits - is_signed);
  if (info->dtype == DLRT_BOOL) past = 2;
  if (*lo < least || *hi > past)
    return status_make(DLRT_INVALID_ARGUMENT, "--range %s=%s: outside of %s", info->name, text,
                       dlrt_dtype_name(info->dtype));
  return status_ok();
}

/* "2x3x4" into shape; false when it is no such thing. */
static bool read_shape(const char *text, int64_t *shape, int32_t *out_rank) {
  *out_rank = 0;
  if (!*text || !strcmp(text, "scalar")) return true;
  for (;;) {
    char *end;
    errno = 0;
    long long size = strtoll(text, &end, 10);
    if (errno || end == text || size < 0 || *out_rank == (int32_t)DLRT_MAX_RANK) return false;
    shape[(*out_rank)++] = size;
    if (!*end) return true;
    if (*end != 'x') return false;
    text = end + 1;
  }
}

/* The shape of a random input: --shape, else the program's with --dim for what is dynamic. */
static dlrt_status_t choose_shape(const dlrt_tensor_info_t *info, options_t *options, int64_t *shape,
                                  int32_t *out_rank) {
  const char *given = options_find(&options->shapes, info->name);
  *out_rank = info->rank;
  if (given) {
    if (read_shape(given, shape, out_rank)) return status_ok();
    return status_make(DLRT_INVALID_ARGUMENT, "--shape %s=%s: sizes like 2x3x224x224 expected", info->name, given);
  }
  for (int32_t d = 0; d < info->rank; ++d) {
    const char *name = info->dim_names[d], *text = name ? options_find(&options->dims, name) : NULL;
    shape[d] = info->shape[d];
    if (text) {
      int32_t one;
      int64_t size[DLRT_MAX_RANK];
      if (!read_shape(text, size, &one) || one != 1)
        return status_make(DLRT_INVALID_ARGUMENT, "--dim %s=%s: a size expected", name, text);
      if (shape[d] == DLRT_DYNAMIC) shape[d] = size[0];
    } else if (shape[d] == DLRT_DYNAMIC) {
      return status_make(DLRT_INVALID_ARGUMENT,
                         "input '%s': dimension %d%s%s is dynamic; give --input %s=FILE, --shape %s=...%s%s%s",
                         info->name, d, name ? " called " : "", name ? name : "", info->name, info->name,
                         name ? " or --dim " : "", name ? name : "", name ? "=N" : "");
    }
  }
  return status_ok();
}

static dlrt_status_t draw(const dlrt_tensor_info_t *info, int32_t index, options_t *options, DLManagedTensor **slot) {
  int64_t shape[DLRT_MAX_RANK];
  int32_t rank;
  double lo, hi;
  dlrt_status_t status = choose_shape(info, options, shape, &rank);
  if (!status.code) status = read_range(options_find(&options->ranges, info->name), info, &lo, &hi);
  if (!status.code) status = dlrt_tensor_create(info->dtype, rank, shape, slot);
  if (status.code) return status;
  const DLTensor *tensor = &(*slot)->dl_tensor;
  uint64_t state = options->seed * UINT64_C(0x2545f4914f6cdd1d) + (uint64_t)index;
  bool whole = !number_is_float(info->dtype);
  int64_t count = number_count(tensor);
  for (int64_t i = 0; i < count; ++i) {
    double unit = (double)(next_random(&state) >> 11) * 0x1p-53, value = lo + unit * (hi - lo);
    number_store(info->dtype, tensor->data, i, whole ? floor(value) : value);
  }
  return status;
}

static dlrt_status_t check_unused(const assignments_t *list, const char *option, const char *what,
                                  const dlrt_tensor_info_t *tensors, int32_t count) {
  const char *text = options_unused(list);
  if (!text) return status_ok();
  char names[300];
  list_names(tensors, count, names, sizeof names);
  return status_make(DLRT_INVALID_ARGUMENT, "--%s %s: no such %s; the program's %ss are %s", option, text, what, what,
                     names);
}

dlrt_status_t inputs_check_names(const dlrt_program_info_t *info, options_t *options) {
  /* Whether a name exists, not whether it will be needed: --dim may be given for inputs that come from files. */
  for (int32_t i = 0; i < info->input_count; ++i) {
    (void)options_find(&options->inputs, info->inputs[i].name);
    (void)options_find(&options->shapes, info->inputs[i].name);
    (void)options_find(&options->ranges, info->inputs[i].name);
    for (int32_t d = 0; d < info->inputs[i].rank; ++d)
      if (info->inputs[i].dim_names[d]) (void)options_find(&options->dims, info->inputs[i].dim_names[d]);
  }
  for (int32_t i = 0; i < info->output_count; ++i) (void)options_find(&options->expects, info->outputs[i].name);
  dlrt_status_t status = check_unused(&options->inputs, "input", "input", info->inputs, info->input_count);
  if (!status.code) status = check_unused(&options->shapes, "shape", "input", info->inputs, info->input_count);
  if (!status.code) status = check_unused(&options->ranges, "range", "input", info->inputs, info->input_count);
  if (!status.code) status = check_unused(&options->expects, "expect", "output", info->outputs, info->output_count);
  if (status.code || !options_unused(&options->dims)) return status;
  return status_make(DLRT_INVALID_ARGUMENT, "--dim %s: no input has a dimension of this name",
                     options_unused(&options->dims));
}

dlrt_status_t inputs_load(const dlrt_program_info_t *info, options_t *options, inputs_t *out) {
  *out = (inputs_t){.given_count = info->input_count, .expected_count = info->output_count};
  out->given = calloc((size_t)info->input_count + 1, sizeof(DLManagedTensor *));
  out->expected = calloc((size_t)info->output_count + 1, sizeof(DLManagedTensor *));
  if (!out->given || !out->expected) return status_make(DLRT_OUT_OF_MEMORY, "out of memory");
  dlrt_status_t status = status_ok();
  if (options->pb_dir && !file_exists(options->pb_dir))
    return status_make(DLRT_NOT_FOUND, "%s: no such directory", options->pb_dir);
  if (options->pb_dir) status = read_set(options->pb_dir, "input", info->inputs, info->input_count, out->given);
  if (options->pb_dir && !status.code)
    status = read_set(options->pb_dir, "output", info->outputs, info->output_count, out->expected);
  for (int32_t i = 0; i < info->input_count && !status.code; ++i) {
    const char *path = options_find(&options->inputs, info->inputs[i].name);
    if (path)
      status = read_into(path, &out->given[i], NULL);
    else if (!out->given[i])
      status = draw(&info->inputs[i], i, options, &out->given[i]);
  }
  for (int32_t i = 0; i < info->output_count && !status.code; ++i) {
    const char *path = options_find(&options->expects, info->outputs[i].name);
    if (path) status = read_into(path, &out->expected[i], NULL);
  }
  return status;
}

void inputs_clear(inputs_t *inputs) {
  for (int32_t i = 0; inputs->given && i < inputs->given_count; ++i) dlrt_tensor_release(inputs->given[i]);
  for (int32_t i = 0; inputs->expected && i < inputs->expected_count; ++i) dlrt_tensor_release(inputs->expected[i]);
  free(inputs->given);
  free(inputs->expected);
  *inputs = (inputs_t){0};
}
