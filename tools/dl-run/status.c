/* Status values; see status.h. */
#include "status.h"
#include <stdarg.h>
#include <string.h>

dlrt_status_t status_ok(void) {
  dlrt_status_t status;
  memset(&status, 0, sizeof status);
  return status;
}

dlrt_status_t status_make(dlrt_code_t code, const char *format, ...) {
  dlrt_status_t status = status_ok();
  va_list args;
  va_start(args, format);
  vsnprintf(status.message, sizeof status.message, format, args);
  va_end(args);
  status.code = code;
  for (char *c = status.message; *c; ++c)
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
  return status;
}

dlrt_status_t status_prefix(dlrt_status_t status, const char *what) {
  return status.code ? status_make(status.code, "%s: %s", what, status.message) : status;
}
