// Which build of the program this is.
#pragma once

namespace deadrelu {

struct BuildInfo {
  const char* version;
  const char*
      commit;  // of the sources, with "-dirty" where they were changed; "unknown" outside a repository
  const char* compiler;
};
const BuildInfo& build_info();

}  // namespace deadrelu
