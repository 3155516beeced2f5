/* The thread team; see team.h.
 *
 * The gate is one 32-bit word: odd while a loop is open; every opening and closing adds one. It is also the word that
 * workers sleep on (futex). Two handshakes, each a store followed by a load of what the other side stores, all
 * sequentially consistent (Dekker), so that at least one side sees the other:
 *   worker: inside = 1, then looks at the gate        caller: closes the gate, then looks at inside
 *   worker: sleepers++, then looks at the gate        caller: opens the gate, then looks at sleepers
 * After the first a worker that found the gate still open may read the loop: the caller does not change it until inside
 * is 0 again.
 */
#define _GNU_SOURCE
#include "host/team.h"
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "host/topology.h"

#define LINE 128 /* two cache lines: the adjacent-line prefetcher pairs them */
#define CHUNKS_PER_PART 8

/* All that a fork hands to one worker, and its flag, in one line: entering the loop costs the worker two transfers
 * between caches, this line and the gate's. */
typedef struct worker {
  _Alignas(LINE) atomic_uint inside;
  /* Items of its part that are not begun: also thieves write it. */
  _Atomic int64_t next;
  int64_t end, chunk;
  /* Constant while it runs. */
  dlrt_team_t *team;
  pthread_t thread;
  int32_t index;
  unsigned seen; /* the gate when the thread was started */
} worker_t;

struct dlrt_team {
  /* The gate and the open loop, in one line. The loop is written by the caller while the gate is closed and nobody is
   * inside. */
  _Alignas(LINE) atomic_uint gate;
  int32_t parts;
  dlrt_chunk_fn fn;
  void *ctx;
  atomic_int failed;
  _Alignas(LINE) atomic_uint sleepers;
  atomic_uint caller_sleeps; /* whether workers that leave must wake the caller */
  atomic_uint left;          /* what the caller sleeps on: changes when a worker left */
  atomic_bool ending;
  int32_t size;
  int32_t started; /* threads that run, at most size - 1; the caller's */
  bool start_tried;
  int pin;
  int64_t spin;
  worker_t workers[];
};

static void pause_cpu(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb");
#endif
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void futex_wait(atomic_uint *word, unsigned value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(atomic_uint *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/* Spins until *word is no longer value, at most `spin` ns. The clock is read once in 32 pauses, about a microsecond. */
static bool spin_while(const atomic_uint *word, unsigned value, int64_t spin) {
  if (spin <= 0) return atomic_load(word) != value;
  int64_t deadline = 0;
  for (;;) {
    for (int i = 0; i < 32; ++i) {
      if (atomic_load_explicit(word, memory_order_acquire) != value) return true;
      pause_cpu();
    }
    int64_t now = now_ns();
    if (!deadline)
      deadline = now + spin;
    else if (now >= deadline)
      return false;
  }
}

/* Begins chunks of one part until none is left or one failed; false when one failed. */
static bool drain_part(dlrt_team_t *team, worker_t *from, int32_t self) {
  for (;;) {
    if (atomic_load_explicit(&team->failed, memory_order_relaxed)) return false;
    /* Looked at first: a counter that every thief adds to for nothing would travel between all caches. */
    if (atomic_load_explicit(&from->next, memory_order_relaxed) >= from->end) return true;
    int64_t lo = atomic_fetch_add_explicit(&from->next, from->chunk, memory_order_relaxed);
    if (lo >= from->end) return true;
    int64_t hi = from->end - lo < from->chunk ? from->end : lo + from->chunk;
    if (team->fn(team->ctx, lo, hi, self)) atomic_store_explicit(&team->failed, 1, memory_order_relaxed);
  }
}

/* Works on the loop that the gate `open` stands for: own part first, then the others'. When the gate is closed, the
 * caller has found every part begun: looking further would be in vain. */
static void take_chunks(dlrt_team_t *team, int32_t self, unsigned open) {
  int32_t parts = team->parts, part = self % parts;
  for (int32_t k = 0; k < parts; ++k) {
    if (!drain_part(team, &team->workers[part], self)) return;
    if (atomic_load_explicit(&team->gate, memory_order_relaxed) != open) return;
    part = part + 1 == parts ? 0 : part + 1;
  }
}

static void *work(void *argument) {
  worker_t *self = argument;
  dlrt_team_t *team = self->team;
  unsigned seen = self->seen;
  while (!atomic_load(&team->ending)) {
    if (!spin_while(&team->gate, seen, team->spin)) {
      atomic_fetch_add(&team->sleepers, 1);
      while (atomic_load(&team->gate) == seen) futex_wait(&team->gate, seen);
      atomic_fetch_sub(&team->sleepers, 1);
    }
    seen = atomic_load(&team->gate);
    if (!(seen & 1)) continue;
    atomic_store(&self->inside, 1);
    if (atomic_load(&team->gate) == seen) take_chunks(team, self->index, seen);
    atomic_store(&self->inside, 0);
    if (atomic_load(&team->caller_sleeps)) {
      atomic_fetch_add(&team->left, 1);
      futex_wake(&team->left, 1);
    }
  }
  return NULL;
}

static void start_threads(dlrt_team_t *team) {
  team->start_tried = true;
  sigset_t all, old;
  sigfillset(&all);
  /* The application's signal handlers belong on its own threads; the new ones inherit this mask. */
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for (int32_t i = 1; i < team->size; ++i) {
    worker_t *w = &team->workers[i];
    w->seen = atomic_load(&team->gate);
    if (pthread_create(&w->thread, NULL, work, w)) break;
    ++team->started;
    int32_t cpu = team->pin ? dlrt_topology_cpu(i) : -1;
    if (cpu >= 0 && cpu < CPU_SETSIZE) {
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET((unsigned)cpu, &one);
      (void)pthread_setaffinity_np(w->thread, sizeof one, &one); /* a wish: without it the thread runs as well */
    }
    char name[16];
    snprintf(name, sizeof name, "dlrt-%d", (int)i);
    (void)pthread_setname_np(w->thread, name);
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

dlrt_team_t *dlrt_team_create(int32_t size, int pin, int64_t spin) {
  size_t bytes = sizeof(dlrt_team_t) + (size_t)size * sizeof(worker_t);
  dlrt_team_t *team = aligned_alloc(LINE, (bytes + LINE - 1) / LINE * LINE);
  if (!team) return NULL;
  memset(team, 0, bytes);
  team->size = size;
  team->pin = pin;
  team->spin = spin;
  for (int32_t i = 0; i < size; ++i) {
    team->workers[i].team = team;
    team->workers[i].index = i;
  }
  return team;
}

void dlrt_team_destroy(dlrt_team_t *team) {
  if (!team) return;
  atomic_store(&team->ending, true);
  atomic_fetch_add(&team->gate, 2); /* changed, and still closed */
  futex_wake(&team->gate, INT_MAX);
  for (int32_t i = 1; i <= team->started; ++i) pthread_join(team->workers[i].thread, NULL);
  free(team);
}

int32_t dlrt_team_size(const dlrt_team_t *team) { return team->size; }

static void share_out(dlrt_team_t *team, int64_t items, int64_t grain, int32_t parts) {
  int64_t size = items / parts, longer = items % parts, at = 0;
  for (int32_t i = 0; i < parts; ++i) {
    worker_t *w = &team->workers[i];
    int64_t mine = size + (i < longer);
    int64_t chunk = (mine + CHUNKS_PER_PART - 1) / CHUNKS_PER_PART;
    atomic_store_explicit(&w->next, at, memory_order_relaxed);
    w->end = at + mine;
    w->chunk = chunk < grain ? grain : chunk;
    at += mine;
  }
}

static bool anyone_inside(dlrt_team_t *team) {
  for (int32_t i = 1; i <= team->started; ++i)
    if (atomic_load(&team->workers[i].inside)) return true;
  return false;
}

/* Waits until no worker is inside. The gate is closed: nobody can come in to stay. */
static void wait_for_workers(dlrt_team_t *team) {
  bool awake = true;
  for (int32_t i = 1; i <= team->started && awake; ++i) awake = spin_while(&team->workers[i].inside, 1, team->spin);
  if (awake && !anyone_inside(team)) return;
  atomic_store(&team->caller_sleeps, 1);
  for (;;) {
    unsigned left = atomic_load(&team->left);
    if (!anyone_inside(team)) break;
    futex_wait(&team->left, left);
  }
  atomic_store(&team->caller_sleeps, 0);
}

int32_t dlrt_team_run(dlrt_team_t *team, dlrt_chunk_fn fn, void *ctx, int64_t items, int64_t grain, int32_t parts) {
  if (parts > team->size) parts = team->size;
  if (parts > items) parts = (int32_t)items;
  if (parts > 1 && !team->start_tried) start_threads(team);
  if (parts > team->started + 1) parts = team->started + 1;
  if (parts <= 1) return fn(ctx, 0, items, 0);
  team->fn = fn;
  team->ctx = ctx;
  team->parts = parts;
  atomic_store_explicit(&team->failed, 0, memory_order_relaxed);
  share_out(team, items, grain < 1 ? 1 : grain, parts);
  unsigned open = atomic_fetch_add(&team->gate, 1) + 1;
  int asleep = (int)atomic_load(&team->sleepers);
  int wake = parts - 1 - (team->started - asleep); /* those that spin come by themselves */
  if (wake > 0) futex_wake(&team->gate, wake);
  take_chunks(team, 0, open);
  atomic_fetch_add(&team->gate, 1);
  wait_for_workers(team);
  return atomic_load_explicit(&team->failed, memory_order_relaxed);
}
