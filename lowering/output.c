// See lowering/output.h.
#include "lowering/output.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 16 };

// Changed under the lock; the signal handler, which must not wait, walks it as it finds it.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static DlcOutput *volatile active;

static char *join(const char *a, const char *b) {
  size_t n = strlen(a), m = strlen(b);
  char *text = malloc(n + m + 1);
  if (text) memcpy(text, a, n), memcpy(text + n, b, m + 1);
  return text;
}

static void destroy(DlcOutput *out) {
  for (int i = 0; i < DLC_OUTPUT_FILES; ++i) free(out->files[i]);
  free(out->path), free(out->directory);
  *out = (DlcOutput){0};
}

// Only what a signal handler may do.
static void removeFiles(const DlcOutput *out) {
  for (int i = 0; i < DLC_OUTPUT_FILES; ++i) unlink(out->files[i]);
  rmdir(out->directory);
}

static bool makeDirectory(DlcOutput *out) {
  static const char *const names[DLC_OUTPUT_PART] = {"/whole", "/object", "/weights", "/log"};
  const char *root = getenv("TMPDIR");
  out->directory = out->isRegular ? join(out->path, ".tmp.XXXXXX") : join(root && *root ? root : "/tmp", "/dlc-XXXXXX");
  if (!out->directory || !mkdtemp(out->directory)) return false;
  bool ok = true;
  for (int i = 0; i < DLC_OUTPUT_FILES; ++i) {
    char part[16];
    snprintf(part, sizeof part, "/part-%d", i - DLC_OUTPUT_PART);
    ok &= (out->files[i] = join(out->directory, i < DLC_OUTPUT_PART ? names[i] : part)) != NULL;
  }
  if (!ok) rmdir(out->directory);
  return ok;
}

// Sets path and isRegular.
static bool findPlace(const char *path, DlcOutput *out) {
  struct stat info;
  bool exists = path && !stat(path, &info);
  out->isRegular = path && (!exists || S_ISREG(info.st_mode));
  if (exists && S_ISDIR(info.st_mode)) return errno = EISDIR, false;
  if (exists ? access(path, W_OK) : path && errno != ENOENT) return false;
  return (out->path = exists && out->isRegular ? realpath(path, NULL) : join(path ? path : "", "")) != NULL;
}

bool dlcOutputBegin(const char *path, DlcOutput *out) {
  *out = (DlcOutput){0};
  if (!findPlace(path, out) || !makeDirectory(out)) {
    int error = errno;
    destroy(out);
    errno = error;
    return false;
  }
  pthread_mutex_lock(&lock);
  out->next = active;
  active = out;
  pthread_mutex_unlock(&lock);
  return true;
}

static bool copyTo(const char *from, const char *to) {
  FILE *in = fopen(from, "rb"), *out = in ? fopen(to, "wb") : NULL;
  char *buffer = malloc(CHUNK);
  bool ok = in && out && buffer;
  for (size_t n; ok && (n = fread(buffer, 1, CHUNK, in)) > 0;) ok = fwrite(buffer, 1, n, out) == n;
  if (in && (ferror(in) | fclose(in))) ok = false;
  if (out && fclose(out)) ok = false;
  int error = errno;
  free(buffer);
  errno = error;
  return ok;
}

bool dlcOutputCommit(DlcOutput *out) {
  const char *whole = out->files[DLC_OUTPUT_WHOLE];
  return out->isRegular ? !rename(whole, out->path) : copyTo(whole, out->path);
}

void dlcOutputEnd(DlcOutput *out) {
  if (!out->directory) return;
  int error = errno;
  pthread_mutex_lock(&lock);
  DlcOutput *before = active;
  if (before == out)
    active = out->next;
  else {
    while (before->next != out) before = before->next;
    before->next = out->next;
  }
  pthread_mutex_unlock(&lock);
  removeFiles(out);
  destroy(out);
  errno = error;
}

static void endAll(void) {
  for (const DlcOutput *out = active; out; out = out->next) removeFiles(out);
}

static void endAllAndDie(int number) {
  endAll();
  raise(number); // the handler was for one time: this is the default action
}

void dlcOutputEndWithProcess(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ, SIGXCPU};
  atexit(endAll);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; ++i) {
    struct sigaction now, wanted = {.sa_handler = endAllAndDie, .sa_flags = (int)SA_RESETHAND};
    // What the caller has switched off (nohup) stays off.
    if (!sigaction(signals[i], NULL, &now) && now.sa_handler == SIG_DFL) sigaction(signals[i], &wanted, NULL);
  }
}
