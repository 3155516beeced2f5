/* What this process may use of the machine. */
#ifndef DLRT_HOST_TOPOLOGY_H
#define DLRT_HOST_TOPOLOGY_H
#include <stdint.h>

/* CPUs that the calling thread may run on: its affinity mask, cut by a cgroup's CPU quota (rounded up). At least 1. */
int32_t dlrt_topology_cpus(void);
/* The number of the index-th CPU of the affinity mask, counted modulo its size; -1 when not known. */
int32_t dlrt_topology_cpu(int32_t index);
/* Bytes of memory: the machine's, cut by a cgroup's limit. */
int64_t dlrt_topology_memory(void);

#endif
