/* ONNX tensors in protobuf's wire format. */
#ifndef DL_RUN_PB_H
#define DL_RUN_PB_H
#include "dlrt/dlrt.h"

#define PB_NAME_BYTES 256

/* Reads a serialised onnx.TensorProto, as in test_data_set_N/input_N.pb. name: the tensor's, cut to fit; empty when it
 * has none. The caller owns *out_tensor. Messages give the offset but not the file. */
DLRT_MUST_USE dlrt_status_t pb_read(const uint8_t *data, size_t size, DLManagedTensor **out_tensor,
                                    char name[PB_NAME_BYTES]);

#endif
