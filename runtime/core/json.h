/* A strict, bounded reader of JSON text (RFC 8259), as far as metadata needs it: the caller walks the text in order
 * and asks for what it expects. Every function returns false after the first error, which `error` names with its
 * offset; once failed, it stays failed. No recursion that the text controls: nesting is limited to DLRT_JSON_DEPTH.
 *
 *   if (dlrt_json_enter(json, '{'))
 *     while (dlrt_json_next(json, '}') && dlrt_json_key(json, &key)) { ...read or skip one value... }
 */
#ifndef DLRT_CORE_JSON_H
#define DLRT_CORE_JSON_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DLRT_JSON_DEPTH 32
#define DLRT_JSON_MAX_BYTES ((size_t)64 << 20)

typedef struct dlrt_json {
  const char *text;
  size_t size;
  size_t at;
  int depth;
  bool fresh; /* just after '{' or '[': no comma before the next element */
  bool failed;
  char *pool; /* the decoded strings; owned by whoever called init */
  size_t pool_used;
  char error[192];
} dlrt_json_t;

/* Starts reading size bytes of text, which must outlive the reader. False when out of memory or too large. The
 * strings that are read lie in json->pool: free() it when they are no longer needed. */
bool dlrt_json_init(dlrt_json_t *json, const char *text, size_t size);
/* Records an error at the current place, unless there is one already. Returns false. */
bool dlrt_json_fail(dlrt_json_t *json, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The first character of the next value, 0 at the end of the text or after an error. */
char dlrt_json_peek(dlrt_json_t *json);
/* Enters an object ('{') or an array ('['). */
bool dlrt_json_enter(dlrt_json_t *json, char open);
/* True when another element follows; else the closing bracket has been consumed, or there is an error. */
bool dlrt_json_next(dlrt_json_t *json, char close);
/* A key and its colon. */
bool dlrt_json_key(dlrt_json_t *json, const char **out_key);
bool dlrt_json_string(dlrt_json_t *json, const char **out_string);
/* A number without fraction and exponent that fits. */
bool dlrt_json_integer(dlrt_json_t *json, int64_t *out_value);
bool dlrt_json_null(dlrt_json_t *json);
/* Any value, checked but not kept. */
bool dlrt_json_skip(dlrt_json_t *json);
/* Nothing but white space is left. */
bool dlrt_json_end(dlrt_json_t *json);

#endif
