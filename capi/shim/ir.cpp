// See dlc/ir.h: what only C++ can ask.
extern "C" {
#include "dlc/ir.h"
}
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Rewrite.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinDialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/xxhash.h"
using namespace mlir;

extern "C" {
bool dlcIsUnused(MlirOperation op) { return unwrap(op)->use_empty(); }
MlirOperation dlcPreviousInBlock(MlirOperation op) { return wrap(unwrap(op)->getPrevNode()); }
MlirType dlcSubviewType(MlirType source, intptr_t rank, const int64_t *offsets, const int64_t *sizes,
                        const int64_t *strides) {
  return wrap(Type(memref::SubViewOp::inferResultType(cast<MemRefType>(unwrap(source)), ArrayRef(offsets, rank),
                                                      ArrayRef(sizes, rank), ArrayRef(strides, rank))));
}
MlirOperation dlcFill(DlcBuilder *b, MlirValue scalar, MlirValue buffer) {
  if (b->failed) return {nullptr};
  return wrap(linalg::FillOp::create(*unwrap(b->rewriter), unwrap(b->loc), ValueRange{unwrap(scalar)},
                                     ValueRange{unwrap(buffer)})
                  .getOperation());
}
bool dlcIsLinalgOut(MlirOperation op, MlirValue v) {
  auto l = dyn_cast<linalg::LinalgOp>(unwrap(op));
  return l && llvm::is_contained(l.getDpsInits(), unwrap(v));
}
bool dlcIsRegionAlike(MlirRegion a, MlirRegion b) {
  return OperationEquivalence::isRegionEquivalentTo(unwrap(a), unwrap(b), OperationEquivalence::IgnoreLocations);
}
MlirModule dlcParseUnverified(MlirContext ctx, MlirStringRef text) {
  return wrap(parseSourceString<ModuleOp>(StringRef(text.data, text.length),
                                          ParserConfig(unwrap(ctx), /*verifyAfterParse=*/false))
                  .release());
}
MlirOperation dlcLookupSymbol(MlirOperation table, const char *name) {
  return wrap(SymbolTable::lookupSymbolIn(unwrap(table), name));
}
MlirBlock dlcSplitBlock(DlcBuilder *b, MlirOperation op) {
  return wrap(unwrap(b->rewriter)->splitBlock(unwrap(op)->getBlock(), Block::iterator(unwrap(op))));
}
void dlcEraseMemorySpaces(MlirOperation root) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](BaseMemRefType t) -> std::optional<std::pair<Type, WalkResult>> {
    if (!t.getMemorySpace()) return std::nullopt;
    if (auto m = dyn_cast<MemRefType>(Type(t)))
      return {{MemRefType::get(m.getShape(), m.getElementType(), m.getLayout()), WalkResult::skip()}};
    return {{UnrankedMemRefType::get(t.getElementType(), {}), WalkResult::skip()}};
  });
  replacer.recursivelyReplaceElementsIn(unwrap(root), /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}
bool dlcForConstantBytes(MlirAttribute attr, void (*take)(const void *, size_t, void *), void *data) {
  Attribute a = unwrap(attr);
  if (auto r = dyn_cast<DenseResourceElementsAttr>(a)) {
    AsmResourceBlob *blob = r.getRawHandle().getBlob();
    if (!blob) return false;
    take(blob->getData().data(), blob->getData().size(), data);
    return true;
  }
  auto d = dyn_cast<DenseElementsAttr>(a);
  if (!d) return false;
  int64_t n = d.getNumElements();
  if (d.getElementType().isInteger(1)) {
    for (bool v : d.getValues<bool>()) {
      char c = v;
      take(&c, 1, data);
    }
    return true;
  }
  ArrayRef<char> raw = d.getRawData();
  for (int64_t i = 0; i < (d.isSplat() ? n : 1); ++i) take(raw.data(), raw.size(), data);
  return true;
}
MlirAttribute dlcConstantOfBytes(MlirType type, const char *name, void *bytes) {
  auto shaped = cast<ShapedType>(unwrap(type));
  ArrayRef<char> data(static_cast<char *>(bytes), size_t(dlcStaticBytes(type)));
  auto *dialect = shaped.getContext()->getLoadedDialect<BuiltinDialect>();
  auto &blobs = DenseResourceElementsHandle::getManagerInterface(shaped.getContext()).getBlobManager();
  std::string key = (name + Twine('_') + Twine(llvm::xxh3_64bits(StringRef(data.data(), data.size())))).str();
  if (auto *known = blobs.lookup(key); known && known->getBlob() && known->getBlob()->getData() == data) {
    free(bytes);
    return wrap(Attribute(DenseResourceElementsAttr::get(shaped, {known, dialect})));
  }
  auto release = [](void *p, size_t, size_t) { free(p); };
  AsmResourceBlob blob(data, size_t(dlcElementBytes(wrap(shaped.getElementType()))), release, false);
  return wrap(Attribute(DenseResourceElementsAttr::get(shaped, key, std::move(blob))));
}
}
