/* Status values: a code and one line of text. */
#include "core/status.h"
#include <string.h>

const char *dlrt_version(void) { return DLRT_VERSION; }

const char *dlrt_code_name(int32_t code) {
  switch (code) {
  case DLRT_OK:
    return "ok";
  case DLRT_INVALID_ARGUMENT:
    return "invalid argument";
  case DLRT_NOT_FOUND:
    return "not found";
  case DLRT_INVALID_PROGRAM:
    return "invalid program";
  case DLRT_INCOMPATIBLE:
    return "incompatible program";
  case DLRT_OUT_OF_MEMORY:
    return "out of memory";
  case DLRT_PROGRAM_FAILED:
    return "program failed";
  case DLRT_IO:
    return "input/output error";
  case DLRT_INTERNAL:
    return "internal error";
  default:
    return "unknown error";
  }
}

dlrt_status_t dlrt_status_ok(void) {
  dlrt_status_t status;
  memset(&status, 0, sizeof status);
  return status;
}

dlrt_status_t dlrt_status_make_v(dlrt_code_t code, const char *format, va_list args) {
  dlrt_status_t status = dlrt_status_ok();
  status.code = code;
  int length = vsnprintf(status.message, sizeof status.message, format, args);
  if (length >= (int)sizeof status.message) memcpy(status.message + sizeof status.message - 4, "...", 4);
  for (char *c = status.message; *c; ++c)
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?';
  return status;
}

dlrt_status_t dlrt_status_make(dlrt_code_t code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  dlrt_status_t status = dlrt_status_make_v(code, format, args);
  va_end(args);
  return status;
}
