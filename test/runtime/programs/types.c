/* Copies each input to the output of the same number: float64 [rows, ?], float16 [2, 3], bool [?], uint8 []. The
 * second axis of the first is twice as long in the output, the first half zero: an output shape of its own. */
#include <string.h>
#include "program.h"

static int32_t entry(dlrt_frame_t *frame) {
  const dlrt_view_t *in = frame->inputs;
  int64_t rows = in[0].shape[0], columns = in[0].shape[1], wide[2] = {rows, 2 * columns};
  double *y = frame->api->output(frame, 0, wide);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      y[i * 2 * columns + j] = 0;
      y[i * 2 * columns + columns + j] = ((const double *)in[0].data)[i * columns + j];
    }
  memcpy(frame->api->output(frame, 1, in[1].shape), in[1].data, 2 * 3 * 2);
  memcpy(frame->api->output(frame, 2, in[2].shape), in[2].data, (size_t)in[2].shape[0]);
  memcpy(frame->api->output(frame, 3, in[3].shape), in[3].data, 1);
  return 0;
}

#define TENSOR(name, dtype, shape) "{\"shape\": " shape ", \"dtype\": \"" dtype "\", \"name\": \"" name "\"}"

static const dlrt_program_desc_t program = {
    .magic = DLRT_PROGRAM_MAGIC,
    .abi_version = 1, /* the oldest, which later runtimes run as well */
    .metadata =
        "{\"outputs\": [" TENSOR("wide", "float64", "[null, null]") "," TENSOR("h", "float16", "[2, 3]") "," TENSOR("b", "bool", "[null]") "," TENSOR(
            "u", "uint8",
            "[]") "], \"inputs\": [" TENSOR("d", "float64",
                                            "[null, null]") "," TENSOR("h", "float16",
                                                                       "[2, 3]") "," TENSOR("b", "bool",
                                                                                            "[null]") "," TENSOR("u",
                                                                                                                 "uint"
                                                                                                                 "8",
                                                                                                                 "[]") "], \"format\": 1}",
    .entry = entry,
};

PROGRAM(program)
