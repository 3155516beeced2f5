/* One invocation: checks the inputs against the metadata, makes them dense, runs the entry, hands the outputs out. */
#include <inttypes.h>
#include <string.h>
#include "core/instance.h"
#include "core/status.h"
#include "core/tensor.h"

#define APART __attribute__((noinline))

/* What empty tensors without memory point to, so that compiled code never sees null. Never read or written. */
static _Alignas(DLRT_ALIGNMENT) char nothing[DLRT_ALIGNMENT];

static bool check_dtype(DLDataType type, const dlrt_tensor_info_t *info, const char *kind, dlrt_status_t *out_status) {
  DLDataType wanted = dlrt_dtype_to_dlpack(info->dtype);
  if (type.code == wanted.code && type.bits == wanted.bits && type.lanes == wanted.lanes) return true;
  dlrt_dtype_t dtype;
  if (dlrt_dtype_from_dlpack(type, &dtype))
    return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT,
                            "%s '%s': the program has %s, not DLPack type %d with %d bits x %d", kind, info->name,
                            dlrt_dtype_name(info->dtype), type.code, type.bits, type.lanes);
  return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT, "%s '%s': the program has %s, the given tensor %s", kind,
                          info->name, dlrt_dtype_name(info->dtype), dlrt_dtype_name(dtype));
}

/* A tensor's description as far as it does not depend on the metadata, and its bytes. `kind`: "input" or "output". */
static bool check_tensor(const DLTensor *tensor, const dlrt_tensor_info_t *info, const char *kind, size_t *out_bytes,
                         dlrt_status_t *out_status) {
  if (!tensor) return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT, "%s '%s' is missing", kind, info->name);
  if (tensor->device.device_type != kDLCPU && tensor->device.device_type != kDLCUDAHost &&
      tensor->device.device_type != kDLROCMHost)
    return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT, "%s '%s' is not in host memory (DLPack device type %d)",
                            kind, info->name, (int)tensor->device.device_type);
  if (!check_dtype(tensor->dtype, info, kind, out_status)) return false;
  if (tensor->ndim != info->rank)
    return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT, "%s '%s': the program has rank %d, the given tensor %d",
                            kind, info->name, info->rank, tensor->ndim);
  if (tensor->ndim && !tensor->shape)
    return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT, "%s '%s': the given tensor has no shape", kind,
                            info->name);
  if (!dlrt_tensor_bytes(info->dtype, tensor->ndim, tensor->shape, out_bytes)) {
    char text[160];
    return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT, "%s '%s': impossible shape %s", kind, info->name,
                            dlrt_shape_format(tensor->ndim, tensor->shape, text, sizeof text));
  }
  if (*out_bytes && !tensor->data)
    return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT, "%s '%s': the given tensor has no data", kind,
                            info->name);
  return true;
}

static bool check_shape(const dlrt_tensor_info_t *info, const int64_t *shape, dlrt_status_t *out_status) {
  for (int32_t d = 0; d < info->rank; ++d) {
    if (info->shape[d] == DLRT_DYNAMIC || info->shape[d] == shape[d]) continue;
    char want[160], have[160];
    return dlrt_status_fail(
        out_status, DLRT_INVALID_ARGUMENT,
        "input '%s': dimension %d is %" PRId64 ", the program has %" PRId64 " (given %s, wanted %s)", info->name, d,
        shape[d], info->shape[d], dlrt_shape_format(info->rank, shape, have, sizeof have),
        dlrt_shape_format(info->rank, info->shape, want, sizeof want));
  }
  return true;
}

/* Dimensions of the same name must be equal; those of earlier inputs have been checked. */
static bool check_dim_names(const dlrt_instance_t *instance, const DLTensor *const *inputs, int32_t i,
                            dlrt_status_t *out_status) {
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  for (int32_t d = 0; d < info->inputs[i].rank; ++d) {
    dlrt_same_dim_t same = instance->same_dims[i * (int32_t)DLRT_MAX_RANK + d];
    if (same.input < 0 || inputs[same.input]->shape[same.dim] == inputs[i]->shape[d]) continue;
    return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT,
                            "dimension '%s' is %" PRId64 " in input '%s' (dimension %d), but %" PRId64
                            " in input '%s' (dimension %d)",
                            info->inputs[i].dim_names[d], inputs[same.input]->shape[same.dim],
                            info->inputs[same.input].name, same.dim, inputs[i]->shape[d], info->inputs[i].name, d);
  }
  return true;
}

static bool same_shape(int32_t rank, const int64_t *a, const int64_t *b) {
  for (int32_t d = 0; d < rank; ++d) /* short: faster than a call of memcmp */
    if (a[d] != b[d]) return false;
  return true;
}

/* Whether the tensor is what nearly every call gives: dense, in host memory, and just of the type and shape that the
 * program has. All others, good or bad, are for check_tensor. */
static bool is_expected(const dlrt_expected_t *expected, const DLTensor *tensor) {
  if (expected->rank < 0 || !tensor || tensor->device.device_type != kDLCPU || tensor->ndim != expected->rank ||
      memcmp(&tensor->dtype, &expected->dtype, sizeof tensor->dtype) != 0 || !tensor->data ||
      (expected->rank && !tensor->shape))
    return false;
  if (!same_shape(expected->rank, tensor->shape, expected->shape)) return false;
  if (tensor->strides) return dlrt_tensor_is_dense(tensor);
  return !(((uintptr_t)tensor->data + tensor->byte_offset) & expected->alignment_mask);
}

/* An output that has no value yet; its shape says nothing then. So it is between invocations. */
static void clear_output(dlrt_output_t *slot) {
  slot->made = NULL, slot->into = NULL, slot->data = NULL;
  slot->scatter = slot->is_expected = false;
}

/* Checks an input that is not just as expected, and makes the view of it that compiled code gets. Apart from the usual
 * way, like other functions with messages: what they need of registers and stack every call would pay. */
static APART bool take_other_input(dlrt_instance_t *instance, const DLTensor *const *inputs, int32_t i,
                                   dlrt_status_t *out_status) {
  const dlrt_tensor_info_t *info = &instance->program->metadata.info.inputs[i];
  const DLTensor *tensor = inputs[i];
  dlrt_view_t *view = &instance->views[i];
  size_t bytes;
  if (!check_tensor(tensor, info, "input", &bytes, out_status) || !check_shape(info, tensor->shape, out_status) ||
      !check_dim_names(instance, inputs, i, out_status))
    return false;
  view->shape = tensor->shape;
  view->data = dlrt_tensor_data(tensor);
  if (!bytes) {
    view->data = nothing;
  } else if (!dlrt_tensor_is_dense(tensor)) {
    view->data = dlrt_instance_alloc(instance, (int64_t)bytes, out_status);
    if (!view->data) return false;
    dlrt_tensor_gather(tensor, view->data);
  }
  return true;
}

static bool take_input(dlrt_instance_t *instance, const DLTensor *const *inputs, int32_t i, dlrt_status_t *out_status) {
  const DLTensor *tensor = inputs[i];
  if (!is_expected(&instance->expected[i], tensor)) return take_other_input(instance, inputs, i, out_status);
  instance->views[i].shape = tensor->shape;
  instance->views[i].data = (char *)tensor->data + tensor->byte_offset;
  return true;
}

static APART bool check_given(const DLTensor *tensor, const dlrt_tensor_info_t *info, dlrt_status_t *out_status) {
  size_t bytes;
  return check_tensor(tensor, info, "output", &bytes, out_status);
}

static bool take_outputs(dlrt_instance_t *instance, DLManagedTensor *const *outputs, dlrt_status_t *out_status) {
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  for (int32_t i = 0; i < info->output_count; ++i) {
    instance->given[i] = NULL;
    if (!outputs[i]) continue;
    const DLTensor *into = &outputs[i]->dl_tensor;
    bool expected = is_expected(&instance->expected[info->input_count + i], into);
    if (!expected && !check_given(into, &info->outputs[i], out_status)) return false;
    if (expected) instance->given[i] = (char *)into->data + into->byte_offset;
    instance->outputs[i].is_expected = expected;
    instance->outputs[i].into = into;
  }
  return true;
}

/* What the program promised in its metadata and what it asks for. */
static bool check_output(const dlrt_instance_t *instance, int32_t index, const int64_t *shape,
                         dlrt_status_t *out_status) {
  const dlrt_program_info_t *program = &instance->program->metadata.info;
  char want[160], have[160];
  if (index < 0 || index >= program->output_count)
    return dlrt_status_fail(out_status, DLRT_INTERNAL, "output() with index %d of %d", index, program->output_count);
  const dlrt_tensor_info_t *info = &program->outputs[index];
  const dlrt_output_t *slot = &instance->outputs[index];
  for (int32_t d = 0; d < info->rank; ++d)
    if (info->shape[d] != DLRT_DYNAMIC && info->shape[d] != shape[d])
      return dlrt_status_fail(out_status, DLRT_INTERNAL,
                              "the program gave output '%s' the shape %s, its metadata says %s", info->name,
                              dlrt_shape_format(info->rank, shape, have, sizeof have),
                              dlrt_shape_format(info->rank, info->shape, want, sizeof want));
  if (slot->data && !same_shape(info->rank, slot->shape, shape))
    return dlrt_status_fail(out_status, DLRT_INTERNAL, "the program gave output '%s' the shape %s, before %s",
                            info->name, dlrt_shape_format(info->rank, shape, have, sizeof have),
                            dlrt_shape_format(info->rank, slot->shape, want, sizeof want));
  if (slot->into && !same_shape(info->rank, slot->into->shape, shape))
    return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT,
                            "output '%s': the result has the shape %s, the given tensor %s", info->name,
                            dlrt_shape_format(info->rank, shape, have, sizeof have),
                            dlrt_shape_format(info->rank, slot->into->shape, want, sizeof want));
  return true;
}

static APART void *give_output(dlrt_instance_t *instance, int32_t index, const int64_t *shape,
                               dlrt_status_t *out_status) {
  if (!check_output(instance, index, shape, out_status)) return NULL;
  const dlrt_tensor_info_t *info = &instance->program->metadata.info.outputs[index];
  dlrt_output_t *slot = &instance->outputs[index];
  if (slot->data) return slot->data;
  size_t bytes;
  char text[160];
  if (!dlrt_tensor_bytes(info->dtype, info->rank, shape, &bytes)) {
    *out_status = dlrt_status_make(DLRT_PROGRAM_FAILED, "output '%s' has the impossible shape %s", info->name,
                                   dlrt_shape_format(info->rank, shape, text, sizeof text));
    return NULL;
  }
  if (info->rank) memcpy(slot->shape, shape, (size_t)info->rank * sizeof *shape);
  if (!slot->into) {
    if (!dlrt_budget_take(&instance->budget, (int64_t)bytes)) {
      *out_status =
          dlrt_status_make(DLRT_OUT_OF_MEMORY,
                           "output '%s' of shape %s passes the memory limit of %" PRId64 " bytes (DLRT_MEMORY_LIMIT)",
                           info->name, dlrt_shape_format(info->rank, shape, text, sizeof text), instance->budget.limit);
      return NULL;
    }
    instance->output_bytes += (int64_t)bytes;
    *out_status = dlrt_tensor_make(info->dtype, info->rank, shape, &slot->made);
    slot->data = slot->made ? slot->made->dl_tensor.data : NULL;
  } else if (!bytes) {
    slot->data = nothing;
  } else if (dlrt_tensor_is_dense(slot->into)) {
    slot->data = dlrt_tensor_data(slot->into);
  } else {
    slot->data = dlrt_instance_alloc(instance, (int64_t)bytes, out_status);
    slot->scatter = slot->data != NULL;
  }
  return slot->data;
}

void *dlrt_run_output(dlrt_instance_t *instance, int32_t index, const int64_t *shape, dlrt_status_t *out_status) {
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  if (index < 0 || index >= info->output_count || !instance->outputs[index].is_expected)
    return give_output(instance, index, shape, out_status);
  dlrt_output_t *slot = &instance->outputs[index];
  const dlrt_expected_t *expected = &instance->expected[info->input_count + index];
  if (!same_shape(expected->rank, shape, expected->shape)) return give_output(instance, index, shape, out_status);
  return slot->data = instance->given[index];
}

/* Hands finished outputs over, or drops unfinished ones; everything else of the invocation ends here too. */
static void finish(dlrt_instance_t *instance, DLManagedTensor **outputs, dlrt_status_t *status) {
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  for (int32_t i = 0; i < info->output_count; ++i)
    if (!instance->outputs[i].data && !instance->outputs[i].is_expected && !status->code)
      dlrt_status_fail(status, DLRT_INTERNAL, "the program gave output '%s' no value", info->outputs[i].name);
  for (int32_t i = 0; i < info->output_count; ++i) {
    dlrt_output_t *slot = &instance->outputs[i];
    if (status->code)
      dlrt_tensor_release(slot->made);
    else if (slot->made)
      outputs[i] = slot->made;
    else if (slot->scatter)
      dlrt_tensor_scatter(slot->into, slot->data);
    clear_output(slot);
  }
  if (instance->output_bytes) dlrt_budget_give(&instance->budget, instance->output_bytes);
  instance->output_bytes = 0;
  dlrt_heap_reset(instance->heap);
}

static APART bool refuse_counts(const dlrt_instance_t *instance, int32_t input_count, int32_t output_count,
                                dlrt_status_t *out_status) {
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  if (input_count != info->input_count)
    return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT, "%d inputs given, program '%s' takes %d", input_count,
                            info->name, info->input_count);
  return dlrt_status_fail(out_status, DLRT_INVALID_ARGUMENT, "%d outputs asked for, program '%s' gives %d",
                          output_count, info->name, info->output_count);
}

dlrt_status_t dlrt_run(dlrt_instance_t *instance, const DLTensor *const *inputs, int32_t input_count,
                       DLManagedTensor **outputs, int32_t output_count) {
  dlrt_status_t status; /* large: without an error only its first bytes are written, once, and it is never copied */
  status.code = DLRT_OK, status.message[0] = 0;
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  bool ok = (input_count == info->input_count && output_count == info->output_count) ||
            refuse_counts(instance, input_count, output_count, &status);
  bool taken = ok && !atomic_flag_test_and_set_explicit(&instance->busy, memory_order_acquire);
  if (ok && !taken) dlrt_status_fail(&status, DLRT_INVALID_ARGUMENT, "the instance is running on another thread");
  if (taken) {
    ok = take_outputs(instance, outputs, &status);
    for (int32_t i = 0; i < input_count && ok; ++i) ok = take_input(instance, inputs, i, &status);
    if (ok) dlrt_frame_enter(instance, &status);
    finish(instance, outputs, &status);
    atomic_flag_clear_explicit(&instance->busy, memory_order_release);
  }
  return status;
}
