// A piece of work in a child process, so that it may crash, hang or be stopped without harm to its parent.
#pragma once
#include <stdbool.h>

typedef struct {
  int status; // what work returned; -1: it did not end by itself, or could not be started
  int signal; // that ended it; 0: none
  bool late;  // it was stopped since its time was over
} DlcChildEnd;

// Calls work(data) in a copy of this process, which must have no other threads, and waits for it, for `seconds` at
// most. A child that ends with its parent, or by a signal, ends the outputs (lowering/output.h) of both; one that
// crashes or is late leaves the scratch directories that it began itself.
DlcChildEnd dlcChildRun(int (*work)(void *data), void *data, double seconds);
// How it ended, for a message: "ended by signal 11 (Segmentation fault)", "took longer than 3 s", ..
void dlcChildSay(const DlcChildEnd *end, double seconds, char *text, int size);
