/* Conformance: the thread team, and several programs and threads at once. */
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include "programs/modes.h"
#include "suites.h"

enum { LONG = 100000 };

static void check_counts(dlrt_instance_t *instance, int64_t mode, int64_t n) {
  DLManagedTensor *y;
  if (!CHECK_OK(harness_run_fault(instance, mode, n, &y))) return;
  const int64_t *count = y->dl_tensor.data;
  int64_t wrong = 0;
  for (int64_t i = 0; i < n; ++i) wrong += count[i] != 1;
  CHECK(!wrong);
  dlrt_tensor_release(y);
}

/* Every item once, whatever the team's size and the estimate of cost. */
static void every_item_once(void) {
  static const int32_t threads[] = {1, 2, 3, 8};
  static const int64_t sizes[] = {1, 2, 3, 7, 8, 64, 1000, LONG};
  for (size_t t = 0; t < 4; ++t)
    for (int pin = -1; pin <= 1; pin += 2) {
      dlrt_options_t options = {.threads = threads[t], .pin = pin};
      dlrt_instance_t *instance = harness_open("faults", &options);
      CHECK(instance && dlrt_instance_threads(instance) == threads[t]);
      for (size_t s = 0; instance && s < 8; ++s)
        for (int64_t mode = MODE_COUNT; mode <= MODE_COUNT_UNRECORDED; ++mode) check_counts(instance, mode, sizes[s]);
      dlrt_instance_destroy(instance);
    }
}

/* Fork and join many times over, awake and, without spinning, through the kernel. */
static void many_forks(void) {
  static const int64_t spins[] = {0, -1, 1000000};
  for (size_t i = 0; i < 3; ++i) {
    dlrt_options_t options = {.threads = 3, .spin = spins[i]};
    dlrt_instance_t *instance = harness_open("faults", &options);
    for (int round = 0; instance && round < 2000; ++round) check_counts(instance, MODE_COUNT, 10 + round % 90);
    dlrt_instance_destroy(instance);
  }
}

static double cpu_seconds(void) {
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  return (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
         (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) * 1e-6;
}

/* A team without work sleeps. */
static void idle_burns_nothing(void) {
  dlrt_options_t options = {.threads = 4};
  dlrt_instance_t *instance = harness_open("faults", &options);
  if (!instance) return;
  check_counts(instance, MODE_COUNT, 1000);
  double before = cpu_seconds();
  nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL);
  CHECK(cpu_seconds() - before < 0.03);
  check_counts(instance, MODE_COUNT, 1000);
  dlrt_instance_destroy(instance);
}

/* Each thread opens both programs, makes instances of both and runs them in turn. */
static void *run_both(void *unused) {
  (void)unused;
  for (int round = 0; round < 5; ++round) {
    dlrt_options_t options = {.threads = 1 + round % 3};
    dlrt_instance_t *sum = harness_open("sum", &options), *faults = harness_open("faults", &options);
    for (int i = 0; sum && faults && i < 40; ++i) {
      harness_check_sum(sum, 1 + i * 40);
      check_counts(faults, MODE_COUNT, 500);
      if (i % 8 == 0) (void)CHECK_STATUS(harness_fault(faults, MODE_TASK_FAILS, 500), DLRT_PROGRAM_FAILED, "middle");
    }
    dlrt_instance_destroy(sum);
    dlrt_instance_destroy(faults);
  }
  return NULL;
}

static void several_threads(void) {
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  int started = 0;
  while (started < THREADS && !pthread_create(&threads[started], NULL, run_both, NULL)) ++started;
  CHECK(started == THREADS);
  for (int i = 0; i < started; ++i) pthread_join(threads[i], NULL);
}

/* One program, an instance for each thread; the program's handle is closed while they run. */
static void *run_one(void *instance) {
  for (int i = 0; i < 100; ++i) harness_check_sum(instance, 1 + i);
  dlrt_instance_destroy(instance);
  return NULL;
}

static void shared_program(void) {
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  int started = 0;
  dlrt_program_t *program;
  dlrt_options_t options = {.threads = 2};
  if (!CHECK_OK(dlrt_program_open(harness_path("sum"), &program))) return;
  for (; started < THREADS; ++started) {
    dlrt_instance_t *instance;
    if (!CHECK_OK(dlrt_instance_create(program, &options, &instance))) break;
    if (pthread_create(&threads[started], NULL, run_one, instance)) {
      dlrt_instance_destroy(instance);
      break;
    }
  }
  dlrt_program_close(program);
  CHECK(started == THREADS);
  for (int i = 0; i < started; ++i) pthread_join(threads[i], NULL);
}

/* One instance, used by one thread after another. */
static void *check_once(void *instance) {
  harness_check_sum(instance, 2000);
  return NULL;
}

static void handed_on(void) {
  dlrt_options_t options = {.threads = 2};
  dlrt_instance_t *instance = harness_open("sum", &options);
  for (int i = 0; instance && i < 5; ++i) {
    pthread_t thread;
    if (!pthread_create(&thread, NULL, check_once, instance)) pthread_join(thread, NULL);
  }
  dlrt_instance_destroy(instance);
}

/* A second thread is refused while an instance runs, and harms nothing. */
static void *run_long(void *instance) {
  while (harness_fault(instance, MODE_HEAP, 20000).code) {}
  return NULL;
}

static void two_at_once(void) {
  dlrt_options_t options = {.threads = 2};
  dlrt_instance_t *instance = harness_open("faults", &options);
  pthread_t thread;
  if (!instance || pthread_create(&thread, NULL, run_long, instance))
    return harness_fail(__FILE__, __LINE__, "no thread");
  bool refused = false;
  for (int i = 0; i < 5000 && !refused; ++i) {
    dlrt_status_t status = harness_fault(instance, MODE_COUNT, 1);
    refused = status.code != DLRT_OK;
    if (refused) (void)CHECK_STATUS(status, DLRT_INVALID_ARGUMENT, "running on another thread");
    nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
  }
  CHECK(refused);
  pthread_join(thread, NULL);
  check_counts(instance, MODE_COUNT, 100);
  dlrt_instance_destroy(instance);
}

static const test_t tests[] = {{"team/every-item-once", every_item_once},
                               {"team/many-forks", many_forks},
                               {"team/idle-burns-nothing", idle_burns_nothing},
                               {"team/several-programs-and-threads", several_threads},
                               {"team/two-at-once", two_at_once},
                               {"team/shared-program", shared_program},
                               {"team/instance-handed-on", handed_on}};
const suite_t team_suite = SUITE(tests);
