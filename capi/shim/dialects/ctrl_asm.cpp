//===- ctrl_asm.cpp - the written form of branch, loop and task ------------------===//
// By hand because the body's arguments are named beside the operands, and
// because of the optional arms and the bounds that are static or not.
//===--------------------------------------------------------------------------===//
#include "asm.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
using namespace mlir;

namespace dlc::ctrl {
//===--- branch ---===//
static ParseResult parseArms(OpAsmParser &p, OperationState &r, SmallVector<int64_t> &cases, bool two) {
  if (two) {
    if (p.parseRegion(*r.addRegion())) return failure();
    if (succeeded(p.parseOptionalKeyword("else"))) return p.parseRegion(*r.addRegion());
    Region *e = r.addRegion(); // no else: empty yield
    OpBuilder b(p.getContext());
    b.createBlock(e);
    OperationState y(r.location, YieldOp::getOperationName());
    b.create(y);
    return success();
  }
  while (succeeded(p.parseOptionalKeyword("case"))) {
    int64_t c;
    if (p.parseInteger(c) || p.parseRegion(*r.addRegion())) return failure();
    cases.push_back(c);
  }
  return failure(p.parseKeyword("default") || p.parseRegion(*r.addRegion()));
}
ParseResult BranchOp::parse(OpAsmParser &p, OperationState &r) {
  Unresolved sel;
  Type t;
  SmallVector<Type> res;
  std::optional<Level> at;
  SmallVector<int64_t> cases;
  if (p.parseOperand(sel) || p.parseColonType(t) || p.resolveOperand(sel, t, r.operands)) return failure();
  if (parseEnumParen<Level>(p, "at", symbolizeLevel, at)) return failure();
  if (at) r.addAttribute("at", LevelAttr::get(p.getContext(), *at));
  if (succeeded(p.parseOptionalArrow()) && (p.parseLParen() || p.parseTypeList(res) || p.parseRParen()))
    return failure();
  r.addTypes(res);
  if (p.parseOptionalAttrDictWithKeyword(r.attributes)) return failure();
  if (parseArms(p, r, cases, t.isInteger(1))) return failure();
  r.addAttribute("cases", p.getBuilder().getDenseI64ArrayAttr(cases));
  return success();
}
void BranchOp::print(OpAsmPrinter &p) {
  p << ' ' << getSelector() << " : " << getSelector().getType();
  if (getAt()) p << " at(" << stringifyLevel(*getAt()) << ')';
  if (getNumResults()) p << " -> (" << getResultTypes() << ')';
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"cases", "at"});
  p << ' ';
  if (getSelector().getType().isInteger(1)) {
    p.printRegion(getArms()[0]);
    Block &e = getArms()[1].front();
    if (e.getOperations().size() == 1 && e.getTerminator()->getNumOperands() == 0) return;
    p << " else ";
    p.printRegion(getArms()[1]);
    return;
  }
  for (auto [i, c] : llvm::enumerate(getCases())) {
    p.printNewline();
    p << "case " << c << ' ';
    p.printRegion(getArms()[i]);
  }
  p.printNewline();
  p << "default ";
  p.printRegion(getArms().back());
}
//===--- loop ---===//
// ctrl.loop %t [to %n] [carry(%a = %x : type, ...)] [while(%go)] [at(level)] { ... }
ParseResult LoopOp::parse(OpAsmParser &p, OperationState &r) {
  Argument iv;
  Unresolved ub, go;
  Group g;
  bool hasUb = false, hasGo = false;
  std::optional<Level> at;
  Type idx = p.getBuilder().getIndexType(), i1 = p.getBuilder().getI1Type();
  if (p.parseArgument(iv)) return failure();
  iv.type = idx;
  if (succeeded(p.parseOptionalKeyword("to"))) {
    hasUb = true;
    if (p.parseOperand(ub)) return failure();
  }
  if (parseGroup(p, "carry", g)) return failure();
  if (succeeded(p.parseOptionalKeyword("while"))) {
    hasGo = true;
    if (p.parseLParen() || p.parseOperand(go) || p.parseRParen()) return failure();
  }
  if (parseEnumParen<Level>(p, "at", symbolizeLevel, at)) return failure();
  if (at) r.addAttribute("at", LevelAttr::get(p.getContext(), *at));
  if (p.parseOptionalAttrDictWithKeyword(r.attributes)) return failure();
  if (hasUb && p.resolveOperand(ub, idx, r.operands)) return failure();
  if (p.resolveOperands(g.vals, g.types, p.getCurrentLocation(), r.operands)) return failure();
  if (hasGo && p.resolveOperand(go, i1, r.operands)) return failure();
  r.addAttribute("operandSegmentSizes", p.getBuilder().getDenseI32ArrayAttr({hasUb, (int)g.vals.size(), hasGo}));
  r.addTypes(g.types);
  SmallVector<Argument> args{iv};
  args.append(g.args);
  return p.parseRegion(*r.addRegion(), args);
}
void LoopOp::print(OpAsmPrinter &p) {
  p << ' ';
  p.printRegionArgument(getIv(), {}, true);
  if (getBound()) p << " to " << getBound();
  printGroup(p, "carry", getRegionIterArgs(), getInits());
  if (getGo()) p << " while(" << getGo() << ')';
  if (getAt()) p << " at(" << stringifyLevel(*getAt()) << ')';
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"operandSegmentSizes", "at"});
  p << ' ';
  p.printRegion(getBody(), false, true);
}
//===--- task ---===//
static ParseResult parseDim(OpAsmParser &p, SmallVector<Unresolved> &dyn, SmallVector<int64_t> &st) {
  Unresolved v;
  auto o = p.parseOptionalOperand(v);
  if (o.has_value()) {
    if (failed(*o)) return failure();
    dyn.push_back(v);
    st.push_back(ShapedType::kDynamic);
    return success();
  }
  int64_t i;
  if (p.parseInteger(i)) return failure();
  st.push_back(i);
  return success();
}
// ctrl.task (%i, %j) in (4, %n, %lo to %hi) [ins(...)] [outs(... [keep level])] [workgroup(%w : memref)] [if(%p :
// type)] [after(%t by #dep)]
//           [signal map] [pin map] [threads(n)] [cluster[..]] [-> token] [attributes] { body }
ParseResult TaskOp::parse(OpAsmParser &p, OperationState &r) {
  Builder &b = p.getBuilder();
  Type idx = b.getIndexType(), tok = TokenType::get(b.getContext());
  SmallVector<Argument> args;
  SmallVector<Unresolved> lbs, ubs, after;
  SmallVector<int64_t> slb, sub;
  SmallVector<Attribute> deps;
  if (p.parseArgumentList(args, AsmParser::Delimiter::Paren) || p.parseKeyword("in")) return failure();
  for (auto &a : args) a.type = idx;
  auto gloc = p.getCurrentLocation();
  if (p.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&]() -> ParseResult {
        SmallVector<Unresolved> d;
        SmallVector<int64_t> s;
        if (parseDim(p, d, s)) return failure();
        if (succeeded(p.parseOptionalKeyword("to"))) {
          lbs.append(d);
          slb.append(s);
          return parseDim(p, ubs, sub);
        }
        ubs.append(d);
        sub.append(s);
        slb.push_back(0);
        return success();
      }))
    return failure();
  if (args.size() != sub.size())
    return p.emitError(gloc) << args.size() << " indices for a grid of rank " << sub.size();
  auto keep = [&](Attribute &e) -> ParseResult {
    if (failed(p.parseOptionalKeyword("keep"))) return success();
    StringRef k;
    auto loc = p.getCurrentLocation();
    if (p.parseKeyword(&k)) return failure();
    auto l = dlc::tile::symbolizeLevel(k);
    if (!l) return p.emitError(loc) << "unknown level '" << k << "'";
    e = dlc::tile::LevelAttr::get(b.getContext(), *l);
    return success();
  };
  Group in, out;
  if (parseGroup(p, "ins", in, keep) || parseGroup(p, "outs", out, keep)) return failure();
  args.append(in.args);
  args.append(out.args);
  if (succeeded(p.parseOptionalKeyword("workgroup"))) {
    Argument w;
    if (p.parseLParen() || p.parseArgument(w, /*allowType=*/true) || p.parseRParen()) return failure();
    args.push_back(w);
    r.addAttribute("workgroup", b.getUnitAttr());
  }
  Unresolved pred;
  Type predT;
  if (succeeded(p.parseOptionalKeyword("if")))
    if (p.parseLParen() || p.parseOperand(pred) || p.parseColonType(predT) || p.parseRParen()) return failure();
  if (succeeded(p.parseOptionalKeyword("after")))
    if (p.parseCommaSeparatedList(AsmParser::Delimiter::Paren, [&]() -> ParseResult {
          Unresolved t;
          DepAttr d;
          if (p.parseOperand(t)) return failure();
          if (succeeded(p.parseOptionalKeyword("by"))) {
            if (p.parseCustomAttributeWithFallback(d)) return failure();
          } else
            d = DepAttr::get(b.getContext(), DepKind::all, AffineMapAttr(), {});
          after.push_back(t);
          deps.push_back(d);
          return success();
        }))
      return failure();
  for (StringRef kw : {"signal", "pin"}) {
    if (failed(p.parseOptionalKeyword(kw))) continue;
    AffineMapAttr m;
    if (p.parseAttribute(m)) return failure();
    r.addAttribute(kw, m);
  }
  if (succeeded(p.parseOptionalKeyword("threads"))) {
    int64_t n;
    if (p.parseLParen() || p.parseInteger(n) || p.parseRParen()) return failure();
    r.addAttribute("threads", b.getI64IntegerAttr(n));
  }
  if (succeeded(p.parseOptionalKeyword("cluster"))) {
    auto a = DenseI64ArrayAttr::parse(p, Type());
    if (!a) return failure();
    r.addAttribute("cluster", a);
  }
  for (Type t : out.types)
    if (isa<TensorType>(t)) r.addTypes(t);
  if (succeeded(p.parseOptionalArrow())) {
    Type t;
    if (p.parseType(t)) return failure();
    r.addTypes(t);
  }
  if (p.parseOptionalAttrDictWithKeyword(r.attributes)) return failure();
  auto loc = p.getCurrentLocation();
  if (p.resolveOperands(lbs, idx, r.operands) || p.resolveOperands(ubs, idx, r.operands) ||
      p.resolveOperands(in.vals, in.types, loc, r.operands) ||
      p.resolveOperands(out.vals, out.types, loc, r.operands) || p.resolveOperands(after, tok, r.operands))
    return failure();
  if (predT && p.resolveOperand(pred, predT, r.operands)) return failure();
  r.addAttribute("operandSegmentSizes",
                 b.getDenseI32ArrayAttr({(int)lbs.size(), (int)ubs.size(), (int)in.vals.size(), (int)out.vals.size(),
                                         (int)after.size(), predT ? 1 : 0}));
  r.addAttribute("static_lbs", b.getDenseI64ArrayAttr(slb));
  r.addAttribute("static_ubs", b.getDenseI64ArrayAttr(sub));
  SmallVector<Attribute> ks;
  bool any = false;
  for (auto *g : {&in, &out})
    for (Attribute e : g->extra) {
      any |= bool(e);
      ks.push_back(e ? e : b.getUnitAttr());
    }
  if (any) r.addAttribute("keep", b.getArrayAttr(ks));
  if (!deps.empty()) r.addAttribute("deps", b.getArrayAttr(deps));
  Region *body = r.addRegion();
  if (p.parseRegion(*body, args)) return failure();
  if (body->empty()) body->emplaceBlock(); // `() in () { }` makes no block
  Block &blk = body->front();
  if (blk.empty() || !blk.back().hasTrait<OpTrait::IsTerminator>()) {
    OpBuilder ob(p.getContext());
    ob.setInsertionPointToEnd(&blk);
    OperationState s(r.location, InParallelOp::getOperationName());
    s.addRegion()->emplaceBlock();
    ob.create(s);
  }
  return success();
}
void TaskOp::print(OpAsmPrinter &p) {
  auto args = getBody().getArguments();
  unsigned n = getRank();
  p << " (";
  llvm::interleaveComma(args.take_front(n), p, [&](BlockArgument a) { p.printRegionArgument(a, {}, true); });
  p << ") in (";
  unsigned dl = 0, du = 0;
  for (unsigned i = 0; i < n; ++i) {
    if (i) p << ", ";
    if (getStaticLbs()[i] != 0) {
      if (ShapedType::isDynamic(getStaticLbs()[i]))
        p << getLbs()[dl++];
      else
        p << getStaticLbs()[i];
      p << " to ";
    }
    if (ShapedType::isDynamic(getStaticUbs()[i]))
      p << getUbs()[du++];
    else
      p << getStaticUbs()[i];
  }
  p << ')';
  auto keep = [&](unsigned base) {
    return [&p, this, base](unsigned i) {
      if (getKeep())
        if (auto l = dyn_cast<dlc::tile::LevelAttr>((*getKeep())[base + i]))
          p << " keep " << dlc::tile::stringifyLevel(l.getValue());
    };
  };
  printGroup(p, "ins", args.slice(n, getIns().size()), getIns(), keep(0));
  printGroup(p, "outs", args.slice(n + getIns().size(), getOuts().size()), getOuts(), keep(getIns().size()));
  if (getWorkgroup()) {
    p << " workgroup(";
    p.printRegionArgument(args.back());
    p << ')';
  }
  if (getPred()) p << " if(" << getPred() << " : " << getPred().getType() << ')';
  if (!getAfter().empty()) {
    p << " after(";
    unsigned i = 0;
    llvm::interleaveComma(getAfter(), p, [&](Value t) {
      p << t << " by ";
      p.printStrippedAttrOrType(cast<DepAttr>((*getDeps())[i++]));
    });
    p << ')';
  }
  if (getSignal()) p << " signal " << getSignalAttr();
  if (getPin()) p << " pin " << getPinAttr();
  if (getThreads()) p << " threads(" << *getThreads() << ')';
  if (getCluster()) {
    p << " cluster";
    getClusterAttr().print(p);
  }
  if (getToken()) p << " -> " << getToken().getType();
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"operandSegmentSizes", "static_lbs", "static_ubs", "keep",
                                                           "deps", "signal", "pin", "threads", "cluster", "workgroup"});
  auto t = cast<InParallelOp>(getBody().front().getTerminator());
  p << ' ';
  p.printRegion(getBody(), false, !t.getBody().front().empty());
}
} // namespace dlc::ctrl
