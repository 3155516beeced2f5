/* Files: tensors in, and everything out by way of a temporary file, so that a name never holds half a result. */
#ifndef DL_RUN_FILE_H
#define DL_RUN_FILE_H
#include <stdbool.h>
#include "dlrt/dlrt.h"
#include "pb.h"

/* Reads a tensor from FILE.npy or FILE.pb; what it is shows in its first bytes. name (may be null): a TensorProto's.
 * The caller owns *out_tensor. Messages begin with the path. */
DLRT_MUST_USE dlrt_status_t file_read_tensor(const char *path, DLManagedTensor **out_tensor, char name[PB_NAME_BYTES]);
bool file_exists(const char *path);
/* Makes the directory unless it is there. */
DLRT_MUST_USE dlrt_status_t file_make_directory(const char *path);

/* A file that comes into being when it is committed; a pipe or a device, which a rename would replace, is written to
 * at once. */
typedef struct file_writer {
  FILE *stream;
  char *path;
  char *temporary; /* null: it is written to at once */
} file_writer_t;

DLRT_MUST_USE dlrt_status_t file_begin(file_writer_t *writer, const char *path);
/* Closes it; when all went well so far (status.code is 0), gives it its name, else removes it. Returns the first
 * error. */
DLRT_MUST_USE dlrt_status_t file_commit(file_writer_t *writer, dlrt_status_t status);

#endif
