//===- asm.h - syntax that ctrl and tile share ---------------------------------===//
// kw(%arg = %value : type [more], ...): names the arguments of an isolated body
// beside the operands that they stand for. Not expressible declaratively.
//===--------------------------------------------------------------------------===//
#pragma once
#include "Dialects.h"
#include "mlir/IR/OpImplementation.h"

namespace dlc {
using namespace mlir;
using Argument = OpAsmParser::Argument;
using Unresolved = OpAsmParser::UnresolvedOperand;

struct Group {
  SmallVector<Argument> args;
  SmallVector<Unresolved> vals;
  SmallVector<Type> types;
  SmallVector<Attribute> extra;
};
using ExtraFn = function_ref<ParseResult(Attribute &)>;
inline ParseResult parseGroup(OpAsmParser &p, StringRef kw, Group &g, ExtraFn extra = nullptr) {
  if (failed(p.parseOptionalKeyword(kw))) return success();
  return p.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&]() -> ParseResult {
    Argument a;
    Unresolved v;
    Type t;
    Attribute e;
    if (p.parseArgument(a) || p.parseEqual() || p.parseOperand(v) || p.parseColonType(t)) return failure();
    if (extra && extra(e)) return failure();
    a.type = t;
    g.args.push_back(a);
    g.vals.push_back(v);
    g.types.push_back(t);
    g.extra.push_back(e);
    return success();
  });
}
inline void printGroup(OpAsmPrinter &p, StringRef kw, Block::BlockArgListType args, ValueRange vals,
                       function_ref<void(unsigned)> extra = nullptr) {
  if (vals.empty()) return;
  p << ' ' << kw << '(';
  unsigned i = 0;
  llvm::interleaveComma(llvm::zip(args, vals), p, [&](auto it) {
    p.printRegionArgument(std::get<0>(it), {}, /*omitType=*/true);
    p << " = " << std::get<1>(it) << " : " << std::get<1>(it).getType();
    if (extra) extra(i);
    ++i;
  });
  p << ')';
}
template <class E>
static ParseResult parseEnumParen(OpAsmParser &p, StringRef kw, std::optional<E> (*sym)(StringRef),
                                  std::optional<E> &out) {
  if (failed(p.parseOptionalKeyword(kw))) return success();
  StringRef k;
  auto loc = p.getCurrentLocation();
  if (p.parseLParen() || p.parseKeyword(&k) || p.parseRParen()) return failure();
  out = sym(k);
  if (!out) return p.emitError(loc) << "unknown level '" << k << "'";
  return success();
}

} // namespace dlc
