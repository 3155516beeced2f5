// Loops around calls of libraries, so that what is timed is the library and not Python's call of it, and what this
// machine can do at most: the rate of fused multiply-adds and of reading memory, which the gemm suite compares with.
//
// bench/systems/native.py compiles it for this CPU; ctypes calls it.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

// ---- Repeated calls

typedef struct {
  int32_t code;
  char message[508];
} Status; // dlrt_status_t

typedef Status (*DlrtRun)(void *instance, void *inputs, int32_t inputCount, void *outputs, int32_t outputCount);

// Runs an instance `count` times; stops at the first failure, whose status is then in *outStatus.
void benchRepeatDlrt(DlrtRun run, void *instance, void *inputs, int32_t inputCount, void *outputs, int32_t outputCount,
                     int64_t count, Status *outStatus) {
  outStatus->code = 0;
  for (int64_t i = 0; i < count; ++i) {
    Status status = run(instance, inputs, inputCount, outputs, outputCount); // 512 bytes: copied where it failed only
    if (!status.code) continue;
    *outStatus = status;
    return;
  }
}

enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 }; // of CBLAS

typedef void (*Sgemm)(int order, int transposeA, int transposeB, int64_t m, int64_t n, int64_t k, float alpha,
                      const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
typedef void (*Sgemv)(int order, int transpose, int64_t rows, int64_t columns, float alpha, const float *a, int64_t lda,
                      const float *x, int64_t incrementX, float beta, float *y, int64_t incrementY);

// C[m][n] = A[m][k] B[k][n]
void benchRepeatSgemm(Sgemm gemm, int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c,
                      int64_t count) {
  for (int64_t i = 0; i < count; ++i) gemm(ROW_MAJOR, NO_TRANSPOSE, NO_TRANSPOSE, m, n, k, 1, a, k, b, n, 0, c, n);
}

// The same for m = 1 or n = 1, where a product of matrix and vector does it.
void benchRepeatSgemv(Sgemv gemv, int64_t m, int64_t n, int64_t k, const float *a, const float *b, float *c,
                      int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (m == 1)
      gemv(ROW_MAJOR, TRANSPOSE, k, n, 1, b, n, a, 1, 0, c, 1);
    else
      gemv(ROW_MAJOR, NO_TRANSPOSE, m, k, 1, a, k, b, 1, 0, c, 1);
  }
}

// ---- What the machine can do

#ifdef __AVX512F__
enum { VECTOR_BYTES = 64, ACCUMULATORS = 16 };
#else
enum { VECTOR_BYTES = 32, ACCUMULATORS = 12 }; // of 16 registers
#endif
typedef float Vector __attribute__((vector_size(VECTOR_BYTES)));
enum { LANES = VECTOR_BYTES / sizeof(float), READ_VECTORS = 8 };
enum { HUGE_PAGE = 2 << 20 };
enum { PIECE_BYTES = 32 << 20 }; // read at once; the memory between two readings of a piece flushes it from the caches

typedef struct Probe {
  pthread_t thread;
  pthread_barrier_t *barrier;
  struct Probe *all; // of `threads`
  int index, threads, repeats, reads;
  int64_t bytes;
  double rate; // floating-point operations or bytes a second, the last time
  double best; // of the first: of all threads together
} Probe;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static float sum(Vector v) {
  float total = 0;
  for (int i = 0; i < (int)LANES; ++i) total += v[i];
  return total;
}

static double probeFma(void) {
  const int64_t rounds = 200000; // a millisecond
  Vector values[ACCUMULATORS], x = {0}, y = {0};
  x += 0.999f, y += 0.001f;
  for (int i = 0; i < ACCUMULATORS; ++i) values[i] = y * (float)i;
  double start = now();
  for (int64_t round = 0; round < rounds; ++round)
    for (int i = 0; i < ACCUMULATORS; ++i) values[i] = values[i] * x + y;
  double seconds = now() - start;
  float total = 0;
  for (int i = 0; i < ACCUMULATORS; ++i) total += sum(values[i]);
  volatile float kept = total;
  (void)kept;
  return 2.0 * LANES * ACCUMULATORS * (double)rounds / seconds;
}

static double probeRead(const Vector *data) {
  Vector totals[READ_VECTORS] = {{0}};
  const int64_t count = PIECE_BYTES / VECTOR_BYTES;
  double start = now();
  for (int64_t i = 0; i < count; i += READ_VECTORS)
    for (int j = 0; j < READ_VECTORS; ++j) totals[j] += data[i + j];
  double seconds = now() - start;
  float total = 0;
  for (int j = 0; j < READ_VECTORS; ++j) total += sum(totals[j]);
  volatile float kept = total;
  (void)kept;
  return (double)(count * VECTOR_BYTES) / seconds;
}

// Keeps the thread on one of the CPUs that the process may use.
static void pin(int index) {
  cpu_set_t allowed, one;
  if (sched_getaffinity(0, sizeof allowed, &allowed)) return;
  int wanted = index % CPU_COUNT(&allowed);
  for (size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed) && wanted-- == 0) {
      CPU_ZERO(&one);
      CPU_SET(cpu, &one);
      pthread_setaffinity_np(pthread_self(), sizeof one, &one);
      return;
    }
}

static void *runProbe(void *argument) {
  Probe *probe = argument;
  pin(probe->index);
  Vector *data = probe->reads ? aligned_alloc(HUGE_PAGE, (size_t)probe->bytes) : NULL;
  if (data) madvise(data, (size_t)probe->bytes, MADV_HUGEPAGE); // with small pages a core reads a fourth less
  if (data) memset(data, 0, (size_t)probe->bytes);
  for (int repeat = 0; repeat < probe->repeats; ++repeat) {
    pthread_barrier_wait(probe->barrier);
    int64_t piece = (int64_t)repeat % (probe->bytes / PIECE_BYTES + !probe->bytes) * PIECE_BYTES;
    probe->rate = !probe->reads ? probeFma() : data ? probeRead(data + piece / VECTOR_BYTES) : 0;
    pthread_barrier_wait(probe->barrier);
    double slowest = probe->rate;
    for (int i = 0; i < probe->threads; ++i) slowest = probe->all[i].rate < slowest ? probe->all[i].rate : slowest;
    if (slowest * probe->threads > probe->best) probe->best = slowest * probe->threads;
  }
  free(data);
  return NULL;
}

// The best of `repeats` rates of `threads` threads, at most 256, that work at once, as fast as the slowest of them: a
// machine that others use gives us that much at some time. 0 when the threads or the memory cannot be had.
// Floating-point operations (two a multiply-add) a second, or with `reads` the bytes a second of reading `bytes` of
// memory, a part a thread, of 32 MiB at least.
double benchProbe(int threads, int repeats, int reads, int64_t bytes) {
  Probe probes[256];
  pthread_barrier_t barrier;
  if (threads < 1 || threads > 256 || pthread_barrier_init(&barrier, NULL, (unsigned)threads)) return 0;
  int64_t part = bytes / threads / PIECE_BYTES * PIECE_BYTES;
  for (int i = 0; i < threads; ++i) {
    probes[i] = (Probe){.barrier = &barrier,
                        .all = probes,
                        .index = i,
                        .threads = threads,
                        .repeats = repeats,
                        .reads = reads,
                        .bytes = part};
    if (pthread_create(&probes[i].thread, NULL, runProbe, &probes[i])) abort(); // those that run wait for this one
  }
  for (int i = 0; i < threads; ++i) pthread_join(probes[i].thread, NULL);
  pthread_barrier_destroy(&barrier);
  return probes[0].best;
}
