// See tools/dlc/child.h. The child holds the writing end of a pipe: that it has ended is read as the end of the file,
// which, other than waitpid, can be waited for with a limit. Programs that the child starts do not inherit it.
#define _GNU_SOURCE // pipe2
#include "tools/dlc/child.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long nowMs(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (long long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// Whether the other end is closed before the time is over.
static bool waitForEnd(int fd, long long ms) {
  struct pollfd p = {.fd = fd, .events = POLLIN};
  for (long long end = nowMs() + ms;;) {
    long long left = end - nowMs();
    int got = poll(&p, 1, left < 0 ? 0 : left > 1 << 30 ? 1 << 30 : (int)left);
    if (got > 0) return true;
    if (!got && left <= 0) return false;
    if (got < 0 && errno != EINTR) return false;
  }
}

static _Noreturn void runChild(int (*work)(void *), void *data, pid_t parent, int reader) {
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // at which it removes its outputs and, what these may lie in, those of its parent
  if (getppid() != parent) _exit(1); // it ended before it could be asked for
  close(reader);
  int status = work(data);
  fflush(NULL);
  _exit(status); // not exit: what the parent registered is the parent's
}

DlcChildEnd dlcChildRun(int (*work)(void *), void *data, double seconds) {
  DlcChildEnd end = {.status = -1};
  int fds[2], status = 0;
  if (pipe2(fds, O_CLOEXEC)) return end;
  fflush(NULL);
  pid_t parent = getpid(), child = fork();
  if (!child) runChild(work, data, parent, fds[0]);
  close(fds[1]);
  if (child > 0) {
    end.late = !waitForEnd(fds[0], (long long)(seconds * 1e3));
    if (end.late) kill(child, SIGKILL); // SIGTERM would remove the outputs of this process, too
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFEXITED(status) && !end.late) end.status = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  }
  close(fds[0]);
  return end;
}

void dlcChildSay(const DlcChildEnd *end, double seconds, char *text, int size) {
  if (end->late)
    snprintf(text, (size_t)size, "took longer than %.1f s", seconds);
  else if (end->signal)
    snprintf(text, (size_t)size, "ended by signal %d (%s)", end->signal, strsignal(end->signal));
  else if (end->status < 0)
    snprintf(text, (size_t)size, "could not be started");
  else
    snprintf(text, (size_t)size, "failed with status %d", end->status);
}
