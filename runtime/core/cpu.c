/* CPU features by LLVM's names. The table follows LLVM's getHostCPUFeatures (TargetParser/Host.cpp) and Intel's and
 * AMD's manuals for CPUID; a feature whose registers the operating system must save counts only when XCR0 says that
 * it does. Own table instead of __builtin_cpu_supports, whose names depend on the compiler's support library.
 */
#include "core/cpu.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>

typedef enum { EAX, EBX, ECX, EDX } reg_t;

/* Which state the operating system must have enabled in XCR0. */
typedef enum { STATE_NONE = 0, STATE_AVX = 0x6, STATE_AVX512 = 0xe6, STATE_AMX = 0x60000, STATE_APX = 0x80000 } state_t;

typedef struct feature {
  const char *name;
  uint32_t leaf, subleaf;
  reg_t reg;
  uint32_t bit;
  state_t state;
} feature_t;

static const feature_t features[] = {
    {"cx8", 1, 0, EDX, 8, STATE_NONE},
    {"cmov", 1, 0, EDX, 15, STATE_NONE},
    {"mmx", 1, 0, EDX, 23, STATE_NONE},
    {"fxsr", 1, 0, EDX, 24, STATE_NONE},
    {"sse", 1, 0, EDX, 25, STATE_NONE},
    {"sse2", 1, 0, EDX, 26, STATE_NONE},
    {"sse3", 1, 0, ECX, 0, STATE_NONE},
    {"pclmul", 1, 0, ECX, 1, STATE_NONE},
    {"ssse3", 1, 0, ECX, 9, STATE_NONE},
    {"fma", 1, 0, ECX, 12, STATE_AVX},
    {"cx16", 1, 0, ECX, 13, STATE_NONE},
    {"sse4.1", 1, 0, ECX, 19, STATE_NONE},
    {"sse4.2", 1, 0, ECX, 20, STATE_NONE},
    {"crc32", 1, 0, ECX, 20, STATE_NONE},
    {"movbe", 1, 0, ECX, 22, STATE_NONE},
    {"popcnt", 1, 0, ECX, 23, STATE_NONE},
    {"aes", 1, 0, ECX, 25, STATE_NONE},
    {"xsave", 1, 0, ECX, 26, STATE_AVX},
    {"avx", 1, 0, ECX, 28, STATE_AVX},
    {"f16c", 1, 0, ECX, 29, STATE_AVX},
    {"rdrnd", 1, 0, ECX, 30, STATE_NONE},
    {"fsgsbase", 7, 0, EBX, 0, STATE_NONE},
    {"sgx", 7, 0, EBX, 2, STATE_NONE},
    {"bmi", 7, 0, EBX, 3, STATE_NONE},
    {"avx2", 7, 0, EBX, 5, STATE_AVX},
    {"bmi2", 7, 0, EBX, 8, STATE_NONE},
    {"invpcid", 7, 0, EBX, 10, STATE_NONE},
    {"rtm", 7, 0, EBX, 11, STATE_NONE},
    {"avx512f", 7, 0, EBX, 16, STATE_AVX512},
    {"avx512dq", 7, 0, EBX, 17, STATE_AVX512},
    {"rdseed", 7, 0, EBX, 18, STATE_NONE},
    {"adx", 7, 0, EBX, 19, STATE_NONE},
    {"avx512ifma", 7, 0, EBX, 21, STATE_AVX512},
    {"clflushopt", 7, 0, EBX, 23, STATE_NONE},
    {"clwb", 7, 0, EBX, 24, STATE_NONE},
    {"avx512cd", 7, 0, EBX, 28, STATE_AVX512},
    {"sha", 7, 0, EBX, 29, STATE_NONE},
    {"avx512bw", 7, 0, EBX, 30, STATE_AVX512},
    {"avx512vl", 7, 0, EBX, 31, STATE_AVX512},
    {"avx512vbmi", 7, 0, ECX, 1, STATE_AVX512},
    {"pku", 7, 0, ECX, 4, STATE_NONE},
    {"waitpkg", 7, 0, ECX, 5, STATE_NONE},
    {"avx512vbmi2", 7, 0, ECX, 6, STATE_AVX512},
    {"shstk", 7, 0, ECX, 7, STATE_NONE},
    {"gfni", 7, 0, ECX, 8, STATE_NONE},
    {"vaes", 7, 0, ECX, 9, STATE_AVX},
    {"vpclmulqdq", 7, 0, ECX, 10, STATE_AVX},
    {"avx512vnni", 7, 0, ECX, 11, STATE_AVX512},
    {"avx512bitalg", 7, 0, ECX, 12, STATE_AVX512},
    {"avx512vpopcntdq", 7, 0, ECX, 14, STATE_AVX512},
    {"rdpid", 7, 0, ECX, 22, STATE_NONE},
    {"kl", 7, 0, ECX, 23, STATE_NONE},
    {"cldemote", 7, 0, ECX, 25, STATE_NONE},
    {"movdiri", 7, 0, ECX, 27, STATE_NONE},
    {"movdir64b", 7, 0, ECX, 28, STATE_NONE},
    {"enqcmd", 7, 0, ECX, 29, STATE_NONE},
    {"uintr", 7, 0, EDX, 5, STATE_NONE},
    {"avx512vp2intersect", 7, 0, EDX, 8, STATE_AVX512},
    {"serialize", 7, 0, EDX, 14, STATE_NONE},
    {"tsxldtrk", 7, 0, EDX, 16, STATE_NONE},
    {"pconfig", 7, 0, EDX, 18, STATE_NONE},
    {"amx-bf16", 7, 0, EDX, 22, STATE_AMX},
    {"avx512fp16", 7, 0, EDX, 23, STATE_AVX512},
    {"amx-tile", 7, 0, EDX, 24, STATE_AMX},
    {"amx-int8", 7, 0, EDX, 25, STATE_AMX},
    {"sha512", 7, 1, EAX, 0, STATE_AVX},
    {"sm3", 7, 1, EAX, 1, STATE_AVX},
    {"sm4", 7, 1, EAX, 2, STATE_AVX},
    {"raoint", 7, 1, EAX, 3, STATE_NONE},
    {"avxvnni", 7, 1, EAX, 4, STATE_AVX},
    {"avx512bf16", 7, 1, EAX, 5, STATE_AVX512},
    {"cmpccxadd", 7, 1, EAX, 7, STATE_NONE},
    {"amx-fp16", 7, 1, EAX, 21, STATE_AMX},
    {"hreset", 7, 1, EAX, 22, STATE_NONE},
    {"avxifma", 7, 1, EAX, 23, STATE_AVX},
    {"movrs", 7, 1, EAX, 31, STATE_NONE},
    {"avxvnniint8", 7, 1, EDX, 4, STATE_AVX},
    {"avxneconvert", 7, 1, EDX, 5, STATE_AVX},
    {"amx-complex", 7, 1, EDX, 8, STATE_AMX},
    {"avxvnniint16", 7, 1, EDX, 10, STATE_AVX},
    {"prefetchi", 7, 1, EDX, 14, STATE_NONE},
    {"usermsr", 7, 1, EDX, 15, STATE_NONE},
    {"avx10.1", 7, 1, EDX, 19, STATE_AVX512},
    {"egpr", 7, 1, EDX, 21, STATE_APX},
    {"push2pop2", 7, 1, EDX, 21, STATE_APX},
    {"ppx", 7, 1, EDX, 21, STATE_APX},
    {"ndd", 7, 1, EDX, 21, STATE_APX},
    {"ccmp", 7, 1, EDX, 21, STATE_APX},
    {"nf", 7, 1, EDX, 21, STATE_APX},
    {"cf", 7, 1, EDX, 21, STATE_APX},
    {"zu", 7, 1, EDX, 21, STATE_APX},
    {"xsaveopt", 0xd, 1, EAX, 0, STATE_AVX},
    {"xsavec", 0xd, 1, EAX, 1, STATE_AVX},
    {"xsaves", 0xd, 1, EAX, 3, STATE_AVX},
    {"ptwrite", 0x14, 0, EBX, 4, STATE_NONE},
    {"widekl", 0x19, 0, EBX, 2, STATE_NONE},
    {"amx-fp8", 0x1e, 1, EAX, 4, STATE_AMX},
    {"amx-tf32", 0x1e, 1, EAX, 6, STATE_AMX},
    {"amx-avx512", 0x1e, 1, EAX, 7, STATE_AMX},
    {"amx-movrs", 0x1e, 1, EAX, 8, STATE_AMX},
    {"sahf", 0x80000001, 0, ECX, 0, STATE_NONE},
    {"lzcnt", 0x80000001, 0, ECX, 5, STATE_NONE},
    {"sse4a", 0x80000001, 0, ECX, 6, STATE_NONE},
    {"prfchw", 0x80000001, 0, ECX, 8, STATE_NONE},
    {"xop", 0x80000001, 0, ECX, 11, STATE_AVX},
    {"lwp", 0x80000001, 0, ECX, 15, STATE_NONE},
    {"fma4", 0x80000001, 0, ECX, 16, STATE_AVX},
    {"tbm", 0x80000001, 0, ECX, 21, STATE_NONE},
    {"mwaitx", 0x80000001, 0, ECX, 29, STATE_NONE},
    {"64bit", 0x80000001, 0, EDX, 29, STATE_NONE},
    {"clzero", 0x80000008, 0, EBX, 0, STATE_NONE},
    {"rdpru", 0x80000008, 0, EBX, 4, STATE_NONE},
    {"wbnoinvd", 0x80000008, 0, EBX, 9, STATE_NONE},
};

/* XCR0, or 0 when the operating system has not enabled XGETBV. */
static uint64_t enabled_state(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

dlrt_cpu_answer_t dlrt_cpu_query(const char *feature) {
  for (size_t i = 0; i < sizeof features / sizeof features[0]; ++i) {
    const feature_t *f = &features[i];
    if (strcmp(f->name, feature)) continue;
    uint32_t r[4] = {0, 0, 0, 0};
    if (!__get_cpuid_count(f->leaf, f->subleaf, &r[EAX], &r[EBX], &r[ECX], &r[EDX])) return DLRT_CPU_LACKS;
    if (!(r[f->reg] >> f->bit & 1)) return DLRT_CPU_LACKS;
    uint64_t state = (uint64_t)f->state;
    return (enabled_state() & state) == state ? DLRT_CPU_HAS : DLRT_CPU_LACKS;
  }
  return DLRT_CPU_UNKNOWN;
}

#else

/* AArch64: the baseline only, until a program needs more; every named feature is then refused, never assumed. */
dlrt_cpu_answer_t dlrt_cpu_query(const char *feature) {
  return !strcmp(feature, "neon") || !strcmp(feature, "fp-armv8") ? DLRT_CPU_HAS : DLRT_CPU_UNKNOWN;
}

#endif
