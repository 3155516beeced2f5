/* Reader and writer of .npy files. The format is NumPy's NEP 1 and the docstring of numpy.lib.format: magic, version,
 * length of the header, a Python dictionary with exactly the keys descr, fortran_order and shape, then the elements.
 */
#include "npy.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include "number.h"
#include "status.h"

/* The header's text while it is read; offsets in messages count from the file's start. */
typedef struct text {
  const char *data;
  size_t size, at, base;
} text_t;

typedef struct header {
  dlrt_dtype_t dtype;
  bool swapped;
  bool fortran;
  int32_t rank;
  int64_t shape[DLRT_MAX_RANK];
} header_t;

static const struct {
  const char *code;
  dlrt_dtype_t dtype;
} codes[] = {{"f2", DLRT_FLOAT16}, {"f4", DLRT_FLOAT32}, {"f8", DLRT_FLOAT64}, {"i1", DLRT_INT8},   {"i2", DLRT_INT16},
             {"i4", DLRT_INT32},   {"i8", DLRT_INT64},   {"u1", DLRT_UINT8},   {"u2", DLRT_UINT16}, {"u4", DLRT_UINT32},
             {"u8", DLRT_UINT64},  {"b1", DLRT_BOOL},    {"V2", DLRT_BFLOAT16}};

static dlrt_status_t bad(const text_t *text, const char *what) {
  return status_make(DLRT_INVALID_ARGUMENT, ".npy header: %s at offset %zu", what, text->base + text->at);
}

static void skip_space(text_t *text) {
  while (text->at < text->size && strchr(" \t\n", text->data[text->at]) && text->data[text->at]) ++text->at;
}

/* Whether the next token is `word`, which is then consumed. */
static bool accept(text_t *text, const char *word) {
  skip_space(text);
  size_t n = strlen(word);
  if (text->size - text->at < n || memcmp(text->data + text->at, word, n)) return false;
  text->at += n;
  return true;
}

/* A string in single or double quotes without escapes, into out. */
static bool accept_string(text_t *text, char *out, size_t size) {
  skip_space(text);
  if (text->at == text->size) return false;
  char quote = text->data[text->at];
  if (quote != '\'' && quote != '"') return false;
  const char *start = text->data + text->at + 1;
  const char *end = memchr(start, quote, text->size - text->at - 1);
  if (!end || (size_t)(end - start) >= size || memchr(start, '\\', (size_t)(end - start))) return false;
  memcpy(out, start, (size_t)(end - start));
  out[end - start] = 0;
  text->at = (size_t)(end + 1 - text->data);
  return true;
}

static bool accept_size(text_t *text, int64_t *out_value) {
  skip_space(text);
  size_t start = text->at;
  int64_t value = 0;
  while (text->at < text->size && text->data[text->at] >= '0' && text->data[text->at] <= '9') {
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, text->data[text->at] - '0', &value))
      return false;
    ++text->at;
  }
  *out_value = value;
  return text->at > start;
}

static dlrt_status_t read_descr(text_t *text, header_t *header) {
  char descr[16];
  if (!accept_string(text, descr, sizeof descr)) return bad(text, "simple element type expected");
  bool marked = descr[0] && strchr("<>|=", descr[0]);
  const char *code = descr + marked;
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; ++i)
    if (!strcmp(codes[i].code, code)) {
      header->dtype = codes[i].dtype;
      header->swapped = descr[0] == '>' && dlrt_dtype_size(header->dtype) > 1;
      return status_ok();
    }
  return status_make(DLRT_INVALID_ARGUMENT, ".npy header: element type '%s' is not supported", descr);
}

static dlrt_status_t read_shape(text_t *text, header_t *header) {
  if (!accept(text, "(")) return bad(text, "'(' expected");
  while (!accept(text, ")")) {
    if (header->rank == (int32_t)DLRT_MAX_RANK) return bad(text, "too many dimensions");
    if (!accept_size(text, &header->shape[header->rank++])) return bad(text, "size expected");
    if (!accept(text, ",")) {
      if (!accept(text, ")")) return bad(text, "',' or ')' expected");
      break;
    }
  }
  return status_ok();
}

static dlrt_status_t read_dictionary(text_t *text, header_t *header) {
  static const char *const keys[] = {"descr", "fortran_order", "shape"};
  unsigned seen = 0;
  if (!accept(text, "{")) return bad(text, "'{' expected");
  while (!accept(text, "}")) {
    char key[32];
    unsigned which = 0;
    if (!accept_string(text, key, sizeof key)) return bad(text, "key expected");
    while (which < 3 && strcmp(keys[which], key)) ++which;
    if (which == 3 || seen & 1u << which) return bad(text, "unexpected key");
    seen |= 1u << which;
    if (!accept(text, ":")) return bad(text, "':' expected");
    dlrt_status_t status = status_ok();
    if (which == 0)
      status = read_descr(text, header);
    else if (which == 2)
      status = read_shape(text, header);
    else if (accept(text, "True"))
      header->fortran = true;
    else if (!accept(text, "False"))
      status = bad(text, "True or False expected");
    if (status.code) return status;
    if (!accept(text, ",") && text->at < text->size && text->data[text->at] != '}') return bad(text, "',' expected");
  }
  return seen == 7 ? status_ok() : bad(text, "descr, fortran_order or shape missing");
}

/* Copies n elements of `bytes` bytes; in the file they lie in Fortran order. */
static void copy_fortran(const uint8_t *from, uint8_t *to, const header_t *header, size_t bytes, int64_t n) {
  int64_t index[DLRT_MAX_RANK] = {0}, stride[DLRT_MAX_RANK], step = 1, at = 0;
  if (!n) return; /* and the sizes may be too much to multiply */
  for (int32_t d = 0; d < header->rank; ++d) {
    stride[d] = step;
    step *= header->shape[d];
  }
  for (int64_t i = 0; i < n; ++i) {
    memcpy(to + (size_t)i * bytes, from + (size_t)at * bytes, bytes);
    for (int32_t d = header->rank; d-- > 0;) {
      at += stride[d];
      if (++index[d] < header->shape[d]) break;
      at -= stride[d] * header->shape[d];
      index[d] = 0;
    }
  }
}

static void swap_bytes(uint8_t *data, size_t bytes, int64_t n) {
  for (int64_t i = 0; i < n; ++i, data += bytes)
    for (size_t a = 0, b = bytes - 1; a < b; ++a, --b) {
      uint8_t t = data[a];
      data[a] = data[b];
      data[b] = t;
    }
}

static dlrt_status_t read_elements(const uint8_t *data, size_t size, size_t offset, const header_t *header,
                                   DLManagedTensor **out_tensor) {
  size_t element = dlrt_dtype_size(header->dtype), have = size - offset, want = element;
  bool empty = false;
  for (int32_t d = 0; d < header->rank; ++d) {
    if (!header->shape[d])
      empty = true;
    else if (__builtin_mul_overflow(want, (size_t)header->shape[d], &want))
      want = SIZE_MAX;
  }
  if (empty) want = 0;
  if (want != have)
    return status_make(DLRT_INVALID_ARGUMENT,
                       ".npy: the shape needs %zu bytes of data, the file has %zu from offset %zu", want, have, offset);
  dlrt_status_t status = dlrt_tensor_create(header->dtype, header->rank, header->shape, out_tensor);
  if (status.code) return status;
  uint8_t *to = (*out_tensor)->dl_tensor.data;
  int64_t n = (int64_t)(want / element);
  if (header->fortran)
    copy_fortran(data + offset, to, header, element, n);
  else if (want)
    memcpy(to, data + offset, want);
  if (header->swapped) swap_bytes(to, element, n);
  /* Any nonzero byte means true; compiled code sees only 0 and 1. */
  for (int64_t i = 0; header->dtype == DLRT_BOOL && i < n; ++i) to[i] = to[i] != 0;
  return status;
}

dlrt_status_t npy_read(const uint8_t *data, size_t size, DLManagedTensor **out_tensor) {
  *out_tensor = NULL;
  if (size < 10 || memcmp(data, "\x93NUMPY", 6)) return status_make(DLRT_INVALID_ARGUMENT, "not a .npy file");
  if (data[6] < 1 || data[6] > 3)
    return status_make(DLRT_INVALID_ARGUMENT, ".npy version %u.%u is not known (offset 6)", data[6], data[7]);
  size_t start = data[6] == 1 ? 10 : 12, length = (size_t)data[8] | (size_t)data[9] << 8;
  if (data[6] > 1 && size >= 12) length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
  if (size < start || length > size - start)
    return status_make(DLRT_INVALID_ARGUMENT, "truncated: the .npy header of %zu bytes at offset %zu passes the end",
                       length, start);
  text_t text = {.data = (const char *)data + start, .size = length, .base = start};
  header_t header = {0};
  dlrt_status_t status = read_dictionary(&text, &header);
  if (!status.code) {
    skip_space(&text);
    if (text.at < text.size) status = bad(&text, "text after the dictionary");
  }
  return status.code ? status : read_elements(data, size, start + length, &header, out_tensor);
}

dlrt_status_t npy_write(const DLTensor *tensor, FILE *stream) {
  dlrt_dtype_t dtype = number_dtype(tensor);
  const char *code = "";
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; ++i)
    if (codes[i].dtype == dtype) code = codes[i].code;
  char text[1024]; /* DLRT_MAX_RANK sizes of at most 19 digits, and the rest */
  size_t at = (size_t)snprintf(text, sizeof text, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                               dlrt_dtype_size(dtype) > 1 ? '<' : '|', code);
  for (int32_t d = 0; d < tensor->ndim; ++d)
    at += (size_t)snprintf(text + at, sizeof text - at, "%s%" PRId64 "%s", d ? " " : "", tensor->shape[d],
                           d + 1 < tensor->ndim || tensor->ndim == 1 ? "," : "");
  at += (size_t)snprintf(text + at, sizeof text - at, "), }");
  size_t total = (10 + at + 1 + 63) & ~(size_t)63; /* the data begins on a multiple of 64 */
  while (10 + at + 1 < total) text[at++] = ' ';
  text[at++] = '\n';
  const uint8_t head[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (uint8_t)(at & 0xff), (uint8_t)(at >> 8)};
  size_t bytes = (size_t)number_count(tensor) * dlrt_dtype_size(dtype);
  errno = 0;
  fwrite(head, 1, sizeof head, stream);
  fwrite(text, 1, at, stream);
  if (bytes) fwrite((const char *)tensor->data + tensor->byte_offset, 1, bytes, stream);
  return ferror(stream) ? status_make(DLRT_IO, "cannot write: %s", strerror(errno)) : status_ok();
}
