// Random linalg ops through tile-lower-to-vector, against upstream's scalar
// loops. Every case has its own seed; a failure prints the op and the command
// that repeats it. Buffers end, or begin, at a guard page, and what lies between
// their rows is compared too, so that no access outside of a buffer goes unseen.
//
// RUN: lowering-linalg_to_vector-numerics --seed 1 --cases 150 | FileCheck %s
// CHECK: 150 cases agree
#define _GNU_SOURCE // the MAP_ANONYMOUS of mmap
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "dlc/pass.h"
#include "dlc/tools.h"
#include "lowering/linalg_to_vector/pipeline.h"
#include "llvm-c/LLJIT.h"
#include "llvm-c/Orc.h"
#include "llvm-c/Target.h"
#include "llvm-c/TargetMachine.h"
#include "llvm-c/Transforms/PassBuilder.h"
#include "mlir-c/RegisterEverything.h"
#include "mlir-c/Target/LLVMIR.h"

enum { maxDims = 8, maxBuffers = 7, textSize = 1 << 16 };

//===--- random numbers ---
static uint64_t state;
static uint64_t next(void) { // splitmix64
  uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}
static int64_t below(int64_t n) { return (int64_t)(next() % (uint64_t)n); }
static bool chance(int64_t percent) { return below(100) < percent; }

//===--- a case ---
typedef struct {
  const char *name;
  int bytes;
  char kind;
} Type; // kind: f, i, b
static const Type types_[] = {{"f32", 4, 'f'}, {"f64", 8, 'f'}, {"f16", 2, 'f'}, {"bf16", 2, 'f'}, {"i32", 4, 'i'},
                              {"i64", 8, 'i'}, {"i8", 1, 'i'},  {"i16", 2, 'i'}, {"i1", 1, 'b'},   {"index", 8, 'i'}};
typedef struct {
  const Type *type;
  int rank;
  int64_t size[maxDims], stride[maxDims], elements; // elements: from the first to behind the last
  char map[256];
  bool isDynamic;
} Buffer;
typedef struct {
  int nLoops, nBuffers, nInputs; // the operands
  int nTables;                   // buffers behind them, that the body reads
  int64_t size[maxDims];
  bool isReduction[maxDims];
  Buffer buffer[maxBuffers];
  char body[4096], text[textSize];
  int vectorBits;
} Case;

static void append(char *to, size_t capacity, const char *format, ...) {
  va_list args;
  size_t n = strlen(to);
  va_start(args, format);
  vsnprintf(to + n, capacity - n, format, args);
  va_end(args);
}
#define say(to, ...) append(to, sizeof(to), __VA_ARGS__)

static void chooseLoops(Case *c) {
  static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 11, 13, 16, 17, 24, 31, 33, 48, 64, 65, 100};
  int64_t points = 1;
  c->nLoops = 1 + (int)below(5);
  for (int d = 0; d < c->nLoops; ++d) {
    c->size[d] = chance(2) ? 0 : sizes[below(18)];
    if (points * c->size[d] > 40000) c->size[d] = 1 + below(3);
    points *= c->size[d] ? c->size[d] : 1;
    c->isReduction[d] = chance(40);
  }
}
static void shuffle(int *order, int n) {
  for (int i = n - 1; i > 0; --i) {
    int j = chance(60) ? i : (int)below(i + 1), t = order[i]; // mostly in order
    order[i] = order[j], order[j] = t;
  }
}
static void addDimension(Buffer *b, int64_t size, const char *format, ...) {
  char expr[64];
  va_list args;
  va_start(args, format);
  vsnprintf(expr, sizeof expr, format, args);
  va_end(args);
  say(b->map, "%s%s", b->rank ? ", " : "", expr);
  b->size[b->rank++] = size;
}
// An input: some loops as dimensions, now and then two in one, as a convolution has them.
static void chooseMap(Case *c, Buffer *b, uint32_t wanted) {
  int order[maxDims], n = 0;
  for (int d = 0; d < c->nLoops; ++d)
    if (wanted >> d & 1) order[n++] = d;
  shuffle(order, n);
  for (int i = 0; i < n; ++i) {
    int d = order[i], e = i + 1 < n ? order[i + 1] : d;
    int64_t s = 1 + below(3), t = 1 + below(2);
    if (e != d && c->isReduction[d] != c->isReduction[e] && c->size[d] && c->size[e] && chance(35)) {
      addDimension(b, (c->size[d] - 1) * s + (c->size[e] - 1) * t + 1, "d%d * %d + d%d * %d", d, (int)s, e, (int)t);
      ++i;
    } else
      addDimension(b, c->size[d], "d%d", d);
  }
}
static void chooseLayout(Buffer *b) {
  int64_t stride = 1;
  bool padded = chance(40);
  b->isDynamic = chance(40);
  for (int r = b->rank - 1; r >= 0; --r) {
    b->stride[r] = stride;
    stride *= b->size[r] ? b->size[r] : 1;
    if (padded && chance(50)) stride += below(5);
  }
  b->elements = 1;
  for (int r = 0; r < b->rank; ++r) b->elements += (b->size[r] - 1) * b->stride[r];
  for (int r = 0; r < b->rank; ++r)
    if (!b->size[r]) b->elements = 0;
}
static void nameType(const Buffer *b, char *to, size_t capacity) {
  append(to, capacity, "memref<");
  for (int r = 0; r < b->rank; ++r)
    if (b->isDynamic)
      append(to, capacity, "?x");
    else
      append(to, capacity, "%" PRId64 "x", b->size[r]);
  append(to, capacity, "%s", b->type->name);
  if (b->rank) append(to, capacity, ", strided<[");
  for (int r = 0; r < b->rank; ++r)
    if (b->isDynamic && r < b->rank - 1)
      append(to, capacity, "?, ");
    else
      append(to, capacity, "%" PRId64 "%s", b->stride[r], r < b->rank - 1 ? ", " : "");
  append(to, capacity, b->rank ? "], offset: ?>>" : ">");
}

//===--- bodies ---
static int nValues;
static void sayIndex(Case *c, const Type *t, const char *name) {
  int d = (int)below(c->nLoops);
  say(c->body, "    %%i%d = linalg.index %d : index\n", nValues, d);
  if (!strcmp(t->name, "index"))
    say(c->body, "    %s = arith.addi %%i%d, %%i%d : index\n", name, nValues, nValues);
  else if (t->kind == 'f')
    say(c->body, "    %%j%d = arith.index_cast %%i%d : index to i32\n    %s = arith.sitofp %%j%d : i32 to %s\n",
        nValues, nValues, name, nValues, t->name);
  else
    say(c->body, "    %s = arith.index_cast %%i%d : index to %s\n", name, nValues, t->name);
  ++nValues;
}
// Some operations on x and y of type t; the name of the result is written to x.
static void sayOperations(Case *c, const Type *t, char x[16], const char *y, int n) {
  static const char *const floats[] = {"addf", "subf", "mulf", "maximumf", "minimumf"},
                           *const ints[] = {"addi", "subi", "muli", "maxsi", "minui", "xori"},
                           *const bools[] = {"andi", "ori", "xori"};
  while (n--) {
    char r[16];
    snprintf(r, sizeof r, "%%v%d", nValues++);
    if (t->kind == 'f' && chance(15))
      say(c->body, "    %s = math.absf %s : %s\n", r, x, t->name);
    else if (t->kind != 'b' && chance(12))
      sayIndex(c, t, r);
    else if (t->kind != 'b' && chance(15)) {
      say(c->body, "    %%c%d = arith.%s, %s, %s : %s\n", nValues, t->kind == 'f' ? "cmpf olt" : "cmpi slt", x, y,
          t->name);
      say(c->body, "    %s = arith.select %%c%d, %s, %s : %s\n", r, nValues, y, x, t->name);
    } else
      say(c->body, "    %s = arith.%s %s, %s : %s\n", r,
          t->kind == 'f'   ? floats[below(5)]
          : t->kind == 'i' ? ints[below(6)]
                           : bools[below(3)],
          x, y, t->name);
    snprintf(x, 16, "%s", r);
  }
}
// x = table[..], each index a loop's or what an integer input says.
static void sayLoad(Case *c, Buffer *table, char x[16]) {
  table->type = c->buffer[0].type;
  int rank = 1 + (int)below(3), number = c->nBuffers + c->nTables++;
  char indices[64] = "";
  for (int r = 0; r < rank; ++r) {
    int d = (int)below(c->nLoops), n = nValues++;
    bool isComputed = table->type->kind == 'i' && strcmp(table->type->name, "index") && chance(50);
    int64_t size = isComputed ? 1 + below(9) : c->size[d];
    if (isComputed)
      say(c->body,
          "    %%q%d = arith.index_cast %%in0 : %s to index\n    %%s%d = arith.constant %" PRId64
          " : index\n    %%t%d = arith.remui %%q%d, %%s%d : index\n",
          n, table->type->name, n, size, n, n, n);
    else if (chance(40)) { // what tiling makes of a linalg.index
      int scale = 1 + (chance(30) ? 1 : 0), offset = (int)below(4);
      say(c->body,
          "    %%u%d = linalg.index %d : index\n    %%t%d = affine.apply affine_map<()[s0] -> (s0 * %d + "
          "%d)>()[%%u%d]\n",
          n, d, n, scale, offset, n);
      size = size * scale + offset;
    } else
      say(c->body, "    %%t%d = linalg.index %d : index\n", n, d);
    say(indices, "%s%%t%d", r ? ", " : "", n);
    addDimension(table, size, "-");
  }
  chooseLayout(table);
  snprintf(x, 16, "%%l%d", nValues++);
  say(c->body, "    %s = memref.load %%b%d[%s] : ", x, number, indices);
  nameType(table, c->body, sizeof c->body);
  say(c->body, "\n");
}
static void sayBody(Case *c, bool reduces) {
  static const char *const floats[] = {"addf", "addf", "maximumf", "minimumf", "maxnumf"},
                           *const ints[] = {"addi", "maxsi", "minui", "xori", "muli"},
                           *const bools[] = {"andi", "ori", "xori"};
  const Type *in = c->buffer[0].type, *out = c->buffer[c->nInputs].type;
  char x[16] = "%in0", y[16] = "%in0";
  if (c->nInputs > 1) snprintf(y, sizeof y, "%%in%d", c->nInputs - 1);
  if (in == out && c->nBuffers < maxBuffers && chance(25)) sayLoad(c, &c->buffer[c->nBuffers], chance(50) ? x : y);
  if (in != out) { // widening
    for (int i = 0; i < c->nInputs; ++i)
      say(c->body, "    %%w%d = arith.%s %%in%d : %s to %s\n", i, in->kind == 'f' ? "extf" : "extsi", i, in->name,
          out->name);
    x[1] = y[1] = 'w', x[2] = '0', x[3] = 0, y[2] = (char)('0' + c->nInputs - 1), y[3] = 0;
  }
  if (!reduces)
    sayOperations(c, out, x, y, 1 + (int)below(4));
  else if (c->nInputs > 1 || chance(50))
    sayOperations(c, out, x, y, 1);
  if (reduces) {
    // A long sum in 16 bits depends on its order.
    const char *op = out->kind == 'f'   ? floats[out->bytes == 2 ? 2 + below(3) : below(5)]
                     : out->kind == 'i' ? ints[below(5)]
                                        : bools[below(3)];
    bool first = chance(50);
    say(c->body, "    %%r = arith.%s %s, %s : %s\n", op, first ? "%out0" : x, first ? x : "%out0", out->name);
    snprintf(x, sizeof x, "%%r");
  }
  say(c->body, "    linalg.yield %s : %s\n", x, out->name);
}

// The index of the largest: two outputs, and the order of the loops counts.
static void sayArgmax(Case *c) {
  const char *t = c->buffer[0].type->name;
  bool isFloat = c->buffer[0].type->kind == 'f';
  int d = 0;
  while (!c->isReduction[d]) ++d;
  say(c->body, "    %%i = linalg.index %d : index\n    %%j = arith.index_cast %%i : index to i64\n", d);
  say(c->body, "    %%c = arith.%s, %%in0, %%out0 : %s\n", isFloat ? "cmpf ogt" : "cmpi sgt", t);
  say(c->body, "    %%m = arith.select %%c, %%in0, %%out0 : %s\n    %%k = arith.select %%c, %%j, %%out1 : i64\n", t);
  say(c->body, "    linalg.yield %%m, %%k : %s, i64\n", t);
}

//===--- a whole case ---
static uint32_t loops(const Case *c, bool reductions) {
  uint32_t set = 0;
  for (int d = 0; d < c->nLoops; ++d)
    if (c->isReduction[d] == reductions) set |= 1u << d;
  return set;
}
static Buffer *addBuffer(Case *c, const Type *type) {
  Buffer *b = &c->buffer[c->nBuffers++];
  *b = (Buffer){.type = type};
  return b;
}
static void chooseBuffers(Case *c, bool isArgmax) {
  static const int widened[][2] = {{2, 0}, {3, 0}, {6, 4}, {7, 4}, {4, 5}, {0, 1}};
  uint32_t reduced = loops(c, true), all = reduced | loops(c, false);
  const Type *in = &types_[below(10)], *out = in;
  if (isArgmax)
    in = out = &types_[chance(50) ? 0 : 4];
  else if (chance(20)) {
    int64_t k = below(6);
    in = &types_[widened[k][0]], out = &types_[widened[k][1]];
  }
  c->nInputs = isArgmax ? 1 : 1 + (int)below(3);
  for (int i = 0; i < c->nInputs; ++i) {
    Buffer *b = addBuffer(c, in);
    if (i || isArgmax || reduced)
      chooseMap(c, b, i ? (uint32_t)next() & all : all);
    else
      chooseMap(c, b, (uint32_t)next() & all);
  }
  for (int i = 0; i < 1 + isArgmax; ++i) {
    Buffer *b = addBuffer(c, i ? &types_[5] : out);
    int order[maxDims], n = 0;
    for (int d = 0; d < c->nLoops; ++d)
      if (!c->isReduction[d]) order[n++] = d;
    shuffle(order, n);
    for (int k = 0; k < n; ++k) addDimension(b, c->size[order[k]], "d%d", order[k]);
  }
}
// Each loop must be a dimension of its own somewhere: an input that only serves that.
static void addWindow(Case *c) {
  uint32_t reduced = loops(c, true);
  if (!reduced) return;
  Buffer window = {.type = c->buffer[0].type};
  for (int d = 0; d < c->nLoops; ++d)
    if (reduced >> d & 1) addDimension(&window, c->size[d], "d%d", d);
  memmove(&c->buffer[c->nInputs + 1], &c->buffer[c->nInputs], sizeof(Buffer) * (size_t)(c->nBuffers - c->nInputs));
  c->buffer[c->nInputs++] = window;
  ++c->nBuffers;
}
static void sayTypes(Case *c, const char *what, int from, int to, const char *prefix) {
  say(c->text, "%s(", what);
  for (int i = from; i < to; ++i) say(c->text, "%s%s%d", i > from ? ", " : "", prefix, i);
  say(c->text, " : ");
  for (int i = from; i < to; ++i) {
    if (i > from) say(c->text, ", ");
    nameType(&c->buffer[i], c->text, sizeof c->text);
  }
  say(c->text, ")\n");
}
static void sayMaps(Case *c) {
  say(c->text, "  linalg.generic {indexing_maps = [");
  for (int i = 0; i < c->nBuffers; ++i) {
    say(c->text, "%saffine_map<(", i ? ",\n    " : "");
    for (int d = 0; d < c->nLoops; ++d) say(c->text, "%sd%d", d ? ", " : "", d);
    say(c->text, ") -> (%s)>", c->buffer[i].map);
  }
  say(c->text, "],\n    iterator_types = [");
  for (int d = 0; d < c->nLoops; ++d)
    say(c->text, "%s\"%s\"", d ? ", " : "", c->isReduction[d] ? "reduction" : "parallel");
  say(c->text, "]}\n    ");
}
static void sayCase(Case *c, bool isFilled) {
  say(c->text, "func.func @f(");
  for (int i = 0; i < c->nBuffers + c->nTables; ++i) {
    say(c->text, "%s%%b%d: ", i ? ", " : "", i);
    nameType(&c->buffer[i], c->text, sizeof c->text);
  }
  say(c->text, ") attributes {llvm.emit_c_interface} {\n");
  if (isFilled) {
    const Type *t = c->buffer[c->nInputs].type;
    say(c->text,
        "  %%fill = arith.constant %s : %s\n  linalg.fill ins(%%fill : %s) outs(%%b%d : ", t->kind == 'f' ? "1.0" : "1",
        t->name, t->name, c->nInputs);
    nameType(&c->buffer[c->nInputs], c->text, sizeof c->text);
    say(c->text, ")\n");
  }
  sayMaps(c);
  sayTypes(c, "ins", 0, c->nInputs, "%b");
  sayTypes(c, "    outs", c->nInputs, c->nBuffers, "%b");
  say(c->text, "  {\n  ^bb0(");
  for (int i = 0; i < c->nBuffers; ++i)
    say(c->text, "%s%s%d: %s", i ? ", " : "", i < c->nInputs ? "%in" : "%out", i < c->nInputs ? i : i - c->nInputs,
        c->buffer[i].type->name);
  say(c->text, "):\n%s  }\n  return\n}\n", c->body);
}
static void chooseCase(Case *c, uint64_t seed) {
  *c = (Case){.vectorBits = 512};
  state = seed, nValues = 0;
  chooseLoops(c);
  uint32_t reduced = loops(c, true);
  bool isArgmax = reduced && !(reduced & (reduced - 1)) && chance(15);
  chooseBuffers(c, isArgmax);
  addWindow(c);
  for (int i = 0; i < c->nBuffers; ++i) chooseLayout(&c->buffer[i]);
  if (isArgmax)
    sayArgmax(c);
  else
    sayBody(c, reduced != 0);
  bool isFilled =
      chance(30) && strcmp(c->buffer[c->nInputs].type->name, "i1") && strcmp(c->buffer[c->nInputs].type->name, "index");
  sayCase(c, isFilled);
  if (chance(40)) c->vectorBits = chance(50) ? 256 : 128;
}

//===--- memory between guard pages ---
static size_t regionSize(const Buffer *b) {
  return ((size_t)b->elements * (size_t)b->type->bytes + 4095 & ~(size_t)4095) + 4096;
}
static char *mapRegion(const Buffer *b) {
  char *base = mmap(NULL, regionSize(b) + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) perror("mmap"), exit(2);
  mprotect(base, 4096, PROT_NONE), mprotect(base + regionSize(b), 4096, PROT_NONE);
  return base;
}
static char *firstElement(const Buffer *b, char *region, bool atEnd) {
  return atEnd ? region + regionSize(b) - (size_t)b->elements * (size_t)b->type->bytes : region + 4096;
}
static void putNumber(const Type *t, char *to, int v) {
  float f = (float)v;
  uint32_t bits;
  memcpy(&bits, &f, 4);
  if (!strcmp(t->name, "f32"))
    memcpy(to, &f, 4);
  else if (!strcmp(t->name, "f64"))
    memcpy(to, &(double){v}, 8);
  else if (!strcmp(t->name, "bf16"))
    memcpy(to, &(uint16_t){(uint16_t)(bits >> 16)}, 2);
  else if (!strcmp(t->name, "f16"))
    memcpy(
        to,
        &(uint16_t){(uint16_t)(v ? (bits >> 16 & 0x8000) | ((bits >> 23 & 255) - 112) << 10 | (bits >> 13 & 1023) : 0)},
        2);
  else if (t->kind == 'b')
    *to = (char)(v & 1);
  else
    memcpy(to, &(int64_t){v}, (size_t)t->bytes);
}
static double getNumber(const Type *t, const char *from) {
  uint16_t h;
  float f;
  double d;
  memcpy(&h, from, 2);
  uint32_t bits = (uint32_t)h << 16;
  if (!strcmp(t->name, "f16")) {
    double m = (h & 0x7c00) == 0        ? ldexp(h & 1023, -24)
               : (h & 0x7c00) == 0x7c00 ? (h & 1023 ? NAN : INFINITY)
                                        : ldexp((h & 1023) + 1024, (h >> 10 & 31) - 25);
    return h & 0x8000 ? -m : m;
  }
  if (!strcmp(t->name, "f64")) return memcpy(&d, from, 8), d;
  if (!strcmp(t->name, "f32")) return memcpy(&f, from, 4), (double)f;
  return memcpy(&f, &bits, 4), (double)f;
}

//===--- compiling ---
static const char reference[] = "builtin.module(func.func(convert-linalg-to-loops),func.func(expand-strided-metadata),"
                                "lower-affine," DLC_VECTOR_TO_LLVM ")";
typedef void (*Function)(void *, void *, void *, void *, void *, void *, void *);
static bool fails(LLVMErrorRef e) {
  if (!e) return false;
  char *message = LLVMGetErrorMessage(e);
  fprintf(stderr, "%s\n", message);
  LLVMDisposeErrorMessage(message);
  return true;
}
static Function compile(MlirContext ctx, const char *text, const char *pipeline, LLVMOrcLLJITRef *jit) {
  MlirModule module = mlirModuleCreateParse(ctx, mlirStringRefCreateFromCString(text));
  if (mlirModuleIsNull(module)) return NULL;
  Function result = NULL;
  if (!dlcRunPipeline(mlirModuleGetOperation(module), pipeline)) goto cleanup;
  LLVMContextRef llvm = LLVMContextCreate();
  LLVMModuleRef code = mlirTranslateModuleToLLVMIR(mlirModuleGetOperation(module), llvm);
  if (!code) goto cleanup;
  LLVMOrcJITTargetMachineBuilderRef builder;
  if (fails(LLVMOrcJITTargetMachineBuilderDetectHost(&builder))) goto cleanup;
  LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
  bool bad = fails(LLVMRunPasses(code, "default<O1>", NULL, options));
  LLVMDisposePassBuilderOptions(options);
  LLVMOrcLLJITBuilderRef jitBuilder = LLVMOrcCreateLLJITBuilder();
  LLVMOrcLLJITBuilderSetJITTargetMachineBuilder(jitBuilder, builder);
  if (bad || fails(LLVMOrcCreateLLJIT(jit, jitBuilder))) goto cleanup;
  LLVMOrcThreadSafeContextRef owner = LLVMOrcCreateNewThreadSafeContextFromLLVMContext(llvm);
  LLVMOrcJITDylibRef library = LLVMOrcLLJITGetMainJITDylib(*jit);
  LLVMOrcDefinitionGeneratorRef process;
  if (fails(LLVMOrcCreateDynamicLibrarySearchGeneratorForProcess(&process, LLVMOrcLLJITGetGlobalPrefix(*jit), NULL,
                                                                 NULL)))
    goto cleanup;
  LLVMOrcJITDylibAddGenerator(library, process);
  if (fails(LLVMOrcLLJITAddLLVMIRModule(*jit, library, LLVMOrcCreateNewThreadSafeModule(code, owner)))) goto cleanup;
  LLVMOrcDisposeThreadSafeContext(owner);
  LLVMOrcExecutorAddress address;
  if (!fails(LLVMOrcLLJITLookup(*jit, &address, "_mlir_ciface_f"))) result = (Function)(uintptr_t)address;
cleanup:
  mlirModuleDestroy(module);
  return result;
}

//===--- running and comparing ---
typedef struct {
  char *allocated, *aligned;
  int64_t offset, numbers[2 * maxDims];
} Descriptor;
static Descriptor describe(const Buffer *b, char *first) {
  Descriptor d = {first, first, 0, {0}};
  for (int r = 0; r < b->rank; ++r) d.numbers[r] = b->size[r], d.numbers[b->rank + r] = b->stride[r];
  return d;
}
static void run(const Case *c, Function f, char *const *first) {
  Descriptor d[maxBuffers];
  for (int i = 0; i < c->nBuffers + c->nTables; ++i) d[i] = describe(&c->buffer[i], first[i]);
  f(&d[0], &d[1], &d[2], &d[3], &d[4], &d[5], &d[6]);
}
static bool isClose(const Type *t, const char *x, const char *y) {
  if (!memcmp(x, y, (size_t)t->bytes)) return true;
  if (t->kind != 'f') return false;
  double v = getNumber(t, x), w = getNumber(t, y),
         e = !strcmp(t->name, "bf16")  ? 0.06
             : !strcmp(t->name, "f16") ? 0.01
                                       : 1e-5;
  return v == w || (isnan(v) && isnan(w)) || fabs(v - w) <= e * (fabs(v) + fabs(w) + 1);
}
static bool compareBuffer(const Case *c, int i, const char *got, const char *want) {
  const Buffer *b = &c->buffer[i];
  for (int64_t k = 0; k < b->elements; ++k) {
    const char *x = got + k * b->type->bytes, *y = want + k * b->type->bytes;
    if (isClose(b->type, x, y)) continue;
    fprintf(stderr, "buffer %d, element %" PRId64 " of %" PRId64 ": got 0x", i, k, b->elements);
    for (int n = b->type->bytes - 1; n >= 0; --n) fprintf(stderr, "%02x", (unsigned char)x[n]);
    fprintf(stderr, ", wanted 0x");
    for (int n = b->type->bytes - 1; n >= 0; --n) fprintf(stderr, "%02x", (unsigned char)y[n]);
    fprintf(stderr, "\n");
    return false;
  }
  return true;
}
static bool runAndCompare(const Case *c, Function tested, Function expected) {
  char *region[2][maxBuffers], *first[2][maxBuffers];
  bool atEnd = chance(70), agree = true;
  for (int i = 0; i < c->nBuffers + c->nTables; ++i) {
    const Buffer *b = &c->buffer[i];
    for (int k = 0; k < 2; ++k) region[k][i] = mapRegion(b), first[k][i] = firstElement(b, region[k][i], atEnd);
    for (int64_t e = 0; e < b->elements; ++e) putNumber(b->type, first[0][i] + e * b->type->bytes, (int)below(5) - 2);
    memcpy(first[1][i], first[0][i], (size_t)b->elements * (size_t)b->type->bytes);
  }
  run(c, tested, first[0]), run(c, expected, first[1]);
  for (int i = 0; i < c->nBuffers + c->nTables; ++i) agree = agree && compareBuffer(c, i, first[0][i], first[1][i]);
  for (int i = 0; i < c->nBuffers + c->nTables; ++i)
    for (int k = 0; k < 2; ++k) munmap(region[k][i], regionSize(&c->buffer[i]) + 4096);
  return agree;
}
static bool tryCase(MlirContext ctx, uint64_t seed, bool isVerbose) {
  Case *c = malloc(sizeof *c);
  char pipeline[2048];
  LLVMOrcLLJITRef jit[2] = {NULL, NULL};
  chooseCase(c, seed);
  if (isVerbose) fprintf(stderr, "// seed %" PRIu64 ", vector-bits %d\n%s", seed, c->vectorBits, c->text);
  snprintf(
      pipeline, sizeof pipeline,
      "builtin.module(func.func(tile-lower-to-vector{vector-bits=%d registers=%d cache-bytes=%d})," DLC_VECTOR_TO_LLVM
      ")",
      c->vectorBits, c->vectorBits == 512 ? 32 : 16, seed % 2 ? 400000 : 100); // 100: reductions are cut
  fflush(stderr);
  Function tested = compile(ctx, c->text, pipeline, &jit[0]),
           expected = tested ? compile(ctx, c->text, reference, &jit[1]) : NULL;
  bool agree = expected && runAndCompare(c, tested, expected);
  if (!agree)
    fprintf(stderr, "%s// repeat with: lowering-linalg_to_vector-numerics --seed %" PRIu64 " --cases 1 --verbose\n",
            isVerbose ? "" : c->text, seed);
  for (int k = 0; k < 2; ++k)
    if (jit[k]) LLVMOrcDisposeLLJIT(jit[k]);
  free(c);
  return agree;
}
int main(int argc, char **argv) {
  uint64_t seed = 1;
  int cases = 100, agreed = 0;
  bool isVerbose = false;
  for (int i = 1; i < argc; ++i)
    if (!strcmp(argv[i], "--verbose"))
      isVerbose = true;
    else if (i + 1 < argc && !strcmp(argv[i], "--seed"))
      seed = strtoull(argv[++i], NULL, 10);
    else if (i + 1 < argc && !strcmp(argv[i], "--cases"))
      cases = atoi(argv[++i]);
    else
      return fprintf(stderr, "usage: %s [--seed N] [--cases N] [--verbose]\n", argv[0]), 2;
  LLVMInitializeNativeTarget(), LLVMInitializeNativeAsmPrinter(), LLVMInitializeNativeAsmParser();
  dlcRegisterEverything();
  MlirDialectRegistry registry = mlirDialectRegistryCreate();
  dlcInsertAllDialects(registry);
  MlirContext ctx = mlirContextCreateWithRegistry(registry, false);
  mlirRegisterAllLLVMTranslations(ctx);
  mlirContextLoadAllAvailableDialects(ctx);
  for (int i = 0; i < cases; ++i) agreed += tryCase(ctx, seed + (uint64_t)i, isVerbose);
  printf("%d cases agree, seed %" PRIu64 ", %d do not\n", agreed, seed, cases - agreed);
  mlirContextDestroy(ctx);
  mlirDialectRegistryDestroy(registry);
  return agreed != cases;
}
