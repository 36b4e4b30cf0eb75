#include "cli/build_info.h"

#include "version.h"

namespace deadrelu {

const BuildInfo& build_info() {
  static constexpr BuildInfo kInfo{DEADRELU_VERSION, DEADRELU_COMMIT, DEADRELU_COMPILER};
  return kInfo;
}

}  // namespace deadrelu
