/* Fuzzer of everything that reads foreign bytes before or beside a program: metadata, the ELF checks, .npy, ONNX
 * tensors. No code of the input is executed: nothing is given to the dynamic linker.
 *
 *   cmake -S runtime -B build-fuzz -G Ninja -DCMAKE_C_COMPILER=clang-22 -DDLC_FUZZ=ON && ninja -C build-fuzz
 *   build-fuzz/test/bin/fuzz-program-loader -max_total_time=600 -max_len=8192 CORPUS test/fuzz/program_loader
 *
 * CORPUS: a directory of your own; put a built program in it (build-fuzz/test/runtime/programs/sum.so) and use
 * -max_len=20000 to fuzz the ELF checks from something whole.
 *
 * The first byte of an input chooses the reader: 'm' metadata, 'e' ELF, 'n' .npy, 'p' TensorProto; the rest is the
 * file. A file called by its own magic (ELF, NUMPY, '{') goes to its reader as it is.
 */
#include <stdlib.h>
#include <string.h>
#include "core/elf.h"
#include "core/metadata.h"
#include "npy.h"
#include "number.h"
#include "pb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A broken promise of the code under test. */
static void must(int condition) {
  if (!condition) abort();
}

static void check_status(dlrt_status_t status, const void *result) {
  must((status.code == DLRT_OK) == (result != NULL));
  must((status.code == DLRT_OK) == !status.message[0]);
  must(!strchr(status.message, '\n'));
}

static void try_metadata(const uint8_t *data, size_t size) {
  dlrt_metadata_t metadata;
  dlrt_status_t status = dlrt_metadata_parse((const char *)data, size, &metadata);
  check_status(status, metadata.pool);
  if (status.code) return;
  const dlrt_program_info_t *info = &metadata.info;
  size_t read = strlen(info->name) + strlen(info->target) + strlen(info->producer);
  for (int32_t i = 0; i < info->input_count; ++i)
    for (int32_t d = 0; d < info->inputs[i].rank; ++d)
      read += info->inputs[i].dim_names[d] ? strlen(info->inputs[i].dim_names[d]) : 0;
  for (int32_t i = 0; i < info->task_count; ++i) read += strlen(info->tasks[i].name) + strlen(info->tasks[i].schedule);
  must(read <= size);
  dlrt_metadata_clear(&metadata);
}

static void try_elf(const uint8_t *data, size_t size) {
  dlrt_status_t status = dlrt_elf_check(data, size, "dlc_program");
  check_status(status, status.code ? NULL : data);
}

/* What was read can be written, and gives the same bytes when read again. */
static void try_tensor(dlrt_status_t status, DLManagedTensor *tensor) {
  check_status(status, tensor);
  if (!tensor) return;
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (stream) {
    dlrt_status_t written = npy_write(&tensor->dl_tensor, stream);
    must(!fclose(stream) && !written.code);
    DLManagedTensor *again;
    written = npy_read((const uint8_t *)text, size, &again);
    check_status(written, again);
    must(again != NULL);
    size_t bytes = (size_t)number_count(&tensor->dl_tensor) * (tensor->dl_tensor.dtype.bits / 8u);
    must(!memcmp(again->dl_tensor.data, tensor->dl_tensor.data, bytes));
    dlrt_tensor_release(again);
    free(text);
  }
  dlrt_tensor_release(tensor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  DLManagedTensor *tensor;
  char name[PB_NAME_BYTES];
  if (!size) return 0;
  switch (data[0]) {
  case '{':
    try_metadata(data, size);
    break;
  case 0x7f:
    try_elf(data, size);
    break;
  case 0x93:
    try_tensor(npy_read(data, size, &tensor), tensor);
    break;
  case 'm':
    try_metadata(data + 1, size - 1);
    break;
  case 'e':
    try_elf(data + 1, size - 1);
    break;
  case 'n':
    try_tensor(npy_read(data + 1, size - 1, &tensor), tensor);
    break;
  case 'p':
    try_tensor(pb_read(data + 1, size - 1, &tensor, name), tensor);
    break;
  default:
    break;
  }
  return 0;
}
