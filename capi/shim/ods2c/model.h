//===- model.h - what ods2c knows of a dialect's ops and attributes ----------===//
#pragma once
#include "mlir/TableGen/EnumInfo.h"
#include "mlir/TableGen/Operator.h"
#include "llvm/TableGen/Record.h"
#include <map>
#include <memory>
#include <string>
#include <vector>

std::string cName(llvm::StringRef s);                  // no keyword, no dots
std::string camelName(llvm::StringRef s);              // in_parallel -> InParallel
std::string enumPart(const mlir::tblgen::EnumInfo &e); // ::mlir::arith::X -> arith_X

// How an attribute or property looks in C.
struct ArgKind {
  enum Kind { Raw, Unit, Bool, Int, Float, Str, Sym, Type, Map, Array, IntEnum, DefEnum } k = Raw;
  std::string ctype = "MlirAttribute"; // type of field and getter
  std::string mk;                      // expression: ($c = context, $v = value)
  std::string rd;                      // expression: ($v = attribute)
  bool nullable = true;                // the C type has its own "absent"
  std::string enumSym;
  std::shared_ptr<ArgKind> elem; // of a typed ArrayAttr
};
// $c and $v of an expression above.
std::string subst(const std::string &s, llvm::StringRef c, llvm::StringRef v);

enum class Arity { One, Optional, Variadic };
struct Var {
  std::string name, ods;
  Arity n;
};
struct Attr {
  std::string name, ods;
  ArgKind kind;
  bool required, optional, isProp;
};
struct OpModel {
  std::string name, id;
  std::vector<Var> operands, results, regions, successors;
  std::vector<Attr> attrs;
  std::vector<std::pair<bool, int>> args; // (is operand, index), in the order of ODS
  bool infers, operandSegments, resultSegments, sameVarOperands, sameVarResults, fillLinalg;
};
// The ops of the dialect that --dialect-name names; fills usedEnums.
std::vector<OpModel> models(const llvm::RecordKeeper &rk);
llvm::StringRef dialectToPrint();

extern std::map<std::string, const llvm::Record *> usedEnums;    // C name -> EnumInfo record
extern std::map<std::string, const llvm::Record *> usedEnumAttr; // C name -> EnumAttr record

// attrs.cpp: attributes and types that the dialect defines, and the hooks that
// its C files define (verifiers, folds, canonicalisations).
void useEnumsOfAttrDefs(const llvm::RecordKeeper &rk);
void emitAttrDefs(const llvm::RecordKeeper &rk, llvm::raw_ostream &os);
void emitAttrDefShim(const llvm::RecordKeeper &rk, llvm::raw_ostream &os);
void emitHookPrototypes(const llvm::RecordKeeper &rk, llvm::raw_ostream &os);
