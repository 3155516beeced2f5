/* The JSON reader; see json.h. */
#include "core/json.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dlrt_json_init(dlrt_json_t *json, const char *text, size_t size) {
  memset(json, 0, sizeof *json);
  json->text = text;
  json->size = size;
  if (size > DLRT_JSON_MAX_BYTES) return dlrt_json_fail(json, "too large: %zu bytes", size);
  /* A decoded string and its terminator are no longer than its source with both quotes. */
  json->pool = malloc(size + 1);
  if (!json->pool) return dlrt_json_fail(json, "out of memory");
  return true;
}

bool dlrt_json_fail(dlrt_json_t *json, const char *format, ...) {
  if (json->failed) return false;
  json->failed = true;
  char what[128];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  snprintf(json->error, sizeof json->error, "%s at offset %zu", what, json->at);
  return false;
}

char dlrt_json_peek(dlrt_json_t *json) {
  if (json->failed) return 0;
  while (json->at < json->size) {
    char c = json->text[json->at];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return c;
    ++json->at;
  }
  return 0;
}

bool dlrt_json_enter(dlrt_json_t *json, char open) {
  if (dlrt_json_peek(json) != open) return dlrt_json_fail(json, "'%c' expected", open);
  if (json->depth == DLRT_JSON_DEPTH) return dlrt_json_fail(json, "nested more than %d deep", DLRT_JSON_DEPTH);
  ++json->at;
  ++json->depth;
  json->fresh = true;
  return true;
}

bool dlrt_json_next(dlrt_json_t *json, char close) {
  char c = dlrt_json_peek(json);
  if (json->failed) return false;
  bool fresh = json->fresh;
  json->fresh = false;
  if (c == close) {
    ++json->at;
    --json->depth;
    return false;
  }
  if (fresh && c) return true;
  if (c != ',') return dlrt_json_fail(json, "',' or '%c' expected", close);
  ++json->at;
  /* The value that must follow is checked by whoever reads it: a bracket there is no value. */
  return true;
}

/* Four hexadecimal digits after \u. */
static bool read_hex4(dlrt_json_t *json, uint32_t *out_code) {
  if (json->size - json->at < 4) return dlrt_json_fail(json, "cut off \\u");
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    char c = json->text[json->at];
    uint32_t digit;
    if (c >= '0' && c <= '9')
      digit = (uint32_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = (uint32_t)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      digit = (uint32_t)(c - 'A' + 10);
    else
      return dlrt_json_fail(json, "hexadecimal digit expected");
    code = code << 4 | digit;
    ++json->at;
  }
  *out_code = code;
  return true;
}

static void put_utf8(dlrt_json_t *json, uint32_t code) {
  char *out = json->pool + json->pool_used;
  size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  static const uint8_t lead[5] = {0, 0x00, 0xc0, 0xe0, 0xf0};
  for (size_t i = n; i-- > 1; code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
  out[0] = (char)(lead[n] | code);
  json->pool_used += n;
}

static bool read_escape(dlrt_json_t *json) {
  if (json->at == json->size) return dlrt_json_fail(json, "string not closed");
  char c = json->text[json->at++];
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *simple = c ? strchr(from, c) : NULL;
  if (simple) {
    json->pool[json->pool_used++] = to[simple - from];
    return true;
  }
  if (c != 'u') return dlrt_json_fail(json, "unknown escape");
  uint32_t code, low;
  if (!read_hex4(json, &code)) return false;
  if (code >= 0xd800 && code < 0xdc00) {
    if (json->size - json->at < 2 || json->text[json->at] != '\\' || json->text[json->at + 1] != 'u')
      return dlrt_json_fail(json, "lone surrogate");
    json->at += 2;
    if (!read_hex4(json, &low)) return false;
    if (low < 0xdc00 || low > 0xdfff) return dlrt_json_fail(json, "lone surrogate");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code >= 0xdc00 && code <= 0xdfff) {
    return dlrt_json_fail(json, "lone surrogate");
  }
  if (!code) return dlrt_json_fail(json, "zero character in a string");
  put_utf8(json, code);
  return true;
}

/* Copies one well-formed UTF-8 sequence (Unicode 15, table 3-7). */
static bool read_utf8(dlrt_json_t *json) {
  const uint8_t *s = (const uint8_t *)json->text + json->at;
  size_t left = json->size - json->at;
  size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : 4;
  bool good = s[0] < 0x80 || (s[0] >= 0xc2 && s[0] <= 0xf4 && n <= left);
  for (size_t i = 1; good && i < n; ++i) good = (s[i] & 0xc0) == 0x80;
  if (good && n >= 3) {
    uint8_t low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    good = s[1] >= low && s[1] <= high;
  }
  if (!good) return dlrt_json_fail(json, "not UTF-8");
  memcpy(json->pool + json->pool_used, s, n);
  json->pool_used += n;
  json->at += n;
  return true;
}

bool dlrt_json_string(dlrt_json_t *json, const char **out_string) {
  *out_string = NULL;
  if (dlrt_json_peek(json) != '"') return dlrt_json_fail(json, "string expected");
  ++json->at;
  size_t start = json->pool_used;
  while (json->at < json->size) {
    char c = json->text[json->at];
    if (c == '"') {
      ++json->at;
      json->pool[json->pool_used++] = 0;
      *out_string = json->pool + start;
      return true;
    }
    if ((unsigned char)c < 0x20) return dlrt_json_fail(json, "control character in a string");
    if (c == '\\') {
      ++json->at;
      if (!read_escape(json)) return false;
    } else if (!read_utf8(json)) {
      return false;
    }
  }
  return dlrt_json_fail(json, "string not closed");
}

bool dlrt_json_key(dlrt_json_t *json, const char **out_key) {
  if (!dlrt_json_string(json, out_key)) return false;
  if (dlrt_json_peek(json) != ':') return dlrt_json_fail(json, "':' expected");
  ++json->at;
  return true;
}

static bool take_digits(dlrt_json_t *json) {
  size_t start = json->at;
  while (json->at < json->size && json->text[json->at] >= '0' && json->text[json->at] <= '9') ++json->at;
  return json->at > start || dlrt_json_fail(json, "digit expected");
}

static bool at_char(const dlrt_json_t *json, const char *any) {
  return json->at < json->size && json->text[json->at] && strchr(any, json->text[json->at]);
}

/* Checks a number's grammar; *out_integer tells whether it has neither fraction nor exponent. */
static bool skip_number(dlrt_json_t *json, bool *out_integer) {
  *out_integer = true;
  if (at_char(json, "-")) ++json->at;
  bool zero = at_char(json, "0");
  size_t start = json->at;
  if (!take_digits(json)) return false;
  if (zero && json->at - start > 1) return dlrt_json_fail(json, "number with leading zero");
  if (at_char(json, ".")) {
    *out_integer = false;
    ++json->at;
    if (!take_digits(json)) return false;
  }
  if (at_char(json, "eE")) {
    *out_integer = false;
    ++json->at;
    if (at_char(json, "+-")) ++json->at;
    if (!take_digits(json)) return false;
  }
  return true;
}

bool dlrt_json_integer(dlrt_json_t *json, int64_t *out_value) {
  *out_value = 0;
  char c = dlrt_json_peek(json);
  if (c != '-' && !(c >= '0' && c <= '9')) return dlrt_json_fail(json, "integer expected");
  size_t start = json->at;
  bool integer;
  if (!skip_number(json, &integer)) return false;
  if (!integer) return dlrt_json_fail(json, "integer expected, not a fraction");
  bool negative = json->text[start] == '-';
  int64_t value = 0; /* kept negative: the negative range is the larger one */
  for (size_t i = start + negative; i < json->at; ++i)
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_sub_overflow(value, json->text[i] - '0', &value))
      return dlrt_json_fail(json, "integer too large");
  if (!negative && __builtin_sub_overflow(0, value, &value)) return dlrt_json_fail(json, "integer too large");
  *out_value = value;
  return true;
}

static bool take_word(dlrt_json_t *json, const char *word) {
  size_t n = strlen(word);
  if (dlrt_json_peek(json) == 0 || json->size - json->at < n || memcmp(json->text + json->at, word, n))
    return dlrt_json_fail(json, "'%s' expected", word);
  json->at += n;
  return true;
}

bool dlrt_json_null(dlrt_json_t *json) { return take_word(json, "null"); }

static bool skip_scalar(dlrt_json_t *json) {
  const char *string;
  size_t pool_used = json->pool_used;
  bool integer;
  switch (dlrt_json_peek(json)) {
  case '"':
    if (!dlrt_json_string(json, &string)) return false;
    json->pool_used = pool_used;
    return true;
  case 'n':
    return take_word(json, "null");
  case 't':
    return take_word(json, "true");
  case 'f':
    return take_word(json, "false");
  default:
    return json->failed ? false : skip_number(json, &integer);
  }
}

bool dlrt_json_skip(dlrt_json_t *json) {
  /* Which bracket is open at each depth: the walk is a loop, so that text cannot grow the stack. */
  char closes[DLRT_JSON_DEPTH + 1];
  int open = 0;
  do {
    char c = dlrt_json_peek(json);
    if (c == '{' || c == '[') {
      if (!dlrt_json_enter(json, c)) return false;
      closes[open++] = c == '{' ? '}' : ']';
    } else if (!skip_scalar(json)) {
      return false;
    }
    while (open && !dlrt_json_next(json, closes[open - 1])) {
      if (json->failed) return false;
      --open;
    }
    const char *key;
    size_t pool_used = json->pool_used;
    if (open && closes[open - 1] == '}' && !dlrt_json_key(json, &key)) return false;
    json->pool_used = pool_used;
  } while (open);
  return true;
}

bool dlrt_json_end(dlrt_json_t *json) {
  if (dlrt_json_peek(json) || json->at < json->size) return dlrt_json_fail(json, "text after the end");
  return !json->failed;
}
