// Dialect conversion from C: type converters, conversion targets, conversion
// patterns. The rules are those of mlir::applyPartialConversion: a pattern sees
// its operands already converted, replaces its op through the builder's
// rewriter, and on failure of the whole everything is rolled back.
//
//   DlcTypeConverter types = dlcTypeConverterCreate();
//   dlcTypeConverterAdd(types, widen, NULL);
//   DlcConversionTarget target = dlcConversionTargetCreate(ctx);
//   dlcLegalDialect(target, "arith");
//   dlcDynamicallyLegalOp(target, "arith.addi", isWide, NULL);
//   static const DlcConversion patterns[] = {{"arith.addi", 1, widenAdd}, {0}};
//   result = dlcApplyConversion(root, target, types, patterns, NULL, DLC_CONVERT_FUNCTIONS);
#pragma once
#include "dlc/builder.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  void *ptr;
} DlcTypeConverter;
DlcTypeConverter dlcTypeConverterCreate(void); // at first every type is left as it is
void dlcTypeConverterDestroy(DlcTypeConverter c);
// The rule added last is asked first. It gives the new type, the same type (it is legal), or null (not its business).
void dlcTypeConverterAdd(DlcTypeConverter c, MlirType (*rule)(MlirType type, void *data), void *data);
// How a value of an old type is made from one of the new and the other way round; null: it cannot. The builder stands
// where the value is needed. Without a rule, an unrealized_conversion_cast that is still there in the end is an error.
void dlcTypeConverterAddCast(DlcTypeConverter c,
                             MlirValue (*cast)(DlcBuilder *b, MlirType to, MlirValue from, void *data), void *data);
MlirType dlcConvertType(DlcTypeConverter c, MlirType type); // null: cannot be converted

typedef struct {
  void *ptr;
} DlcConversionTarget;
DlcConversionTarget dlcConversionTargetCreate(MlirContext ctx);
void dlcConversionTargetDestroy(DlcConversionTarget t);
void dlcLegalDialect(DlcConversionTarget t, const char *dialect);
void dlcIllegalDialect(DlcConversionTarget t, const char *dialect);
void dlcLegalOp(DlcConversionTarget t, const char *op);
void dlcIllegalOp(DlcConversionTarget t, const char *op);
// `data` must live as long as the target.
void dlcDynamicallyLegalOp(DlcConversionTarget t, const char *op, bool (*isLegal)(MlirOperation op, void *data),
                           void *data);

typedef struct {
  const char *root;
  unsigned benefit;
  // `operands` are converted; those of `op` itself are the old ones. Failure: no match, nothing changed.
  MlirLogicalResult (*convert)(DlcBuilder *b, MlirOperation op, DlcValues operands, DlcTypeConverter types,
                               void *options);
} DlcConversion; // an array of them ends with a null root

typedef enum {
  DLC_CONVERT_PARTIAL = 0,   // ops that nobody calls illegal may stay
  DLC_CONVERT_FULL = 1,      // every op must be legal in the end
  DLC_CONVERT_FUNCTIONS = 2, // also the types of func.func, func.call and func.return
} DlcConvertFlags;
// Failure: a diagnostic was emitted, the IR is as before. `types` may be null.
MlirLogicalResult dlcApplyConversion(MlirOperation root, DlcConversionTarget target, DlcTypeConverter types,
                                     const DlcConversion *patterns, void *options, DlcConvertFlags flags);
#ifdef __cplusplus
}
#endif
