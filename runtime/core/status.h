/* Making of status values, for the runtime's own files. */
#ifndef DLRT_CORE_STATUS_H
#define DLRT_CORE_STATUS_H
#include <stdarg.h>
#include <stdbool.h>
#include "dlrt/dlrt.h"

/* The one value that says "no error". */
dlrt_status_t dlrt_status_ok(void);
/* Code and printf-style message; a message that does not fit ends in "...". Control characters, which a name in a
 * damaged file may hold, become '?', so that a message stays one line. */
dlrt_status_t dlrt_status_make(dlrt_code_t code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same into *out_status; false. */
#define dlrt_status_fail(out_status, ...) (*(out_status) = dlrt_status_make(__VA_ARGS__), false)
dlrt_status_t dlrt_status_make_v(dlrt_code_t code, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
