/* Tests of what lies behind the public headers: the readers of foreign bytes, the heap, the number formats. No code of
 * a file is executed here, so damaged files may be as damaged as they like. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "compare.h"
#include "core/cpu.h"
#include "core/elf.h"
#include "core/json.h"
#include "core/metadata.h"
#include "harness.h"
#include "host/constants.h"
#include "host/heap.h"
#include "npy.h"
#include "number.h"
#include "pb.h"

static uint64_t next_random(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return *state >> 33;
}

/* ---- JSON and metadata ---- */

static dlrt_status_t parse(const char *text) {
  dlrt_metadata_t metadata;
  dlrt_status_t status = dlrt_metadata_parse(text, strlen(text), &metadata);
  if (!status.code) dlrt_metadata_clear(&metadata);
  return status;
}

#define IO "\"inputs\": [], \"outputs\": []"

static void metadata_good(void) {
  static const char *const cases[] = {
      "{\"format\":1," IO "}",
      " \n{ \"later\" : {\"a\": [1, -2.5e+3, {}, [], [[]], true, false, null, \"\\u0041\"]}, \"format\": 1, " IO "} \t",
      "{\"format\":1,\"name\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\xc3\xa9\"," IO "}",
      "{\"format\":1,\"outputs\":[],\"inputs\":[{\"name\":\"x\",\"dtype\":\"int8\",\"shape\":[0,99999999]}]}",
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) (void)CHECK_OK(parse(cases[i]));
  dlrt_metadata_t metadata;
  if (CHECK_OK(dlrt_metadata_parse(cases[2], strlen(cases[2]), &metadata))) {
    CHECK(!strcmp(metadata.info.name, "\"\\/\b\f\n\r\t\xc3\xa9\xf0\x9f\x98\x80\xc3\xa9"));
    dlrt_metadata_clear(&metadata);
  }
}

static void metadata_bad(void) {
  static const struct {
    const char *text, *reason;
  } cases[] = {
      {"", "'{' expected at offset 0"},
      {"[]", "'{' expected"},
      {"{", "',' or '}' expected"},
      {"{\"format\":1," IO "} x", "text after the end"},
      {"{\"format\":1," IO ",}", "string expected"},
      {"{\"format\":1 " IO "}", "',' or '}' expected"},
      {"{\"format\":1,\"format\":1," IO "}", "key \"format\" twice"},
      {"{\"format\":2," IO "}", "metadata of format 2, this runtime reads format 1"},
      {"{\"format\":1.0," IO "}", "not a fraction"},
      {"{\"format\":01," IO "}", "leading zero"},
      {"{\"format\":1e0," IO "}", "not a fraction"},
      {"{\"format\":99999999999999999999," IO "}", "integer too large"},
      {"{\"format\":1,\"arena_bytes\":-1," IO "}", "negative size"},
      {"{\"format\":1,\"inputs\":[]}", "missing"},
      {"{\"format\":1,\"x\":[1,]," IO "}", "digit expected"},
      {"{\"format\":1,\"x\":tru," IO "}", "'true' expected"},
      {"{\"format\":1,\"x\":-," IO "}", "digit expected"},
      {"{\"format\":1,\"x\":\"\\q\"," IO "}", "unknown escape"},
      {"{\"format\":1,\"x\":\"\\ud800\"," IO "}", "lone surrogate"},
      {"{\"format\":1,\"x\":\"\\u0000\"," IO "}", "zero character"},
      {"{\"format\":1,\"x\":\"\n\"," IO "}", "control character"},
      {"{\"format\":1,\"x\":\"\xff\"," IO "}", "not UTF-8"},
      {"{\"format\":1,\"x\":\"\xc0\x80\"," IO "}", "not UTF-8"},
      {"{\"format\":1,\"x\":\"\xed\xa0\x80\"," IO "}", "not UTF-8"},
      {"{\"format\":1,\"x\":\"abc", "string not closed"},
      {"{\"format\":1,\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "nested more than"},
      {"{\"format\":1,\"outputs\":[],\"inputs\":[{\"name\":\"x\",\"dtype\":\"bool\"}]}",
       "without name, dtype or shape"},
      {"{\"format\":1,\"outputs\":[],\"inputs\":[{\"name\":\"\",\"dtype\":\"bool\",\"shape\":[]}]}", "empty name"},
      {"{\"format\":1,\"outputs\":[],\"inputs\":[{\"name\":\"x\",\"dtype\":\"f4\",\"shape\":[]}]}",
       "unknown dtype \"f4\""},
      {"{\"format\":1,\"outputs\":[],\"inputs\":[{\"name\":\"x\",\"dtype\":\"bool\",\"shape\":[-1]}]}",
       "negative size"},
      {"{\"format\":1,\"outputs\":[],\"inputs\":[{\"name\":\"x\",\"dtype\":\"bool\",\"shape\":[9223372036854775807,2]}]"
       "}",
       "too many elements"},
      {"{\"format\":1,\"outputs\":[],\"inputs\":[{\"name\":\"x\",\"dtype\":\"bool\",\"shape\":[1],\"dim_names\":[]}]}",
       "has rank 1 but 0 dim_names"},
      {"{\"format\":1,\"outputs\":[],\"inputs\":[{\"name\":\"x\",\"dtype\":\"bool\",\"shape\":"
       "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}]}",
       "more than 16 dimensions"},
      {"{\"format\":1,\"outputs\":[],\"inputs\":[{\"name\":\"x\",\"dtype\":\"bool\",\"shape\":[]},"
       "{\"name\":\"x\",\"dtype\":\"bool\",\"shape\":[]}]}",
       "two tensors are called \"x\""},
      {"{\"format\":1,\"tasks\":[{\"schedule\":\"s\"}]," IO "}", "task without name"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i)
    (void)CHECK_STATUS(parse(cases[i].text), DLRT_INVALID_PROGRAM, cases[i].reason);
}

/* Cut and mutated metadata of a true program: an answer each time, whatever it is. */
static void metadata_mutated(void) {
  static const char text[] =
      "{\"format\": 1, \"name\": \"a\\u00e9\", \"cpu_features\": [\"avx2\"], \"inputs\": [{\"name\": \"x\", \"dtype\": "
      "\"float32\", \"shape\": [null, 3], \"dim_names\": [\"batch\", null]}], \"outputs\": [], \"arena_bytes\": 64, "
      "\"tasks\": [{\"name\": \"t\", \"schedule\": \"\"}], \"more\": [1.5e-3, true, {\"a\": []}]}";
  (void)CHECK_OK(parse(text));
  char copy[sizeof text];
  uint64_t state = 7;
  for (size_t n = 0; n + 1 < sizeof text; ++n) {
    memcpy(copy, text, n);
    copy[n] = 0;
    (void)CHECK_STATUS(parse(copy), DLRT_INVALID_PROGRAM, "offset");
  }
  for (int round = 0; round < 5000; ++round) {
    memcpy(copy, text, sizeof text);
    for (uint64_t k = next_random(&state) % 4 + 1; k; --k)
      copy[next_random(&state) % (sizeof text - 1)] = "\"\\{}[],:0-eu \xff"[next_random(&state) % 14];
    (void)parse(copy);
  }
}

/* ---- ELF ---- */

static void elf_mutated(void) {
  size_t size;
  uint8_t *data = harness_read_file(harness_path("sum"), &size), *copy = malloc(size + 1);
  uint64_t state = 3;
  int refused = 0, rounds = 20000;
  if (data && copy) {
    (void)CHECK_OK(dlrt_elf_check(data, size, "dlc_program"));
    (void)CHECK_STATUS(dlrt_elf_check(data, size, "dlc_programs"), DLRT_INVALID_PROGRAM, "does not export");
    for (int round = 0; round < rounds; ++round) {
      memcpy(copy, data, size);
      for (uint64_t k = next_random(&state) % 8 + 1; k; --k) {
        uint64_t where = next_random(&state) % (round % 2 ? 64 + 56 * 10 : size);
        copy[where] = (uint8_t)next_random(&state);
      }
      size_t length = round % 5 ? size : next_random(&state) % size;
      refused += dlrt_elf_check(copy, length, "dlc_program").code != DLRT_OK;
    }
  }
  CHECK(refused > rounds / 4);
  free(data);
  free(copy);
}

static void cpu_names(void) {
  CHECK(dlrt_cpu_query("telepathy") == DLRT_CPU_UNKNOWN);
  CHECK(dlrt_cpu_query("") == DLRT_CPU_UNKNOWN);
#if defined(__x86_64__)
  CHECK(dlrt_cpu_query("sse2") == DLRT_CPU_HAS);
  CHECK((dlrt_cpu_query("avx2") == DLRT_CPU_HAS) == (__builtin_cpu_supports("avx2") != 0));
  CHECK((dlrt_cpu_query("fma") == DLRT_CPU_HAS) == (__builtin_cpu_supports("fma") != 0));
  CHECK((dlrt_cpu_query("avx512f") == DLRT_CPU_HAS) == (__builtin_cpu_supports("avx512f") != 0));
  CHECK((dlrt_cpu_query("avx512vnni") == DLRT_CPU_HAS) == (__builtin_cpu_supports("avx512vnni") != 0));
  CHECK((dlrt_cpu_query("bmi2") == DLRT_CPU_HAS) == (__builtin_cpu_supports("bmi2") != 0));
#endif
}

/* ---- the heap ---- */

static void heap_coalesces(void) {
  enum { BLOCKS = 100, BYTES = 5000 };
  dlrt_budget_t budget;
  dlrt_budget_init(&budget, 2 << 20);
  dlrt_heap_t *heap = dlrt_heap_create(&budget);
  void *blocks[BLOCKS];
  for (int round = 0; heap && round < 3; ++round) {
    for (int i = 0; i < BLOCKS; ++i) CHECK((blocks[i] = dlrt_heap_alloc(heap, BYTES)));
    for (int i = 0; i < BLOCKS; ++i) CHECK(dlrt_heap_free(heap, blocks[i * 37 % BLOCKS]));
    /* All of it is one block again: nearly the whole region fits. */
    size_t bytes = dlrt_heap_bytes(heap);
    void *all = dlrt_heap_alloc(heap, bytes * 3 / 4);
    CHECK(all && dlrt_heap_bytes(heap) == bytes);
    CHECK(dlrt_heap_free(heap, all) && !dlrt_heap_free(heap, all) && !dlrt_heap_free(heap, &budget));
  }
  CHECK(!dlrt_heap_alloc(heap, 3 << 20) && !dlrt_heap_alloc(heap, SIZE_MAX));
  dlrt_heap_destroy(heap);
  CHECK(!atomic_load(&budget.held));
}

/* Regions that an invocation had to add become one. */
static void heap_settles(void) {
  dlrt_budget_t budget;
  dlrt_budget_init(&budget, 256 << 20);
  dlrt_heap_t *heap = dlrt_heap_create(&budget);
  size_t first = 0;
  for (int round = 0; heap && round < 4; ++round) {
    for (int i = 0; i < 40; ++i) CHECK(dlrt_heap_alloc(heap, 1 << 20));
    if (round == 1) first = dlrt_heap_bytes(heap);
    if (round > 1) CHECK(dlrt_heap_bytes(heap) == first);
    dlrt_heap_reset(heap);
  }
  dlrt_heap_destroy(heap);
  CHECK(!atomic_load(&budget.held));
}

/* ---- dl-run's readers ---- */

/* A .npy file of version 1 with this header text, and bytes 0, 1, 2, ... as data. */
static dlrt_status_t read_npy(const char *header, size_t data_bytes, DLManagedTensor **out) {
  uint8_t file[1024] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  size_t n = strlen(header);
  file[8] = (uint8_t)n;
  file[9] = (uint8_t)(n >> 8);
  memcpy(file + 10, header, n);
  for (size_t i = 0; i < data_bytes; ++i) file[10 + n + i] = (uint8_t)i;
  return npy_read(file, 10 + n + data_bytes, out);
}

static void npy_good(void) {
  DLManagedTensor *t;
  if (CHECK_OK(read_npy("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }  \n", 12, &t)))
    CHECK(((int16_t *)t->dl_tensor.data)[1] == 0x0302 && t->dl_tensor.shape[1] == 3);
  dlrt_tensor_release(t);
  if (CHECK_OK(read_npy("{'descr': '>i2', 'fortran_order': False, 'shape': (6,), }\n", 12, &t)))
    CHECK(((int16_t *)t->dl_tensor.data)[1] == 0x0203);
  dlrt_tensor_release(t);
  if (CHECK_OK(read_npy("{\"shape\":(2,3),\"descr\":\"|u1\",\"fortran_order\":True}", 6, &t))) {
    const uint8_t want[6] = {0, 2, 4, 1, 3, 5};
    CHECK(!memcmp(t->dl_tensor.data, want, 6));
  }
  dlrt_tensor_release(t);
  if (CHECK_OK(read_npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 8, &t))) CHECK(!t->dl_tensor.ndim);
  dlrt_tensor_release(t);
  if (CHECK_OK(read_npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,0), }", 0, &t)))
    CHECK(t->dl_tensor.shape[0] == 3);
  dlrt_tensor_release(t);
  /* Found by the fuzzer: empty, with other sizes that overflow. */
  if (CHECK_OK(
          read_npy("{'descr':'|b1','fortran_order':True,'shape':(4611686018427387904,4611686018427387904,0)}", 0, &t)))
    CHECK(!number_count(&t->dl_tensor));
  dlrt_tensor_release(t);
}

static void npy_bad(void) {
  static const struct {
    const char *header;
    size_t bytes;
    const char *reason;
  } cases[] = {
      {"{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }", 11, "needs 12 bytes of data, the file has 11"},
      {"{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3), }", 13, "needs 12 bytes of data, the file has 13"},
      {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8, "'|O' is not supported"},
      {"{'descr': '<U5', 'fortran_order': False, 'shape': (1,), }", 8, "'<U5' is not supported"},
      {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4, "simple element type"},
      {"{'descr': '<i2', 'fortran_order': 0, 'shape': (1,), }", 2, "True or False"},
      {"{'descr': '<i2', 'fortran_order': False, 'shape': (-1,), }", 2, "size expected at offset"},
      {"{'descr': '<i2', 'fortran_order': False, 'shape': (99999999999999999999,), }", 2, "size expected"},
      {"{'descr': '<i2', 'fortran_order': False, 'shape': (4294967296,4294967296), }", 2, "the file has 2"},
      {"{'descr': '<i2', 'fortran_order': False}", 2, "missing"},
      {"{'descr': '<i2', 'descr': '<i2'}", 2, "unexpected key"},
      {"{'descr': '<i2' 'shape': ()}", 2, "',' expected"},
      {"", 0, "'{' expected"},
  };
  DLManagedTensor *t;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    (void)CHECK_STATUS(read_npy(cases[i].header, cases[i].bytes, &t), DLRT_INVALID_ARGUMENT, cases[i].reason);
    CHECK(!t);
  }
  const uint8_t odd[12] = {0x93, 'N', 'U', 'M', 'P', 'Y', 9, 0};
  const uint8_t cut[12] = {0x93, 'N', 'U', 'M', 'P', 'Y', 3, 0, 0xff, 0xff, 0xff, 0xff};
  (void)CHECK_STATUS(npy_read(odd, 12, &t), DLRT_INVALID_ARGUMENT, "version 9.0");
  (void)CHECK_STATUS(npy_read(cut, 12, &t), DLRT_INVALID_ARGUMENT, "4294967295 bytes at offset 12 passes the end");
  (void)CHECK_STATUS(npy_read(odd, 5, &t), DLRT_INVALID_ARGUMENT, "not a .npy file");
}

static void npy_round_trip(void) {
  for (int dtype = 0; dtype < DLRT_DTYPE_COUNT; ++dtype)
    for (int32_t rank = 0; rank < 4; ++rank) {
      const int64_t shape[3] = {2, 1, 3};
      DLManagedTensor *t = harness_tensor((dlrt_dtype_t)dtype, rank, shape), *back = NULL;
      for (int64_t i = 0; i < number_count(&t->dl_tensor); ++i)
        number_store((dlrt_dtype_t)dtype, t->dl_tensor.data, i, (double)(i % 2));
      char *text = NULL;
      size_t size = 0;
      FILE *stream = open_memstream(&text, &size);
      if (!stream) return harness_fail(__FILE__, __LINE__, "no memory");
      (void)CHECK_OK(npy_write(&t->dl_tensor, stream));
      fclose(stream);
      compare_report_t report;
      if (CHECK_OK(npy_read((const uint8_t *)text, size, &back))) {
        compare_tensors(&back->dl_tensor, &t->dl_tensor, 0, 0, &report);
        CHECK(report.equal && !strcmp(report.reason, ""));
      }
      free(text);
      dlrt_tensor_release(t);
      dlrt_tensor_release(back);
    }
}

#define PB(bytes, out, name) pb_read((const uint8_t *)(bytes), sizeof(bytes) - 1, (out), (name))

static void pb_good(void) {
  DLManagedTensor *t;
  char name[PB_NAME_BYTES];
  /* dims 2 unpacked, float, packed float_data 1 and 2, name "x" */
  if (CHECK_OK(PB("\x08\x02\x10\x01\x22\x08\x00\x00\x80\x3f\x00\x00\x00\x40\x42\x01x", &t, name)))
    CHECK(((float *)t->dl_tensor.data)[1] == 2 && !strcmp(name, "x"));
  dlrt_tensor_release(t);
  /* the same with single floats, and dims packed */
  if (CHECK_OK(PB("\x0a\x01\x02\x10\x01\x25\x00\x00\x80\x3f\x25\x00\x00\x00\x40", &t, name)))
    CHECK(((float *)t->dl_tensor.data)[0] == 1 && !name[0]);
  dlrt_tensor_release(t);
  /* int64 scalar -1; raw int16; float16 as bits in int32_data; bool; an unknown field 100 */
  if (CHECK_OK(PB("\x10\x07\x3a\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &t, name)))
    CHECK(*(int64_t *)t->dl_tensor.data == -1 && !t->dl_tensor.ndim);
  dlrt_tensor_release(t);
  if (CHECK_OK(PB("\x08\x01\x10\x05\x4a\x02\x34\x12", &t, name))) CHECK(*(int16_t *)t->dl_tensor.data == 0x1234);
  dlrt_tensor_release(t);
  if (CHECK_OK(PB("\x08\x01\x10\x0a\x2a\x02\x80\x78", &t, name))) CHECK(*(uint16_t *)t->dl_tensor.data == 0x3c00);
  dlrt_tensor_release(t);
  if (CHECK_OK(PB("\x08\x02\x10\x09\x2a\x02\x01\x00\xa2\x06\x02zz", &t, name)))
    CHECK(((uint8_t *)t->dl_tensor.data)[0] == 1);
  dlrt_tensor_release(t);
  /* empty: a dimension is 0 */
  if (CHECK_OK(PB("\x08\x00\x10\x01", &t, name))) CHECK(t->dl_tensor.shape[0] == 0);
  dlrt_tensor_release(t);
}

static void pb_bad(void) {
  DLManagedTensor *t;
  char name[PB_NAME_BYTES];
#define REFUSED(bytes, reason) (void)CHECK_STATUS(PB(bytes, &t, name), DLRT_INVALID_ARGUMENT, reason), CHECK(!t)
  REFUSED("", "element type 0 (undefined)");
  REFUSED("\x10\x08", "element type 8 (string)");
  REFUSED("\x10\x0e", "element type 14 is not supported");
  REFUSED("\x08", "truncated number at offset 1");
  REFUSED("\x22\x08\x00", "truncated field at offset 0");
  REFUSED("\x10\x01\x22\x03\x00\x00\x00", "truncated number at offset 4");
  REFUSED("\x08\x02\x10\x01\x22\x04\x00\x00\x80\x3f", "needs 2 elements of float32, the file has 1");
  REFUSED("\x08\x02\x10\x01\x4a\x04\x00\x00\x80\x3f", "needs 8 bytes of float32, the file has 4");
  REFUSED("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x10\x01", "negative dimension");
  REFUSED("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x01\x08\x80\x80\x80\x80\x80\x80\x80\x80\x01\x10\x01",
          "impossible shape");
  REFUSED("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "more than 64 bits");
  REFUSED("\x08\x01\x10\x03\x2a\x02\x80\x01", "outside of its type's range"); /* 128 as int8 */
  REFUSED("\x08\x01\x10\x09\x2a\x01\x02", "outside of its type's range");     /* 2 as bool */
  REFUSED("\x70\x01", "external data");
  REFUSED("\x6a\x00", "external data");
  REFUSED("\x32\x00", "strings");
  REFUSED("\x1a\x00", "segmented");
  REFUSED("\x12\x01\x01", "wrong type");
  REFUSED("\x0b", "invalid wire type");
  REFUSED("\x00\x01", "invalid field number");
  REFUSED(
      "\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01\x08\x01"
      "\x08\x01\x08\x01\x08\x01",
      "too many dimensions");
}

static void half_floats(void) {
  uint16_t bits;
  for (uint32_t i = 0; i < 0x10000; ++i) { /* every half goes to double and back */
    uint16_t half = (uint16_t)i, brain = (uint16_t)i;
    double value = number_load(DLRT_FLOAT16, &half, 0);
    number_store(DLRT_FLOAT16, &bits, 0, value);
    if (isnan(value) ? !isnan(number_load(DLRT_FLOAT16, &bits, 0)) : bits != half)
      return harness_fail(__FILE__, __LINE__, "float16 changes on the way");
    value = number_load(DLRT_BFLOAT16, &brain, 0);
    number_store(DLRT_BFLOAT16, &bits, 0, value);
    if (isnan(value) ? !isnan(number_load(DLRT_BFLOAT16, &bits, 0)) : bits != brain)
      return harness_fail(__FILE__, __LINE__, "bfloat16 changes on the way");
  }
  number_store(DLRT_FLOAT16, &bits, 0, 65519.9);
  CHECK(bits == 0x7bff);
  number_store(DLRT_FLOAT16, &bits, 0, 65520);
  CHECK(bits == 0x7c00);
  number_store(DLRT_FLOAT16, &bits, 0, 1.00048828125); /* half way between two: to even */
  CHECK(bits == 0x3c00);
  number_store(DLRT_BFLOAT16, &bits, 0, 1.00390625);
  CHECK(bits == 0x3f80);
}

static void comparison(void) {
  const int64_t shape[1] = {4};
  DLManagedTensor *a = harness_tensor(DLRT_FLOAT32, 1, shape), *b = harness_tensor(DLRT_FLOAT32, 1, shape);
  float *x = a->dl_tensor.data, *y = b->dl_tensor.data;
  compare_report_t r;
  x[0] = y[0] = NAN;
  x[1] = y[1] = -INFINITY;
  x[2] = 1.0009f, y[2] = 1;
  x[3] = 0, y[3] = 1e-8f;
  compare_tensors(&a->dl_tensor, &b->dl_tensor, 1e-3, 1e-7, &r);
  CHECK(r.equal && r.max_abs > 8e-4 && r.max_abs < 1e-3);
  compare_tensors(&a->dl_tensor, &b->dl_tensor, 1e-4, 1e-7, &r);
  CHECK(!r.equal && r.mismatches == 1 && r.first == 2 && strstr(r.reason, "first at [2]: got 1.0009"));
  x[1] = INFINITY;
  x[0] = 1;
  compare_tensors(&a->dl_tensor, &b->dl_tensor, 1e9, 1e9, &r);
  CHECK(!r.equal && r.mismatches == 2 && r.first == 0);
  b->dl_tensor.shape[0] = 3;
  compare_tensors(&a->dl_tensor, &b->dl_tensor, 1, 1, &r);
  CHECK(!r.equal && strstr(r.reason, "shape 4, expected is 3"));
  b->dl_tensor.dtype = dlrt_dtype_to_dlpack(DLRT_INT32);
  compare_tensors(&a->dl_tensor, &b->dl_tensor, 1, 1, &r);
  CHECK(!r.equal && strstr(r.reason, "float32, expected is int32"));
  dlrt_tensor_release(a);
  dlrt_tensor_release(b);
  a = harness_tensor(DLRT_INT64, 0, NULL);
  b = harness_tensor(DLRT_INT64, 0, NULL);
  *(int64_t *)a->dl_tensor.data = (INT64_C(1) << 60) + 1; /* the same double */
  *(int64_t *)b->dl_tensor.data = INT64_C(1) << 60;
  compare_tensors(&a->dl_tensor, &b->dl_tensor, 1, 1, &r);
  CHECK(!r.equal && strstr(r.reason, "got 1152921504606846977"));
  dlrt_tensor_release(a);
  dlrt_tensor_release(b);
}

/* Some of what this program holds of constants: enough for whole huge pages, wherever it is loaded. */
enum { CONSTANTS = 3 << 20, EVERY = 1 << 18 };
static const uint32_t constants[CONSTANTS] = {
    [0] = 1, [EVERY] = 2, [2 * EVERY + 1] = 3, [7 * EVERY + 5] = 4, [CONSTANTS - 1] = 5};

static uint64_t weigh_constants(void) {
  uint64_t sum = 0;
  const volatile uint32_t *at = constants;
  for (uint64_t i = 0; i < CONSTANTS; ++i) sum += (i + 1) * at[i];
  return sum;
}

static atomic_bool moved;
static void *read_constants(void *sum) {
  const uint64_t *want = sum;
  bool same = true;
  do same &= weigh_constants() == *want;
  while (!atomic_load(&moved));
  return same ? sum : NULL;
}

static void constants_moved(void) {
  uint64_t sum = weigh_constants();
  pthread_t reader;
  void *same = NULL;
  CHECK(!dlrt_constants_to_huge_pages(constants, (size_t)1 << 20)); /* more than may be */
  CHECK(!pthread_create(&reader, NULL, read_constants, &sum));
  size_t bytes = dlrt_constants_to_huge_pages(constants, SIZE_MAX); /* 0 on a system without huge pages */
  CHECK(bytes % ((size_t)2 << 20) == 0);
  atomic_store(&moved, true);
  CHECK(!pthread_join(reader, &same) && same);
  CHECK(weigh_constants() == sum);
  int local = 0;
  CHECK(!dlrt_constants_to_huge_pages(&local, SIZE_MAX)); /* in no library */
}

int main(int argc, char **argv) {
  static const test_t tests[] = {
      {"metadata/good", metadata_good},    {"metadata/bad", metadata_bad}, {"metadata/mutated", metadata_mutated},
      {"elf/mutated", elf_mutated},        {"cpu/names", cpu_names},       {"heap/coalesces", heap_coalesces},
      {"heap/settles", heap_settles},      {"npy/good", npy_good},         {"npy/bad", npy_bad},
      {"npy/round-trip", npy_round_trip},  {"pb/good", pb_good},           {"pb/bad", pb_bad},
      {"number/half-floats", half_floats}, {"compare", comparison},        {"constants/moved", constants_moved}};
  int ran = 0;
  if (getenv("DLRT_TEST_PROGRAMS")) harness_programs = getenv("DLRT_TEST_PROGRAMS");
  int failed = harness_run(tests, sizeof tests / sizeof tests[0], argc > 1 ? argv[1] : NULL, &ran);
  printf("internals: %d tests, %d failed\n", ran, failed);
  return failed || !ran;
}
