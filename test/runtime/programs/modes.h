/* What programs/faults.c can be asked to do. */
#ifndef TEST_RUNTIME_MODES_H
#define TEST_RUNTIME_MODES_H

enum {
  /* y has n elements, 1 each. */
  MODE_COUNT,
  MODE_COUNT_CHEAP, /* so cheap that it should run on the caller alone */
  MODE_COUNT_DEAR,
  MODE_COUNT_UNRECORDED,
  MODE_TASK_FAILS,
  MODE_TASK_FAILS_SILENTLY,
  MODE_FAILURE_IGNORED, /* the entry returns 0 all the same */
  MODE_ENTRY_FAILS,
  MODE_ENTRY_FAILS_SILENTLY,
  MODE_UNKNOWN_CODE,
  MODE_TASK_INDEX,
  MODE_NO_OUTPUT,
  MODE_OUTPUT_INDEX,
  MODE_OUTPUT_TWICE,
  MODE_OUTPUT_TWO_SHAPES,
  /* From here on y has one element. */
  MODE_FIRST_SMALL,
  MODE_NESTED = MODE_FIRST_SMALL, /* n outer items, 16 inner ones each, counted in y */
  MODE_NESTED_FAILS,
  MODE_NESTED_LANDS,
  MODE_ALLOC, /* n bytes */
  MODE_ALLOC_NEGATIVE,
  MODE_ALLOC_IN_TASK,      /* 1000 times n bytes, kept */
  MODE_ALLOC_FREE_IN_TASK, /* 1000 times n bytes, freed */
  MODE_HEAP,               /* n rounds of random sizes */
  MODE_FREE_FOREIGN,
  MODE_FREE_TWICE
};

#endif
