/* dl-run's own status values: those of dlrt.h, made here because the runtime exports no maker. */
#ifndef DL_RUN_STATUS_H
#define DL_RUN_STATUS_H
#include "dlrt/dlrt.h"

dlrt_status_t status_ok(void);
/* printf-style; control characters of what a damaged file says become '?'. */
dlrt_status_t status_make(dlrt_code_t code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same status with "what: " before the message. */
dlrt_status_t status_prefix(dlrt_status_t status, const char *what);

#endif
