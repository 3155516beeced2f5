// ctrl-host-glue: after ctrl-to-host and the conversion to the LLVM dialect, writes
// the functions that know the runtime's ABI (runtime/include/dlrt/abi.h; the
// offsets below are those of its structs).
//
//   dlc_launch_N(frame, site, items, cost, scalars..)   packs the scalars of the operands, calls api->parallel
//   dlc_entry_N(frame, args, lo, hi, worker, scratch)   unpacks them, calls dlc_task_N
//   dlc_alloc, dlc_free, dlc_output_N, dlc_check_N      call the runtime
//   dlc_entry(frame)                                    unpacks the inputs, calls dlc_main
//   dlc_program()                                       the descriptor; the only symbol that is exported
//
// A call of dlc_launch_N or dlc_check_N that gives nonzero makes its function
// return 1. The functions are written as text and parsed: they are templates.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "mlir-c/Diagnostics.h"
#include "mlir-c/Dialect/LLVM.h"
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "dlc/text.h"
#include "lowering/host/metadata.h"
#include "ods/llvm.h"

enum {
  ABI_VERSION = 2,
  MAGIC = 0x31434c44,
  API_PARALLEL = 0,
  API_ALLOC = 8,
  API_FREE = 16,
  API_OUTPUT = 24,
  API_FAIL = 32,
  FRAME_ARENA = 8,
  FRAME_INPUTS = 16,
  FRAME_OUTPUTS = 40,
  PROGRAM_FAILED = 6
};

typedef struct {
  MlirOperation module;
  MlirContext ctx;
  DlcText text;
} Glue;

//===--- signatures -------------------------------------------------------------------------===//
static intptr_t nArguments(MlirOperation f) { return mlirLLVMFunctionTypeGetNumInputs(llvm_func_function_type(f)); }

static void printType(Glue *g, MlirType t) { mlirTypePrint(t, dlcTextCallback, &g->text); }

static void printArguments(Glue *g, MlirOperation f, intptr_t from) {
  for (intptr_t i = from; i < nArguments(f); ++i) {
    dlcTextPrint(&g->text, "%s%%a%td: ", i > from || from ? ", " : "", i);
    printType(g, mlirLLVMFunctionTypeGetInput(llvm_func_function_type(f), i));
  }
}

static void loadApi(Glue *g, int offset) {
  dlcTextPrint(&g->text,
               "  %%api = llvm.load %%frame : !llvm.ptr -> !llvm.ptr\n"
               "  %%slot = llvm.getelementptr %%api[%d] : (!llvm.ptr) -> !llvm.ptr, i8\n"
               "  %%callee = llvm.load %%slot : !llvm.ptr -> !llvm.ptr\n",
               offset);
}

//===--- tasks ----------------------------------------------------------------------------------===//
enum { LAUNCH_FIXED = 4, TASK_FIXED = 8 }; // arguments before the operands: a memref<?xi8> is five scalars

// What the task does not read, such as the sizes and strides of shapes that are known, is not passed.
static bool isRead(MlirOperation task, intptr_t operand) {
  MlirBlock entry = {0};
  intptr_t i = TASK_FIXED + operand;
  if (!mlirOperationIsNull(task) && llvm_func_isa(task)) entry = bodyOf(llvm_func_body(task));
  if (mlirBlockIsNull(entry) || i >= mlirBlockGetNumArguments(entry)) return true;
  return !mlirOpOperandIsNull(mlirValueGetFirstUse(argOf(entry, i)));
}

static void writeLaunch(Glue *g, MlirOperation f, MlirOperation task, const char *number) {
  intptr_t n = nArguments(f) - LAUNCH_FIXED, nRead = 0;
  dlcTextPrint(&g->text, "llvm.func internal @dlc_launch_%s(%%frame: !llvm.ptr, %%site: i32, %%items: i64, %%cost: i64",
               number);
  printArguments(g, f, LAUNCH_FIXED);
  dlcTextPrint(&g->text,
               ") -> i32 attributes {passthrough = [\"noinline\"]} {\n  %%one = llvm.mlir.constant(1 : i64) : i64\n");
  dlcTextPrint(&g->text,
               "  %%args = llvm.alloca %%one x !llvm.array<%td x i64> {alignment = 8 : i64} : (i64) -> !llvm.ptr\n",
               n ? n : 1);
  for (intptr_t i = 0; i < n; ++i) {
    if (!isRead(task, i)) continue;
    dlcTextPrint(
        &g->text,
        "  %%p%td = llvm.getelementptr %%args[%td] : (!llvm.ptr) -> !llvm.ptr, i64\n  llvm.store %%a%td, %%p%td : ", i,
        nRead++, i + LAUNCH_FIXED, i);
    printType(g, mlirLLVMFunctionTypeGetInput(llvm_func_function_type(f), i + LAUNCH_FIXED));
    dlcTextPrint(&g->text, ", !llvm.ptr\n");
  }
  loadApi(g, API_PARALLEL);
  dlcTextPrint(&g->text,
               "  %%fn = llvm.mlir.addressof @dlc_entry_%s : !llvm.ptr\n"
               "  %%r = llvm.call %%callee(%%frame, %%site, %%fn, %%args, %%items, %%cost) : !llvm.ptr, (!llvm.ptr, "
               "i32, !llvm.ptr, !llvm.ptr, i64, i64) -> i32\n"
               "  llvm.return %%r : i32\n}\n",
               number);
}

static void writeTaskEntry(Glue *g, MlirOperation launch, MlirOperation task, const char *number) {
  intptr_t n = nArguments(launch) - LAUNCH_FIXED, nRead = 0;
  MlirType type = llvm_func_function_type(launch);
  dlcTextPrint(&g->text,
               "llvm.func internal @dlc_entry_%s(%%frame: !llvm.ptr, %%args: !llvm.ptr, %%lo: i64, %%hi: i64, "
               "%%worker: i32, %%scratch: !llvm.ptr) -> i32 {\n",
               number);
  dlcTextPrint(&g->text, "  %%zero = llvm.mlir.constant(0 : i64) : i64\n  %%one = llvm.mlir.constant(1 : i64) : i64\n");
  for (intptr_t i = 0; i < n; ++i) {
    if (isRead(task, i))
      dlcTextPrint(&g->text,
                   "  %%p%td = llvm.getelementptr %%args[%td] : (!llvm.ptr) -> !llvm.ptr, i64\n  %%a%td = llvm.load "
                   "%%p%td : !llvm.ptr -> ",
                   i, nRead++, i, i);
    else
      dlcTextPrint(&g->text, "  %%a%td = llvm.mlir.poison : ", i);
    printType(g, mlirLLVMFunctionTypeGetInput(type, i + LAUNCH_FIXED));
    dlcTextPrint(&g->text, "\n");
  }
  // The size of the scratch is not read: a task views what it was given.
  dlcTextPrint(&g->text,
               "  %%r = llvm.call @dlc_task_%s(%%frame, %%lo, %%hi, %%scratch, %%scratch, %%zero, %%zero, %%one",
               number);
  for (intptr_t i = 0; i < n; ++i) dlcTextPrint(&g->text, ", %%a%td", i);
  dlcTextPrint(&g->text, ") : (!llvm.ptr, i64, i64, !llvm.ptr, !llvm.ptr, i64, i64, i64");
  for (intptr_t i = 0; i < n; ++i) {
    dlcTextPrint(&g->text, ", ");
    printType(g, mlirLLVMFunctionTypeGetInput(type, i + LAUNCH_FIXED));
  }
  dlcTextPrint(&g->text, ") -> i32\n  llvm.return %%r : i32\n}\n");
}

static void writeTask(Glue *g, MlirOperation launch, const char *number) {
  char name[64];
  snprintf(name, sizeof name, "dlc_task_%s", number);
  MlirOperation task = dlcLookupSymbol(g->module, name);
  writeTaskEntry(g, launch, task, number);
  writeLaunch(g, launch, task, number);
}

//===--- the runtime's services --------------------------------------------------------------------===//
// From %data and the sizes %a1.. to a descriptor of a dense buffer.
static void writeDescriptor(Glue *g, MlirOperation f, intptr_t rank) {
  MlirType type = mlirLLVMFunctionTypeGetReturnType(llvm_func_function_type(f));
  DlcText t = {0};
  mlirTypePrint(type, dlcTextCallback, &t);
  dlcTextPrint(&g->text,
               "  %%zero = llvm.mlir.constant(0 : i64) : i64\n  %%one = llvm.mlir.constant(1 : i64) : i64\n"
               "  %%d0 = llvm.mlir.poison : %s\n  %%d1 = llvm.insertvalue %%data, %%d0[0] : %s\n  %%d2 = "
               "llvm.insertvalue %%data, %%d1[1] : %s\n"
               "  %%s%td = llvm.insertvalue %%zero, %%d2[2] : %s\n",
               t.data, t.data, t.data, rank, t.data);
  for (intptr_t i = rank - 1; i >= 0; --i) {
    if (i == rank - 1)
      dlcTextPrint(&g->text, "  %%stride%td = llvm.add %%zero, %%one : i64\n", i);
    else
      dlcTextPrint(&g->text, "  %%stride%td = llvm.mul %%stride%td, %%a%td : i64\n", i, i + 1, i + 2);
    dlcTextPrint(&g->text,
                 "  %%t%td = llvm.insertvalue %%a%td, %%s%td[3, %td] : %s\n  %%s%td = llvm.insertvalue %%stride%td, "
                 "%%t%td[4, %td] : %s\n",
                 i, i + 1, i + 1, i, t.data, i, i, i, i, t.data);
  }
  dlcTextPrint(&g->text, "  llvm.return %%s0 : %s\n}\n", t.data);
  dlcTextDestroy(&t);
}

static void openFunction(Glue *g, MlirOperation f, const char *name, bool isInline) {
  dlcTextPrint(&g->text, "llvm.func internal @%s(%%frame: !llvm.ptr", name);
  printArguments(g, f, 1);
  dlcTextPrint(&g->text, ")");
  MlirType result = mlirLLVMFunctionTypeGetReturnType(llvm_func_function_type(f));
  if (!mlirTypeEqual(result, mlirTypeParseGet(g->ctx, dlcText("!llvm.void")))) {
    dlcTextPrint(&g->text, " -> ");
    printType(g, result);
  }
  dlcTextPrint(&g->text, isInline ? " {\n" : " attributes {passthrough = [\"noinline\"]} {\n");
}

// The caller's memory where the frame has it, else the runtime is asked. Inline, so that the descriptor stays in
// registers.
static void writeOutput(Glue *g, MlirOperation f, const char *name) {
  intptr_t rank = nArguments(f) - 1;
  const char *index = name + strlen("dlc_output_");
  openFunction(g, f, name, true);
  dlcTextPrint(&g->text,
               "  %%n = llvm.mlir.constant(1 : i64) : i64\n  %%shape = llvm.alloca %%n x !llvm.array<%td x i64> "
               "{alignment = 8 : i64} : (i64) -> !llvm.ptr\n"
               "  %%po = llvm.getelementptr %%frame[%d] : (!llvm.ptr) -> !llvm.ptr, i8\n  %%outputs = llvm.load %%po : "
               "!llvm.ptr -> !llvm.ptr\n"
               "  %%pg = llvm.getelementptr %%outputs[%s] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr\n  %%given = llvm.load "
               "%%pg : !llvm.ptr -> !llvm.ptr\n"
               "  %%null = llvm.mlir.zero : !llvm.ptr\n  %%isnull = llvm.icmp \"eq\" %%given, %%null : !llvm.ptr\n"
               "  llvm.cond_br %%isnull, ^ask, ^done(%%given : !llvm.ptr)\n^ask:\n",
               rank ? rank : 1, FRAME_OUTPUTS, index);
  for (intptr_t i = 0; i < rank; ++i)
    dlcTextPrint(&g->text,
                 "  %%p%td = llvm.getelementptr %%shape[%td] : (!llvm.ptr) -> !llvm.ptr, i64\n  llvm.store %%a%td, "
                 "%%p%td : i64, !llvm.ptr\n",
                 i, i, i + 1, i);
  loadApi(g, API_OUTPUT);
  dlcTextPrint(&g->text, "  %%index = llvm.mlir.constant(%s : i32) : i32\n", index);
  dlcTextPrint(&g->text, "  %%asked = llvm.call %%callee(%%frame, %%index, %%shape) : !llvm.ptr, (!llvm.ptr, i32, "
                         "!llvm.ptr) -> !llvm.ptr\n  llvm.br ^done(%%asked : !llvm.ptr)\n^done(%%data: !llvm.ptr):\n");
  writeDescriptor(g, f, rank);
}

static void writeAlloc(Glue *g, MlirOperation f) {
  openFunction(g, f, "dlc_alloc", false);
  loadApi(g, API_ALLOC);
  dlcTextPrint(&g->text, "  %%data = llvm.call %%callee(%%frame, %%a1) : !llvm.ptr, (!llvm.ptr, i64) -> !llvm.ptr\n");
  writeDescriptor(g, f, 1);
}

static void writeFree(Glue *g, MlirOperation f) {
  openFunction(g, f, "dlc_free", false);
  loadApi(g, API_FREE);
  dlcTextPrint(&g->text, "  %%data = llvm.inttoptr %%a1 : i64 to !llvm.ptr\n  llvm.call %%callee(%%frame, %%data) : "
                         "!llvm.ptr, (!llvm.ptr, !llvm.ptr) -> ()\n  llvm.return\n}\n");
}

// A string constant, with every byte escaped that text could not hold.
static void writeString(Glue *g, const char *name, MlirStringRef s) {
  dlcTextPrint(&g->text, "llvm.mlir.global internal constant @%s(\"", name);
  for (size_t i = 0; i < s.length; ++i) {
    unsigned char c = (unsigned char)s.data[i];
    if (c < 0x20 || c > 0x7e || c == '"' || c == '\\')
      dlcTextPrint(&g->text, "\\%02X", c);
    else
      dlcTextAppend(&g->text, s.data + i, 1);
  }
  dlcTextPrint(&g->text, "\\00\") {addr_space = 0 : i32}\n");
}

static void writeCheck(Glue *g, MlirOperation f, const char *name) {
  char message[64];
  snprintf(message, sizeof message, "%s_message", name);
  MlirAttribute a = mlirOperationGetDiscardableAttributeByName(f, dlcText("dlc.message"));
  writeString(g, message,
              mlirAttributeIsNull(a) ? dlcText("an assertion of the program does not hold")
                                     : mlirStringAttrGetValue(a));
  openFunction(g, f, name, false);
  dlcTextPrint(&g->text, "  llvm.cond_br %%a1, ^good, ^bad\n^good:\n  %%zero = llvm.mlir.constant(0 : i32) : i32\n  "
                         "llvm.return %%zero : i32\n^bad:\n");
  loadApi(g, API_FAIL);
  dlcTextPrint(&g->text,
               "  %%code = llvm.mlir.constant(%d : i32) : i32\n  %%message = llvm.mlir.addressof @%s : !llvm.ptr\n"
               "  llvm.call %%callee(%%frame, %%code, %%message) : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr) -> ()\n"
               "  %%one = llvm.mlir.constant(1 : i32) : i32\n  llvm.return %%one : i32\n}\n",
               PROGRAM_FAILED, message);
}

//===--- entry and descriptor ----------------------------------------------------------------------===//
// The ranks of the inputs, from the scalars of main: ptr ptr i64 then sizes and strides.
static bool writeEntry(Glue *g, MlirOperation main) {
  MlirType type = llvm_func_function_type(main), pointer = mlirTypeParseGet(g->ctx, dlcText("!llvm.ptr"));
  intptr_t n = nArguments(main), i = 11; // frame, and two memref<?xi8>
  dlcTextPrint(&g->text,
               "llvm.mlir.global external hidden constant @dlc_weights() {addr_space = 0 : i32, alignment = 64 : i64} "
               ": !llvm.array<0 x i8>\n"
               "llvm.func internal @dlc_entry(%%frame: !llvm.ptr) -> i32 {\n"
               "  %%zero = llvm.mlir.constant(0 : i64) : i64\n  %%one = llvm.mlir.constant(1 : i64) : i64\n"
               "  %%pa = llvm.getelementptr %%frame[%d] : (!llvm.ptr) -> !llvm.ptr, i8\n  %%arena = llvm.load %%pa : "
               "!llvm.ptr -> !llvm.ptr\n"
               "  %%pi = llvm.getelementptr %%frame[%d] : (!llvm.ptr) -> !llvm.ptr, i8\n  %%inputs = llvm.load %%pi : "
               "!llvm.ptr -> !llvm.ptr\n"
               "  %%weights = llvm.mlir.addressof @dlc_weights : !llvm.ptr\n",
               FRAME_ARENA, FRAME_INPUTS);
  DlcText call = {0};
  intptr_t nInputs = 0;
  for (; i < n; ++nInputs) {
    intptr_t scalars = 3, k = nInputs;
    while (i + scalars < n && !mlirTypeEqual(mlirLLVMFunctionTypeGetInput(type, i + scalars), pointer)) ++scalars;
    intptr_t rank = (scalars - 3) / 2;
    dlcTextPrint(&g->text,
                 "  %%q%td = llvm.getelementptr %%inputs[%td] : (!llvm.ptr) -> !llvm.ptr, i64\n  %%data%td = llvm.load "
                 "%%q%td : !llvm.ptr -> !llvm.ptr\n"
                 "  %%r%td = llvm.getelementptr %%inputs[%td] : (!llvm.ptr) -> !llvm.ptr, i64\n  %%shape%td = "
                 "llvm.load %%r%td : !llvm.ptr -> !llvm.ptr\n",
                 k, 2 * k, k, k, k, 2 * k + 1, k, k);
    dlcTextPrint(&call, ", %%data%td, %%data%td, %%zero", k, k);
    for (intptr_t d = 0; d < rank; ++d) {
      dlcTextPrint(&g->text,
                   "  %%e%td_%td = llvm.getelementptr %%shape%td[%td] : (!llvm.ptr) -> !llvm.ptr, i64\n  %%n%td_%td = "
                   "llvm.load %%e%td_%td : !llvm.ptr -> i64\n",
                   k, d, k, d, k, d, k, d);
      dlcTextPrint(&call, ", %%n%td_%td", k, d);
    }
    for (intptr_t d = rank - 1; d >= 0; --d) {
      if (d == rank - 1)
        dlcTextPrint(&g->text, "  %%s%td_%td = llvm.add %%zero, %%one : i64\n", k, d);
      else
        dlcTextPrint(&g->text, "  %%s%td_%td = llvm.mul %%s%td_%td, %%n%td_%td : i64\n", k, d, k, d + 1, k, d + 1);
    }
    for (intptr_t d = 0; d < rank; ++d) dlcTextPrint(&call, ", %%s%td_%td", k, d);
    i += scalars;
  }
  dlcTextPrint(&g->text,
               "  %%r = llvm.call @dlc_main(%%frame, %%arena, %%arena, %%zero, %%zero, %%one, %%weights, %%weights, "
               "%%zero, %%zero, %%one%s) : (",
               call.data ? call.data : "");
  for (intptr_t a = 0; a < n; ++a) {
    dlcTextPrint(&g->text, "%s", a ? ", " : "");
    printType(g, mlirLLVMFunctionTypeGetInput(type, a));
  }
  dlcTextPrint(&g->text, ") -> i32\n  llvm.return %%r : i32\n}\n");
  dlcTextDestroy(&call);
  return i == n;
}

static int64_t numberOf(Glue *g, const char *name) {
  MlirAttribute a = mlirOperationGetDiscardableAttributeByName(g->module, dlcText(name));
  return mlirAttributeIsNull(a) ? 0 : mlirIntegerAttrGetValueInt(a);
}

static void writeProgram(Glue *g, const DlcCtrlHostGlueOptions *options) {
  DlcText metadata = {0};
  dlcHostDescribeProgram(&metadata, g->module, options->name, options->target, options->features);
  writeString(g, "dlc_metadata", mlirStringRefCreate(metadata.data, metadata.n));
  dlcTextDestroy(&metadata);
  const char *type = "!llvm.struct<(i32, i32, i64, i64, ptr, ptr)>";
  dlcTextPrint(&g->text,
               "llvm.mlir.global internal constant @dlc_descriptor() {addr_space = 0 : i32} : %s {\n  %%d0 = "
               "llvm.mlir.undef : %s\n",
               type, type);
  const char *fields[] = {
      "llvm.mlir.constant(%lld : i32) : i32",          "llvm.mlir.constant(%lld : i32) : i32",
      "llvm.mlir.constant(%lld : i64) : i64",          "llvm.mlir.constant(%lld : i64) : i64",
      "llvm.mlir.addressof @dlc_metadata : !llvm.ptr", "llvm.mlir.addressof @dlc_entry : !llvm.ptr"};
  long long values[] = {MAGIC, ABI_VERSION, numberOf(g, "dlc.arena_bytes"), numberOf(g, "dlc.scratch_bytes"), 0, 0};
  for (int i = 0; i < 6; ++i) {
    char line[128];
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wformat-nonliteral"
    snprintf(line, sizeof line, fields[i], values[i]);
#pragma clang diagnostic pop
    dlcTextPrint(&g->text, "  %%f%d = %s\n  %%d%d = llvm.insertvalue %%f%d, %%d%d[%d] : %s\n", i, line, i + 1, i, i, i,
                 type);
  }
  dlcTextPrint(&g->text, "  llvm.return %%d6 : %s\n}\n", type);
  dlcTextPrint(&g->text, "llvm.func @dlc_program() -> !llvm.ptr {\n  %%p = llvm.mlir.addressof @dlc_descriptor : "
                         "!llvm.ptr\n  llvm.return %%p : !llvm.ptr\n}\n");
}

//===--- failing calls -----------------------------------------------------------------------------===//
static bool startsWith(MlirStringRef s, const char *prefix) {
  return s.length >= strlen(prefix) && !strncmp(s.data, prefix, strlen(prefix));
}

static bool mayFail(MlirOperation op) {
  if (!llvm_call_isa(op)) return false;
  MlirStringRef callee = llvm_call_callee(op);
  return callee.length && (startsWith(callee, "dlc_launch_") || startsWith(callee, "dlc_check_"));
}

// After the call: nonzero leaves the function with 1.
static void checkCall(DlcBuilder *b, MlirOperation call) {
  MlirOperation next = mlirOperationGetNextInBlock(call);
  MlirRegion region = mlirBlockGetParentRegion(mlirOperationGetBlock(call));
  MlirBlock before = mlirOperationGetBlock(call), rest = dlcSplitBlock(b, next), leave = {0};
  b->loc = mlirOperationGetLocation(call);
  leave = dlcAddBlock(b, region, (DlcTypes){0});
  MlirType i32 = mlirIntegerTypeGet(b->ctx, 32);
  dlcAtEnd(b, leave) llvm_return(b, .arg = llvm_mlir_constant(b, mlirIntegerAttrGet(i32, 1), i32));
  dlcAtEnd(b, before) {
    MlirValue failed = llvm_icmp(b, LLVM_ICmpPredicate_ne, mlirOperationGetResult(call, 0),
                                 llvm_mlir_constant(b, mlirIntegerAttrGet(i32, 0), i32));
    llvm_cond_br(b, failed, (DlcValues){0}, (DlcValues){0}, leave, rest);
  }
}

//===--- conversions ---------------------------------------------------------------------------------===//
static bool makesBrainFloat(MlirOperation op) {
  for (intptr_t i = 0; i < mlirOperationGetNumResults(op); ++i) {
    MlirType t = mlirValueGetType(mlirOperationGetResult(op, i));
    if (mlirTypeIsABF16(mlirTypeIsAShaped(t) ? mlirShapedTypeGetElementType(t) : t)) return true;
  }
  return false;
}

// Where the CPU does not round to bf16, LLVM calls this function of libgcc or compiler-rt, which programs do not have.
// To nearest, ties to even; a NaN stays one.
static void writeRounding(Glue *g, MlirStringRef features) {
  char text[2600];
  snprintf(text, sizeof text, "%.*s", (int)features.length, features.data);
  if (strstr(text, "avx512bf16") || strstr(text, "avxneconvert")) return;
  DlcOps found = dlcCollect(g->module, makesBrainFloat);
  if (found.n)
    dlcTextPrint(&g->text, "llvm.func hidden @__truncsfbf2(%%x: f32) -> bf16 {\n"
                           "  %%one = llvm.mlir.constant(1 : i32) : i32\n"
                           "  %%quiet = llvm.mlir.constant(64 : i32) : i32\n"
                           "  %%half = llvm.mlir.constant(32767 : i32) : i32\n"
                           "  %%n = llvm.mlir.constant(16 : i32) : i32\n"
                           "  %%bits = llvm.bitcast %%x : f32 to i32\n"
                           "  %%high = llvm.lshr %%bits, %%n : i32\n"
                           "  %%odd = llvm.and %%high, %%one : i32\n"
                           "  %%bias = llvm.add %%half, %%odd : i32\n"
                           "  %%sum = llvm.add %%bits, %%bias : i32\n"
                           "  %%rounded = llvm.lshr %%sum, %%n : i32\n"
                           "  %%nan = llvm.or %%high, %%quiet : i32\n"
                           "  %%isnan = llvm.fcmp \"uno\" %%x, %%x : f32\n"
                           "  %%r = llvm.select %%isnan, %%nan, %%rounded : i1, i32\n"
                           "  %%low = llvm.trunc %%r : i32 to i16\n"
                           "  %%y = llvm.bitcast %%low : i16 to bf16\n"
                           "  llvm.return %%y : bf16\n}\n");
  free(found.data);
}

//===--- the pass ------------------------------------------------------------------------------------===//
static MlirLogicalResult writeAll(Glue *g, const DlcCtrlHostGlueOptions *options, DlcOps *declarations) {
  MlirOperation main = dlcLookupSymbol(g->module, "dlc_main");
  if (mlirOperationIsNull(main) || !llvm_func_isa(main)) {
    mlirEmitError(mlirOperationGetLocation(g->module),
                  "ctrl-host-glue: no llvm.func dlc_main; run ctrl-to-host and convert to the LLVM dialect first");
    return mlirLogicalResultFailure();
  }
  dlcForEachOp(op, bodyOf(mlirOperationGetRegion(g->module, 0))) {
    if (!llvm_func_isa(op) || bodyOf(llvm_func_body(op)).ptr) continue;
    MlirStringRef s = llvm_func_sym_name(op);
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)s.length, s.data);
    if (startsWith(s, "dlc_launch_")) {
      writeTask(g, op, name + strlen("dlc_launch_"));
    } else if (startsWith(s, "dlc_output_"))
      writeOutput(g, op, name);
    else if (startsWith(s, "dlc_check_"))
      writeCheck(g, op, name);
    else if (!strcmp(name, "dlc_alloc"))
      writeAlloc(g, op);
    else if (!strcmp(name, "dlc_free"))
      writeFree(g, op);
    else
      continue;
    declarations->data = realloc(declarations->data, (size_t)(declarations->n + 1) * sizeof op);
    declarations->data[declarations->n++] = op;
  }
  writeRounding(g, options->features);
  writeEntry(g, main);
  writeProgram(g, options);
  return mlirLogicalResultSuccess();
}

// Moves what was written into the module, in place of the declarations.
static MlirLogicalResult insertAll(Glue *g, DlcBuilder *b, DlcOps *declarations) {
  MlirModule parsed = dlcParseUnverified(g->ctx, mlirStringRefCreate(g->text.data, g->text.n));
  if (mlirModuleIsNull(parsed)) return mlirLogicalResultFailure();
  for (intptr_t i = 0; i < declarations->n; ++i) mlirRewriterBaseEraseOp(b->rewriter, declarations->data[i]);
  MlirBlock to = bodyOf(mlirOperationGetRegion(g->module, 0));
  dlcForEachOp(op, mlirModuleGetBody(parsed)) {
    mlirOperationRemoveFromParent(op);
    mlirBlockAppendOwnedOperation(to, op);
  }
  mlirModuleDestroy(parsed);
  return mlirLogicalResultSuccess();
}

MlirLogicalResult dlcRunCtrlHostGlue(MlirOperation root, DlcPass *pass, const DlcCtrlHostGlueOptions *options) {
  (void)pass;
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  Glue g = {.module = root, .ctx = b.ctx};
  DlcOps calls = dlcCollect(root, mayFail), declarations = {0};
  MlirAttribute internal = mlirAttributeParseGet(b.ctx, dlcText("#llvm.linkage<internal>"));
  dlcForEachOp(op, bodyOf(mlirOperationGetRegion(root, 0)))
    if (llvm_func_isa(op) && bodyOf(llvm_func_body(op)).ptr) llvm_func_set_linkage(op, internal);
  for (intptr_t i = 0; i < calls.n; ++i) checkCall(&b, calls.data[i]);
  MlirLogicalResult result = dlcStatus(&b);
  if (mlirLogicalResultIsSuccess(result)) result = writeAll(&g, options, &declarations);
  if (mlirLogicalResultIsSuccess(result)) result = insertAll(&g, &b, &declarations);
  free(calls.data), free(declarations.data);
  dlcTextDestroy(&g.text);
  mlirIRRewriterDestroy(rewriter);
  return result;
}
