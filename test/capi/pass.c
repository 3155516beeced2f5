// RUN: capi-pass 2>&1 | FileCheck %s
// A pass that another program registers: each kind of option, statistics, failure, pipelines by name.
#include <inttypes.h>
#include <stdio.h>
#include "dlc/diag.h"
#include "dlc/pass.h"
#include "dlc/tools.h"

typedef struct {
  bool flag;
  int64_t count;
  double factor;
  MlirStringRef name;
  DlcI64s list;
} Options;
static const DlcOptionSpec optionSpecs[] = {
    {"flag", "a flag", DLC_OPTION_BOOL, offsetof(Options, flag), "true"},
    {"count", "a number", DLC_OPTION_I64, offsetof(Options, count), "7"},
    {"factor", "a real number", DLC_OPTION_F64, offsetof(Options, factor), "0.5"},
    {"name", "a word", DLC_OPTION_STRING, offsetof(Options, name), "\"none\""},
    {"list", "numbers", DLC_OPTION_I64S, offsetof(Options, list), ""},
    {0}};
static const DlcStatisticSpec statisticSpecs[] = {{"seen", "functions seen"}, {"summed", "the sum of all lists"}, {0}};
static const char *const dialects[] = {"ctrl", "scf", NULL};

static MlirLogicalResult run(MlirOperation root, DlcPass *pass, const void *data) {
  const Options *o = data;
  printf("flag %d, count %" PRId64 ", factor %g, name %.*s, list of %d\n", o->flag, o->count, o->factor,
         (int)o->name.length, o->name.data, (int)o->list.n);
  dlcPassCount(pass, 0, 1);
  for (intptr_t i = 0; i < o->list.n; ++i) dlcPassCount(pass, 1, (uint64_t)o->list.data[i]);
  return o->count < 0 ? dlcError(root, "cannot be taken %" PRId64 " times", o->count) : mlirLogicalResultSuccess();
}
static const DlcPassSpec spec = {.argument = "ctrl-show-options",
                                 .summary = "Prints its options",
                                 .anchor = "func.func",
                                 .optionsSize = sizeof(Options),
                                 .options = optionSpecs,
                                 .statistics = statisticSpecs,
                                 .dialects = dialects,
                                 .run = run};

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  MlirContext ctx = mlirContextCreateWithRegistry(registry, false);
  mlirContextEnableMultithreading(ctx, false);
  dlcRegisterAllPasses();
  dlcRegisterPass(&spec);
  dlcRegisterPipeline("ctrl-show-twice", "Twice",
                      "builtin.module(func.func(ctrl-show-options,ctrl-show-options{count=2}))");
  const char *text = "func.func @f() { return }";
  MlirModule module = mlirModuleCreateParse(ctx, mlirStringRefCreateFromCString(text));
  MlirOperation root = mlirModuleGetOperation(module);
  static const char *const pipelines[] = {
      // CHECK: flag 1, count 7, factor 0.5, name none, list of 0
      // CHECK-NEXT: ran
      "builtin.module(func.func(ctrl-show-options))",
      // CHECK-NEXT: flag 0, count 9, factor 1e-06, name word, list of 3
      // CHECK-NEXT: ran
      "builtin.module(func.func(ctrl-show-options{flag=false count=9 factor=1e-6 name=word list=1,2,3}))",
      // CHECK-NEXT: flag 1, count 7
      // CHECK-NEXT: flag 1, count 2
      // CHECK-NEXT: ran
      "builtin.module(ctrl-show-twice)",
      // CHECK-NEXT: flag 1, count -1
      // CHECK-NEXT: error: 'func.func' op cannot be taken -1 times
      // CHECK: failed
      "builtin.module(func.func(ctrl-show-options{count=-1}))",
      // CHECK: error: cannot parse pipeline: {{.*}}no such option nothing
      // CHECK: failed
      "builtin.module(func.func(ctrl-show-options{nothing=1}))",
      // CHECK: error: cannot parse pipeline: {{.*}}ctrl-no-such-pass
      // CHECK: failed
      "builtin.module(func.func(ctrl-no-such-pass))",
      // CHECK: error: cannot parse pipeline
      // CHECK: failed
      "builtin.module(func.func(ctrl-show-options",
  };
  for (size_t i = 0; i < sizeof pipelines / sizeof *pipelines; ++i)
    printf("%s\n", dlcRunPipeline(root, pipelines[i]) ? "ran" : "failed");
  // CHECK: ctrl-show-options
  // CHECK-NEXT: 5 seen - functions seen
  // CHECK-NEXT: 6 summed - the sum of all lists
  dlcPrintStatistics(stdout);
  mlirModuleDestroy(module);
  mlirContextDestroy(ctx);
  mlirDialectRegistryDestroy(registry);
  return 0;
}
