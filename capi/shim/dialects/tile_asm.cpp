//===- tile_asm.cpp - the written form of graph and reduce -------------------------===//
// By hand because the body's arguments are named beside the operands.
//===--------------------------------------------------------------------------===//
#include "asm.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
using namespace mlir;

namespace dlc::tile {
// tile.graph ["label"] [ins(..)] outs(..) [schedule #tile.schedule<..>] { ... }
ParseResult GraphOp::parse(OpAsmParser &p, OperationState &r) {
  Group in, out;
  std::string l;
  ScheduleAttr s;
  SmallVector<Argument> args;
  if (succeeded(p.parseOptionalString(&l))) r.addAttribute("label", p.getBuilder().getStringAttr(l));
  if (parseGroup(p, "ins", in) || parseGroup(p, "outs", out)) return failure();
  if (succeeded(p.parseOptionalKeyword("schedule"))) {
    if (p.parseCustomAttributeWithFallback(s)) return failure();
    r.addAttribute("schedule", s);
  }
  if (p.parseOptionalAttrDictWithKeyword(r.attributes)) return failure();
  auto loc = p.getCurrentLocation();
  if (p.resolveOperands(in.vals, in.types, loc, r.operands) || p.resolveOperands(out.vals, out.types, loc, r.operands))
    return failure();
  r.addAttribute("operandSegmentSizes",
                 p.getBuilder().getDenseI32ArrayAttr({(int)in.vals.size(), (int)out.vals.size()}));
  r.addTypes(out.types);
  args.append(in.args);
  args.append(out.args);
  return p.parseRegion(*r.addRegion(), args);
}
void GraphOp::print(OpAsmPrinter &p) {
  if (getLabel()) {
    p << ' ';
    p.printAttribute(getLabelAttr());
  }
  auto a = getBody().getArguments();
  printGroup(p, "ins", a.take_front(getIns().size()), getIns());
  printGroup(p, "outs", a.drop_front(getIns().size()), getOuts());
  if (getSchedule()) {
    p << " schedule ";
    p.printAttribute(*getSchedule());
  }
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"operandSegmentSizes", "label", "schedule"});
  p << ' ';
  p.printRegion(getBody(), false, true);
}
// tile.reduce ins(%k = %K : type along 0, ...) inits(%m = %m0 : type, ...) { step } [merge { ^bb0(a..., b...): }]
static Type stepped(Type t, int64_t d) {
  auto r = cast<RankedTensorType>(t);
  if (d < 0) return r;
  SmallVector<int64_t> s(r.getShape());
  if (d < (int64_t)s.size()) s[d] = ShapedType::kDynamic;
  return RankedTensorType::get(s, r.getElementType(), r.getEncoding());
}
ParseResult ReduceOp::parse(OpAsmParser &p, OperationState &r) {
  Group in, acc;
  SmallVector<int64_t> along;
  Builder &b = p.getBuilder();
  if (parseGroup(p, "ins", in,
                 [&](Attribute &) -> ParseResult {
                   int64_t d = -1;
                   if (succeeded(p.parseOptionalKeyword("along")))
                     if (p.parseInteger(d)) return failure();
                   along.push_back(d);
                   return success();
                 }) ||
      parseGroup(p, "inits", acc) || p.parseOptionalAttrDictWithKeyword(r.attributes))
    return failure();
  auto loc = p.getCurrentLocation();
  if (p.resolveOperands(in.vals, in.types, loc, r.operands) || p.resolveOperands(acc.vals, acc.types, loc, r.operands))
    return failure();
  r.addAttribute("along", b.getDenseI64ArrayAttr(along));
  r.addAttribute("operandSegmentSizes", b.getDenseI32ArrayAttr({(int)in.vals.size(), (int)acc.vals.size()}));
  r.addTypes(acc.types);
  SmallVector<Argument> args;
  for (auto [i, a] : llvm::enumerate(in.args)) {
    if (!isa<RankedTensorType>(in.types[i])) return p.emitError(loc, "reduces ranked tensors");
    a.type = stepped(in.types[i], along[i]);
    args.push_back(a);
  }
  args.append(acc.args);
  if (p.parseRegion(*r.addRegion(), args)) return failure();
  Region *m = r.addRegion();
  if (succeeded(p.parseOptionalKeyword("merge"))) return p.parseRegion(*m);
  return success();
}
void ReduceOp::print(OpAsmPrinter &p) {
  auto a = getStep().getArguments();
  printGroup(p, "ins", a.take_front(getIns().size()), getIns(), [&](unsigned i) {
    if (getAlong()[i] >= 0) p << " along " << getAlong()[i];
  });
  printGroup(p, "inits", a.drop_front(getIns().size()), getInits());
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"operandSegmentSizes", "along"});
  p << ' ';
  p.printRegion(getStep(), false, true);
  if (!getMerge().empty()) {
    p << " merge ";
    p.printRegion(getMerge());
  }
}
} // namespace dlc::tile
