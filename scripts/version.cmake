# Writes version.h: the version, the commit it was built from, the compiler. Run by the build (see CMakeLists.txt).
set(COMMIT unknown)
find_program(GIT git)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} -C ${SOURCE} describe --always --dirty
    OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(COMMIT ${described})
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT [[
#pragma once

#define DEADRELU_VERSION "@VERSION@"
#define DEADRELU_COMMIT "@COMMIT@"
#define DEADRELU_COMPILER "@COMPILER@"
]])
