/* CPUs and memory that this process may use; see topology.h. Cgroup limits are those that a container sees at the
 * root of its own hierarchy (cgroup v2, kernel documentation admin-guide/cgroup-v2). */
#define _GNU_SOURCE
#include "host/topology.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_CPUS 8192

/* The first line of a small file without its newline; 0 when it cannot be read. */
static int read_line(const char *path, char *line, int size) {
  FILE *file = fopen(path, "re");
  if (!file) return 0;
  int good = fgets(line, size, file) != NULL;
  fclose(file);
  if (good) line[strcspn(line, "\n")] = 0;
  return good;
}

/* The calling thread's affinity mask, on the heap; null when it cannot be had. */
static cpu_set_t *get_mask(size_t *out_bytes) {
  *out_bytes = CPU_ALLOC_SIZE(MAX_CPUS);
  cpu_set_t *mask = CPU_ALLOC(MAX_CPUS);
  if (!mask) return NULL;
  CPU_ZERO_S(*out_bytes, mask);
  if (!sched_getaffinity(0, *out_bytes, mask)) return mask;
  CPU_FREE(mask);
  return NULL;
}

int32_t dlrt_topology_cpus(void) {
  size_t bytes;
  cpu_set_t *mask = get_mask(&bytes);
  long count = mask ? CPU_COUNT_S(bytes, mask) : sysconf(_SC_NPROCESSORS_ONLN);
  if (mask) CPU_FREE(mask);
  char line[64];
  long long quota, period;
  if (read_line("/sys/fs/cgroup/cpu.max", line, sizeof line) && sscanf(line, "%lld %lld", &quota, &period) == 2 &&
      quota > 0 && period > 0 && (quota + period - 1) / period < count)
    count = (long)((quota + period - 1) / period);
  return count < 1 ? 1 : count > MAX_CPUS ? MAX_CPUS : (int32_t)count;
}

int32_t dlrt_topology_cpu(int32_t index) {
  size_t bytes;
  cpu_set_t *mask = get_mask(&bytes);
  if (!mask) return -1;
  int32_t found = -1, count = CPU_COUNT_S(bytes, mask);
  if (count > 0) index %= count;
  for (int32_t cpu = 0; cpu < MAX_CPUS && found < 0; ++cpu)
    if (CPU_ISSET_S((size_t)cpu, bytes, mask) && index-- == 0) found = cpu;
  CPU_FREE(mask);
  return found;
}

int64_t dlrt_topology_memory(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  int64_t bytes = pages > 0 && page > 0 ? (int64_t)pages * page : INT64_MAX;
  char line[64], *end;
  if (read_line("/sys/fs/cgroup/memory.max", line, sizeof line) && line[0] >= '0' && line[0] <= '9') {
    errno = 0;
    long long limit = strtoll(line, &end, 10);
    if (!errno && !*end && limit > 0 && limit < bytes) bytes = limit;
  }
  return bytes;
}
