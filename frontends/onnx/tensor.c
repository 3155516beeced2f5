// Initialisers and attribute tensors: inline data in any of the forms of the
// format, and external data, which stays inside the model's folder.
#include "frontends/onnx/import.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BORROWED = 4096 }; // inline data from this size on is not copied: it keeps the parsed model alive

static const char *entry(const Onnx__TensorProto *t, const char *key) {
  for (size_t i = 0; i < t->n_external_data; ++i)
    if (t->external_data[i]->key && t->external_data[i]->value && !strcmp(t->external_data[i]->key, key))
      return t->external_data[i]->value;
  return NULL;
}
static bool readNumber(const char *text, int64_t initial, int64_t *out) {
  char *end;
  if (!text) return *out = initial, true;
  errno = 0;
  *out = strtoll(text, &end, 10);
  return !errno && end != text && !*end && *out >= 0;
}
// One path component at a time, so that neither ".." nor a link leaves the folder.
static int openInside(int directory, const char *location) {
  char part[256];
  int at = dup(directory);
  while (at >= 0) {
    const char *slash = strchr(location, '/');
    size_t length = slash ? (size_t)(slash - location) : strlen(location);
    int next = -1;
    if (length && length < sizeof part) {
      memcpy(part, location, length), part[length] = 0;
      if (!strcmp(part, "."))
        next = dup(at);
      else if (strcmp(part, ".."))
        next = openat(at, part, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (slash ? O_DIRECTORY : 0));
      else
        errno = EPERM;
    } else
      errno = EINVAL;
    int error = errno;
    close(at);
    errno = error;
    if (!slash) return next;
    at = next, location = slash + 1;
  }
  return -1;
}
static bool readAll(int file, char *bytes, size_t size, int64_t offset) {
  while (size) {
    ssize_t n = pread(file, bytes, size < (1u << 30) ? size : 1u << 30, offset);
    if (n <= 0) return false;
    bytes += n, size -= (size_t)n, offset += n;
  }
  return true;
}
static void *readExternal(OnnxContext *ctx, const Onnx__TensorProto *t, const char *what, size_t size) {
  const char *location = entry(t, "location");
  int64_t offset, length;
  if (!location || !readNumber(entry(t, "offset"), 0, &offset) ||
      !readNumber(entry(t, "length"), (int64_t)size, &length))
    return onnxInvalid(ctx, "tensor \"%.200s\": its external data has no valid location, offset and length", what),
           NULL;
  if (length != (int64_t)size)
    return onnxInvalid(ctx, "tensor \"%.200s\": external data of %lld bytes, its shape needs %zu", what,
                       (long long)length, size),
           NULL;
  if (ctx->directory < 0)
    return onnxInvalid(ctx, "tensor \"%.200s\": external data, but the model comes from memory", what), NULL;
  int file = openInside(ctx->directory, location);
  if (file < 0)
    return onnxInvalid(ctx, "tensor \"%.200s\": cannot open external data \"%.200s\" inside the model's folder: %s",
                       what, location, strerror(errno)),
           NULL;
  struct stat info;
  void *bytes = NULL;
  if (fstat(file, &info) || !S_ISREG(info.st_mode) || offset > info.st_size || length > info.st_size - offset)
    onnxInvalid(ctx, "tensor \"%.200s\": external data \"%.200s\" is shorter than offset %lld + length %lld", what,
                location, (long long)offset, (long long)length);
  else if (!(bytes = malloc(size ? size : 1)) || !readAll(file, bytes, size, offset))
    onnxInvalid(ctx, "tensor \"%.200s\": cannot read external data \"%.200s\"", what, location), free(bytes),
        bytes = NULL;
  close(file);
  return bytes;
}

// Typed lists: float_data, int32_data (also narrow integers, bool and the bits of half floats), int64_data, ...
static size_t listLength(const Onnx__TensorProto *t, OnnxElement e) {
  switch (e) {
  case ONNX_FLOAT:
    return t->n_float_data;
  case ONNX_DOUBLE:
    return t->n_double_data;
  case ONNX_INT64:
    return t->n_int64_data;
  case ONNX_UINT32:
  case ONNX_UINT64:
    return t->n_uint64_data;
  default:
    return t->n_int32_data;
  }
}
static void unpack(const Onnx__TensorProto *t, OnnxElement e, size_t count, char *out) {
  const void *list = e == ONNX_FLOAT    ? t->float_data
                     : e == ONNX_DOUBLE ? (const void *)t->double_data
                     : e == ONNX_INT64  ? (const void *)t->int64_data
                     : e == ONNX_UINT64 ? (const void *)t->uint64_data
                     : e == ONNX_INT32  ? (const void *)t->int32_data
                                        : NULL;
  if (list) memcpy(out, list, count * onnxElementSize(e));
  for (size_t i = 0; !list && i < count; ++i) {
    if (e == ONNX_UINT32)
      memcpy(out + 4 * i, &(uint32_t){(uint32_t)t->uint64_data[i]}, 4);
    else if (onnxElementSize(e) == 1)
      out[i] = (char)t->int32_data[i];
    else
      memcpy(out + 2 * i, &(uint16_t){(uint16_t)t->int32_data[i]}, 2);
  }
}
static void *readInline(OnnxContext *ctx, Onnx__TensorProto *t, const char *what, OnnxElement e, int64_t n,
                        size_t size) {
  if (t->has_raw_data) {
    if (t->raw_data.len != size) {
      onnxInvalid(ctx, "tensor \"%.200s\": %zu bytes of data, its shape needs %zu", what, t->raw_data.len, size);
      return NULL;
    }
    if (size >= BORROWED) return t->raw_data.data;
    void *bytes = malloc(size ? size : 1);
    if (bytes && size) memcpy(bytes, t->raw_data.data, size);
    return bytes;
  }
  if (listLength(t, e) != (size_t)n) // before memory is asked for: the shape may be absurd
    return onnxInvalid(ctx, "tensor \"%.200s\": %zu elements, its shape needs %lld", what, listLength(t, e),
                       (long long)n),
           NULL;
  char *bytes = malloc(size ? size : 1);
  if (bytes && n) unpack(t, e, (size_t)n, bytes);
  return bytes;
}
OnnxValue *onnxReadTensor(OnnxContext *ctx, Onnx__TensorProto *t, const char *what) {
  if (ctx->status) return NULL;
  if (t->name && t->name[0]) what = t->name;
  OnnxElement e = (OnnxElement)t->data_type;
  size_t element = onnxElementSize(e), size = element;
  if (!element)
    return onnxRefuse(ctx, "tensor \"%.200s\": element type %s is not supported", what, onnxElementName(e)), NULL;
  if (t->segment) return onnxRefuse(ctx, "tensor \"%.200s\": segmented data is not supported", what), NULL;
  if (t->n_dims > ONNX_MAX_RANK)
    return onnxRefuse(ctx, "tensor \"%.200s\": rank %zu is not supported", what, t->n_dims), NULL;
  OnnxIndex *dims = onnxAllocate(ctx, t->n_dims * sizeof *dims + 1);
  for (size_t i = 0; i < t->n_dims; ++i) {
    dims[i] = onnxConst(t->dims[i]);
    if (t->dims[i] < 0 || __builtin_mul_overflow(size, (size_t)t->dims[i], &size) || size > (size_t)1 << 40)
      return onnxInvalid(ctx, "tensor \"%.200s\": dimension %zu has the impossible size %lld", what, i,
                         (long long)t->dims[i]),
             NULL;
  }
  bool external = t->data_location == 1;
  void *bytes =
      external ? readExternal(ctx, t, what, size) : readInline(ctx, t, what, e, (int64_t)(size / element), size);
  if (!bytes && !ctx->status) onnxInvalid(ctx, "tensor \"%.200s\": no memory for %zu bytes", what, size);
  if (!bytes) return NULL;
  OnnxValue *v = onnxAllocate(ctx, sizeof *v);
  bool borrowed = !external && t->has_raw_data && bytes == t->raw_data.data;
  *v = (OnnxValue){.name = "", .element = e, .rank = (int)t->n_dims, .dims = dims, .data = bytes};
  v->owner = borrowed ? ctx->modelData : onnxDataTake(ctx, bytes, NULL);
  return v;
}
