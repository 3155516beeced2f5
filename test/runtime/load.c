/* Conformance: loading of programs, sound, foreign and damaged. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "suites.h"

/* A file that must be refused. */
static void refuse(const char *path, dlrt_code_t code, const char *text) {
  dlrt_program_t *program = (dlrt_program_t *)1;
  dlrt_status_t status = dlrt_program_open(path, &program);
  (void)CHECK_STATUS(status, code, text);
  CHECK(!program);
  CHECK(strstr(status.message, path));
  dlrt_program_close(program);
}

static void info_is_complete(void) {
  dlrt_program_t *program;
  if (!CHECK_OK(dlrt_program_open(harness_path("sum"), &program))) return;
  const dlrt_program_info_t *info = dlrt_program_info(program);
  CHECK(!strcmp(info->name, "sum") && !strcmp(info->producer, "by hand") && !strcmp(info->target, "host"));
  CHECK(!strcmp(info->path, harness_path("sum")) && strstr(info->metadata, "\"format\": 1"));
  CHECK(info->input_count == 2 && info->output_count == 1 && info->task_count == 2 && !info->cpu_feature_count);
  CHECK(info->arena_bytes == 16384 && info->scratch_bytes == 16 && info->weight_bytes == 0);
  const dlrt_tensor_info_t *b = &info->inputs[1];
  CHECK(!strcmp(b->name, "b") && b->dtype == DLRT_FLOAT32 && b->rank == 2);
  CHECK(b->shape[0] == DLRT_DYNAMIC && b->shape[1] == 4 && !strcmp(b->dim_names[0], "batch") && !b->dim_names[1]);
  CHECK(!strcmp(info->tasks[0].name, "double") && !strcmp(info->tasks[0].schedule, "rows"));
  CHECK(!strcmp(info->tasks[1].name, "add") && !strcmp(info->tasks[1].schedule, ""));
  dlrt_program_close(program);
  dlrt_program_close(NULL);
}

static void instance_outlives_program_handle(void) {
  dlrt_instance_t *instance = harness_open("sum", NULL); /* closes its handle */
  if (instance) harness_check_sum(instance, 5);
  dlrt_instance_destroy(instance);
  dlrt_instance_destroy(NULL);
}

static void plain_file_name_is_local(void) {
  char *here = getcwd(NULL, 0);
  dlrt_program_t *program = NULL;
  if (here && !chdir(harness_programs)) {
    (void)CHECK_OK(dlrt_program_open("sum.so", &program));
    CHECK(!chdir(here));
  }
  dlrt_program_close(program);
  free(here);
}

static void missing_and_odd_files(void) {
  refuse("no/such/program.so", DLRT_NOT_FOUND, "cannot open");
  refuse("no-such-program.so", DLRT_NOT_FOUND, "cannot open");
  refuse(harness_programs, DLRT_INVALID_PROGRAM, "not a regular file");
  refuse("/dev/null", DLRT_INVALID_PROGRAM, "not a regular file");
  refuse("/proc/self/exe", DLRT_INVALID_PROGRAM, "");
  const char *path = harness_temporary("empty.so");
  harness_write_file(path, "", 0);
  refuse(path, DLRT_INVALID_PROGRAM, "empty file");
  unlink(path);
}

static void wrong_magic(void) { refuse(harness_path("broken_magic"), DLRT_INVALID_PROGRAM, "magic 0x12345678"); }
static void wrong_abi(void) {
  refuse(harness_path("broken_abi"), DLRT_INCOMPATIBLE, "program ABI 3, this runtime has ABI 2");
}
static void lacking_cpu_feature(void) {
  refuse(harness_path("broken_cpu"), DLRT_INCOMPATIBLE, "was compiled for lwp (target host:odd), this CPU has not");
}
static void unknown_cpu_feature(void) { refuse(harness_path("broken_unknown_cpu"), DLRT_INCOMPATIBLE, "'telepathy'"); }
static void bad_metadata(void) { refuse(harness_path("broken_metadata"), DLRT_INVALID_PROGRAM, "at offset 25"); }
static void impossible_sizes(void) { refuse(harness_path("broken_sizes"), DLRT_INVALID_PROGRAM, "arena -5"); }
static void disagreeing_sizes(void) { refuse(harness_path("broken_disagree"), DLRT_INVALID_PROGRAM, "disagree"); }
static void no_descriptor(void) { refuse(harness_path("broken_desc"), DLRT_INVALID_PROGRAM, "no descriptor"); }
static void no_symbol(void) {
  refuse(harness_path("broken_symbol"), DLRT_INVALID_PROGRAM, "does not export dlc_program");
}
static void no_entry(void) { refuse(harness_path("broken_entry"), DLRT_INVALID_PROGRAM, "no entry"); }
static void unresolved_import(void) {
  refuse(harness_path("broken_import"), DLRT_INVALID_PROGRAM, "no_such_function_anywhere");
}

/* Cut at many lengths, a program never loads. The end is where the section headers are. */
static void truncated(void) {
  size_t size;
  uint8_t *data = harness_read_file(harness_path("sum"), &size);
  const char *path = harness_temporary("truncated.so");
  for (size_t length = 1; data && length < size; length += length < 512 ? 7 : size / 97 + 1) {
    harness_write_file(path, data, length);
    refuse(path, DLRT_INVALID_PROGRAM, "");
  }
  if (data) {
    harness_write_file(path, data, size - 1);
    refuse(path, DLRT_INVALID_PROGRAM, "truncated");
  }
  unlink(path);
  free(data);
}

static void foreign_machine(void) {
  size_t size;
  uint8_t *data = harness_read_file(harness_path("sum"), &size);
  const char *path = harness_temporary("machine.so");
  if (data && size > 64) {
    data[18] = 243; /* e_machine: RISC-V */
    data[19] = 0;
    harness_write_file(path, data, size);
    refuse(path, DLRT_INCOMPATIBLE, "compiled for RISC-V");
    data[4] = 1; /* EI_CLASS: 32 bits */
    harness_write_file(path, data, size);
    refuse(path, DLRT_INCOMPATIBLE, "not a 64-bit");
  }
  unlink(path);
  free(data);
}

static uint8_t random_byte(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint8_t)(*state >> 56);
}

/* Random bytes, from the start or behind a true ELF header or program headers: nothing of it is ever executed. */
static void garbage(void) {
  size_t size;
  uint8_t *data = harness_read_file(harness_path("sum"), &size);
  const char *path = harness_temporary("garbage.so");
  uint64_t state = 42;
  const size_t keep[] = {0, 4, 20, 64, 120, 64 + 56 * 8};
  for (int round = 0; data && round < 60; ++round) {
    uint8_t *copy = malloc(size);
    if (!copy) break;
    memcpy(copy, data, size);
    for (size_t i = keep[round % 6]; i < size; ++i) copy[i] = random_byte(&state);
    harness_write_file(path, copy, size);
    dlrt_program_t *program;
    dlrt_status_t status = dlrt_program_open(path, &program);
    CHECK(status.code == DLRT_INVALID_PROGRAM || status.code == DLRT_INCOMPATIBLE);
    CHECK(!program);
    free(copy);
  }
  unlink(path);
  free(data);
}

static void bad_options(void) {
  static const struct {
    dlrt_options_t options;
    const char *text;
  } cases[] = {{{.threads = -1}, "threads"}, {{.threads = 5000}, "threads"}, {{.memory_limit = -1}, "memory limit"}};
  dlrt_program_t *program;
  dlrt_instance_t *instance;
  if (!CHECK_OK(dlrt_program_open(harness_path("sum"), &program))) return;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    (void)CHECK_STATUS(dlrt_instance_create(program, &cases[i].options, &instance), DLRT_INVALID_ARGUMENT,
                       cases[i].text);
    CHECK(!instance);
  }
  dlrt_options_t small = {.memory_limit = 1000};
  (void)CHECK_STATUS(dlrt_instance_create(program, &small, &instance), DLRT_OUT_OF_MEMORY, "arena of 16384 bytes");
  dlrt_program_close(program);
}

static void environment(void) {
  dlrt_program_t *program;
  dlrt_instance_t *instance;
  static const struct {
    const char *name, *value;
  } bad[] = {{"DLRT_NUM_THREADS", "0"}, {"DLRT_NUM_THREADS", "two"},   {"DLRT_NUM_THREADS", "3 "},
             {"DLRT_PIN", "2"},         {"DLRT_MEMORY_LIMIT", "1T"},   {"DLRT_MEMORY_LIMIT", "99999999999G"},
             {"DLRT_SPIN_US", "-1"},    {"DLRT_MEMORY_LIMIT", "1.5G"}, {"DLRT_HUGE_CONSTANTS", "yes"}};
  if (!CHECK_OK(dlrt_program_open(harness_path("sum"), &program))) return;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; ++i) {
    setenv(bad[i].name, bad[i].value, 1);
    (void)CHECK_STATUS(dlrt_instance_create(program, NULL, &instance), DLRT_INVALID_ARGUMENT, bad[i].name);
    CHECK(!instance);
    unsetenv(bad[i].name);
  }
  setenv("DLRT_NUM_THREADS", "3", 1);
  setenv("DLRT_MEMORY_LIMIT", "64M", 1);
  setenv("DLRT_SPIN_US", "0", 1);
  setenv("DLRT_PIN", "1", 1);
  if (CHECK_OK(dlrt_instance_create(program, NULL, &instance))) {
    dlrt_memory_info_t memory;
    dlrt_instance_memory(instance, &memory);
    CHECK(dlrt_instance_threads(instance) == 3);
    CHECK(memory.limit_bytes == 64 << 20);
    harness_check_sum(instance, 100);
  }
  unsetenv("DLRT_NUM_THREADS");
  unsetenv("DLRT_MEMORY_LIMIT");
  unsetenv("DLRT_SPIN_US");
  unsetenv("DLRT_PIN");
  dlrt_instance_destroy(instance);
  dlrt_program_close(program);
}

static const test_t tests[] = {{"load/info", info_is_complete},
                               {"load/instance-outlives-handle", instance_outlives_program_handle},
                               {"load/plain-file-name", plain_file_name_is_local},
                               {"load/missing-and-odd-files", missing_and_odd_files},
                               {"load/wrong-magic", wrong_magic},
                               {"load/wrong-abi-version", wrong_abi},
                               {"load/lacking-cpu-feature", lacking_cpu_feature},
                               {"load/unknown-cpu-feature", unknown_cpu_feature},
                               {"load/bad-metadata", bad_metadata},
                               {"load/impossible-sizes", impossible_sizes},
                               {"load/disagreeing-sizes", disagreeing_sizes},
                               {"load/no-descriptor", no_descriptor},
                               {"load/no-symbol", no_symbol},
                               {"load/no-entry", no_entry},
                               {"load/unresolved-import", unresolved_import},
                               {"load/truncated", truncated},
                               {"load/foreign-machine", foreign_machine},
                               {"load/garbage", garbage},
                               {"load/bad-options", bad_options},
                               {"load/environment", environment}};
const suite_t load_suite = SUITE(tests);
