#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/output.h"

namespace deadrelu {
namespace {

std::chrono::milliseconds interval_of(ProgressMode mode) {
  if (mode == ProgressMode::kBar) return std::chrono::milliseconds(100);
  return std::chrono::seconds(mode == ProgressMode::kLines ? 10 : 1);
}

// "0:05", "12:34", "3:00:00"
std::string clock_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::min(std::ceil(seconds), 3.6e9));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

// "512 runs/s, 0:05 left, 3 diverged"
std::string rate_text(const ProgressCounts& counts) {
  const double rate = counts.runs_per_second();
  std::string text = rate >= 100 ? fmt::format("{:.0f} runs/s", rate) : fmt::format("{:.3g} runs/s", rate);
  if (counts.remaining_seconds() >= 0)
    text += fmt::format(", {} left", clock_text(counts.remaining_seconds()));
  if (counts.diverged > 0) text += fmt::format(", {} diverged", counts.diverged);
  return text;
}

double done_share(const ProgressCounts& counts) {
  return counts.total == 0 ? 1 : static_cast<double>(counts.done()) / static_cast<double>(counts.total);
}

}  // namespace

double ProgressCounts::runs_per_second() const {
  return seconds > 0 ? static_cast<double>(trained) / seconds : 0;
}

double ProgressCounts::remaining_seconds() const {
  const std::uint64_t left = total > done() ? total - done() : 0;
  if (left == 0) return 0;
  return trained == 0 ? -1 : static_cast<double>(left) / runs_per_second();
}

std::string progress_bar(const ProgressCounts& counts, std::size_t width) {
  const std::string before = fmt::format("{}/{} runs ", counts.done(), counts.total);
  const std::string after =
      fmt::format(" {:3.0f} %, {}", std::floor(100 * done_share(counts)), rate_text(counts));
  std::string text = before;
  const std::size_t taken = before.size() + after.size() + 2;
  if (taken + 10 <= width) {
    const std::size_t cells = std::min<std::size_t>(width - taken, 40);
    const auto full = static_cast<std::size_t>(done_share(counts) * static_cast<double>(cells));
    text +=
        '[' + std::string(std::min(full, cells), '#') + std::string(cells - std::min(full, cells), '.') + ']';
  }
  text += after;
  return text.substr(0, width);
}

std::string progress_line(const ProgressCounts& counts) {
  return fmt::format("{}/{} runs ({:.0f} %), {}", counts.done(), counts.total,
                     std::floor(100 * done_share(counts)), rate_text(counts));
}

std::string progress_json(const ProgressCounts& counts) {
  const double remaining = counts.remaining_seconds();
  return fmt::format(
      R"({{"done": {}, "total": {}, "diverged": {}, "runs_per_second": {:.6g}, "remaining_seconds": {}}})",
      counts.done(), counts.total, counts.diverged, counts.runs_per_second(),
      remaining < 0 ? "null" : fmt::format("{:.6g}", remaining));
}

Progress::Progress(ProgressMode mode, std::uint64_t total) : mode_(mode) {
  counts_.total = total;
  if (mode_ != ProgressMode::kNone)
    thread_ = std::jthread([this](const std::stop_token& stop) { show_until_stopped(stop); });
}

Progress::~Progress() { finish(); }

void Progress::add_recorded() {
  const std::lock_guard lock(mutex_);
  ++counts_.recorded;
}

void Progress::add_trained(std::uint64_t runs, std::uint64_t diverged) {
  const std::lock_guard lock(mutex_);
  counts_.trained += runs;
  counts_.diverged += diverged;
}

void Progress::finish() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  if (mode_ == ProgressMode::kJson) show();
  clear_bar();
}

void Progress::show_until_stopped(std::stop_token stop) {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, stop, interval_of(mode_), [&] { return stop.stop_requested(); })) show();
}

void Progress::show() {
  counts_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  if (mode_ == ProgressMode::kBar) {
    write_error_text("\r\x1b[K" + progress_bar(counts_, error_stream_width() - 1));
    drawn_ = true;
  } else {
    write_error_line(mode_ == ProgressMode::kJson ? progress_json(counts_) : progress_line(counts_));
  }
}

void Progress::clear_bar() {
  if (drawn_) write_error_text("\r\x1b[K");
  drawn_ = false;
}

}  // namespace deadrelu
