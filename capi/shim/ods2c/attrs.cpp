//===- attrs.cpp - a dialect's own attributes and types, and its hooks -----------===//
// For `def Tile_FitAttr : AttrDef<...>` with mnemonic fit, in the C header:
//   struct tile_fit { tile_Level level; DlcI64s tile; ... };
//   MlirAttribute tile_fit_get(ctx, .level = ..., .tile = i64s(4, 4), ...)
//     null, with a diagnostic at an unknown place, where the verifier refuses
//   bool tile_fit_isa(a);  tile_Level tile_fit_level(a);  ...
//   a list of attributes: tile_schedule_fit_n(a), tile_schedule_fit_at(a, i)
// Arrays and strings that an accessor gives back live as long as the context.
//
// Hooks. ODS asks for C++ methods (verify, verifyRegions, fold,
// getCanonicalizationPatterns); --gen-hooks prints them as calls of C functions:
//   MlirLogicalResult dlcCtrlTaskVerify(MlirOperation op);
//   MlirLogicalResult dlcCtrlTaskVerifyRegions(MlirOperation op);
//   MlirValue dlcTileEdgeFold(MlirOperation op);      null: no fold; one result
//   const DlcPattern dlcCtrlLoopPatterns[];           ends with a null root
//   bool dlcTileFitVerify(const struct tile_fit *a, DlcMessage *why);
//===--------------------------------------------------------------------------===//
#include "model.h"
#include "mlir/TableGen/AttrOrTypeDef.h"
#include "mlir/TableGen/GenInfo.h"
#include "mlir/TableGen/Dialect.h"
#include "llvm/TableGen/Error.h"
using namespace llvm;
using namespace mlir;
using namespace mlir::tblgen;

namespace {
struct Param {
  std::string name, cpp, ctype, accessor;
  enum { Int, I64s, Enum, Map, String, Attribute, Attributes } k;
};
struct DefModel {
  std::string id, cpp, hook; // tile_fit, ::dlc::tile::FitAttr, dlcTileFit
  std::string className, ns;
  bool isType, verified;
  std::vector<Param> params;
};
} // namespace

static std::string enumOf(const RecordKeeper &rk, StringRef cppType, const Record *&found) {
  for (const Record *r : rk.getAllDerivedDefinitions("EnumInfo")) {
    EnumInfo e(r);
    std::string full = ("::" + e.getCppNamespace().trim().ltrim(':') + "::" + e.getEnumClassName()).str();
    if (full == cppType) return found = r, enumPart(e);
  }
  return "";
}
static Param paramOf(const RecordKeeper &rk, const AttrOrTypeParameter &p, const Record *def) {
  Param r;
  r.name = cName(p.getName());
  r.cpp = p.getCppAccessorType().str();
  r.accessor = p.getAccessorName();
  StringRef t = p.getCppType().trim();
  const Record *e = nullptr;
  if (t == "int64_t")
    r.k = Param::Int, r.ctype = "int64_t";
  else if (t == "::llvm::ArrayRef<int64_t>")
    r.k = Param::I64s, r.ctype = "DlcI64s";
  else if (t == "::mlir::AffineMapAttr")
    r.k = Param::Map, r.ctype = "MlirAffineMap";
  else if (t == "::llvm::StringRef")
    r.k = Param::String, r.ctype = "MlirStringRef";
  else if (t.starts_with("::llvm::ArrayRef<") && t.ends_with("Attr>"))
    r.k = Param::Attributes, r.ctype = "DlcAttributes";
  else if (t.ends_with("Attr"))
    r.k = Param::Attribute, r.ctype = "MlirAttribute";
  else if (r.ctype = enumOf(rk, t, e); e)
    r.k = Param::Enum, usedEnums[r.ctype] = e;
  else
    PrintFatalError(def->getLoc(), "parameter '" + p.getName() + "' has no C form: " + t);
  return r;
}
static std::vector<DefModel> defsOf(const RecordKeeper &rk) {
  std::vector<DefModel> all;
  for (const char *kind : {"AttrDef", "TypeDef"})
    for (const Record *record : rk.getAllDerivedDefinitions(kind)) {
      AttrOrTypeDef def(record);
      if (def.getDialect().getName() != dialectToPrint() || !def.getMnemonic()) continue;
      if (def.getSummary().empty()) PrintFatalError(record->getLoc(), "an attribute or type of ours needs a summary");
      DefModel m;
      m.isType = StringRef(kind) == "TypeDef";
      m.id = cName((def.getDialect().getName() + "_" + *def.getMnemonic()).str());
      m.className = def.getCppClassName().str();
      m.ns = def.getDialect().getCppNamespace().str();
      m.cpp = m.ns + "::" + m.className;
      m.hook = "dlc" + camelName(m.id);
      m.verified = def.genVerifyDecl();
      for (auto &p : def.getParameters()) m.params.push_back(paramOf(rk, p, record));
      all.push_back(m);
    }
  return all;
}
void useEnumsOfAttrDefs(const RecordKeeper &rk) { (void)defsOf(rk); }

//===--- the C side ---------------------------------------------------------------===//
static void emitStruct(const DefModel &m, bool isC, raw_ostream &os) {
  os << "struct " << m.id << " {\n";
  for (auto &p : m.params) os << "  " << (!isC && p.k == Param::Enum ? "uint32_t" : p.ctype) << " " << p.name << ";\n";
  os << "};\n";
}
void emitAttrDefs(const RecordKeeper &rk, raw_ostream &os) {
  for (const DefModel &m : defsOf(rk)) {
    const char *handle = m.isType ? "MlirType" : "MlirAttribute";
    os << "//===--- " << (m.isType ? "!" : "#") << dialectToPrint() << "."
       << StringRef(m.id).drop_front(dialectToPrint().size() + 1) << "\n";
    os << "bool dlcs_" << m.id << "_isa(" << handle << " a);\n";
    os << "static inline bool " << m.id << "_isa(" << handle << " a) { return dlcs_" << m.id
       << "_isa(a); } // null is nothing\n";
    if (m.params.empty()) {
      os << handle << " dlcs_" << m.id << "_make(MlirContext ctx);\n";
      os << "static inline " << handle << " " << m.id << "_get(MlirContext ctx) { return dlcs_" << m.id
         << "_make(ctx); }\n\n";
      continue;
    }
    emitStruct(m, true, os);
    os << handle << " dlcs_" << m.id << "_make(MlirContext ctx, const struct " << m.id << " *from);\n"
       << "void dlcs_" << m.id << "_read(" << handle << " a, struct " << m.id << " *to);\n"
       << "static inline " << handle << " " << m.id << "_build(MlirContext ctx, struct " << m.id
       << " from) { return dlcs_" << m.id << "_make(ctx, &from); }\n"
       << "#define " << m.id << "_get(ctx, ...) " << m.id << "_build(ctx, (struct " << m.id << "){__VA_ARGS__})\n"
       << "static inline struct " << m.id << " " << m.id << "_read(" << handle << " a) { struct " << m.id
       << " to; dlcs_" << m.id << "_read(a, &to); return to; }\n";
    for (auto &p : m.params) {
      std::string read = m.id + "_read(a)." + p.name;
      if (p.k == Param::Attributes)
        os << "static inline intptr_t " << m.id << "_" << p.name << "_n(" << handle << " a) { return " << read
           << ".n; }\n"
           << "static inline MlirAttribute " << m.id << "_" << p.name << "_at(" << handle << " a, intptr_t i) { return "
           << read << ".data[i]; }\n";
      else
        os << "static inline " << p.ctype << " " << m.id << "_" << p.name << "(" << handle << " a) { return " << read
           << "; }\n";
    }
    os << "\n";
  }
}

//===--- the C++ side ---------------------------------------------------------------===//
static std::string toC(const Param &p, const std::string &v) {
  switch (p.k) {
  case Param::Int:
    return v;
  case Param::I64s:
    return "DlcI64s{" + v + ".data(), (intptr_t)" + v + ".size()}";
  case Param::Enum:
    return "static_cast<uint32_t>(" + v + ")";
  case Param::Map:
    return "wrap(" + v + " ? " + v + ".getValue() : ::mlir::AffineMap())";
  case Param::String:
    return "wrap(" + v + ")";
  case Param::Attribute:
    return "wrap(::mlir::Attribute(" + v + "))";
  case Param::Attributes:
    return "DlcAttributes{reinterpret_cast<const MlirAttribute *>(" + v + ".data()), (intptr_t)" + v + ".size()}";
  }
  return "";
}
static std::string toCpp(const Param &p, const std::string &v) {
  StringRef element = StringRef(p.cpp).trim();
  switch (p.k) {
  case Param::Int:
    return v;
  case Param::I64s:
    return "::llvm::ArrayRef<int64_t>(" + v + ".data, " + v + ".n)";
  case Param::Enum:
    return "static_cast<" + p.cpp + ">(" + v + ")";
  case Param::Map:
    return v + ".ptr ? ::mlir::AffineMapAttr::get(unwrap(" + v + ")) : ::mlir::AffineMapAttr()";
  case Param::String:
    return "unwrap(" + v + ")";
  case Param::Attribute:
    return "::llvm::cast_if_present<" + p.cpp + ">(unwrap(" + v + "))";
  case Param::Attributes:
    element.consume_front("::llvm::ArrayRef<");
    element.consume_back(">");
    return "::llvm::ArrayRef<" + element.str() + ">(reinterpret_cast<const " + element.str() + " *>(" + v + ".data), " +
           v + ".n)";
  }
  return "";
}
void emitAttrDefShim(const RecordKeeper &rk, raw_ostream &os) {
  os << "extern \"C\" {\n#include \"dlc/builder.h\"\n}\n#include \"mlir/CAPI/AffineMap.h\"\n#include "
        "\"mlir/CAPI/Support.h\"\n";
  for (const DefModel &m : defsOf(rk)) {
    const char *handle = m.isType ? "MlirType" : "MlirAttribute";
    os << "extern \"C\" bool dlcs_" << m.id << "_isa(" << handle << " a) { return a.ptr && ::llvm::isa<" << m.cpp
       << ">(unwrap(a)); }\n";
    if (m.params.empty()) {
      os << "extern \"C\" " << handle << " dlcs_" << m.id << "_make(MlirContext ctx) { return wrap(" << m.cpp
         << "::get(unwrap(ctx))); }\n";
      continue;
    }
    emitStruct(m, false, os);
    os << "extern \"C\" " << handle << " dlcs_" << m.id << "_make(MlirContext ctx, const struct " << m.id
       << " *from) {\n  using namespace " << m.ns << ";\n";
    for (auto &p : m.params) // a wrong kind of attribute is refused, not cast
      if (p.k == Param::Attribute)
        os << "  if (from->" << p.name << ".ptr && !::llvm::isa<" << p.cpp << ">(unwrap(from->" << p.name << "))) {\n"
           << "    ::mlir::emitError(::mlir::UnknownLoc::get(unwrap(ctx))) << \"" << m.id
           << ": wrong kind of attribute for '" << p.name << "'\";\n    return {nullptr};\n  }\n";
    if (m.verified)
      os << "  return wrap(" << m.className
         << "::getChecked([ctx] { return ::mlir::emitError(::mlir::UnknownLoc::get(unwrap(ctx))); }, unwrap(ctx)";
    else
      os << "  return wrap(" << m.className << "::get(unwrap(ctx)";
    for (auto &p : m.params) os << ", " << toCpp(p, "from->" + p.name);
    os << "));\n}\n";
    os << "extern \"C\" void dlcs_" << m.id << "_read(" << handle << " a, struct " << m.id
       << " *to) {\n  auto x = ::llvm::cast<" << m.cpp << ">(unwrap(a));\n";
    for (auto &p : m.params) os << "  to->" << p.name << " = " << toC(p, "x." + p.accessor + "()") << ";\n";
    os << "}\n";
  }
}

//===--- hooks ------------------------------------------------------------------------===//
namespace {
struct OpHooks {
  std::string cpp, hook; // ::dlc::ctrl::TaskOp, dlcCtrlTask
  bool verify, verifyRegions, fold, patterns;
};
} // namespace
static std::vector<OpHooks> hooksOf(const RecordKeeper &rk) {
  std::vector<OpHooks> all;
  for (const Record *record : rk.getAllDerivedDefinitions("Op")) {
    Operator op(record);
    if (op.getDialectName() != dialectToPrint()) continue;
    if (op.getSummary().empty()) PrintFatalError(record->getLoc(), "an op of ours needs a summary");
    if (!op.getDescription().contains("```mlir"))
      PrintFatalError(record->getLoc(), "an op of ours needs a description with an example in MLIR");
    OpHooks h;
    h.cpp = op.getDialect().getCppNamespace().str() + "::" + op.getCppClassName().str();
    h.hook = "dlc" + camelName(op.getOperationName());
    h.verify = record->getValueAsBit("hasVerifier");
    h.verifyRegions = record->getValueAsBit("hasRegionVerifier");
    h.fold = record->getValueAsBit("hasFolder");
    h.patterns = record->getValueAsBit("hasCanonicalizer");
    all.push_back(h);
  }
  return all;
}
static void emitPrototypes(const OpHooks &h, raw_ostream &os) {
  if (h.verify) os << "MlirLogicalResult " << h.hook << "Verify(MlirOperation op);\n";
  if (h.verifyRegions) os << "MlirLogicalResult " << h.hook << "VerifyRegions(MlirOperation op);\n";
  if (h.fold) os << "MlirValue " << h.hook << "Fold(MlirOperation op);\n";
  if (h.patterns) os << "extern const DlcPattern " << h.hook << "Patterns[];\n";
}
void emitHookPrototypes(const RecordKeeper &rk, raw_ostream &os) {
  os << "//===--- what dialects/" << dialectToPrint() << "/*.c define\n";
  for (const DefModel &m : defsOf(rk))
    if (m.verified) os << "bool " << m.hook << "Verify(const struct " << m.id << " *a, DlcMessage *why);\n";
  for (const OpHooks &h : hooksOf(rk)) emitPrototypes(h, os);
}
static bool emitHooks(const RecordKeeper &rk, raw_ostream &os) {
  os << "// Generated by ods2c: C++ methods of " << dialectToPrint() << " that call C. Do not edit.\n"
     << "extern \"C\" {\n";
  std::vector<DefModel> defs = defsOf(rk);
  std::vector<OpHooks> ops = hooksOf(rk);
  for (auto &h : ops) emitPrototypes(h, os);
  for (auto &m : defs)
    if (m.verified) {
      emitStruct(m, false, os);
      os << "bool " << m.hook << "Verify(const struct " << m.id << " *a, DlcMessage *why);\n";
    }
  os << "}\n";
  for (auto &m : defs) {
    if (!m.verified) continue;
    os << "::llvm::LogicalResult " << m.cpp.substr(2)
       << "::verify(::llvm::function_ref<::mlir::InFlightDiagnostic()> emitError";
    for (auto &p : m.params) os << ", " << p.cpp << " " << p.name;
    os << ") {\n  DlcMessage why;\n  struct ::" << m.id << " a;\n";
    for (auto &p : m.params) os << "  a." << p.name << " = " << toC(p, p.name) << ";\n";
    os << "  if (" << m.hook << "Verify(&a, &why)) return ::mlir::success();\n  return emitError() << why.text;\n}\n";
  }
  for (auto &h : ops) {
    if (h.verify)
      os << "::llvm::LogicalResult " << h.cpp.substr(2) << "::verify() { return unwrap(" << h.hook
         << "Verify(wrap(getOperation()))); }\n";
    if (h.verifyRegions)
      os << "::llvm::LogicalResult " << h.cpp.substr(2) << "::verifyRegions() { return unwrap(" << h.hook
         << "VerifyRegions(wrap(getOperation()))); }\n";
    if (h.fold)
      os << "::mlir::OpFoldResult " << h.cpp.substr(2) << "::fold(FoldAdaptor) { return unwrap(" << h.hook
         << "Fold(wrap(getOperation()))); }\n";
    if (h.patterns)
      os << "void " << h.cpp.substr(2)
         << "::getCanonicalizationPatterns(::mlir::RewritePatternSet &set, ::mlir::MLIRContext *ctx) { "
            "dlcAddPatterns({&set}, wrap(ctx), "
         << h.hook << "Patterns); }\n";
  }
  return false;
}
static GenRegistration genHooks("gen-hooks", "C++ methods of ops and attributes that call C", emitHooks);
