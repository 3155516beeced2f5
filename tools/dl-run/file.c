/* Files; see file.h. */
#include "file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "npy.h"
#include "status.h"

static dlrt_status_t failed(const char *path, const char *what) {
  int error = errno;
  return status_make(error == ENOENT ? DLRT_NOT_FOUND : DLRT_IO, "%s: %s: %s", path, what, strerror(error));
}

static dlrt_status_t parse(const uint8_t *data, size_t size, DLManagedTensor **out_tensor, char name[PB_NAME_BYTES]) {
  /* No TensorProto begins like this: 0x93 would be a field of wire type 3. */
  if (size && data[0] == 0x93) return npy_read(data, size, out_tensor);
  return pb_read(data, size, out_tensor, name);
}

dlrt_status_t file_read_tensor(const char *path, DLManagedTensor **out_tensor, char name[PB_NAME_BYTES]) {
  static const uint8_t empty[1];
  char unused[PB_NAME_BYTES];
  struct stat info;
  *out_tensor = NULL;
  if (!name) name = unused;
  name[0] = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed(path, "cannot open");
  dlrt_status_t status = status_ok();
  void *data = MAP_FAILED;
  if (fstat(fd, &info)) {
    status = failed(path, "cannot read");
  } else if (!S_ISREG(info.st_mode)) {
    status = status_make(DLRT_IO, "%s: not a regular file", path);
  } else if (!info.st_size) {
    status = status_prefix(parse(empty, 0, out_tensor, name), path);
  } else if ((data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) == MAP_FAILED) {
    status = failed(path, "cannot map");
  } else {
    status = status_prefix(parse(data, (size_t)info.st_size, out_tensor, name), path);
    munmap(data, (size_t)info.st_size);
  }
  close(fd);
  return status;
}

bool file_exists(const char *path) { return !access(path, F_OK); }

dlrt_status_t file_make_directory(const char *path) {
  struct stat info;
  if (!mkdir(path, 0777) || (errno == EEXIST && !stat(path, &info) && S_ISDIR(info.st_mode))) return status_ok();
  return failed(path, "cannot make the directory");
}

static FILE *open_temporary(char *temporary) {
  int fd = mkstemp(temporary);
  if (fd < 0) return NULL;
  mode_t mask = umask(0);
  umask(mask);
  FILE *stream = fchmod(fd, 0666 & ~mask) ? NULL : fdopen(fd, "w");
  if (!stream) {
    int error = errno;
    unlink(temporary);
    close(fd);
    errno = error;
  }
  return stream;
}

dlrt_status_t file_begin(file_writer_t *writer, const char *path) {
  struct stat info;
  size_t size = strlen(path) + 16;
  *writer = (file_writer_t){.path = strdup(path), .temporary = malloc(size)};
  if (!writer->path || !writer->temporary) {
    free(writer->path);
    free(writer->temporary);
    *writer = (file_writer_t){0};
    return status_make(DLRT_OUT_OF_MEMORY, "%s: out of memory", path);
  }
  /* In the same directory: a rename across file systems would not be atomic. */
  snprintf(writer->temporary, size, "%s.tmp.XXXXXX", path);
  if (!stat(path, &info) && !S_ISREG(info.st_mode)) {
    free(writer->temporary);
    writer->temporary = NULL;
    writer->stream = fopen(path, "w");
  } else {
    writer->stream = open_temporary(writer->temporary);
  }
  dlrt_status_t status = writer->stream ? status_ok() : failed(path, "cannot write");
  if (status.code) {
    free(writer->path);
    free(writer->temporary);
    *writer = (file_writer_t){0};
  }
  return status;
}

dlrt_status_t file_commit(file_writer_t *writer, dlrt_status_t status) {
  if (!writer->stream) return status;
  bool bad = ferror(writer->stream) != 0;
  bad |= fclose(writer->stream) != 0;
  if (status.code)
    status = status_prefix(status, writer->path);
  else if (bad || (writer->temporary && rename(writer->temporary, writer->path)))
    status = failed(writer->path, "cannot write");
  if (status.code && writer->temporary) unlink(writer->temporary);
  free(writer->path);
  free(writer->temporary);
  *writer = (file_writer_t){0};
  return status;
}
