#include "cli/launcher.h"

#include <fmt/format.h>

#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/number.h"

namespace deadrelu {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw UserError(ExitCode::kUsage, "--shard auto: " + why);
}

// Not negative; empty where the variable is not set.
std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const auto number = parse_integer(text);
  if (!number || *number < 0) refuse(fmt::format("{}='{}' is no whole number", variable, text));
  return static_cast<std::uint64_t>(*number);
}

Shard checked(std::uint64_t index, std::uint64_t count, const char* what) {
  if (index >= count) refuse(fmt::format("{} says {} of {}", what, index, count));
  return {index, count};
}

std::optional<Shard> rank_of(const char* rank, const char* size) {
  const auto index = number_from(rank), count = number_from(size);
  if (!index || !count) return std::nullopt;
  return checked(*index, *count, rank);
}

std::optional<Shard> array_task() {
  const auto id = number_from("SLURM_ARRAY_TASK_ID"), count = number_from("SLURM_ARRAY_TASK_COUNT");
  if (!id || !count) return std::nullopt;
  const std::uint64_t first = number_from("SLURM_ARRAY_TASK_MIN").value_or(0);
  const std::uint64_t last = number_from("SLURM_ARRAY_TASK_MAX").value_or(first + *count - 1);
  // With gaps (--array=3,7) the ids do not say which part of the whole a task is.
  if (first > 1 || last < first || last - first + 1 != *count || *id < first) {
    refuse(fmt::format("an array of the tasks {} to {} is no 0-N or 1-N of {} tasks; give --shard I/N", first,
                       last, *count));
  }
  return checked(*id - first, *count, "SLURM_ARRAY_TASK_ID");
}

}  // namespace

Shard launcher_shard() {
  const auto task = array_task();
  auto rank = rank_of("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE");
  if (!rank) rank = rank_of("PMI_RANK", "PMI_SIZE");
  if (!task && !rank) {
    refuse(
        "no launcher is found: set is neither SLURM_ARRAY_TASK_ID and SLURM_ARRAY_TASK_COUNT, nor "
        "OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE, nor PMI_RANK and PMI_SIZE; give --shard I/N");
  }
  const Shard outer = task.value_or(Shard{}), inner = rank.value_or(Shard{});
  return {outer.index * inner.count + inner.index, outer.count * inner.count};
}

}  // namespace deadrelu
