/* A reader of onnx.TensorProto and of nothing else (fields as in onnx/onnx.proto; wire format as in the protobuf
 * encoding guide). Two walks over the fields: the first finds shape, type and raw data and counts the elements of the
 * typed fields, the second stores them. Every read is bounded by the file; nothing is allocated before the shape is
 * known to match the data. */
#include "pb.h"
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include "status.h"

enum {
  FIELD_DIMS = 1,
  FIELD_DATA_TYPE = 2,
  FIELD_SEGMENT = 3,
  FIELD_FLOAT_DATA = 4,
  FIELD_INT32_DATA = 5,
  FIELD_STRING_DATA = 6,
  FIELD_INT64_DATA = 7,
  FIELD_NAME = 8,
  FIELD_RAW_DATA = 9,
  FIELD_DOUBLE_DATA = 10,
  FIELD_UINT64_DATA = 11,
  FIELD_EXTERNAL_DATA = 13,
  FIELD_DATA_LOCATION = 14
};

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

typedef struct reader {
  const uint8_t *data;
  size_t size, at;
  dlrt_status_t status;
} reader_t;

/* One field as it is in the file. */
typedef struct field {
  uint32_t number;
  uint32_t wire;
  uint64_t value;       /* of a varint or a fixed one */
  const uint8_t *bytes; /* of a length-delimited one, `value` of them */
  size_t offset;        /* of its key */
} field_t;

typedef struct tensor {
  int64_t shape[DLRT_MAX_RANK];
  int32_t rank;
  uint64_t type;
  const uint8_t *raw;
  size_t raw_bytes;
  uint64_t typed[FIELD_UINT64_DATA + 1]; /* elements in each typed field */
} tensor_t;

/* onnx.TensorProto.DataType; `field` is where its elements lie when they are not raw. */
static const struct {
  uint64_t type;
  dlrt_dtype_t dtype;
  uint32_t field;
} types[] = {
    {1, DLRT_FLOAT32, FIELD_FLOAT_DATA},   {2, DLRT_UINT8, FIELD_INT32_DATA},    {3, DLRT_INT8, FIELD_INT32_DATA},
    {4, DLRT_UINT16, FIELD_INT32_DATA},    {5, DLRT_INT16, FIELD_INT32_DATA},    {6, DLRT_INT32, FIELD_INT32_DATA},
    {7, DLRT_INT64, FIELD_INT64_DATA},     {9, DLRT_BOOL, FIELD_INT32_DATA},     {10, DLRT_FLOAT16, FIELD_INT32_DATA},
    {11, DLRT_FLOAT64, FIELD_DOUBLE_DATA}, {12, DLRT_UINT32, FIELD_UINT64_DATA}, {13, DLRT_UINT64, FIELD_UINT64_DATA},
    {16, DLRT_BFLOAT16, FIELD_INT32_DATA}};

static bool fail(reader_t *reader, size_t offset, const char *what) {
  if (!reader->status.code)
    reader->status = status_make(DLRT_INVALID_ARGUMENT, "TensorProto: %s at offset %zu", what, offset);
  return false;
}

/* A varint of at most 10 bytes; `end` bounds it. */
static bool take_varint(reader_t *reader, size_t end, uint64_t *out_value) {
  uint64_t value = 0;
  size_t start = reader->at;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (reader->at >= end) return fail(reader, start, "truncated number");
    uint8_t byte = reader->data[reader->at++];
    if (shift == 63 && byte > 1) return fail(reader, start, "number of more than 64 bits");
    value |= (uint64_t)(byte & 0x7f) << shift;
    if (!(byte & 0x80)) {
      *out_value = value;
      return true;
    }
  }
  return fail(reader, start, "number of more than 10 bytes");
}

static bool take_fixed(reader_t *reader, size_t end, size_t bytes, uint64_t *out_value) {
  if (end - reader->at < bytes) return fail(reader, reader->at, "truncated number");
  *out_value = 0;
  for (size_t i = 0; i < bytes; ++i) *out_value |= (uint64_t)reader->data[reader->at++] << (8 * i);
  return true;
}

/* The next field; false at the end or after an error. */
static bool next_field(reader_t *reader, field_t *field) {
  uint64_t key;
  if (reader->status.code || reader->at == reader->size) return false;
  field->offset = reader->at;
  field->bytes = NULL;
  if (!take_varint(reader, reader->size, &key)) return false;
  if (key >> 3 == 0 || key >> 32) return fail(reader, field->offset, "invalid field number");
  field->number = (uint32_t)(key >> 3);
  field->wire = (uint32_t)(key & 7);
  switch (field->wire) {
  case WIRE_VARINT:
    return take_varint(reader, reader->size, &field->value);
  case WIRE_FIXED64:
    return take_fixed(reader, reader->size, 8, &field->value);
  case WIRE_FIXED32:
    return take_fixed(reader, reader->size, 4, &field->value);
  case WIRE_BYTES:
    if (!take_varint(reader, reader->size, &field->value)) return false;
    if (field->value > reader->size - reader->at) return fail(reader, field->offset, "truncated field");
    field->bytes = reader->data + reader->at;
    reader->at += (size_t)field->value;
    return true;
  default:
    return fail(reader, field->offset, "invalid wire type");
  }
}

/* The wire type of one element of a repeated number field. */
static uint32_t element_wire(uint32_t number) {
  return number == FIELD_FLOAT_DATA ? WIRE_FIXED32 : number == FIELD_DOUBLE_DATA ? WIRE_FIXED64 : WIRE_VARINT;
}

/* Calls use(ctx, value) for each number of a repeated field, packed or not. */
static bool each_number(reader_t *reader, const field_t *field, bool (*use)(reader_t *, void *, uint64_t), void *ctx) {
  uint32_t wire = element_wire(field->number);
  if (field->wire == wire) return use(reader, ctx, field->value);
  if (field->wire != WIRE_BYTES) return fail(reader, field->offset, "field of the wrong type");
  size_t after = reader->at, end = after;
  reader->at = end - (size_t)field->value;
  while (reader->at < end) {
    uint64_t value;
    bool good = wire == WIRE_VARINT ? take_varint(reader, end, &value)
                                    : take_fixed(reader, end, wire == WIRE_FIXED32 ? 4 : 8, &value);
    if (!good || !use(reader, ctx, value)) return false;
  }
  reader->at = after;
  return true;
}

static bool add_dim(reader_t *reader, void *ctx, uint64_t value) {
  tensor_t *tensor = ctx;
  if (tensor->rank == (int32_t)DLRT_MAX_RANK) return fail(reader, reader->at, "too many dimensions");
  if (value > INT64_MAX) return fail(reader, reader->at, "negative dimension");
  tensor->shape[tensor->rank++] = (int64_t)value;
  return true;
}

static bool count_one(reader_t *reader, void *ctx, uint64_t value) {
  (void)reader;
  (void)value;
  ++*(uint64_t *)ctx;
  return true;
}

static void take_name(const field_t *field, char name[PB_NAME_BYTES]) {
  size_t n = field->value < PB_NAME_BYTES ? (size_t)field->value : PB_NAME_BYTES - 1;
  memcpy(name, field->bytes, n);
  name[n] = 0;
}

/* First walk. */
static void survey(reader_t *reader, tensor_t *tensor, char name[PB_NAME_BYTES]) {
  field_t field;
  while (next_field(reader, &field)) {
    switch (field.number) {
    case FIELD_DIMS:
      each_number(reader, &field, add_dim, tensor);
      break;
    case FIELD_DATA_TYPE:
      if (field.wire != WIRE_VARINT)
        fail(reader, field.offset, "field of the wrong type");
      else
        tensor->type = field.value;
      break;
    case FIELD_FLOAT_DATA:
    case FIELD_INT32_DATA:
    case FIELD_INT64_DATA:
    case FIELD_DOUBLE_DATA:
    case FIELD_UINT64_DATA:
      each_number(reader, &field, count_one, &tensor->typed[field.number]);
      break;
    case FIELD_NAME:
    case FIELD_RAW_DATA:
      if (!field.bytes) {
        fail(reader, field.offset, "field of the wrong type");
      } else if (field.number == FIELD_NAME) {
        take_name(&field, name);
      } else {
        tensor->raw = field.value ? field.bytes : NULL; /* present but empty: as if absent */
        tensor->raw_bytes = (size_t)field.value;
      }
      break;
    case FIELD_SEGMENT:
      fail(reader, field.offset, "a segmented tensor, which is not supported,");
      break;
    case FIELD_STRING_DATA:
      fail(reader, field.offset, "strings, which are not supported,");
      break;
    case FIELD_EXTERNAL_DATA:
      fail(reader, field.offset, "external data, which is refused,");
      break;
    case FIELD_DATA_LOCATION:
      if (field.value) fail(reader, field.offset, "external data, which is refused,");
      break;
    default:
      break; /* documentation, metadata, and what is yet to come */
    }
  }
}

/* Second walk: stores numbers one after another. */
typedef struct store {
  uint8_t *to;
  size_t element;
  dlrt_dtype_t dtype;
} store_t;

/* Whether a varint is a value of the type; int32_data holds narrower types, and negative ones are 64 bits long. */
static bool fits(dlrt_dtype_t dtype, uint64_t value) {
  int64_t number = (int64_t)value;
  switch (dtype) {
  case DLRT_INT8:
    return number >= INT8_MIN && number <= INT8_MAX;
  case DLRT_INT16:
    return number >= INT16_MIN && number <= INT16_MAX;
  case DLRT_INT32:
    return (number >= INT32_MIN && number <= INT32_MAX) || value <= UINT32_MAX;
  case DLRT_BOOL:
    return value <= 1;
  case DLRT_UINT8:
    return value <= UINT8_MAX;
  case DLRT_FLOAT16:
  case DLRT_BFLOAT16:
  case DLRT_UINT16:
    return value <= UINT16_MAX;
  case DLRT_UINT32:
    return value <= UINT32_MAX;
  default:
    return true;
  }
}

static bool store_one(reader_t *reader, void *ctx, uint64_t value) {
  store_t *store = ctx;
  if (!fits(store->dtype, value)) return fail(reader, reader->at, "a value that is outside of its type's range");
  for (size_t i = 0; i < store->element; ++i) *store->to++ = (uint8_t)(value >> (8 * i));
  return true;
}

static dlrt_status_t store_typed(reader_t *reader, uint32_t number, store_t *store) {
  field_t field;
  reader->at = 0;
  while (next_field(reader, &field))
    if (field.number == number && !each_number(reader, &field, store_one, store)) break;
  return reader->status;
}

/* The number of elements, bounded by what a file can hold. */
static bool count_elements(const tensor_t *tensor, uint64_t *out_count) {
  uint64_t count = 1;
  bool over = false;
  *out_count = 0;
  for (int32_t d = 0; d < tensor->rank; ++d) {
    if (!tensor->shape[d]) return true;
    over |= __builtin_mul_overflow(count, (uint64_t)tensor->shape[d], &count);
  }
  *out_count = count;
  return !over && count < UINT64_C(1) << 56;
}

static dlrt_status_t make_tensor(reader_t *reader, const tensor_t *tensor, DLManagedTensor **out_tensor) {
  uint64_t count;
  size_t which = 0, known = sizeof types / sizeof types[0];
  while (which < known && types[which].type != tensor->type) ++which;
  if (which == known)
    return status_make(DLRT_INVALID_ARGUMENT, "TensorProto: element type %" PRIu64 "%s is not supported", tensor->type,
                       tensor->type == 8   ? " (string)"
                       : tensor->type == 0 ? " (undefined)"
                                           : "");
  if (!count_elements(tensor, &count)) return status_make(DLRT_INVALID_ARGUMENT, "TensorProto: impossible shape");
  store_t store = {.dtype = types[which].dtype, .element = dlrt_dtype_size(types[which].dtype)};
  uint64_t have = tensor->raw ? tensor->raw_bytes : tensor->typed[types[which].field];
  uint64_t want = tensor->raw ? count * store.element : count;
  if (have != want)
    return status_make(DLRT_INVALID_ARGUMENT,
                       "TensorProto: the shape needs %" PRIu64 " %s of %s, the file has %" PRIu64, want,
                       tensor->raw ? "bytes" : "elements", dlrt_dtype_name(store.dtype), have);
  DLManagedTensor *made;
  dlrt_status_t status = dlrt_tensor_create(store.dtype, tensor->rank, tensor->shape, &made);
  if (status.code) return status;
  store.to = made->dl_tensor.data;
  if (tensor->raw && want)
    memcpy(store.to, tensor->raw, (size_t)want);
  else if (!tensor->raw)
    status = store_typed(reader, types[which].field, &store);
  if (status.code) {
    dlrt_tensor_release(made);
    return status;
  }
  uint8_t *bytes = made->dl_tensor.data;
  for (uint64_t i = 0; store.dtype == DLRT_BOOL && i < count; ++i) bytes[i] = bytes[i] != 0;
  *out_tensor = made;
  return status;
}

dlrt_status_t pb_read(const uint8_t *data, size_t size, DLManagedTensor **out_tensor, char name[PB_NAME_BYTES]) {
  reader_t reader = {.data = data, .size = size};
  tensor_t tensor = {0};
  *out_tensor = NULL;
  name[0] = 0;
  survey(&reader, &tensor, name);
  return reader.status.code ? reader.status : make_tensor(&reader, &tensor, out_tensor);
}
