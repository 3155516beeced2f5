/* Programs that must not load; which one, the build says: BROKEN_MAGIC, BROKEN_ABI, BROKEN_CPU, BROKEN_UNKNOWN_CPU,
 * BROKEN_METADATA, BROKEN_SIZES, BROKEN_DISAGREE, BROKEN_DESC, BROKEN_SYMBOL, BROKEN_IMPORT, BROKEN_ENTRY. */
#include "program.h"

#ifdef BROKEN_IMPORT
int32_t no_such_function_anywhere(dlrt_frame_t *frame);
static int32_t entry(dlrt_frame_t *frame) { return no_such_function_anywhere(frame); }
#else
static int32_t entry(dlrt_frame_t *frame) { return frame == NULL; }
#endif

/* A feature that only one line of CPUs ever had, long ago; and one that none had. */
#if defined(BROKEN_CPU)
#define FEATURES "\"lwp\""
#elif defined(BROKEN_UNKNOWN_CPU)
#define FEATURES "\"telepathy\""
#else
#define FEATURES ""
#endif

const dlrt_program_desc_t broken_program = {
#ifdef BROKEN_MAGIC
    .magic = 0x12345678,
#else
    .magic = DLRT_PROGRAM_MAGIC,
#endif
#ifdef BROKEN_ABI
    .abi_version = DLRT_ABI_VERSION + 1,
#else
    .abi_version = DLRT_ABI_VERSION,
#endif
#ifdef BROKEN_SIZES
    .arena_bytes = -5,
#else
    .arena_bytes = 64,
#endif
#if defined(BROKEN_METADATA)
    .metadata = "{\"format\": 1, \"inputs\": [,], \"outputs\": []}",
#elif defined(BROKEN_DISAGREE)
    .metadata = "{\"format\": 1, \"inputs\": [], \"outputs\": [], \"arena_bytes\": 128}",
#else
    .metadata =
        "{\"format\": 1, \"target\": \"host:odd\", \"cpu_features\": [" FEATURES "], \"inputs\": [], \"outputs\": []}",
#endif
#ifndef BROKEN_ENTRY
    .entry = entry,
#endif
};

__attribute__((visibility("default"))) int32_t keep_entry(dlrt_frame_t *frame);
int32_t keep_entry(dlrt_frame_t *frame) { return entry(frame); }

#if defined(BROKEN_SYMBOL)
__attribute__((visibility("default"))) int32_t some_other_function(void);
int32_t some_other_function(void) { return broken_program.magic != 0; }
#elif defined(BROKEN_DESC)
__attribute__((visibility("default"))) const dlrt_program_desc_t *dlc_program(void);
const dlrt_program_desc_t *dlc_program(void) { return NULL; }
#else
PROGRAM(broken_program)
#endif
