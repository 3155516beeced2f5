// Compiled into every program of a sanitizer build that links libdlc. LLVM's arenas
// poison what they have not given out, where their headers are compiled with the
// sanitizer; the parts of LLVM in Debian's libraries are not, and do not unpoison.
const char *__asan_default_options(void);
const char *__asan_default_options(void) { return "allow_user_poisoning=0"; }
