// How far a training has come, on standard error.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "base/enum_names.h"

namespace deadrelu {

enum class ProgressMode {
  kBar,    // one line, drawn over at most 10 times a second and cleared at the end: for terminals
  kLines,  // a line every 10 seconds: for log files
  kJson,   // one JSON object a line, every second and at the end: for programs
  kNone,
};
template <>
inline constexpr std::array kNames<ProgressMode>{"bar", "lines", "json", "none"};

struct ProgressCounts {
  std::uint64_t total = 0;     // runs asked for
  std::uint64_t recorded = 0;  // of them, those that were there before
  std::uint64_t trained = 0;   // those trained now, failed ones included
  std::uint64_t diverged = 0;  // of those trained now
  double seconds = 0;          // since the start

  std::uint64_t done() const { return recorded + trained; }
  double runs_per_second() const;
  double remaining_seconds() const;  // negative where nothing tells yet
};

// The line of each mode (without line end); a bar is at most `width` columns wide.
std::string progress_bar(const ProgressCounts& counts, std::size_t width);
std::string progress_line(const ProgressCounts& counts);
std::string progress_json(const ProgressCounts& counts);

// Shows the counts from a thread of its own, so that they move while a long run trains. Thread-safe.
class Progress {
 public:
  Progress(ProgressMode mode, std::uint64_t total);
  ~Progress();  // finish()
  void add_recorded();
  void add_trained(std::uint64_t runs, std::uint64_t diverged);
  // Calls `write` with the bar out of the way.
  template <class Write>
  void interrupt(const Write& write) {
    const std::lock_guard lock(mutex_);
    clear_bar();
    write();
  }
  void finish();  // nothing is shown afterwards

 private:
  void show_until_stopped(std::stop_token stop);
  void show();
  void clear_bar();

  const ProgressMode mode_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable_any wake_;
  ProgressCounts counts_;
  bool drawn_ = false;
  std::jthread thread_;
};

}  // namespace deadrelu
