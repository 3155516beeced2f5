// A file that a compiler leaves, whole or not at all: it is made in a scratch directory beside it and renamed at the
// end. What is not a regular file (a pipe, a terminal) is written to instead, since renaming would put a file in its
// place.
#pragma once
#include <stdbool.h>

// The files of the scratch directory.
typedef enum {
  DLC_OUTPUT_WHOLE,
  DLC_OUTPUT_OBJECT,
  DLC_OUTPUT_WEIGHTS,
  DLC_OUTPUT_LOG,
  DLC_OUTPUT_PART, // the first of DLC_OUTPUT_PARTS objects
  DLC_OUTPUT_FILES = DLC_OUTPUT_PART + 16
} DlcOutputFile;
enum { DLC_OUTPUT_PARTS = DLC_OUTPUT_FILES - DLC_OUTPUT_PART };

typedef struct DlcOutput {
  char *path;                    // where it goes; of a regular file where links lead to
  char *directory;               // NULL: ended
  char *files[DLC_OUTPUT_FILES]; // their paths
  bool isRegular;
  struct DlcOutput *next; // of those that are not ended
} DlcOutput;

// Makes the scratch directory, so that what cannot be written is known before the work. path NULL: scratch files only,
// nothing to commit. False: errno says why, and nothing is left to end. `out` must stay where it is until dlcOutputEnd.
// Safe for several threads with an output each.
bool dlcOutputBegin(const char *path, DlcOutput *out);
// Makes DLC_OUTPUT_WHOLE, which is there and closed, the output. False: errno says why. To be ended all the same.
bool dlcOutputCommit(DlcOutput *out);
// Removes what is left of the scratch directory. Keeps errno; a second call does nothing.
void dlcOutputEnd(DlcOutput *out);
// From now on, signals that end the process (Ctrl-C, a closed pipe, ..) and exit() end all outputs first. For the main
// program of a tool, before it starts threads.
void dlcOutputEndWithProcess(void);
