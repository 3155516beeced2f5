/* Conformance: tensors in and out. */
#include <stdlib.h>
#include <string.h>
#include "suites.h"

/* A call of programs/sum.c whose inputs a test may spoil. */
typedef struct sum_call {
  dlrt_instance_t *instance;
  DLManagedTensor *a, *b, *y;
  const DLTensor *inputs[2];
} sum_call_t;

static sum_call_t make_call(int64_t rows_a, int64_t rows_b) {
  const int64_t shape_a[2] = {rows_a, 4}, shape_b[2] = {rows_b, 4};
  sum_call_t call = {.instance = harness_open("sum", NULL),
                     .a = harness_tensor(DLRT_FLOAT32, 2, shape_a),
                     .b = harness_tensor(DLRT_FLOAT32, 2, shape_b)};
  for (int64_t i = 0; i < rows_a * 4; ++i) ((float *)call.a->dl_tensor.data)[i] = (float)i;
  for (int64_t i = 0; i < rows_b * 4; ++i) ((float *)call.b->dl_tensor.data)[i] = 100;
  call.inputs[0] = &call.a->dl_tensor;
  call.inputs[1] = &call.b->dl_tensor;
  return call;
}

static dlrt_status_t run_call(sum_call_t *call) { return dlrt_run(call->instance, call->inputs, 2, &call->y, 1); }

static void end_call(sum_call_t *call) {
  dlrt_tensor_release(call->a);
  dlrt_tensor_release(call->b);
  dlrt_tensor_release(call->y);
  dlrt_instance_destroy(call->instance);
}

/* Runs a call that must be refused; the instance works afterwards. */
static void expect_refusal(sum_call_t *call, const char *text) {
  (void)CHECK_STATUS(run_call(call), DLRT_INVALID_ARGUMENT, text);
  CHECK(!call->y);
  harness_check_sum(call->instance, 3);
}

static void dynamic_batch(void) {
  dlrt_instance_t *instance = harness_open("sum", NULL);
  static const int64_t rows[] = {1, 0, 2, 7, 1024, 1025, 5000, 3};
  for (size_t i = 0; instance && i < sizeof rows / sizeof rows[0]; ++i) harness_check_sum(instance, rows[i]);
  dlrt_instance_destroy(instance);
}

static void wrong_counts(void) {
  sum_call_t call = make_call(2, 2);
  DLManagedTensor *two[2] = {NULL, NULL};
  (void)CHECK_STATUS(dlrt_run(call.instance, call.inputs, 1, &call.y, 1), DLRT_INVALID_ARGUMENT, "1 inputs given");
  (void)CHECK_STATUS(dlrt_run(call.instance, call.inputs, 2, two, 2), DLRT_INVALID_ARGUMENT, "2 outputs asked for");
  (void)CHECK_STATUS(dlrt_run(call.instance, call.inputs, 0, NULL, 0), DLRT_INVALID_ARGUMENT, "takes 2");
  end_call(&call);
}

static void missing_input(void) {
  sum_call_t call = make_call(2, 2);
  call.inputs[1] = NULL;
  expect_refusal(&call, "input 'b' is missing");
  end_call(&call);
}

static void wrong_dtype(void) {
  sum_call_t call = make_call(2, 2);
  call.b->dl_tensor.dtype = dlrt_dtype_to_dlpack(DLRT_INT32);
  expect_refusal(&call, "input 'b': the program has float32, the given tensor int32");
  call.b->dl_tensor.dtype = (DLDataType){.code = kDLFloat, .bits = 32, .lanes = 4};
  expect_refusal(&call, "input 'b': the program has float32, not DLPack type 2 with 32 bits x 4");
  call.b->dl_tensor.dtype = (DLDataType){.code = kDLComplex, .bits = 64, .lanes = 1};
  expect_refusal(&call, "not DLPack type 5");
  end_call(&call);
}

static void wrong_rank(void) {
  sum_call_t call = make_call(2, 2);
  call.a->dl_tensor.ndim = 1;
  expect_refusal(&call, "input 'a': the program has rank 2, the given tensor 1");
  call.a->dl_tensor.ndim = -1;
  expect_refusal(&call, "rank 2, the given tensor -1");
  end_call(&call);
}

static void wrong_shape(void) {
  sum_call_t call = make_call(2, 2);
  call.a->dl_tensor.shape[1] = 3;
  expect_refusal(&call, "input 'a': dimension 1 is 3, the program has 4 (given 2x3, wanted ?x4)");
  call.a->dl_tensor.shape[1] = -4;
  expect_refusal(&call, "impossible shape");
  call.a->dl_tensor.shape[0] = INT64_MAX;
  call.a->dl_tensor.shape[1] = 4;
  expect_refusal(&call, "impossible shape");
  int64_t *shape = call.a->dl_tensor.shape;
  call.a->dl_tensor.shape = NULL;
  expect_refusal(&call, "has no shape");
  call.a->dl_tensor.shape = shape;
  end_call(&call);
}

static void unequal_named_dims(void) {
  sum_call_t call = make_call(2, 3);
  expect_refusal(&call, "dimension 'batch' is 2 in input 'a' (dimension 0), but 3 in input 'b' (dimension 0)");
  end_call(&call);
}

static void wrong_device_and_no_data(void) {
  sum_call_t call = make_call(2, 2);
  call.b->dl_tensor.device.device_type = kDLCUDA;
  expect_refusal(&call, "input 'b' is not in host memory");
  call.b->dl_tensor.device.device_type = kDLCPU;
  void *data = call.b->dl_tensor.data;
  call.b->dl_tensor.data = NULL;
  expect_refusal(&call, "input 'b': the given tensor has no data");
  call.b->dl_tensor.data = data;
  end_call(&call);
}

/* The same numbers laid out in other ways give the same result. */
static void check_layout(DLTensor a) {
  sum_call_t call = make_call(2, 2);
  call.inputs[0] = &a;
  if (CHECK_OK(run_call(&call)))
    for (int64_t i = 0; i < 8; ++i) CHECK(((float *)call.y->dl_tensor.data)[i] == (float)i + 200);
  end_call(&call);
}

static void strided_inputs(void) {
  int64_t shape[2] = {2, 4};
  DLTensor tensor = {.device = {kDLCPU, 0}, .ndim = 2, .dtype = dlrt_dtype_to_dlpack(DLRT_FLOAT32), .shape = shape};
  float transposed[8] = {0, 4, 1, 5, 2, 6, 3, 7}, backward[8] = {7, 6, 5, 4, 3, 2, 1, 0};
  float spread[17] = {-1, 0, -1, 1, -1, 2, -1, 3, -1, 4, -1, 5, -1, 6, -1, 7, -1};
  tensor.data = transposed;
  tensor.strides = (int64_t[2]){1, 2};
  check_layout(tensor);
  tensor.data = backward + 7;
  tensor.strides = (int64_t[2]){-4, -1};
  check_layout(tensor);
  tensor.data = spread;
  tensor.byte_offset = 4;
  tensor.strides = (int64_t[2]){8, 2};
  check_layout(tensor);
  char odd[33]; /* not aligned to its element */
  for (int i = 0; i < 8; ++i) memcpy(odd + 1 + 4 * i, &(float){(float)i}, 4);
  tensor.data = odd;
  tensor.byte_offset = 1;
  tensor.strides = NULL;
  check_layout(tensor);
  tensor.strides = (int64_t[2]){4, 1}; /* says that it is dense */
  check_layout(tensor);
}

static void broadcast_input(void) {
  sum_call_t call = make_call(3, 3);
  int64_t shape[2] = {3, 4}, strides[2] = {0, 0};
  float one = 50;
  DLTensor tensor = {.data = &one,
                     .device = {kDLCPU, 0},
                     .ndim = 2,
                     .dtype = dlrt_dtype_to_dlpack(DLRT_FLOAT32),
                     .shape = shape,
                     .strides = strides};
  call.inputs[1] = &tensor;
  if (CHECK_OK(run_call(&call)))
    for (int64_t i = 0; i < 12; ++i) CHECK(((float *)call.y->dl_tensor.data)[i] == (float)i + 100);
  end_call(&call);
}

static void callers_output(void) {
  sum_call_t call = make_call(2, 2);
  int64_t shape[2] = {2, 4}, strides[2] = {1, 2};
  call.y = harness_tensor(DLRT_FLOAT32, 2, shape);
  DLManagedTensor *mine = call.y;
  float *data = mine->dl_tensor.data;
  (void)CHECK_OK(run_call(&call));
  CHECK(call.y == mine && data[5] == 205);
  mine->dl_tensor.strides = strides; /* column-major */
  (void)CHECK_OK(run_call(&call));
  CHECK(call.y == mine && data[3] == 205 && data[2] == 201);
  mine->dl_tensor.strides = NULL;
  mine->dl_tensor.byte_offset = 1; /* unaligned; one row less so that it fits */
  call.a->dl_tensor.shape[0] = call.b->dl_tensor.shape[0] = mine->dl_tensor.shape[0] = 1;
  (void)CHECK_OK(run_call(&call));
  float third;
  memcpy(&third, (char *)data + 1 + 8, 4);
  CHECK(call.y == mine && third == 202);
  end_call(&call);
}

static void callers_output_unfit(void) {
  sum_call_t call = make_call(2, 2);
  int64_t shape[2] = {3, 4};
  DLManagedTensor *mine = call.y = harness_tensor(DLRT_FLOAT32, 2, shape);
  (void)CHECK_STATUS(run_call(&call), DLRT_INVALID_ARGUMENT,
                     "output 'y': the result has the shape 2x4, the given tensor 3x4");
  CHECK(call.y == mine);
  mine->dl_tensor.dtype = dlrt_dtype_to_dlpack(DLRT_INT32);
  (void)CHECK_STATUS(run_call(&call), DLRT_INVALID_ARGUMENT,
                     "output 'y': the program has float32, the given tensor int32");
  mine->dl_tensor.dtype = dlrt_dtype_to_dlpack(DLRT_FLOAT32);
  mine->dl_tensor.ndim = 1;
  (void)CHECK_STATUS(run_call(&call), DLRT_INVALID_ARGUMENT, "output 'y': the program has rank 2, the given tensor 1");
  end_call(&call);
}

static void outputs_outlive_instance(void) {
  sum_call_t call = make_call(2, 2);
  (void)CHECK_OK(run_call(&call));
  dlrt_instance_destroy(call.instance);
  call.instance = NULL;
  CHECK(call.y && ((float *)call.y->dl_tensor.data)[7] == 207);
  end_call(&call);
}

/* programs/types.c: other element types, scalars, empty tensors, an output with a shape of its own. */
static void types_and_ranks(void) {
  dlrt_instance_t *instance = harness_open("types", NULL);
  for (int64_t columns = 0; columns < 3; ++columns) {
    const int64_t d[2] = {2, columns}, h[2] = {2, 3}, b[1] = {columns};
    DLManagedTensor *in[4] = {harness_tensor(DLRT_FLOAT64, 2, d), harness_tensor(DLRT_FLOAT16, 2, h),
                              harness_tensor(DLRT_BOOL, 1, b), harness_tensor(DLRT_UINT8, 0, NULL)};
    DLManagedTensor *out[4] = {NULL, NULL, NULL, NULL};
    const DLTensor *views[4];
    for (int i = 0; i < 4; ++i) views[i] = &in[i]->dl_tensor;
    for (int64_t i = 0; i < 2 * columns; ++i) ((double *)in[0]->dl_tensor.data)[i] = (double)i + 0.5;
    ((uint16_t *)in[1]->dl_tensor.data)[5] = 0x3c00;
    *(uint8_t *)in[3]->dl_tensor.data = 200;
    if (!columns) in[0]->dl_tensor.data = in[2]->dl_tensor.data = NULL; /* empty: no data is needed */
    if (CHECK_OK(dlrt_run(instance, views, 4, out, 4))) {
      const double *wide = out[0]->dl_tensor.data;
      CHECK(out[0]->dl_tensor.shape[0] == 2 && out[0]->dl_tensor.shape[1] == 2 * columns);
      for (int64_t j = 0; j < columns; ++j) CHECK(wide[j] == 0 && wide[3 * columns + j] == (double)(columns + j) + 0.5);
      CHECK(((uint16_t *)out[1]->dl_tensor.data)[5] == 0x3c00);
      CHECK(out[2]->dl_tensor.ndim == 1 && out[2]->dl_tensor.shape[0] == columns);
      CHECK(out[3]->dl_tensor.ndim == 0 && *(uint8_t *)out[3]->dl_tensor.data == 200);
    }
    for (int i = 0; i < 4; ++i) {
      dlrt_tensor_release(in[i]);
      dlrt_tensor_release(out[i]);
    }
  }
  dlrt_instance_destroy(instance);
}

static void tensor_create_limits(void) {
  DLManagedTensor *tensor;
  int64_t shape[17] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  (void)CHECK_STATUS(dlrt_tensor_create(DLRT_FLOAT32, 17, shape, &tensor), DLRT_INVALID_ARGUMENT, "rank 17");
  CHECK(!tensor);
  shape[0] = -1;
  (void)CHECK_STATUS(dlrt_tensor_create(DLRT_FLOAT32, 2, shape, &tensor), DLRT_INVALID_ARGUMENT, "negative");
  shape[0] = shape[1] = INT64_C(1) << 40;
  (void)CHECK_STATUS(dlrt_tensor_create(DLRT_FLOAT32, 2, shape, &tensor), DLRT_OUT_OF_MEMORY, "no memory");
  shape[2] = 0; /* empty, whatever the others */
  (void)CHECK_OK(dlrt_tensor_create(DLRT_FLOAT32, 3, shape, &tensor));
  dlrt_tensor_release(tensor);
}

static const test_t tests[] = {{"run/dynamic-batch", dynamic_batch},
                               {"run/wrong-counts", wrong_counts},
                               {"run/missing-input", missing_input},
                               {"run/wrong-dtype", wrong_dtype},
                               {"run/wrong-rank", wrong_rank},
                               {"run/wrong-shape", wrong_shape},
                               {"run/unequal-named-dims", unequal_named_dims},
                               {"run/wrong-device-no-data", wrong_device_and_no_data},
                               {"run/strided-inputs", strided_inputs},
                               {"run/broadcast-input", broadcast_input},
                               {"run/callers-output", callers_output},
                               {"run/callers-output-unfit", callers_output_unfit},
                               {"run/outputs-outlive-instance", outputs_outlive_instance},
                               {"run/types-and-ranks", types_and_ranks},
                               {"run/tensor-create-limits", tensor_create_limits}};
const suite_t run_suite = SUITE(tests);
