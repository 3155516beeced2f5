//===- header.cpp - typed C accessors and builders of ops ----------------------===//
//   --gen-c-header  enums, `isa`, accessors, setters, builders, all static inline C17
//   --gen-c-shim    C++: get and value of attributes made with EnumAttr, and of
//                   the attributes and types that the dialect defines
//   --gen-op-model  one line an op, to compare with other front ends
// Naming: arith.addf -> macro arith_addf(b, lhs, rhs, .fastmath = SOME(..)),
//   struct arith_addf (its arguments), arith_addf_isa, arith_addf_lhs(op), ...
//===--------------------------------------------------------------------------===//
#include "model.h"
#include "mlir/TableGen/GenInfo.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include <set>
using namespace llvm;
using namespace mlir;
using namespace mlir::tblgen;

static cl::list<std::string> shimIncludes("shim-include", cl::desc("C++ header for the shim"));
static cl::opt<bool> attrDefs("attr-defs", cl::desc("also the dialect's own attributes, types and hooks"));

//===--- printing ----------------------------------------------------------===//
static bool emitModel(const RecordKeeper &rk, raw_ostream &os) {
  for (auto &m : models(rk)) {
    auto vars = [&](const char *t, const std::vector<Var> &v) {
      os << " " << t << "=";
      for (auto &x : v) os << x.ods << (x.n == Arity::One ? "" : x.n == Arity::Optional ? "?" : "*") << ",";
    };
    os << m.name;
    vars("operands", m.operands);
    vars("results", m.results);
    os << " attrs=";
    for (auto &a : m.attrs)
      if (!a.isProp) os << a.ods << (a.required ? "" : "?") << ",";
    os << " props=";
    for (auto &a : m.attrs)
      if (a.isProp) os << a.ods << ",";
    vars("regions", m.regions);
    vars("succ", m.successors);
    os << " infer=" << m.infers << " oseg=" << m.operandSegments << " rseg=" << m.resultSegments << "\n";
  }
  return false;
}

static void emitEnum(StringRef c, const Record *def, raw_ostream &os) {
  EnumInfo e(def->isSubClassOf("EnumAttr") ? def->getValueAsDef("enum") : def);
  os << "#ifndef ODS2C_ENUM_" << c << "\n#define ODS2C_ENUM_" << c << "\ntypedef enum {\n";
  for (auto &k : e.getAllCases()) {
    int64_t v = k.getValue();
    os << "  " << c << "_" << cName(k.getSymbol()).c_str() << " = ";
    if (v > INT32_MAX)
      os << "(int)" << format_hex(v, 1) << ",\n";
    else
      os << v << ",\n";
  }
  os << "} " << c << ";\ntypedef struct { bool has; " << c << " value; } " << c << "_opt;\n";
  os << "static inline const char *" << c << "_str(" << c << " v) {\n  switch ((int)v) {\n";
  std::set<int64_t> seen;
  for (auto &k : e.getAllCases())
    if (seen.insert(k.getValue()).second)
      os << "  case " << (int32_t)k.getValue() << ": return \"" << k.getStr() << "\";\n";
  os << "  default: return NULL;\n  }\n}\n";
  if (usedEnumAttr.count(c.str()))
    os << "MlirAttribute dlcs_" << c << "_attr(MlirContext ctx, uint64_t value);\n"
       << "uint64_t dlcs_" << c << "_value(MlirAttribute attr);\n";
  os << "#endif\n\n";
}

static std::string optType(const Attr &a) {
  if (a.required || a.kind.nullable) return a.kind.ctype;
  if (!a.kind.enumSym.empty()) return a.kind.ctype + "_opt";
  return a.kind.ctype == "bool" ? "DlcOptBool" : a.kind.ctype == "double" ? "DlcOptF64" : "DlcOptI64";
}
static std::string present(const Attr &a) { // is the argument given?
  std::string f = "a." + a.name;
  switch (a.kind.k) {
  case ArgKind::Raw:
    return "!mlirAttributeIsNull(" + f + ")";
  case ArgKind::Unit:
    return f;
  case ArgKind::Str:
  case ArgKind::Sym:
    return f + ".data";
  case ArgKind::Type:
    return "!mlirTypeIsNull(" + f + ")";
  case ArgKind::Map:
    return "!mlirAffineMapIsNull(" + f + ")";
  case ArgKind::Array:
    return f + ".data";
  default:
    return f + ".has";
  }
}
static const char *varType(Arity n, const char *one, const char *many) { return n == Arity::Variadic ? many : one; }

// Accessors of operands or results, whichever `what` says.
static void emitVarAccessors(const OpModel &m, const std::vector<Var> &v, bool isOperand, raw_ostream &os) {
  bool seg = isOperand ? m.operandSegments : m.resultSegments;
  int nVar = 0, n = v.size();
  for (auto &x : v) nVar += x.n != Arity::One;
  const char *W = isOperand ? "Operand" : "Result";
  for (int i = 0, before = 0, varBefore = 0; i < n; ++i) {
    std::string span;
    if (seg)
      span = ("dlc" + Twine(W) + "Segment(op, " + Twine(i) + ")").str();
    else if (nVar == 0 || (varBefore == 0 && v[i].n == Arity::One))
      span = "";
    else // all variable parts have one size (also true when there is only one)
      span = ("dlc" + Twine(W) + "Span(op, " + Twine(before) + ", " + Twine(varBefore) + ", " + Twine(n - nVar) + ", " +
              Twine(nVar) + ", " + (v[i].n == Arity::One ? "true" : "false") + ")")
                 .str();
    os << "static inline " << varType(v[i].n, "MlirValue", "DlcValues") << " " << m.id << "_" << v[i].name
       << "(MlirOperation op) { ";
    if (span.empty())
      os << "return " << (isOperand ? "mlirOperationGetOperand" : "dlcResult") << "(op, " << i << "); }\n";
    else if (v[i].n == Arity::Variadic)
      os << "return " << span << "; }\n";
    else
      os << "return dlcOnlyValue(" << span << "); }\n";
    if (isOperand && span.empty())
      os << "static inline void " << m.id << "_set_" << v[i].name
         << "(MlirOperation op, MlirValue v) { mlirOperationSetOperand(op, " << i << ", v); }\n";
    if (v[i].n == Arity::One)
      ++before;
    else
      ++varBefore;
  }
}

static void emitBuilder(const OpModel &m, raw_ostream &os) {
  std::string req, opt;
  raw_string_ostream r(req), o(opt);
  for (auto [isOperand, i] : m.args) // the order of ODS, the required ones first
    if (isOperand) {
      auto &v = m.operands[i];
      (v.n == Arity::Optional ? o : r) << "  " << varType(v.n, "MlirValue", "DlcValues") << " " << v.name << ";\n";
    } else
      (m.attrs[i].required ? r : o) << "  " << optType(m.attrs[i]) << " " << m.attrs[i].name << ";\n";
  if (!m.infers)
    for (auto &v : m.results)
      (v.n == Arity::Optional ? o : r) << "  " << varType(v.n, "MlirType", "DlcTypes") << " " << v.name << "_type;\n";
  for (auto &s : m.successors) r << "  " << varType(s.n, "MlirBlock", "DlcBlocks") << " " << s.name << ";\n";
  for (auto &g : m.regions)
    o << "  " << varType(g.n, "MlirRegion", "DlcRegions") << " " << g.name << "; // owned; none: empty\n";
  os << "struct " << m.id << " {\n  char begin_;\n" << req << (opt.empty() ? "" : "  // optional\n") << opt << "};\n";
  bool oneValue = m.results.size() == 1 && m.results[0].n == Arity::One;
  const char *ret = oneValue ? "MlirValue" : "MlirOperation";
  os << "static inline " << ret << " " << m.id << "_build(DlcBuilder *b, struct " << m.id
     << " a) {\n  (void)a;\n  DlcOpState s = dlcOpBegin(b, \"" << m.name << "\");\n";
  for (auto &v : m.operands)
    os << "  dlcOp"
       << (v.n == Arity::One        ? "Operand"
           : v.n == Arity::Optional ? "OptionalOperand"
                                    : "Operands")
       << "(&s, \"" << v.name << "\", a." << v.name << ");\n";
  if (m.operandSegments) os << "  dlcOpOperandSegments(&s);\n";
  for (auto &a : m.attrs) {
    std::string val = "a." + a.name + (!a.required && !a.kind.nullable ? ".value" : "");
    std::string mk = a.kind.k == ArgKind::Raw ? val : subst(a.kind.mk, "b->ctx", val);
    bool check = a.required && (a.kind.k == ArgKind::Raw || a.kind.k == ArgKind::Str || a.kind.k == ArgKind::Sym ||
                                a.kind.k == ArgKind::Type || a.kind.k == ArgKind::Map);
    if (check)
      os << "  if (dlcOpRequire(&s, \"" << a.name << "\", " << present(a) << ")) dlcOpAttr(&s, \"" << a.ods << "\", "
         << mk << ");\n";
    else
      os << "  " << (a.required ? "" : "if (" + present(a) + ") ") << "dlcOpAttr(&s, \"" << a.ods << "\", " << mk
         << ");\n";
  }
  for (auto &g : m.regions)
    os << "  dlcOpRegion" << (g.n == Arity::Variadic ? "s" : "") << "(&s, a." << g.name << ");\n";
  for (auto &g : m.successors)
    os << "  dlcOpSuccessor" << (g.n == Arity::Variadic ? "s" : "") << "(&s, a." << g.name << ");\n";
  if (m.infers)
    os << "  dlcOpInferResults(&s);\n";
  else {
    // Loops and destination-style ops return the types of their inits: a rule of
    // the C++ builders that ODS does not hold.
    if (m.results.size() == 1 && m.results[0].n == Arity::Variadic)
      for (auto &v : m.operands)
        if (v.n == Arity::Variadic && (v.name == "initArgs" || v.name == "init_args" || v.name == "outputs" ||
                                       v.name == "outs" || v.name == "inits")) {
          std::string t = "a." + m.results[0].name + "_type";
          os << "  if (!" << t << ".n) " << t << " = dlcTypesOfInits(a." << v.name << ", "
             << (StringRef(v.name).starts_with("init") && v.name != "inits" ? "false" : "true") << ");\n";
        }
    for (auto &v : m.results)
      os << "  dlcOpResult" << (v.n == Arity::Variadic ? "s" : "") << "(&s, \"" << v.name << "\", a." << v.name
         << "_type"
         << (v.n == Arity::Variadic ? ""
             : v.n == Arity::One    ? ", true"
                                    : ", false")
         << ");\n";
    if (m.resultSegments) os << "  dlcOpResultSegments(&s);\n";
  }
  if (m.fillLinalg) os << "  s.fillLinalgRegion = true;\n";
  os << "  return dlcOpEnd" << (oneValue ? "Value" : "") << "(&s);\n}\n";
  os << "#define " << m.id << "(b, ...) " << m.id << "_build(b, (struct " << m.id << "){.begin_ = 0, __VA_ARGS__})\n";
}

static void emitOp(const OpModel &m, raw_ostream &os) {
  os << "//===--- " << m.name << "\n";
  os << "static inline bool " << m.id << "_isa(MlirOperation op) { return dlcOpIs(op, \"" << m.name << "\", "
     << m.name.size() << "); }\n";
  emitVarAccessors(m, m.operands, true, os);
  emitVarAccessors(m, m.results, false, os);
  for (auto &a : m.attrs) {
    std::string fn = a.isProp ? "dlcProp" : "dlcAttr";
    std::string get = fn + "(op, \"" + a.ods + "\")";
    std::string ty = a.optional ? optType(a) : a.kind.ctype;
    if (a.kind.elem) { // NAME_n(op), NAME_at(op, i)
      os << "static inline intptr_t " << m.id << "_" << a.name << "_n(MlirOperation op) { return dlcArraySize(" << get
         << "); }\n";
      os << "static inline " << a.kind.elem->ctype << " " << m.id << "_" << a.name
         << "_at(MlirOperation op, intptr_t i) { ";
      std::string e = "mlirArrayAttrGetElement(" + get + ", i)";
      os << "return " << (a.kind.elem->k == ArgKind::Raw ? e : subst(a.kind.elem->rd, "", e)) << "; }\n";
    }
    if (a.kind.elem && a.kind.k == ArgKind::Array) ty = "MlirAttribute";
    os << "static inline " << ty << " " << m.id << "_" << a.name << "(MlirOperation op) { ";
    if (a.kind.k == ArgKind::Raw || a.kind.elem)
      os << "return " << get << "; }\n";
    else if (a.kind.k == ArgKind::Unit)
      os << "return !mlirAttributeIsNull(" << get << "); }\n";
    else {
      os << "MlirAttribute attr = " << get << "; ";
      std::string rd = subst(a.kind.rd, "", "attr");
      if (a.optional && !a.kind.nullable)
        os << "return mlirAttributeIsNull(attr) ? (" << ty << "){0} : (" << ty << "){true, " << rd << "}; }\n";
      else if (a.kind.enumSym.empty())
        os << "return mlirAttributeIsNull(attr) ? (" << ty << "){0} : " << rd << "; }\n";
      else
        os << "return mlirAttributeIsNull(attr) ? (" << ty << ")0 : " << rd << "; }\n";
    }
    if (!a.isProp) {
      os << "static inline void " << m.id << "_set_" << a.name
         << "(MlirOperation op, MlirAttribute v) { dlcSetAttr(op, \"" << a.ods << "\", v); }\n";
    }
  }
  for (size_t i = 0; i < m.regions.size(); ++i)
    if (m.regions[i].n == Arity::One)
      os << "static inline MlirRegion " << m.id << "_" << m.regions[i].name
         << "(MlirOperation op) { return dlcRegion(op, " << i << "); }\n";
    else
      os << "static inline intptr_t " << m.id << "_first_" << m.regions[i].name << "(void) { return " << i << "; }\n";
  for (size_t i = 0; i < m.successors.size(); ++i)
    if (m.successors[i].n == Arity::One)
      os << "static inline MlirBlock " << m.id << "_" << m.successors[i].name
         << "(MlirOperation op) { return mlirOperationGetSuccessor(op, " << i << "); }\n";
  emitBuilder(m, os);
  os << "\n";
}

static bool emitHeader(const RecordKeeper &rk, raw_ostream &os) {
  auto ms = models(rk);
  // Function names must be unique over the dialect: gpu.launch_func against
  // the operand `func` of gpu.launch would meet otherwise.
  std::set<std::string> ids;
  for (auto &m : ms) ids.insert(m.id);
  int renamed = 0;
  for (auto &m : ms)
    for (auto *vs : {&m.operands, &m.results, &m.regions, &m.successors})
      for (auto &v : *vs)
        if (ids.count(m.id + "_" + v.name)) {
          v.name += "_";
          ++renamed;
        }
  for (auto &m : ms)
    for (auto &v : m.attrs)
      if (ids.count(m.id + "_" + v.name)) {
        v.name += "_";
        ++renamed;
      }
  os << "// Generated by ods2c from ODS: the " << dialectToPrint()
     << " dialect. Do not edit.\n#pragma once\n#include \"dlc/builder.h\"\n\n";
  if (attrDefs) useEnumsOfAttrDefs(rk);
  for (auto &e : usedEnums) emitEnum(e.first, e.second, os);
  if (attrDefs) emitAttrDefs(rk, os);
  int nAttr = 0, nRaw = 0, nProp = 0, nRawProp = 0, nInfer = 0, nEnum = usedEnums.size();
  for (auto &m : ms) {
    emitOp(m, os);
    nInfer += m.infers;
    for (auto &a : m.attrs) {
      ++(a.isProp ? nProp : nAttr);
      if (a.kind.k == ArgKind::Raw) ++(a.isProp ? nRawProp : nRaw);
    }
  }
  if (attrDefs) emitHookPrototypes(rk, os);
  os << "// ods2c: ops=" << ms.size() << " infer=" << nInfer << " attrs=" << nAttr << " raw=" << nRaw
     << " props=" << nProp << " rawprops=" << nRawProp << " enums=" << nEnum << " renamed=" << renamed << "\n";
  return false;
}

static bool emitShim(const RecordKeeper &rk, raw_ostream &os) {
  (void)models(rk);
  os << "// Generated by ods2c: enum attributes of " << dialectToPrint() << ". Do not edit.\n";
  for (auto &i : shimIncludes) os << "#include \"" << i << "\"\n";
  os << "#include \"mlir/CAPI/IR.h\"\n";
  for (auto &e : usedEnumAttr) {
    EnumInfo info(e.second->getValueAsDef("enum"));
    StringRef st = Attribute(e.second).getStorageType().trim();
    std::string cpp = ("::" + info.getCppNamespace().trim().ltrim(':') + "::" + info.getEnumClassName()).str();
    os << "#ifndef DLCS_" << e.first << "\n#define DLCS_" << e.first << "\n";
    os << "extern \"C\" __attribute__((weak)) MlirAttribute dlcs_" << e.first
       << "_attr(MlirContext ctx, uint64_t v) { return wrap(" << st << "::get(unwrap(ctx), static_cast<" << cpp
       << ">(v))); }\n"
       << "extern \"C\" __attribute__((weak)) uint64_t dlcs_" << e.first
       << "_value(MlirAttribute a) { return static_cast<uint64_t>(::llvm::cast<" << st
       << ">(unwrap(a)).getValue()); }\n#endif\n";
  }
  if (attrDefs) emitAttrDefShim(rk, os);
  return false;
}

static GenRegistration genHeader("gen-c-header", "typed C accessors and builders", emitHeader);
static GenRegistration genShim("gen-c-shim", "C++ shim for enum attributes", emitShim);
static GenRegistration genModel("gen-op-model", "op model as text", emitModel);
