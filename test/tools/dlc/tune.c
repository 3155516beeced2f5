// What dlc --tune chooses and logs, from times that are made up, and how it survives what it runs.
// RUN: rm -rf %t && mkdir %t && dlc-tune %t > %t/out && FileCheck %s < %t/out
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/dlc/child.h"
#include "tools/dlc/choose.h"

static const char *folder;

static void writeFile(const char *name, const char *text, char *path, size_t size) {
  snprintf(path, size, "%s/%s", folder, name);
  FILE *f = fopen(path, "w");
  if (!f || fputs(text, f) < 0 || fclose(f)) exit(1);
}

static void readTrial(DlcTrial *t, int number, const char *graphs, const char *first, const char *second) {
  char path[4096], why[200];
  *t = (DlcTrial){.number = number};
  writeFile("graphs", graphs, path, sizeof path);
  if (!dlcTrialReadGraphs(t, path)) printf("unreadable graphs\n");
  for (int round = 0; round < 2; ++round) {
    writeFile("round", round ? second : first, path, sizeof path);
    if (!dlcTrialReadRound(t, path, why, sizeof why)) printf("round: %s\n", why);
  }
}

#define GRAPH(label, fingerprint, tile)                                                                                \
  "{\"label\": \"" label "\", \"fingerprint\": \"" fingerprint "\", \"tile\": " tile "}\n"
#define HEAD "threads 2\ntarget host:znver4\nrun 1e-3\n"

// Rounds of one program: of each task the least of them. b\"c is the label of a graph named b"c. Layers l0 and l1 are
// equal: 50 + 10 without tuning, 20 + 38 with candidate 1, so both take it; each alone would not. w's candidates are
// 1 % apart: the first one. Both graphs named twice are one choice, and the log leaves them out. Of u's candidates the
// second has the tile of the first: nothing to choose.
static void testChoice(void) {
  DlcTrial t[3];
  readTrial(&t[0], 0,
            GRAPH("l0", "aa", "[1]") GRAPH("l1", "aa", "[1]") GRAPH("b\\\"c", "bb", "[1]") GRAPH("w", "cc", "[1]")
                GRAPH("twice", "dd", "[1]") GRAPH("twice", "ee", "[1]") GRAPH("u", "ff", "[1]"),
            HEAD "task 50e-6 50e-6 l0\ntask 10e-6 10e-6 l1\ntask 9e-6 3e-6 b\"c\ntask 101e-6 101e-6 w\n"
                 "task 5e-6 5e-6 twice\ntask 5e-6 5e-6 twice\ntask 40e-6 40e-6 u\ntask 7e-6 7e-6 copy\n",
            HEAD "task 60e-6 60e-6 l0\ntask 12e-6 12e-6 l1\ntask 8e-6 2e-6 b\"c\ntask 150e-6 150e-6 w\n"
                 "task 5e-6 5e-6 twice\ntask 5e-6 5e-6 twice\ntask 45e-6 45e-6 u\ntask 7e-6 7e-6 copy\n");
  readTrial(&t[1], 1,
            GRAPH("l0", "aa", "[2]") GRAPH("l1", "aa", "[2]") GRAPH("b\\\"c", "bb", "[2]") GRAPH("w", "cc", "[2]")
                GRAPH("twice", "dd", "[2]") GRAPH("twice", "ee", "[2]") GRAPH("u", "ff", "[1]"),
            HEAD "task 20e-6 20e-6 l0\ntask 38e-6 38e-6 l1\ntask 9e-6 3e-6 b\"c\ntask 100e-6 100e-6 w\n"
                 "task 9e-6 9e-6 twice\ntask 4e-6 4e-6 twice\ntask 20e-6 20e-6 u\n",
            HEAD "task 20e-6 20e-6 l0\ntask 38e-6 38e-6 l1\ntask 9e-6 3e-6 b\"c\ntask 100e-6 100e-6 w\n"
                 "task 9e-6 9e-6 twice\ntask 4e-6 4e-6 twice\ntask 20e-6 20e-6 u\n");
  readTrial(&t[2], 3,
            GRAPH("l0", "aa", "[3]") GRAPH("l1", "aa", "[3]") GRAPH("b\\\"c", "bb", "[3]") GRAPH("w", "cc", "[3]")
                GRAPH("twice", "dd", "[3]") GRAPH("twice", "ee", "[3]") GRAPH("u", "ff", "[3]"),
            HEAD "task 90e-6 90e-6 l0\ntask 90e-6 90e-6 l1\ntask 4e-6 1e-6 b\"c\ntask 300e-6 300e-6 w\n"
                 "task 4e-6 4e-6 twice\ntask 4e-6 4e-6 twice\ntask 90e-6 90e-6 u\n",
            HEAD "task 90e-6 90e-6 l0\ntask 90e-6 90e-6 l1\ntask 4e-6 1e-6 b\"c\ntask 300e-6 300e-6 w\n"
                 "task 4e-6 4e-6 twice\ntask 4e-6 4e-6 twice\ntask 90e-6 90e-6 u\n");
  printf("like: %d\n", dlcTrialIsLike(&t[0], &t[2]));
  DlcChosen chosen = dlcChoose(t, 3, stdout);
  printf("%d of %d\n", chosen.changed, chosen.kernels);
  dlcLogTrials(t, 3, "a \"model\".onnx", stdout);
  for (int i = 0; i < 3; ++i) dlcTrialDestroy(&t[i]);
}
// CHECK: like: 1
// CHECK-NEXT: 1 l0
// CHECK-NEXT: 1 l1
// CHECK-NEXT: 3 b"c
// CHECK-NEXT: 3 twice
// CHECK-NEXT: 4 of 6
// CHECK-NEXT: {"model": "a \"model\".onnx", "target": "host:znver4", "candidate": 0, "threads": 2, "measured": 3e-05,
// CHECK-SAME: "count": 2, "label": "l0", "fingerprint": "aa", "tile": [1]}
// CHECK-NEXT: "candidate": 0, {{.*}}"measured": 2e-06, "count": 1, "label": "b\"c"
// CHECK-NEXT: "candidate": 0, {{.*}}"label": "w"
// CHECK-NEXT: "candidate": 0, {{.*}}"measured": 2e-05, "count": 1, "label": "u"
// CHECK-NEXT: "candidate": 1, {{.*}}"measured": 2.9e-05, "count": 2, "label": "l0"
// CHECK-NEXT: "candidate": 1, {{.*}}"label": "b\"c"
// CHECK-NEXT: "candidate": 1, {{.*}}"label": "w"
// CHECK-NEXT: "candidate": 3, {{.*}}"label": "l0"
// CHECK-NOT: twice

static void testResults(void) {
  DlcTrial t = {0};
  char path[4096], why[200];
  writeFile("round", "threads 1\nerror input 'x' is wrong\n", path, sizeof path);
  bool ok = dlcTrialReadRound(&t, path, why, sizeof why);
  printf("%d: %s\n", ok, why);
  writeFile("round", "task fast\n", path, sizeof path);
  ok = dlcTrialReadRound(&t, path, why, sizeof why);
  printf("%d: %s\n", ok, why);
  writeFile("graphs", "{\"kernels\": []}\n", path, sizeof path);
  printf("%d\n", dlcTrialReadGraphs(&t, path));
  dlcTrialDestroy(&t);
}
// CHECK: 0: input 'x' is wrong
// CHECK: 0: an unreadable result
// CHECK: 0

static int returnSeven(void *data) {
  (void)data;
  return 7;
}
static int crash(void *data) {
  signal(SIGSEGV, SIG_DFL); // a sanitizer would make an exit of it
  return data ? 0 : raise(SIGSEGV);
}
static int hang(void *data) {
  signal(SIGTERM, SIG_IGN); // and does not want to end
  for (;;) pause();
  return data != NULL;
}
static void testChild(int (*work)(void *), double seconds) {
  char text[200];
  DlcChildEnd end = dlcChildRun(work, NULL, seconds);
  dlcChildSay(&end, seconds, text, sizeof text);
  printf("child %d %d: %s\n", end.status, end.late, text);
}
// CHECK: child 7 0: failed with status 7
// CHECK: child -1 0: ended by signal 11
// CHECK: child -1 1: took longer than 0.1 s

int main(int argc, char **argv) {
  if (argc != 2) return 64;
  folder = argv[1];
  testChoice();
  testResults();
  testChild(returnSeven, 60);
  testChild(crash, 60);
  testChild(hang, 0.1);
  return 0;
}
