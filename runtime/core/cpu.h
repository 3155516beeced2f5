/* Whether this CPU, as this operating system runs it, has a feature that a program was compiled for. */
#ifndef DLRT_CORE_CPU_H
#define DLRT_CORE_CPU_H

typedef enum dlrt_cpu_answer { DLRT_CPU_HAS, DLRT_CPU_LACKS, DLRT_CPU_UNKNOWN } dlrt_cpu_answer_t;

/* `feature`: LLVM's name of a target feature, without sign ("avx512f"). UNKNOWN: this runtime has never heard of it. */
dlrt_cpu_answer_t dlrt_cpu_query(const char *feature);

#endif
