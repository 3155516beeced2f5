// Writing code to files: see dlc/emit.h.
#include "dlc/emit.h"
#include "llvm-c/Core.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
using namespace llvm;

bool dlcEmitToFile(LLVMTargetMachineRef machine, LLVMModuleRef module, LLVMCodeGenFileType type, const char *path,
                   char **message) {
  std::error_code error;
  raw_fd_ostream out(path, error);
  auto kind = type == LLVMAssemblyFile ? CodeGenFileType::AssemblyFile : CodeGenFileType::ObjectFile;
  if (!error) {
    legacy::PassManager passes; // writes on to its end
    if (reinterpret_cast<TargetMachine *>(machine)->addPassesToEmitFile(passes, out, nullptr, kind))
      error = std::make_error_code(std::errc::not_supported);
    else
      passes.run(*unwrap(module));
  }
  out.flush();
  if (!error) error = out.error();
  out.clear_error(); // else its destructor ends the process
  if (error) *message = LLVMCreateMessage(error.message().c_str());
  return !error;
}
