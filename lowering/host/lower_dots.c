// tile-lower-dots: tile.dot_bytes becomes instructions of the CPU.
//
//   %r = tile.dot_bytes %a, %b, %s : vector<16xi32>
// -> vnni
//   %r = llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.512"(%s, bytes of %a, bytes of %b)
// -> madd, 256 bits
//   %even = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%a & 0xff, (%b << 8) >> 8)     as 16 bits
//   %odd = llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"(%a >> 8, %b >> 8)               as 16 bits
//   %r = %s + %even + %odd
//
// Refuses nothing: plain arithmetic does it for any size.
#include <stdlib.h>
#include "dlc/ir.h"
#include "dlc/passes.h"
#include "ods/arith.h"
#include "ods/llvm.h"
#include "ods/tile.h"
#include "ods/vector.h"

typedef enum { PLAIN, MADD, VNNI } Form;

static int64_t bitsOf(MlirType t) {
  if (!mlirTypeIsAVector(t) || mlirShapedTypeGetRank(t) != 1) return 32;
  return 32 * mlirShapedTypeGetDimSize(t, 0);
}

static MlirType vectorOf(DlcBuilder *b, int64_t bits, unsigned width) {
  int64_t lanes = bits / width;
  return mlirVectorTypeGet(1, &lanes, mlirIntegerTypeGet(b->ctx, width));
}

// The number in every lane of type t.
static MlirValue splat(DlcBuilder *b, MlirType t, int64_t v) {
  MlirType element = mlirTypeIsAVector(t) ? mlirShapedTypeGetElementType(t) : t;
  MlirAttribute a = mlirIntegerAttrGet(element, v);
  return arith_constant(b, mlirTypeIsAVector(t) ? mlirDenseElementsAttrSplatGet(t, a) : a);
}

static MlirValue call(DlcBuilder *b, const char *name, MlirType result, DlcValues args) {
  DlcOpState s = dlcOpBegin(b, "llvm.call_intrinsic");
  dlcOpOperands(&s, "args", args);
  dlcOpAttr(&s, "operandSegmentSizes", mlirDenseI32ArrayGet(b->ctx, 2, (int32_t[]){(int32_t)args.n, 0}));
  dlcOpAttr(&s, "op_bundle_sizes", mlirDenseI32ArrayGet(b->ctx, 0, NULL));
  dlcOpAttr(&s, "intrin", mlirStringAttrGet(b->ctx, dlcText(name)));
  dlcOpResult(&s, "results", result, true);
  return dlcOpEndValue(&s);
}

static MlirValue lowerToVnni(DlcBuilder *b, MlirOperation op, int64_t bits) {
  const char *name = bits == 512   ? "llvm.x86.avx512.vpdpbusd.512"
                     : bits == 256 ? "llvm.x86.avx512.vpdpbusd.256"
                                   : "llvm.x86.avx512.vpdpbusd.128";
  MlirType bytes = vectorOf(b, bits, 8);
  MlirValue left = vector_bitcast(b, tile_dot_bytes_left(op), bytes),
            right = vector_bitcast(b, tile_dot_bytes_right(op), bytes);
  return call(b, name, typeOf(tile_dot_bytes_sum(op)), vals(tile_dot_bytes_sum(op), left, right));
}

static MlirValue lowerToMadd(DlcBuilder *b, MlirOperation op, int64_t bits) {
  const char *name = bits == 512   ? "llvm.x86.avx512.pmaddw.d.512"
                     : bits == 256 ? "llvm.x86.avx2.pmadd.wd"
                                   : "llvm.x86.sse2.pmadd.wd";
  MlirType halves = vectorOf(b, bits, 16), words = typeOf(tile_dot_bytes_sum(op));
  MlirValue eight = splat(b, halves, 8), left = vector_bitcast(b, tile_dot_bytes_left(op), halves),
            right = vector_bitcast(b, tile_dot_bytes_right(op), halves);
  MlirValue leftEven = arith_andi(b, left, splat(b, halves, 255)), leftOdd = arith_shrui(b, left, eight);
  MlirValue rightEven = arith_shrsi(b, arith_shli(b, right, eight), eight), rightOdd = arith_shrsi(b, right, eight);
  MlirValue even = call(b, name, words, vals(leftEven, rightEven)), odd = call(b, name, words, vals(leftOdd, rightOdd));
  return arith_addi(b, arith_addi(b, tile_dot_bytes_sum(op), even), odd);
}

static MlirValue lowerPlainly(DlcBuilder *b, MlirOperation op) {
  MlirType t = typeOf(tile_dot_bytes_sum(op));
  MlirValue sum = tile_dot_bytes_sum(op), top = splat(b, t, 24);
  for (int64_t byte = 0; byte < 4; ++byte) {
    MlirValue up = splat(b, t, 24 - 8 * byte);
    MlirValue left = arith_shrui(b, arith_shli(b, tile_dot_bytes_left(op), up), top),
              right = arith_shrsi(b, arith_shli(b, tile_dot_bytes_right(op), up), top);
    sum = arith_addi(b, sum, arith_muli(b, left, right));
  }
  return sum;
}

static MlirValue lower(DlcBuilder *b, MlirOperation op, Form form, bool wide) {
  int64_t bits = bitsOf(typeOf(tile_dot_bytes_sum(op)));
  bool isRegister = bits == 128 || bits == 256 || (bits == 512 && wide);
  if (form == PLAIN || !isRegister) return lowerPlainly(b, op);
  return form == VNNI ? lowerToVnni(b, op, bits) : lowerToMadd(b, op, bits);
}

MlirLogicalResult dlcRunTileLowerDots(MlirOperation root, DlcPass *pass, const DlcTileLowerDotsOptions *options) {
  static const char *const names[] = {"plain", "madd", "vnni"};
  (void)pass;
  int form = -1;
  for (int i = 0; i < 3; ++i)
    if (mlirStringRefEqual(options->form, dlcText(names[i]))) form = i;
  if (form < 0)
    return dlcErrorAt(mlirOperationGetLocation(root), "tile-lower-dots: form=%.*s is neither vnni, madd nor plain",
                      (int)options->form.length, options->form.data);
  MlirRewriterBase rewriter = mlirIRRewriterCreate(mlirOperationGetContext(root));
  DlcBuilder b = {rewriter, mlirOperationGetContext(root), mlirOperationGetLocation(root), false};
  DlcOps ops = dlcCollect(root, tile_dot_bytes_isa);
  for (intptr_t i = 0; i < ops.n && !b.failed; ++i) {
    MlirValue made = {0};
    dlcBefore(&b, ops.data[i]) made = lower(&b, ops.data[i], (Form)form, options->wide);
    if (!b.failed) mlirRewriterBaseReplaceOpWithValues(rewriter, ops.data[i], 1, &made);
  }
  free(ops.data);
  mlirIRRewriterDestroy(rewriter);
  return dlcStatus(&b);
}
