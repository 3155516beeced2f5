// Which of its candidates a graph takes, and a note of them for reports.
#pragma once
#include "passes/tile/search.h"

// Lines of a file: the number of a candidate, from 1 in the order of price, a blank, the label of the graphs that take
// it.
typedef struct {
  char *text;
} DlcChoices;
// An empty path: no choices. False: it cannot be read (errno).
bool dlcChoicesRead(MlirStringRef path, DlcChoices *choices);
void dlcChoicesDestroy(DlcChoices *choices);
int64_t dlcChoicesOf(const DlcChoices *choices, MlirStringRef label); // 0: none

// Says on a graph which tiles were priced (the discardable attribute tile.alternatives, text); `why`: instead of a
// search.
void dlcNoteCandidates(MlirOperation graph, const DlcCandidates *found, intptr_t rank, const char *why);
