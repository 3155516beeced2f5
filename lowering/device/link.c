// See link.h. Files stand in a fresh directory of their own, which is removed on every way out.
#include "lowering/device/link.h"
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lowering/device/kernel.h"

#ifndef DLC_LLVM_ROOT
#define DLC_LLVM_ROOT "/usr/lib/llvm-22"
#endif
extern char **environ;
enum { PATH_SIZE = 512 };
typedef struct {
  char directory[PATH_SIZE], object[PATH_SIZE + 16], image[PATH_SIZE + 16], log[PATH_SIZE + 16];
} Files;

static bool writeFile(const char *path, const char *bytes, size_t size) {
  FILE *f = fopen(path, "wb");
  if (!f) return false;
  bool ok = fwrite(bytes, 1, size, f) == size;
  return fclose(f) == 0 && ok;
}
static bool readFile(const char *path, char **bytes, size_t *size) {
  FILE *f = fopen(path, "rb");
  if (!f) return false;
  bool ok = fseek(f, 0, SEEK_END) == 0;
  long n = ok ? ftell(f) : -1;
  *bytes = n >= 0 && fseek(f, 0, SEEK_SET) == 0 ? malloc((size_t)n + 1) : NULL;
  ok = *bytes && fread(*bytes, 1, (size_t)n, f) == (size_t)n;
  fclose(f);
  if (!ok) return free(*bytes), *bytes = NULL, false;
  (*bytes)[n] = 0;
  *size = (size_t)n;
  return true;
}

static bool makeFiles(Files *f) {
  const char *root = getenv("TMPDIR");
  int n = snprintf(f->directory, sizeof f->directory, "%s/dlc-link-XXXXXX", root && *root ? root : "/tmp");
  if (n < 0 || (size_t)n >= sizeof f->directory || !mkdtemp(f->directory)) return f->directory[0] = 0, false;
  snprintf(f->object, sizeof f->object, "%s/kernels.o", f->directory);
  snprintf(f->image, sizeof f->image, "%s/kernels.so", f->directory);
  snprintf(f->log, sizeof f->log, "%s/log", f->directory);
  return true;
}
static void removeFiles(const Files *f) {
  if (!f->directory[0]) return;
  unlink(f->object);
  unlink(f->image);
  unlink(f->log);
  rmdir(f->directory);
}

// The exit status of linker; -1: it could not be started, errno says why.
static int run(const char *linker, const char *const *args, const char *log) {
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions)) return -1;
  posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t child;
  int error = posix_spawnp(&child, linker, &actions, NULL, (char *const *)(uintptr_t)args, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error) return errno = error, -1;
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
static int runAny(const char *const *args, const char *log) {
  const char *given = getenv("DLC_LLD");
  if (given && *given) return run(given, args, log);
  const char *const names[] = {DLC_LLVM_ROOT "/bin/ld.lld", "ld.lld", "ld.lld-22"};
  int status = -1;
  for (size_t i = 0; i < sizeof names / sizeof *names && status < 0; ++i) status = run(names[i], args, log);
  return status;
}

MlirLogicalResult dlcRunLinker(MlirOperation op, const char *const *args, const char *logPath) {
  char *log = NULL;
  size_t size;
  int status = runAny(args, logPath);
  if (status < 0)
    dlcRefuse(op, "cannot run ld.lld (set DLC_LLD to its path): %s", strerror(errno));
  else if (status)
    dlcRefuse(op, "ld.lld failed with status %d: %.300s", status, readFile(logPath, &log, &size) ? log : "no output");
  free(log);
  unlink(logPath);
  return status ? mlirLogicalResultFailure() : mlirLogicalResultSuccess();
}

MlirLogicalResult dlcLinkDeviceObject(MlirOperation op, const char *object, size_t size, char **bytes, size_t *length) {
  Files f = {.directory = ""};
  bool ok = false;
  *bytes = NULL, *length = 0;
  const char *const args[] = {"ld.lld", "-shared", "-o", f.image, f.object, NULL};
  if (!makeFiles(&f)) {
    dlcRefuse(op, "cannot make a directory for the linker: %s", strerror(errno));
  } else if (!writeFile(f.object, object, size)) {
    dlcRefuse(op, "cannot write %s: %s", f.object, strerror(errno));
  } else if (mlirLogicalResultIsSuccess(dlcRunLinker(op, args, f.log))) {
    ok = readFile(f.image, bytes, length);
    if (!ok) dlcRefuse(op, "ld.lld left no output at %s", f.image);
  }
  removeFiles(&f);
  return ok ? mlirLogicalResultSuccess() : mlirLogicalResultFailure();
}
