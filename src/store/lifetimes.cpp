#include "store/survival.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "store/cells.h"

namespace deadrelu {
namespace {

std::int64_t whole(const Cell& cell) { return std::get<std::int64_t>(cell); }

// Reads run after run, and in it unit after unit.
class LifeReader {
 public:
  LifeReader(const StoreReader& store, const std::vector<std::size_t>& by, bool by_layer)
      : store_(store), by_layer_(by_layer) {
    std::string values;
    for (const std::size_t column : by) values += fmt::format(", p.v{}", column);
    store.for_each_row(
        fmt::format(
            "SELECT p.position, r.steps, r.diverged_step{} FROM places p CROSS JOIN run_results r ON r.number = p.run ORDER BY p.position",
            values),
        [&](std::span<const Cell> row) {
          const auto* diverged = std::get_if<std::int64_t>(&row[2]);
          runs_.push_back({whole(row[0]), diverged != nullptr ? *diverged : whole(row[1]),
                           diverged != nullptr, values_.number({row.begin() + 3, row.end()})});
        });
  }

  Lifetimes read() {
    const nlohmann::json config = nlohmann::json::parse(store_.header().config);
    if (config.value("/record/deaths"_json_pointer, "none") != "none") {
      lives_.source = "deaths";
      read_deaths();
    } else {
      lives_.source = "units";
      refuse_resets();
      read_units();
    }
    while (run_ < runs_.size()) finish_run();
    if (!runs_.empty() && lives_.unobserved_runs == runs_.size())
      throw UserError(
          ExitCode::kUsage,
          "the lives of units were not recorded: run the config again with --set record.deaths=records, "
          "which is small, or with the table units in record.tables");
    if (!by_layer_) lives_.groups = values_.values();
    return std::move(lives_);
  }

 private:
  struct Run {
    std::int64_t position, end;
    bool diverged;
    std::size_t values;
  };
  struct Life {
    std::int64_t layer, unit;
    bool dead, watched;  // watched: alive since step 0
  };
  struct Others {
    std::int64_t alive = 0, dead = 0;  // at step 0, and since
  };

  // Rows of a table, in the order of the sweep, with the position of their run in front: first(row) for the first of each
  // unit, next(row) for every other.
  void for_each_unit(const char* table, const std::string& columns, const char* order, const auto& first,
                     const auto& next) {
    store_.for_each_row(
        fmt::format(
            "SELECT p.position, x.layer, x.unit, {} FROM places p CROSS JOIN {} x ON x.run = p.run ORDER BY p.position, x.layer, x.unit, {}",
            columns, table, order),
        [&](std::span<const Cell> row) {
          const bool same = runs_[run_].position == whole(row[0]) && life_ && life_->layer == whole(row[1]) &&
                            life_->unit == whole(row[2]);
          if (!same) {
            finish_unit();
            go_to(whole(row[0]));
            life_ = {whole(row[1]), whole(row[2]), false, false};
            first(row);
          }
          next(row);
        });
  }

  void read_units() {
    for_each_unit(
        "unit_rows", "x.step, x.dead", "x.step",
        [&](std::span<const Cell> row) { start(row[4] == Cell(std::int64_t{1})); },
        [&](std::span<const Cell> row) {  // a unit that is no number any more neither dies nor lives
          if (const auto* dead = std::get_if<std::int64_t>(&row[4]);
              dead != nullptr && life_->dead != (*dead != 0))
            change(whole(row[3]));
        });
  }

  // In the table units a reset looks like a revival, or like nothing.
  void refuse_resets() {
    store_.for_each_row(
        "SELECT 1 FROM places p CROSS JOIN run_results r ON r.number = p.run WHERE r.resets > 0 LIMIT 1",
        [](std::span<const Cell>) {
          throw UserError(ExitCode::kUsage,
                          "units were reset, which the table units does not tell from dying and coming "
                          "back: run the config again with --set record.deaths=records");
        });
  }

  // The table has the units that changed; how many the others are, the layers at step 0 tell.
  void read_deaths() {
    store_.for_each_row(
        "SELECT p.position, x.layer, x.units, x.dead_fraction FROM places p CROSS JOIN layer_rows x ON x.run = "
        "p.run AND x.step = 0 WHERE x.dead_fraction IS NOT NULL ORDER BY p.position, x.layer",
        [&](std::span<const Cell> row) {
          const std::int64_t units = whole(row[2]);
          const auto dead = std::llround(std::get<double>(row[3]) * static_cast<double>(units));
          others_[{whole(row[0]), whole(row[1])}] = {units - dead, dead};
        });
    if (others_.empty() && !runs_.empty())
      throw UserError(
          ExitCode::kUsage,
          "how many units there are was not recorded: it takes the table layers in record.tables");
    for_each_unit(
        "death_rows", "x.event, x.to_step, x.dead_before",
        "x.to_step, x.event = 'reset' DESC",  // up to a record, a reset comes first
        [&](std::span<const Cell> row) {
          start(row[5] ==
                Cell(std::int64_t{1}));  // what the unit is before its first event it has been from the start
          Others& others = others_[{runs_[run_].position, life_->layer}];
          --(life_->dead ? others.dead : others.alive);
        },
        [&](std::span<const Cell> row) {
          if (row[3] == Cell(std::string("reset"))) {
            if (life_->watched) add(life_->layer, LifeEvent::kReset, whole(row[4]), 1);
            life_->watched = false;
          } else {  // a reset may leave a unit dead: the event tells what it was
            life_->dead = row[3] == Cell(std::string("revival"));
            change(whole(row[4]));
          }
        });
  }

  void start(bool dead) { *life_ = {life_->layer, life_->unit, dead, !dead}; }

  // It dies, or comes back.
  void change(std::int64_t time) {
    add(life_->layer, life_->dead ? LifeEvent::kRevival : LifeEvent::kAnyDeath, time, 1);
    if (life_->watched) add(life_->layer, LifeEvent::kDeath, time, 1);
    life_->watched = false;
    life_->dead = !life_->dead;
  }

  void finish_unit() {
    if (life_) end(life_->layer, life_->watched, 1);
    life_.reset();
  }

  void end(std::int64_t layer, std::int64_t watched, std::int64_t units) {
    const Run& run = runs_[run_];
    add(layer, run.diverged ? LifeEvent::kDivergence : LifeEvent::kEnd, run.end, watched);
    add(layer, LifeEvent::kLeft, run.end, units);
  }

  void add(std::int64_t layer, LifeEvent event, std::int64_t time, std::int64_t units) {
    std::size_t group = runs_[run_].values;
    if (by_layer_) {
      const auto [place, added] = layer_groups_.try_emplace({group, layer}, lives_.groups.size());
      if (added) lives_.groups.push_back(values_.values()[group]);
      if (added) lives_.groups.back().emplace_back(layer);
      group = place->second;
    }
    if (units > 0) lives_.rows.push_back({run_, group, time, event, units});
  }

  // Finishes the runs before this position.
  void go_to(std::int64_t position) {
    while (runs_[run_].position < position) finish_run();
    for (auto other = others_.lower_bound({position, 0});
         other != others_.end() && other->first.first == position; ++other)
      add(other->first.second, LifeEvent::kLeft, 0, 0);  // groups stand in the order of the layers
  }

  // Equal rows become one.
  void finish_run() {
    finish_unit();
    for (auto other = others_.lower_bound({runs_[run_].position, 0});
         other != others_.end() && other->first.first == runs_[run_].position; ++other)
      end(other->first.second, other->second.alive, other->second.alive + other->second.dead);
    const auto key = [](const LifeRow& row) { return std::tuple(row.group, row.time, row.event); };
    auto& rows = lives_.rows;
    std::sort(rows.begin() + static_cast<std::ptrdiff_t>(first_row_), rows.end(),
              [&](const LifeRow& a, const LifeRow& b) { return key(a) < key(b); });
    std::size_t kept = first_row_;
    for (std::size_t i = first_row_; i < rows.size(); ++i) {
      const bool same = kept > first_row_ && key(rows[kept - 1]) == key(rows[i]);
      if (same) rows[kept - 1].units += rows[i].units;
      if (!same) rows[kept++] = rows[i];
    }
    if (kept == first_row_) ++lives_.unobserved_runs;
    rows.resize(kept);
    first_row_ = kept;
    ++run_;
  }

  const StoreReader& store_;
  const bool by_layer_;
  Numbering values_;
  std::vector<Run> runs_;
  Lifetimes lives_;
  std::map<std::pair<std::size_t, std::int64_t>, std::size_t> layer_groups_;  // of values and layer
  std::size_t run_ = 0, first_row_ = 0;  // the run that is read, and its first row
  std::optional<Life> life_;             // the unit that is read
  // By position and layer: units of which nothing is told.
  std::map<std::pair<std::int64_t, std::int64_t>, Others> others_;
};

}  // namespace

Lifetimes read_lifetimes(const StoreReader& store, const std::vector<std::size_t>& by, bool by_layer) {
  return LifeReader(store, by, by_layer).read();
}

}  // namespace deadrelu
