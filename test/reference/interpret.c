// interpret: runs a model in the reference interpreter, and writes or compares what comes out.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "file.h"
#include "npy.h"
#include "reference.h"
#include "session.h"

enum { EXIT_DIFFERS = 1, EXIT_REFUSED = 2, EXIT_FAILED = 3, EXIT_USAGE = 64, MAX_FILES = 256 };

static const char usage[] =
    "usage: interpret MODEL [INPUT...] [--expect FILE...] [--output-dir DIR] [--bound X]\n"
    "\n"
    "Runs func.func @main of a model (.onnx, or MLIR as `dlc --emit-mlir=import` writes it) in\n"
    "the reference interpreter. INPUT and FILE are .npy or ONNX TensorProto (.pb), in the order\n"
    "of arguments and results.\n"
    "  --expect FILE...   compares: max|got - want| / max|want| is at most 1e-4 for float32 and\n"
    "                     float64, 5e-3 for float16, 2e-2 for bfloat16; integers are equal\n"
    "  --bound X          another bound for all float results\n"
    "  --output-dir DIR   writes DIR/0.npy, DIR/1.npy, ...\n"
    "Exit status: 0 done, 1 a result differs, 2 the importer refuses the model, 3 it cannot be\n"
    "interpreted, 64 wrong usage.\n";

typedef struct {
  const char *model, *directory;
  double bound; // below 0: by type
  int nInputs, nExpected;
  const char *inputs[MAX_FILES], *expected[MAX_FILES];
} Options;

static bool parseArguments(int argc, char **argv, Options *o) {
  bool expects = false;
  o->bound = -1;
  for (int i = 1; i < argc; ++i) {
    const char *arg = argv[i];
    bool hasValue = i + 1 < argc;
    if (!strcmp(arg, "--expect")) {
      expects = true;
    } else if (!strcmp(arg, "--output-dir") && hasValue) {
      o->directory = argv[++i];
    } else if (!strcmp(arg, "--bound") && hasValue) {
      char *end;
      o->bound = strtod(argv[++i], &end);
      if (*end || !(o->bound >= 0)) return false;
    } else if (arg[0] == '-' || o->nInputs == MAX_FILES || o->nExpected == MAX_FILES) {
      return false;
    } else if (!o->model) {
      o->model = arg;
    } else if (expects) {
      o->expected[o->nExpected++] = arg;
    } else {
      o->inputs[o->nInputs++] = arg;
    }
  }
  return o->model;
}

static bool readTensors(int n, const char *const *paths, DLManagedTensor **out) {
  for (int i = 0; i < n; ++i) {
    dlrt_status_t status = file_read_tensor(paths[i], &out[i], NULL);
    if (status.code) return fprintf(stderr, "interpret: %s\n", status.message), false;
  }
  return true;
}

static bool writeOutput(const Options *o, int i, const DLTensor *tensor) {
  char path[4096];
  file_writer_t writer;
  snprintf(path, sizeof path, "%s/%d.npy", o->directory, i);
  dlrt_status_t status = file_make_directory(o->directory);
  if (!status.code) status = file_begin(&writer, path);
  if (!status.code) status = file_commit(&writer, npy_write(tensor, writer.stream));
  if (status.code) fprintf(stderr, "interpret: %s\n", status.message);
  return !status.code;
}

static int finish(const Options *o, int n, DLManagedTensor **outputs, DLManagedTensor **expected) {
  int status = 0;
  for (int i = 0; i < n; ++i) {
    const DLTensor *got = &outputs[i]->dl_tensor;
    double error = 0;
    char why[600];
    if (o->directory && !writeOutput(o, i, got)) status = EXIT_FAILED;
    if (i >= o->nExpected) continue;
    const DLTensor *want = &expected[i]->dl_tensor;
    double bound = refBoundOf(want);
    if (o->bound >= 0 && bound > 0) bound = o->bound;
    bool same = refCompare(got, want, bound, 0, &error, why, sizeof why);
    printf("output %d: %s\n", i, same ? "equal" : why);
    if (!same && !status) status = EXIT_DIFFERS;
  }
  return status;
}

static int interpret(const Options *o, RefProgram *program) {
  static DLManagedTensor *inputs[MAX_FILES], *expected[MAX_FILES], *outputs[MAX_FILES];
  const DLTensor *views[MAX_FILES];
  int nOut = refProgramOutputs(program), status = EXIT_FAILED;
  if (refProgramInputs(program) != o->nInputs || nOut > MAX_FILES || o->nExpected > nOut)
    return fprintf(stderr, "interpret: the model has %d inputs and %d outputs\n", refProgramInputs(program), nOut),
           EXIT_USAGE;
  if (readTensors(o->nInputs, o->inputs, inputs) && readTensors(o->nExpected, o->expected, expected)) {
    for (int i = 0; i < o->nInputs; ++i) views[i] = &inputs[i]->dl_tensor;
    if (refProgramRun(program, views, outputs)) status = finish(o, nOut, outputs, expected);
  }
  for (int i = 0; i < MAX_FILES; ++i)
    dlrt_tensor_release(inputs[i]), dlrt_tensor_release(expected[i]), dlrt_tensor_release(outputs[i]);
  return status;
}

int main(int argc, char **argv) {
  static Options o;
  if (!parseArguments(argc, argv, &o)) return fputs(usage, stderr), EXIT_USAGE;
  MlirContext ctx = refContextCreate();
  bool refused = false;
  MlirModule module = refModuleLoad(ctx, o.model, &refused);
  RefProgram *program = mlirModuleIsNull(module) ? NULL : refProgramCreate(module);
  int status = program ? interpret(&o, program) : refused ? EXIT_REFUSED : EXIT_FAILED;
  refProgramDestroy(program);
  if (!mlirModuleIsNull(module)) mlirModuleDestroy(module);
  mlirContextDestroy(ctx);
  return status;
}
