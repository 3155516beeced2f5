// Registration of passes written in C: see dlc/pass.h.
#include "dlc/pass.h"
#include "Dialects.h"
#include "mlir/CAPI/IR.h"
#include "mlir/CAPI/Support.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringMap.h"
#include <memory>
#include <mutex>
#include <vector>
using namespace mlir;

template <class D> static void add(DialectRegistry &r) { r.insert<D>(); }
static void insertDialect(DialectRegistry &r, StringRef name) {
  static const llvm::StringMap<void (*)(DialectRegistry &)> known = {
      {"affine", add<affine::AffineDialect>},
      {"arith", add<arith::ArithDialect>},
      {"bufferization", add<bufferization::BufferizationDialect>},
      {"cf", add<cf::ControlFlowDialect>},
      {"dlti", add<DLTIDialect>},
      {"func", add<func::FuncDialect>},
      {"gpu", add<gpu::GPUDialect>},
      {"linalg", add<linalg::LinalgDialect>},
      {"llvm", add<LLVM::LLVMDialect>},
      {"math", add<math::MathDialect>},
      {"memref", add<memref::MemRefDialect>},
      {"scf", add<scf::SCFDialect>},
      {"tensor", add<tensor::TensorDialect>},
      {"vector", add<vector::VectorDialect>},
      {"ctrl", add<dlc::ctrl::CtrlDialect>},
      {"tile", add<dlc::tile::TileDialect>},
      {"place", add<dlc::place::PlaceDialect>}};
  auto it = known.find(name);
  if (it == known.end()) llvm::report_fatal_error("Passes.td names an unknown dialect: " + name);
  it->second(r);
}

struct DlcPass : Pass {
  using Strings = Pass::Option<std::string>;
  struct AnOption {
    std::unique_ptr<Pass::Option<bool>> b;
    std::unique_ptr<Pass::Option<int64_t>> i;
    std::unique_ptr<Pass::Option<double>> f;
    std::unique_ptr<Pass::Option<std::string>> s;
    std::unique_ptr<Pass::ListOption<int64_t>> l;
  };
  const DlcPassSpec *spec;
  std::vector<AnOption> options;

  explicit DlcPass(const DlcPassSpec *s)
      : Pass(TypeID::getFromOpaquePointer(s), *s->anchor ? std::optional<StringRef>(s->anchor) : std::nullopt),
        spec(s) {
    for (const DlcOptionSpec *o = s->options; o->argument; ++o) {
      AnOption a;
      auto desc = llvm::cl::desc(o->help);
      StringRef init(o->initial);
      switch (o->kind) {
      case DLC_OPTION_BOOL:
        a.b = std::make_unique<Pass::Option<bool>>(*this, o->argument, desc, llvm::cl::init(init == "true"));
        break;
      case DLC_OPTION_I64:
        a.i = std::make_unique<Pass::Option<int64_t>>(*this, o->argument, desc,
                                                      llvm::cl::init(strtoll(o->initial, nullptr, 0)));
        break;
      case DLC_OPTION_F64:
        a.f = std::make_unique<Pass::Option<double>>(*this, o->argument, desc,
                                                     llvm::cl::init(strtod(o->initial, nullptr)));
        break;
      case DLC_OPTION_STRING:
        a.s =
            std::make_unique<Pass::Option<std::string>>(*this, o->argument, desc, llvm::cl::init(init.trim('"').str()));
        break;
      case DLC_OPTION_I64S:
        a.l = std::make_unique<Pass::ListOption<int64_t>>(*this, o->argument, desc);
        break;
      }
      options.push_back(std::move(a));
    }
  }
  StringRef getName() const override { return spec->argument; }
  StringRef getArgument() const override { return spec->argument; }
  StringRef getDescription() const override { return spec->summary; }
  void getDependentDialects(DialectRegistry &r) const override {
    for (const char *const *d = spec->dialects; *d; ++d) insertDialect(r, *d);
  }
  bool canScheduleOn(RegisteredOperationName n) const override {
    return !*spec->anchor || n.getStringRef() == spec->anchor;
  }
  std::unique_ptr<Pass> clonePass() const override {
    auto p = std::make_unique<DlcPass>(spec);
    p->copyOptionValuesFrom(this);
    return p;
  }
  void runOnOperation() override {
    std::unique_ptr<char[]> values(new char[spec->optionsSize]());
    for (size_t k = 0; k < options.size(); ++k) {
      char *to = values.get() + spec->options[k].offset;
      AnOption &a = options[k];
      if (a.b)
        *reinterpret_cast<bool *>(to) = *a.b;
      else if (a.i)
        *reinterpret_cast<int64_t *>(to) = *a.i;
      else if (a.f)
        *reinterpret_cast<double *>(to) = *a.f;
      else if (a.s)
        *reinterpret_cast<MlirStringRef *>(to) = {a.s->getValue().data(), a.s->getValue().size()};
      else
        *reinterpret_cast<DlcI64s *>(to) = {a.l->empty() ? nullptr : &*a.l->begin(), intptr_t(a.l->size())};
    }
    if (failed(unwrap(spec->run(wrap(getOperation()), this, values.get())))) signalPassFailure();
  }
};

void dlcPassCount(DlcPass *pass, int statistic, uint64_t n) { dlcCountStatistic(pass->spec, statistic, n); }
void dlcRegisterPass(const DlcPassSpec *spec) {
  registerPass([spec]() -> std::unique_ptr<Pass> { return std::make_unique<DlcPass>(spec); });
}
void dlcRegisterPipeline(const char *argument, const char *summary, const char *text) {
  StringRef inner(text); // the pass manager that a pipeline is added to is the module's already
  if (inner.consume_front("builtin.module(")) inner.consume_back(")");
  std::string t(inner);
  registerPassPipeline(
      argument, summary,
      [t](OpPassManager &pm, StringRef, function_ref<LogicalResult(const Twine &)>) {
        return parsePassPipeline(t, pm);
      },
      [](function_ref<void(const detail::PassOptions &)>) {});
}
bool dlcRunPipeline(MlirOperation root, const char *text) { return dlcRunPipelineWith(root, text, nullptr); }

bool dlcRunPipelineWith(MlirOperation root, const char *text, const DlcRunOptions *options) {
  Operation *op = unwrap(root);
  std::string message;
  llvm::raw_string_ostream err(message);
  auto pm = parsePassPipeline(text, err);
  if (failed(pm)) return emitError(op->getLoc()) << "cannot parse pipeline: " << message, false;
  PassManager runner(op->getContext(), pm->getOpAnchorName());
  static_cast<OpPassManager &>(runner) = std::move(*pm);
  (void)applyPassManagerCLOptions(runner);
  bool once = options && options->verifyOnce;
  if (once) runner.enableVerifier(false);
  if (options && options->time) runner.enableTiming();
  return succeeded(runner.run(op)) && (!once || succeeded(verify(op)));
}
