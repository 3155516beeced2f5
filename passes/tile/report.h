// What tile-report shows: the kernels of a module, each priced.
#pragma once
#include <stdio.h>
#include "passes/cost/cost.h"

typedef struct {
  MlirOperation op; // tile.graph, or an op outside of all of them that computes
  bool isGraph;     // the rest only then
  DlcFlow flow;
  DlcCostSchedule schedule;
  DlcCost cost;
} DlcReportKernel;

typedef struct {
  MlirOperation module;
  DlcDevice device;
  int64_t dynamic;          // what a dynamic size is taken as
  DlcReportKernel *kernels; // in program order
  intptr_t n;
} DlcReport;

typedef struct {
  double seconds, bytes[DLC_MEMORIES], transactions[DLC_MEMORIES];
  double intermediates;   // bytes of values that one kernel stores and another reads (IRS)
  int64_t kernels, alone; // alone: of one op that is in no graph
  int64_t edges[tile_Level_global + 1];
} DlcReportSums;
DlcReportSums dlcReportSum(const DlcReport *report);
double dlcReportAloneBytes(const DlcReport *report,
                           const DlcReportKernel *kernel); // what an op outside of graphs moves

void dlcReportText(const DlcReport *report, FILE *out);
void dlcReportDot(const DlcReport *report, FILE *out);
void dlcReportJson(const DlcReport *report, FILE *out);
void dlcReportLines(const DlcReport *report, FILE *out); // JSON, a line for each graph

const DlcReportKernel *dlcReportKernelOf(const DlcReport *report, MlirOperation op); // NULL: op is none
double dlcReportValueBytes(const DlcReport *report, MlirValue value);                // of a tensor
bool dlcReportIsReturned(MlirValue value);                                           // from its function
bool dlcReportIsUsed(MlirValue value);
typedef struct {
  char text[24];
} DlcReportBytes;
DlcReportBytes dlcReportShow(double bytes); // "880.8 MB"
typedef struct {
  char text[96];
} DlcReportName;
DlcReportName dlcReportName(MlirOperation op); // its label, else its name
