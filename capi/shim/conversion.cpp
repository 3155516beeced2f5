// See dlc/conversion.h. C++ because mlir-c has no dialect conversion.
extern "C" {
#include "dlc/conversion.h"
}
#undef vals
#undef types
#undef blocks
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Rewrite.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Func/Transforms/FuncConversions.h"
#include "mlir/Transforms/DialectConversion.h"
using namespace mlir;

namespace {
struct Target : ConversionTarget {
  MLIRContext *ctx;
  explicit Target(MLIRContext *ctx) : ConversionTarget(*ctx), ctx(ctx) {}
};
} // namespace
static TypeConverter &get(DlcTypeConverter c) { return *static_cast<TypeConverter *>(c.ptr); }
static Target &get(DlcConversionTarget t) { return *static_cast<Target *>(t.ptr); }

//===--- type converter ---
DlcTypeConverter dlcTypeConverterCreate(void) {
  auto *c = new TypeConverter;
  c->addConversion([](Type t) { return t; });
  return {c};
}
void dlcTypeConverterDestroy(DlcTypeConverter c) { delete &get(c); }
void dlcTypeConverterAdd(DlcTypeConverter c, MlirType (*rule)(MlirType, void *), void *data) {
  get(c).addConversion([=](Type t) -> std::optional<Type> {
    Type r = unwrap(rule(wrap(t), data));
    return r ? std::optional<Type>(r) : std::nullopt;
  });
}
void dlcTypeConverterAddCast(DlcTypeConverter c, MlirValue (*cast)(DlcBuilder *, MlirType, MlirValue, void *),
                             void *data) {
  auto make = [=](OpBuilder &builder, Type to, ValueRange from, Location loc) -> Value {
    if (from.size() != 1) return Value();
    IRRewriter rewriter(builder);
    DlcBuilder b = {wrap(static_cast<RewriterBase *>(&rewriter)), wrap(to.getContext()), wrap(loc), false};
    return unwrap(cast(&b, wrap(to), wrap(from[0]), data));
  };
  get(c).addSourceMaterialization(make);
  get(c).addTargetMaterialization(make);
}
MlirType dlcConvertType(DlcTypeConverter c, MlirType type) { return wrap(get(c).convertType(unwrap(type))); }

//===--- target ---
DlcConversionTarget dlcConversionTargetCreate(MlirContext ctx) { return {new Target(unwrap(ctx))}; }
void dlcConversionTargetDestroy(DlcConversionTarget t) { delete &get(t); }
static OperationName nameOf(DlcConversionTarget t, const char *op) { return OperationName(op, get(t).ctx); }
void dlcLegalDialect(DlcConversionTarget t, const char *dialect) { get(t).addLegalDialect(StringRef(dialect)); }
void dlcIllegalDialect(DlcConversionTarget t, const char *dialect) { get(t).addIllegalDialect(StringRef(dialect)); }
void dlcLegalOp(DlcConversionTarget t, const char *op) { get(t).addLegalOp(nameOf(t, op)); }
void dlcIllegalOp(DlcConversionTarget t, const char *op) { get(t).addIllegalOp(nameOf(t, op)); }
void dlcDynamicallyLegalOp(DlcConversionTarget t, const char *op, bool (*isLegal)(MlirOperation, void *), void *data) {
  get(t).addDynamicallyLegalOp(nameOf(t, op),
                               [=](Operation *o) { return std::optional<bool>(isLegal(wrap(o), data)); });
}

//===--- patterns ---
namespace {
struct CConversion : ConversionPattern {
  const DlcConversion *pattern;
  DlcTypeConverter types;
  void *options;
  CConversion(const DlcConversion *p, DlcTypeConverter types, void *options, MLIRContext *ctx)
      : ConversionPattern(p->root, p->benefit, ctx), pattern(p), types(types), options(options) {
    if (types.ptr) typeConverter = &get(types);
  }
  LogicalResult matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<MlirValue> values;
    for (Value v : operands) values.push_back(wrap(v));
    DlcBuilder b = {wrap(static_cast<RewriterBase *>(&rewriter)), wrap(op->getContext()), wrap(op->getLoc()), false};
    LogicalResult result = unwrap(pattern->convert(&b, wrap(op), valsN(values.size(), values.data()), types, options));
    return failure(b.failed || failed(result));
  }
};
} // namespace

static void convertFunctions(RewritePatternSet &patterns, ConversionTarget &target, TypeConverter &types) {
  populateFunctionOpInterfaceTypeConversionPattern<func::FuncOp>(patterns, types);
  populateCallOpTypeConversionPattern(patterns, types);
  populateReturnOpTypeConversionPattern(patterns, types);
  target.addDynamicallyLegalOp<func::FuncOp>(
      [&](func::FuncOp f) { return types.isSignatureLegal(f.getFunctionType()) && types.isLegal(&f.getBody()); });
  target.addDynamicallyLegalOp<func::CallOp, func::ReturnOp>([&](Operation *op) { return types.isLegal(op); });
}
MlirLogicalResult dlcApplyConversion(MlirOperation root, DlcConversionTarget target, DlcTypeConverter types,
                                     const DlcConversion *patterns, void *options, DlcConvertFlags flags) {
  MLIRContext *ctx = unwrap(root)->getContext();
  RewritePatternSet set(ctx);
  for (const DlcConversion *p = patterns; p->root; ++p) set.add<CConversion>(p, types, options, ctx);
  if ((flags & DLC_CONVERT_FUNCTIONS) && types.ptr) convertFunctions(set, get(target), get(types));
  FrozenRewritePatternSet frozen(std::move(set));
  return wrap(flags & DLC_CONVERT_FULL ? applyFullConversion(unwrap(root), get(target), frozen)
                                       : applyPartialConversion(unwrap(root), get(target), frozen));
}
