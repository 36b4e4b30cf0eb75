// What the tests of the store share: a directory of their own, a header, and runs with recognisable values.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/number.h"
#include "store/export.h"
#include "store/result_store.h"

namespace deadrelu::store_testing {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    std::string name = (std::filesystem::temp_directory_path() / "deadrelu-store-XXXXXX").string();
    root_ = mkdtemp(name.data());
    directory_ = root_ / "result 100% #1";  // characters that a URI would take for its own
  }
  ~StoreTest() override { std::filesystem::remove_all(root_); }

  std::filesystem::path root_, directory_;
};

// Runs `work` in a child process that ends by kill -9 when `work` returns.
inline void run_and_kill(const std::function<void()>& work) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    work();
    raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

inline StoreHeader header_of(std::uint64_t runs, const std::string& config = "{\"a\": 1}") {
  return {"test", config, 1, {{"train.optimizer.learning_rate", ColumnType::kReal}}, runs};
}

inline std::uint64_t id_of(std::uint64_t i) { return 0x9e3779b97f4a7c15u * (i + 1); }

// Run i, at that position of the sweep unless told otherwise; two seeds a point.
inline FinishedRun run_of(std::uint64_t i, std::uint64_t position) {
  FinishedRun finished;
  finished.run.id = id_of(i);
  finished.run.position = position;
  finished.run.point = position / 2;
  finished.run.spec.seed = i % 2;
  finished.run.values = {0.5 + static_cast<double>(position / 2)};
  finished.record.outcome.steps = 100;
  finished.record.outcome.train_loss = 1.0 / static_cast<double>(i + 3);
  finished.record.outcome.born_dead = static_cast<std::int64_t>(i % 2);
  for (std::int64_t step : {0, 100}) {
    MetricsRow metrics;
    metrics.step = step;
    metrics.train_loss = static_cast<double>(i) + 0.25;
    finished.record.metrics.push_back(metrics);
    for (std::int64_t layer : {1, 2}) {
      LayerRow row;
      row.step = step;
      row.layer = layer;
      row.units = 4;
      row.dead_fraction = 0.25;
      finished.record.layers.push_back(row);
    }
  }
  return finished;
}

inline FinishedRun run_of(std::uint64_t i) { return run_of(i, i); }

// With rows in every table.
inline FinishedRun full_run_of(std::uint64_t i) {
  FinishedRun finished = run_of(i);
  finished.record.units.resize(1);
  finished.record.stream.resize(1);
  finished.record.tasks.resize(1);
  finished.record.deaths.resize(1);
  finished.record.parameters.resize(1);
  for (const Table& table : result_tables())
    EXPECT_GT(table.rows(finished.record).count, 0u) << table.name << ": full_run_of() lacks it";
  return finished;
}

inline std::vector<FinishedRun> full_runs_of(std::uint64_t from, std::uint64_t to) {
  std::vector<FinishedRun> runs;
  for (std::uint64_t i = from; i < to; ++i) runs.push_back(full_run_of(i));
  return runs;
}

inline std::vector<FinishedRun> runs_of(std::uint64_t from, std::uint64_t to) {
  std::vector<FinishedRun> runs;
  for (std::uint64_t i = from; i < to; ++i) runs.push_back(run_of(i));
  return runs;
}

inline std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Every file below the directory with its content.
inline std::map<std::string, std::string> snapshot(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory))
    files[entry.path().filename().string()] = content(entry.path());
  return files;
}

inline std::vector<std::string> lines(const std::filesystem::path& file) {
  std::istringstream stream(content(file));
  std::vector<std::string> result;
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

inline std::vector<std::vector<Cell>> query(const StoreReader& reader, const std::string& sql) {
  std::vector<std::vector<Cell>> rows;
  reader.query(
      sql, [](auto) {}, [&](std::span<const Cell> row) { rows.emplace_back(row.begin(), row.end()); });
  return rows;
}

// The exit code and the sentence of the UserError that `work` throws.
template <class Work>
std::pair<ExitCode, std::string> error_of(const Work& work) {
  try {
    work();
  } catch (const UserError& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error";
  return {ExitCode::kOk, ""};
}

inline void expect_input_output_error(const std::pair<ExitCode, std::string>& error,
                                      const std::string& part) {
  EXPECT_EQ(error.first, ExitCode::kInputOutput);
  EXPECT_NE(error.second.find(part), std::string::npos) << error.second;
}

}  // namespace deadrelu::store_testing
