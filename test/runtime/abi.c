/* The layout that compiled code relies on. Compiled programs read these structs by offset; lowering/host has the same
 * numbers. Whoever must change one of them changes DLRT_ABI_VERSION as well. */
#include <stdio.h>
#include "dlrt/dlrt.h"

#define AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type "." #field)

AT(dlrt_api_t, parallel, 0);
AT(dlrt_api_t, alloc, 8);
AT(dlrt_api_t, free, 16);
AT(dlrt_api_t, output, 24);
AT(dlrt_api_t, fail, 32);

AT(dlrt_view_t, data, 0);
AT(dlrt_view_t, shape, 8);
_Static_assert(sizeof(dlrt_view_t) == 16, "views are an array");

AT(dlrt_frame_t, api, 0);
AT(dlrt_frame_t, arena, 8);
AT(dlrt_frame_t, inputs, 16);
AT(dlrt_frame_t, scratch, 24);
AT(dlrt_frame_t, runtime, 32);
AT(dlrt_frame_t, outputs, 40);

AT(dlrt_program_desc_t, magic, 0);
AT(dlrt_program_desc_t, abi_version, 4);
AT(dlrt_program_desc_t, arena_bytes, 8);
AT(dlrt_program_desc_t, scratch_bytes, 16);
AT(dlrt_program_desc_t, metadata, 24);
AT(dlrt_program_desc_t, entry, 32);

/* DLPack's, as published. */
AT(DLTensor, data, 0);
AT(DLTensor, device, 8);
AT(DLTensor, ndim, 16);
AT(DLTensor, dtype, 20);
AT(DLTensor, shape, 24);
AT(DLTensor, strides, 32);
AT(DLTensor, byte_offset, 40);
AT(DLManagedTensor, manager_ctx, 48);
AT(DLManagedTensor, deleter, 56);
AT(DLManagedTensorVersioned, manager_ctx, 8);
AT(DLManagedTensorVersioned, flags, 24);
AT(DLManagedTensorVersioned, dl_tensor, 32);

_Static_assert(DLRT_ABI_VERSION == 2, "new version: look at every number above");

int main(void) {
  /* The build is the test. */
  printf("program ABI %u, runtime %s\n", DLRT_ABI_VERSION, dlrt_version());
  return 0;
}
