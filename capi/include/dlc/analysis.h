// Analyses and interfaces of MLIR that mlir-c does not show. An analysis is a
// snapshot: it is stale once the IR under its root changes.
#pragma once
#include "dlc/builder.h"
#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  void *ptr;
} DlcDominance;
DlcDominance dlcDominanceCreate(MlirOperation root);
void dlcDominanceDestroy(DlcDominance d);
bool dlcProperlyDominates(DlcDominance d, MlirOperation a, MlirOperation b);
bool dlcValueDominates(DlcDominance d, MlirValue v, MlirOperation user);

typedef struct {
  void *ptr;
} DlcLiveness;
DlcLiveness dlcLivenessCreate(MlirOperation root);
void dlcLivenessDestroy(DlcLiveness l);
bool dlcIsDeadAfter(DlcLiveness l, MlirValue v, MlirOperation op);

typedef struct {
  void *ptr;
} DlcAliases;
typedef enum { DLC_NO_ALIAS, DLC_MAY_ALIAS, DLC_PARTIAL_ALIAS, DLC_MUST_ALIAS } DlcAliasResult;
DlcAliases dlcAliasesCreate(MlirOperation root);
void dlcAliasesDestroy(DlcAliases a);
DlcAliasResult dlcAlias(DlcAliases a, MlirValue x, MlirValue y);

// Effects of op and what it holds. False: unknown.
typedef enum { DLC_READ, DLC_WRITE, DLC_ALLOCATE, DLC_FREE } DlcEffect;
bool dlcForEachEffect(MlirOperation op, void (*each)(DlcEffect effect, MlirValue on, void *data),
                      void *data); // `on` may be null
bool dlcIsPure(MlirOperation op);
bool dlcIsEffectFree(MlirOperation op);

// TilingInterface and LinalgOp.
bool dlcIsTileable(MlirOperation op);
intptr_t dlcIteratorTypes(MlirOperation op, bool *isReduction, intptr_t capacity); // number of loops; -1: not tileable
bool dlcStaticLoopRanges(MlirOperation op, int64_t *ranges, intptr_t capacity);    // false: no LinalgOp
bool dlcIsLinalgOp(MlirOperation op);
bool dlcLinalgMap(MlirOperation op, intptr_t operand, MlirAffineMap *map); // false: no LinalgOp

// Tiles `root` with `sizes` (0: not tiled) into one scf.forall, and pulls into it the producers that `fuse` names. On
// success root is replaced; `forall` is set (null when nothing was tiled).
typedef struct {
  bool (*fuse)(MlirOperation producer, MlirOperation slice, void *data);
  void *data;
} DlcFuseControl;
MlirLogicalResult dlcTileAndFuse(MlirRewriterBase rewriter, MlirOperation root, intptr_t n, const int64_t *sizes,
                                 DlcFuseControl control, MlirOperation *forall);
// Pulls what makes the source of `slice`, an extract_slice in `forall`, into its place there. False: it cannot.
bool dlcFuseProducer(MlirRewriterBase rewriter, MlirOperation slice, MlirOperation forall);
// The same, and the tiles of all items together are one more result of the forall, which is replaced: the uses behind
// it of what is pulled in read that one. Every element must be in the slice of one item alone.
bool dlcFuseAndKeepProducer(MlirRewriterBase rewriter, MlirOperation slice, MlirOperation *forall);
// Replaces op by an scf.for over tiles of one of its loops (sizes: 0 where a loop is not tiled), reductions included.
MlirLogicalResult dlcTileLoops(MlirRewriterBase rewriter, MlirOperation op, intptr_t n, const int64_t *sizes,
                               MlirOperation *loop);
// Replaces an scf.for by one that carries one value more, from `init` on; its last argument is yielded as it is. The
// ops of its body are the same as before. Null: it cannot.
MlirOperation dlcCarry(MlirRewriterBase rewriter, MlirOperation loop, MlirValue init);

// Makes linalg.generic ops that read a tensor.expand_shape read its source, as loops over fewer dimensions, and expand
// their results instead; drops sizes of one that an operand has and is not indexed by. Joins neighbouring loops of a
// linalg.generic, whose operands are collapsed and whose results are expanded. Reshapes of constants are constants.
typedef struct {
  bool (*mayCollapse)(MlirOperation consumer);
  intptr_t (*joined)(MlirOperation generic, intptr_t *first); // how many loops from the first one on; 0: none
} DlcReshapeControl;
MlirLogicalResult dlcSinkReshapes(MlirOperation root, DlcReshapeControl control);

// The largest value that an index can have, as its definition shows (ValueBoundsOpInterface); -1: not known.
int64_t dlcUpperBound(MlirValue index);
int64_t dlcUpperBoundOfSize(MlirValue shaped, intptr_t dimension); // the same of a dimension of a tensor or memref

// Of a #tile.schedule: the tile of its highest fit, over the root result. Lives as long as the context.
DlcI64s dlcScheduleTile(MlirAttribute schedule);

// ParallelCombiningOpInterface: whether op is one, and what it writes into.
bool dlcCombinesInto(MlirOperation op, MlirValue *into);

// An entry of the device description (DLTI) that is in scope at op; null: there is none.
MlirAttribute dlcDeviceQuery(MlirOperation op, intptr_t n, const MlirStringRef *keys);
// The entries of a #dlti.map, #dlti.target_device_spec or #dlti.target_system_spec, in order; key: empty where it is a
// type.
bool dlcIsDlti(MlirAttribute attr);
intptr_t dlcDltiSize(MlirAttribute attr); // 0 of any other attribute
MlirAttribute dlcDltiAt(MlirAttribute attr, intptr_t i, MlirStringRef *key);

#ifdef __cplusplus
}
#endif
