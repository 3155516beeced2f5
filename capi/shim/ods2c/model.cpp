//===- model.cpp - reads ODS records into the model of ods2c ------------------===//
// The kind of each attribute decides its C type: an attribute whose storage has
// no C form stays an MlirAttribute ("raw", counted in the header's last line).
//===--------------------------------------------------------------------------===//
#include "model.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CommandLine.h"
#include <set>
using namespace llvm;
using namespace mlir;
using namespace mlir::tblgen;

static cl::opt<std::string> dialectName("dialect-name", cl::desc("dialect to print"));
StringRef dialectToPrint() { return dialectName; }

//===--- names -------------------------------------------------------------===//
std::string cName(StringRef s) {
  static const llvm::StringSet<> keywords = {
      "auto",   "break",    "case",     "char",     "const", "continue", "default", "do",     "double",
      "else",   "enum",     "extern",   "float",    "for",   "goto",     "if",      "inline", "int",
      "long",   "register", "restrict", "return",   "short", "signed",   "sizeof",  "static", "struct",
      "switch", "typedef",  "union",    "unsigned", "void",  "volatile", "while",   "asm"};
  std::string r;
  for (char c : s) r += isAlnum(c) ? c : '_';
  if (r.empty() || isDigit(r[0])) r = "_" + r;
  return keywords.contains(r) ? r + "_" : r;
}
static std::string enumName(const EnumInfo &e) { // ::mlir::arith::X -> arith_X
  StringRef ns = e.getCppNamespace();
  ns = ns.trim().ltrim(':');
  if (!ns.consume_front("mlir::")) ns.consume_front("dlc::");
  return cName((ns + "::" + e.getEnumClassName()).str()).c_str();
}

//===--- attribute kinds ---------------------------------------------------===//
std::string subst(const std::string &s, StringRef c, StringRef v) {
  std::string r;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '$' && i + 1 < s.size()) {
      ++i;
      r += s[i] == 'c' ? c.str() : v.str();
    } else
      r += s[i];
  }
  return r;
}
std::string camelName(StringRef s) {
  std::string r;
  bool up = true;
  for (char c : s) {
    if (c == '_' || c == '.')
      up = true;
    else
      r += up ? toUpper(c) : c, up = false;
  }
  return r;
}
std::string enumPart(const EnumInfo &e) {
  std::string n = enumName(e), r;
  while (n.find("__") != std::string::npos) n.replace(n.find("__"), 2, "_");
  return n;
}
std::map<std::string, const Record *> usedEnums;    // C name -> EnumInfo record
std::map<std::string, const Record *> usedEnumAttr; // C name -> EnumAttr record

static ArgKind enumKind(const Record *def, bool defAttr) {
  EnumInfo e(def->isSubClassOf("EnumAttr") ? def->getValueAsDef("enum") : def);
  ArgKind a;
  a.enumSym = a.ctype = enumPart(e);
  usedEnums[a.enumSym] = defAttr ? def->getValueAsDef("enum") : def;
  a.nullable = false;
  if (defAttr) {
    a.k = ArgKind::DefEnum;
    usedEnumAttr[a.enumSym] = def;
    a.mk = "dlcs_" + a.enumSym + "_attr($c, (uint64_t)$v)";
    a.rd = "(" + a.enumSym + ")dlcs_" + a.enumSym + "_value($v)";
  } else {
    a.k = ArgKind::IntEnum;
    a.mk = ("mlirIntegerAttrGet(mlirIntegerTypeGet($c, " + Twine(e.getBitwidth()) + "), (int64_t)$v)").str();
    a.rd = "(" + a.enumSym + ")mlirIntegerAttrGetValueInt($v)";
  }
  return a;
}

static ArgKind attrKind(Attribute attr) {
  Attribute base = attr.getBaseAttr();
  const Record *def = &base.getDef();
  if (def->isSubClassOf("EnumAttr")) return enumKind(def, true);
  if (base.isEnumAttr()) return enumKind(def, false);
  StringRef st = base.getStorageType().trim().ltrim(':');
  ArgKind a;
  auto set = [&](decltype(a.k) k, const char *t, const char *mk, const char *rd, bool nullable) {
    a.k = k;
    a.ctype = t;
    a.mk = mk;
    a.rd = rd;
    a.nullable = nullable;
    return a;
  };
  if (st == "mlir::UnitAttr")
    return set(ArgKind::Unit, "bool", "mlirUnitAttrGet($c)", "!mlirAttributeIsNull($v)", true);
  if (st == "mlir::BoolAttr")
    return set(ArgKind::Bool, "bool", "mlirBoolAttrGet($c, $v)", "mlirBoolAttrGetValue($v)", false);
  if (st == "mlir::StringAttr")
    return set(ArgKind::Str, "MlirStringRef", "mlirStringAttrGet($c, $v)", "mlirStringAttrGetValue($v)", true);
  if (st == "mlir::FlatSymbolRefAttr")
    return set(ArgKind::Sym, "MlirStringRef", "mlirFlatSymbolRefAttrGet($c, $v)", "mlirFlatSymbolRefAttrGetValue($v)",
               true);
  if (st == "mlir::TypeAttr")
    return set(ArgKind::Type, "MlirType", "mlirTypeAttrGet($v)", "mlirTypeAttrGetValue($v)", true);
  if (st == "mlir::AffineMapAttr")
    return set(ArgKind::Map, "MlirAffineMap", "mlirAffineMapAttrGet($v)", "mlirAffineMapAttrGetValue($v)", true);
  if (st == "mlir::DenseI64ArrayAttr")
    return set(ArgKind::Array, "DlcI64s", "mlirDenseI64ArrayGet($c, $v.n, $v.data)", "dlcI64sOf($v)", true);
  if (st == "mlir::DenseI32ArrayAttr")
    return set(ArgKind::Array, "DlcI32s", "mlirDenseI32ArrayGet($c, $v.n, $v.data)", "dlcI32sOf($v)", true);
  if (st == "mlir::DenseBoolArrayAttr")
    return set(ArgKind::Array, "DlcBools", "mlirDenseBoolArrayGet($c, $v.n, $v.data)", "dlcBoolsOf($v)", true);
  if (st == "mlir::ArrayAttr" && def->getValue("elementAttr")) {
    a.elem = std::make_shared<ArgKind>(attrKind(Attribute(def->getValueAsDef("elementAttr"))));
    if (a.elem->k == ArgKind::Map) set(ArgKind::Array, "DlcMaps", "dlcMapArray($c, $v)", "", true);
    return a;
  }
  auto vt = base.getValueType();
  std::string bc = vt && vt->getBuilderCall() ? vt->getBuilderCall()->str() : "";
  if (st == "mlir::IntegerAttr" && bc.find("getIndexType") != std::string::npos)
    return set(ArgKind::Int, "int64_t", "mlirIntegerAttrGet(mlirIndexTypeGet($c), $v)",
               "mlirIntegerAttrGetValueInt($v)", false);
  auto width = [&](const char *pre) {
    size_t p = bc.find(pre);
    return p == std::string::npos ? 0 : atoi(bc.c_str() + p + strlen(pre));
  };
  if (st == "mlir::IntegerAttr")
    if (int w = std::max(width("getIntegerType("), width("getI"))) {
      if (bc.find("/*isSigned=*/") == std::string::npos && bc.find("true)") == std::string::npos &&
          bc.find("false)") == std::string::npos) {
        if (w == 1) return set(ArgKind::Bool, "bool", "mlirBoolAttrGet($c, $v)", "mlirBoolAttrGetValue($v)", false);
        set(ArgKind::Int, "int64_t", "", "mlirIntegerAttrGetValueInt($v)", false);
        a.mk = "mlirIntegerAttrGet(mlirIntegerTypeGet($c, " + std::to_string(w) + "), $v)";
        return a;
      }
    }
  if (st == "mlir::FloatAttr" && (bc.find("getF32") != std::string::npos || bc.find("getF64") != std::string::npos)) {
    set(ArgKind::Float, "double", "", "mlirFloatAttrGetValueDouble($v)", false);
    a.mk = std::string("mlirFloatAttrDoubleGet($c, ") +
           (bc.find("getF32") != std::string::npos ? "mlirF32TypeGet" : "mlirF64TypeGet") + "($c), $v)";
    return a;
  }
  if (getenv("ODS2C_RAW")) fprintf(stderr, "raw %s\n", st.str().c_str());
  return a; // raw
}
static ArgKind propKind(const Property &p) {
  StringRef t = p.getInterfaceType().trim();
  ArgKind a;
  auto intK = [&](const char *w) {
    a.k = ArgKind::Int;
    a.ctype = "int64_t";
    a.nullable = false;
    a.mk = std::string("mlirIntegerAttrGet(mlirIntegerTypeGet($c, ") + w + "), $v)";
    a.rd = "mlirIntegerAttrGetValueInt($v)";
  };
  if (t == "int64_t")
    intK("64");
  else if (t == "int32_t")
    intK("32");
  else if (t == "bool" && p.getBaseProperty().getPropertyDefName() == "UnitProp") {
    a.k = ArgKind::Unit;
    a.ctype = "bool";
    a.mk = "mlirUnitAttrGet($c)";
    a.rd = "!mlirAttributeIsNull($v)";
  } else if (t == "bool") {
    a.k = ArgKind::Bool;
    a.ctype = "bool";
    a.nullable = false;
    a.mk = "mlirBoolAttrGet($c, $v)";
    a.rd = "mlirBoolAttrGetValue($v)";
  }
  return a;
}

//===--- op model ----------------------------------------------------------===//
static bool hasTrait(const Operator &op, StringRef t) { return op.getTrait(t) != nullptr; }

static OpModel model(const Operator &op) {
  OpModel m;
  m.name = op.getOperationName();
  m.id = cName(m.name);
  std::set<std::string> seen;
  auto unique = [&](StringRef ods, const char *fallback, int i) {
    std::string n = cName(ods.empty() ? (fallback + Twine(i)).str() : ods);
    static const std::set<std::string> reserved = {"isa", "build", "op", "b", "a"};
    while (reserved.count(n) || !seen.insert(n).second) n += "_";
    return n;
  };
  auto arity = [](const NamedTypeConstraint &v) {
    return v.isOptional() ? Arity::Optional : v.isVariadic() ? Arity::Variadic : Arity::One;
  };
  int i = 0;
  for (auto &v : op.getOperands()) m.operands.push_back({unique(v.name, "operand", i++), v.name.str(), arity(v)});
  i = 0;
  for (auto &r : op.getResults()) m.results.push_back({unique(r.name, "result", i++), r.name.str(), arity(r)});
  for (auto &at : op.getAttributes()) {
    if (at.attr.isDerivedAttr()) continue;
    bool opt = at.attr.isOptional(), dflt = at.attr.hasDefaultValue();
    ArgKind k = attrKind(at.attr);
    m.attrs.push_back(
        {unique(at.name, "attr", i++), at.name.str(), k, !opt && !dflt && k.k != ArgKind::Unit, opt, false});
  }
  for (auto &p : op.getProperties()) {
    ArgKind k = propKind(p.prop);
    m.attrs.push_back(
        {unique(p.name, "prop", i++), p.name.str(), k, !p.prop.hasDefaultValue() && k.k != ArgKind::Unit, false, true});
  }
  int nOperand = 0, nAttr = 0, nProp = op.getNumNativeAttributes();
  for (int k = 0; k < op.getNumArgs(); ++k) {
    auto arg = op.getArg(k);
    if (isa<NamedTypeConstraint *>(arg))
      m.args.push_back({true, nOperand++});
    else if (isa<tblgen::NamedAttribute *>(arg))
      m.args.push_back({false, nAttr++});
    else
      m.args.push_back({false, nProp++});
  }
  i = 0;
  for (auto &r : op.getRegions())
    m.regions.push_back({unique(r.name, "region", i++), r.name.str(), r.isVariadic() ? Arity::Variadic : Arity::One});
  i = 0;
  for (auto &s : op.getSuccessors())
    m.successors.push_back(
        {unique(s.name, "successor", i++), s.name.str(), s.isVariadic() ? Arity::Variadic : Arity::One});
  m.infers = !m.results.empty() && hasTrait(op, "::mlir::InferTypeOpInterface::Trait");
  // scf.if infers from the terminators of regions that are filled later.
  if (!m.regions.empty() && op.hasSingleVariadicResult()) m.infers = false;
  m.operandSegments = hasTrait(op, "::mlir::OpTrait::AttrSizedOperandSegments");
  m.resultSegments = hasTrait(op, "::mlir::OpTrait::AttrSizedResultSegments");
  m.sameVarOperands = hasTrait(op, "::mlir::OpTrait::SameVariadicOperandSize");
  m.sameVarResults = hasTrait(op, "::mlir::OpTrait::SameVariadicResultSize");
  m.fillLinalg = op.getDialectName() == "linalg" && m.regions.size() == 1 && op.getRegion(0).name == "region" &&
                 (hasTrait(op, "::mlir::linalg::LinalgOp::Trait")) && m.name != "linalg.generic";
  return m;
}
std::vector<OpModel> models(const RecordKeeper &rk) {
  std::vector<OpModel> r;
  for (const Record *d : rk.getAllDerivedDefinitions("Op")) {
    Operator op(d);
    if (op.getDialectName() == dialectName) r.push_back(model(op));
  }
  return r;
}
