// Stops with a sentence, instead of an illegal instruction, on a processor that deadrelu is not compiled for.
// Linked into the program alone and compiled without its -march flags, so that it can run where nothing else
// of ours can.
#if defined(__x86_64__)

#include <unistd.h>

namespace {

// Before every other constructor of the program (101 is the first priority that is ours to use).
__attribute__((constructor(101))) void require_fma() {
  __builtin_cpu_init();
  const bool supported =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  if (supported) return;
  static const char kSentence[] =
      "deadrelu: this processor has no AVX2 with FMA; deadrelu needs x86-64-v3 or ARMv8\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, kSentence, sizeof kSentence - 1);
  _exit(2);
}

}  // namespace

#endif
