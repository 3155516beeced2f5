/* Profile and trace: recording, the summary by task, and Chrome's trace event JSON (the format is described in
 * "Trace Event Format", Google, 2016; complete events "X", times in microseconds). */
#include "core/profile.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "core/instance.h"
#include "core/status.h"

#define DEFAULT_EVENTS 65536
#define MAX_EVENTS (INT64_C(1) << 28)

int64_t dlrt_clock_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

dlrt_profile_t *dlrt_profile_create(int64_t capacity, int32_t task_count, int32_t worker_count) {
  size_t workers = (size_t)worker_count, tasks = (size_t)task_count;
  size_t bytes = sizeof(dlrt_profile_t) + workers * sizeof(dlrt_recorder_t);
  dlrt_profile_t *profile = aligned_alloc(128, (bytes + 127) & ~(size_t)127);
  if (!profile) return NULL;
  memset(profile, 0, bytes);
  profile->capacity = capacity;
  profile->task_count = task_count;
  profile->worker_count = worker_count;
  /* calloc: pages of the rings cost nothing before they are written. */
  profile->events = calloc(workers * (size_t)capacity, sizeof(dlrt_event_t));
  profile->sums = calloc(workers * tasks + 1, sizeof(dlrt_task_sums_t));
  if (!profile->events || !profile->sums) {
    dlrt_profile_destroy(profile);
    return NULL;
  }
  for (size_t i = 0; i < workers; ++i) {
    profile->recorders[i].events = profile->events + i * (size_t)capacity;
    profile->recorders[i].sums = profile->sums + i * tasks;
  }
  return profile;
}

void dlrt_profile_destroy(dlrt_profile_t *profile) {
  if (!profile) return;
  free(profile->events);
  free(profile->sums);
  free(profile);
}

static void put_event(dlrt_profile_t *profile, dlrt_recorder_t *recorder, dlrt_event_t event) {
  recorder->events[recorder->count % profile->capacity] = event;
  ++recorder->count;
}

void dlrt_profile_chunk(dlrt_profile_t *profile, int32_t worker, int32_t task, int64_t fork, int64_t begin, int64_t end,
                        int64_t items) {
  dlrt_recorder_t *recorder = &profile->recorders[worker];
  recorder->sums[task].busy += end - begin;
  if (recorder->count) {
    dlrt_event_t *last = &recorder->events[(recorder->count - 1) % profile->capacity];
    if (last->fork == fork && last->task == task) {
      last->end = end;
      last->items += items;
      return;
    }
  }
  put_event(profile, recorder, (dlrt_event_t){.task = task, .fork = fork, .begin = begin, .end = end, .items = items});
}

void dlrt_profile_call(dlrt_profile_t *profile, int32_t worker, int32_t task, int64_t wall) {
  dlrt_task_sums_t *sums = &profile->recorders[worker].sums[task];
  ++sums->calls;
  sums->wall += wall;
}

void dlrt_profile_run(dlrt_profile_t *profile, int64_t begin, int64_t end) {
  ++profile->runs;
  profile->run_wall += end - begin;
  put_event(profile, &profile->recorders[0],
            (dlrt_event_t){.task = DLRT_EVENT_RUN, .fork = -1, .begin = begin, .end = end, .items = 1});
}

dlrt_status_t dlrt_profile_start(dlrt_instance_t *instance, int64_t events) {
  if (events < 0 || events > MAX_EVENTS)
    return dlrt_status_make(DLRT_INVALID_ARGUMENT, "%lld events for each worker is not in 0..%lld", (long long)events,
                            (long long)MAX_EVENTS);
  dlrt_profile_destroy(instance->profile);
  instance->profiling = false;
  instance->profile = dlrt_profile_create(events ? events : DEFAULT_EVENTS, instance->program->metadata.info.task_count,
                                          dlrt_instance_threads(instance));
  if (!instance->profile) return dlrt_status_make(DLRT_OUT_OF_MEMORY, "no memory for the profile");
  instance->profiling = true;
  return dlrt_status_ok();
}

void dlrt_profile_stop(dlrt_instance_t *instance) { instance->profiling = false; }

void dlrt_profile_read(const dlrt_instance_t *instance, dlrt_profile_summary_t *out_summary, dlrt_profile_row_t *rows) {
  const dlrt_profile_t *profile = instance->profile;
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  memset(out_summary, 0, sizeof *out_summary);
  for (int32_t task = 0; task < info->task_count; ++task) {
    dlrt_profile_row_t row = {.task = info->tasks[task].name, .schedule = info->tasks[task].schedule};
    for (int32_t w = 0; profile && w < profile->worker_count; ++w) {
      row.calls += profile->recorders[w].sums[task].calls;
      row.wall += profile->recorders[w].sums[task].wall;
      row.busy += profile->recorders[w].sums[task].busy;
    }
    out_summary->task_wall += row.wall;
    if (rows) rows[task] = row;
  }
  if (!profile) return;
  out_summary->runs = profile->runs;
  out_summary->wall = profile->run_wall;
  for (int32_t w = 0; w < profile->worker_count; ++w)
    if (profile->recorders[w].count > profile->capacity)
      out_summary->dropped += profile->recorders[w].count - profile->capacity;
}

/* A JSON string. */
static void write_string(FILE *stream, const char *text) {
  fputc('"', stream);
  for (; *text; ++text) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      fprintf(stream, "\\%c", c);
    else if (c < 0x20)
      fprintf(stream, "\\u%04x", c);
    else
      fputc(c, stream);
  }
  fputc('"', stream);
}

static void write_event(FILE *stream, const dlrt_instance_t *instance, int32_t worker, const dlrt_event_t *event,
                        int64_t origin) {
  const dlrt_program_info_t *info = &instance->program->metadata.info;
  int64_t begin = event->begin - origin, duration = event->end - event->begin;
  fprintf(stream, ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":%d,\"ts\":%lld.%03lld,\"dur\":%lld.%03lld,\"name\":", worker,
          (long long)(begin / 1000), (long long)(begin % 1000), (long long)(duration / 1000),
          (long long)(duration % 1000));
  if (event->task == DLRT_EVENT_RUN) {
    fputs("\"run\",\"cat\":\"run\"}", stream);
    return;
  }
  write_string(stream, info->tasks[event->task].name);
  fprintf(stream, ",\"cat\":\"task\",\"args\":{\"task\":%d,\"items\":%lld,\"schedule\":", event->task,
          (long long)event->items);
  write_string(stream, info->tasks[event->task].schedule);
  fputs("}}", stream);
}

static int64_t kept_from(const dlrt_profile_t *profile, const dlrt_recorder_t *recorder) {
  return recorder->count > profile->capacity ? recorder->count - profile->capacity : 0;
}

dlrt_status_t dlrt_profile_write_trace(const dlrt_instance_t *instance, FILE *stream) {
  const dlrt_profile_t *profile = instance->profile;
  if (!profile) return dlrt_status_make(DLRT_INVALID_ARGUMENT, "nothing was recorded: the profile was never started");
  /* Times count from the earliest event, which keeps the digits few. */
  int64_t origin = INT64_MAX;
  for (int32_t w = 0; w < profile->worker_count; ++w) {
    const dlrt_recorder_t *r = &profile->recorders[w];
    for (int64_t i = kept_from(profile, r); i < r->count; ++i)
      if (r->events[i % profile->capacity].begin < origin) origin = r->events[i % profile->capacity].begin;
  }
  fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{\"ph\":\"M\",\"pid\":1,\"name\":\"process_name\",\"args\":{"
        "\"name\":",
        stream);
  write_string(stream, instance->program->metadata.info.name);
  fputs("}}", stream);
  for (int32_t w = 0; w < profile->worker_count; ++w) {
    fprintf(stream,
            ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":%d,\"name\":\"thread_name\",\"args\":{\"name\":\"worker %d%s\"}}", w, w,
            w ? "" : " (caller)");
    const dlrt_recorder_t *r = &profile->recorders[w];
    for (int64_t i = kept_from(profile, r); i < r->count; ++i)
      write_event(stream, instance, w, &r->events[i % profile->capacity], origin);
  }
  fputs("\n]}\n", stream);
  if (fflush(stream) || ferror(stream)) return dlrt_status_make(DLRT_IO, "cannot write the trace: %s", strerror(errno));
  return dlrt_status_ok();
}
