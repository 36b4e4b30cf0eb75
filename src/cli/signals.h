// SIGINT, SIGTERM and SIGHUP ask a training to stop; what is finished is kept.
#pragma once

#include <atomic>

namespace deadrelu {

// While one of these lives, the first such signal sets the flag; the second one ends the program at once.
// At most one may live at a time.
class StopOnSignal {
 public:
  StopOnSignal();
  ~StopOnSignal();
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  const std::atomic<bool>& flag() const;
  int signal() const;  // the number of the signal that came; 0: none
};

const char* signal_name(int number);  // of these three

}  // namespace deadrelu
