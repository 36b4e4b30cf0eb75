// CSV files as they are found: from cells to examples. What columns and cells are: csv_table.h; how rows are
// written: csv_rows.h.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"
#include "base/number.h"
#include "data/csv_table.h"
#include "data/examples.h"

namespace deadrelu {
namespace {

constexpr std::size_t kNamedMistakes = 10;
constexpr std::size_t kMostCategories = 1000;
constexpr std::size_t kLeastIndexRows = 3;  // 0, 1 alone is no index
constexpr double kMissing =
    std::numeric_limits<double>::quiet_NaN();  // until it is known what takes its place

constexpr const char* kMissingHint =
    R"("missing": "drop" leaves such rows out, "mean" fills in the mean of the column)";

using Texts = std::vector<std::string>;

// What is wrong with a file: all of it counted, the first ones named.
class Mistakes {
 public:
  // hint: said once.
  void add(const CsvTable& table, std::size_t column, const std::string& text, const std::string& hint) {
    ++columns_[column];
    add(table, table.label(column) + ": " + text, hint);
  }
  void add_row(const CsvTable& table, const std::string& text, const std::string& hint = "") {
    ++rows_;
    add(table, text, hint);
  }
  bool empty() const { return named_.empty(); }

  [[noreturn]] void fail(const CsvTable& table) {
    if (count_ > named_.size()) {
      std::string text = fmt::format("{} mistakes in all", count_);
      const char* separator = ": ";
      std::size_t shown = 0;
      for (const auto& [column, count] : columns_) {
        if (shown++ == kNamedMistakes) break;
        text += std::exchange(separator, ", ") + (table.label(column) + " ") + std::to_string(count);
      }
      if (columns_.size() > kNamedMistakes) text += ", …";
      if (rows_ > 0) text += fmt::format("{}{} rows of another length", separator, rows_);
      named_.push_back({table.rows.path(), "", text});
    }
    throw UserError(ExitCode::kInputOutput, std::move(named_));
  }

 private:
  void add(const CsvTable& table, std::string text, const std::string& hint) {
    if (++count_ > kNamedMistakes) return;
    if (!hint.empty() && hints_.insert(hint).second) text.append("; ").append(hint);
    named_.push_back({table.rows.place(), "", std::move(text)});
  }

  std::vector<Mistake> named_;
  std::set<std::string> hints_;
  std::map<std::size_t, std::size_t> columns_;
  std::size_t count_ = 0, rows_ = 0;
};

bool fits(const CsvTable& table, const std::vector<CsvCell>& cells, Mistakes& mistakes) {
  if (cells.size() == table.width) return true;
  const bool one_more = !table.names.empty() && cells.size() == table.width + 1;
  mistakes.add_row(
      table,
      fmt::format("the row has {} cells, the {}{}", cells.size(),
                  table.names.empty() ? "first row " : "header ", table.width),
      one_more ? "does the header lack the row names, as R writes it? Give them a name there" : "");
  return false;
}

// Gives the text columns among the inputs their categories, sorted: those without a single number.
void find_categories(CsvTable& table, const std::string& path, const CsvSpec& spec) {
  CsvTable first(path, spec);
  struct Found {
    std::set<std::string, std::less<>> texts;
    bool numbers = false;
  };
  std::vector<Found> found(table.inputs.size());
  for (std::vector<CsvCell> cells; first.next(cells);) {
    if (cells.size() != first.width) continue;  // is told later
    for (std::size_t i = 0; i < found.size(); ++i) {
      const std::string_view cell = cells[table.inputs[i].column].text;
      auto& [texts, numbers] = found[i];
      numbers = numbers || first.reader.number(cell);
      if (numbers || texts.size() > kMostCategories || first.reader.is_missing(cell)) continue;
      if (!texts.contains(cell)) texts.emplace(cell);
    }
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i].numbers) continue;
    if (found[i].texts.size() > kMostCategories)
      table.rows.fail(fmt::format(
          "{}: holds more than {} different words, too many for categories; \"drop\" leaves the column out",
          table.label(table.inputs[i].column), kMostCategories));
    table.inputs[i].categories.assign(found[i].texts.begin(), found[i].texts.end());
  }
}

// Class labels in order of appearance, numbered at the end.
class LabelNumbers {
 public:
  // Empty where the cell is a number, but none that counts classes.
  std::optional<std::uint32_t> add(std::string_view cell) {
    if (const auto known = ids_.find(cell); known != ids_.end()) return known->second;
    if (parse_real(cell) && !whole(cell)) return std::nullopt;
    all_whole_ = all_whole_ && whole(cell);
    return ids_.emplace(cell, static_cast<std::uint32_t>(ids_.size())).first->second;
  }

  // Replaces the ids that add() gave by the classes' places: numbers by value ("01" and "1.0" are "1"), words
  // by the alphabet. Returns the classes' names.
  Texts number_classes(std::vector<std::uint32_t>& labels) const {
    std::map<std::pair<std::int64_t, std::string>, std::uint32_t> classes;
    const auto key = [&](const std::string& text) {
      return all_whole_ ? std::pair(*whole(text), std::string()) : std::pair(std::int64_t{0}, text);
    };
    for (const auto& [text, id] : ids_) classes.emplace(key(text), 0);
    Texts names;
    for (auto& [name, number] : classes) {
      number = static_cast<std::uint32_t>(names.size());
      names.push_back(all_whole_ ? std::to_string(name.first) : name.second);
    }
    std::vector<std::uint32_t> class_of_id(ids_.size());
    for (const auto& [text, id] : ids_) class_of_id[id] = classes.at(key(text));
    for (std::uint32_t& label : labels) label = class_of_id[label];
    return names;
  }

 private:
  static std::optional<std::int64_t> whole(std::string_view cell) {
    if (const auto number = parse_integer(cell)) return number;
    const auto number = parse_real(cell);
    if (!number || std::abs(*number) > 1e15 || *number != std::trunc(*number)) return std::nullopt;
    return static_cast<std::int64_t>(*number);
  }

  std::map<std::string, std::uint32_t, std::less<>> ids_;
  bool all_whole_ = true;
};

// Reads the rows into examples.
class RowReader {
 public:
  RowReader(CsvTable& table, const CsvSpec& spec, bool classification)
      : table_(table), missing_(spec.missing), classification_(classification) {
    for (const CsvTable::Input& input : table.inputs) set_.inputs += input.inputs();
    set_.outputs = classification ? 0 : table.targets.size();
  }

  Examples read() {
    for (std::vector<CsvCell> cells; table_.next(cells); ++row_) read_row(cells);
    if (table_.count && *table_.count != row_)
      mistakes_.add_row(table_,
                        fmt::format("there are {} rows, the first line promises {}", row_, *table_.count));
    if (!mistakes_.empty()) mistakes_.fail(table_);
    if (set_.samples == 0) table_.fail("every row misses a value, none is left");
    if (filled_ > 0) fill_in_means();
    if (classification_) number_classes();
    describe();
    return std::move(set_);
  }

 private:
  void read_row(const std::vector<CsvCell>& cells) {
    if (!fits(table_, cells, mistakes_)) return;
    const std::size_t values = set_.values.size(), targets = set_.targets.size(), labels = set_.labels.size();
    missed_ = false;
    for (const CsvTable::Input& input : table_.inputs) read_input(input, cells[input.column].text);
    for (const std::size_t c : table_.targets)
      if (!missed_) read_target(c, cells[c].text);  // a class without a row is none
    if (missed_ || !mistakes_.empty()) {
      set_.values.resize(values);
      set_.targets.resize(targets);
      set_.labels.resize(labels);
      dropped_ += missed_ ? 1 : 0;
      return;
    }
    look_for_index(set_.values.data() + values);
    ++set_.samples;
  }

  void read_input(const CsvTable::Input& input, std::string_view cell) {
    if (input.categories.empty()) {
      if (const auto value = table_.reader.number(cell)) return set_.values.push_back(*value);
    } else if (const auto found = std::ranges::lower_bound(input.categories, cell);
               found != input.categories.end() && *found == cell) {
      for (const std::string& category : input.categories) set_.values.push_back(category == cell ? 1 : 0);
      return;
    }
    const bool fills = missing_ == Missing::kMean && table_.reader.is_missing(cell);
    if (!fills) return report(input.column, cell, false);
    ++filled_;
    set_.values.resize(set_.values.size() + input.inputs(), kMissing);
  }

  void read_target(std::size_t c, std::string_view cell) {
    if (!classification_) {
      if (const auto value = table_.reader.number(cell)) return set_.targets.push_back(*value);
      return report(c, cell, true);
    }
    if (table_.reader.is_missing(cell)) return report(c, cell, true);
    if (const auto label = labels_.add(cell)) return set_.labels.push_back(*label);
    mistakes_.add(table_, c, quoted_cell(cell) + " is no class label (a whole number, or a name)",
                  R"(is it a "task": "regression"?)");
  }

  // A cell that gives no number and no label: it is missing, or wrong.
  void report(std::size_t c, std::string_view cell, bool target) {
    if (!table_.reader.is_missing(cell)) {
      mistakes_.add(table_, c, quoted_cell(cell) + " is not a finite number",
                    hint_for(cell, table_.reader.decimal(), target));
    } else if (missing_ == Missing::kDrop) {
      missed_ = true;
    } else {
      const bool blank = cell.find_first_not_of(" \t") == std::string_view::npos;
      mistakes_.add(table_, c,
                    blank ? "the cell is empty" : quoted_cell(cell) + " stands for a missing value",
                    target ? R"("missing": "drop" leaves rows without a target out)" : kMissingHint);
    }
  }

  // Inputs that count rows from 0 or 1 on, those dropped included.
  void look_for_index(const double* values) {
    const auto row = static_cast<double>(row_);
    if (set_.samples == 0) {
      for (std::size_t i = 0; i < set_.inputs; ++i)
        if (values[i] == row || values[i] == row + 1) index_.push_back({i, values[i] - row});
    } else if (!index_.empty()) {
      std::erase_if(index_, [&](const auto& index) { return values[index.first] != row + index.second; });
    }
  }

  void fill_in_means() {
    std::vector<double> sums(set_.inputs), counts(set_.inputs);
    for (std::size_t k = 0; k < set_.values.size(); ++k) {
      if (std::isnan(set_.values[k])) continue;
      sums[k % set_.inputs] += set_.values[k];
      counts[k % set_.inputs] += 1;
    }
    for (std::size_t k = 0; k < set_.values.size(); ++k) {
      const std::size_t i = k % set_.inputs;
      if (!std::isnan(set_.values[k])) continue;
      if (counts[i] == 0) table_.rows.fail(table_.label(column_of(i)) + ": every cell is missing");
      set_.values[k] = sums[i] / counts[i];
    }
  }

  void number_classes() {
    set_.found.class_names = labels_.number_classes(set_.labels);
    set_.classes = set_.found.class_names.size();
    const auto in_order = [&] {
      for (std::size_t c = 0; c < set_.classes; ++c)
        if (set_.found.class_names[c] != std::to_string(c)) return false;
      return set_.classes == table_.class_names.size();
    };
    if (in_order()) set_.found.class_names = table_.class_names;
    if (set_.samples > 20 && 2 * set_.classes > set_.samples)
      set_.found.warnings.push_back(
          fmt::format("{} has {} classes in {} rows: is it a \"task\": \"regression\"?",
                      table_.label(table_.targets[0]), set_.classes, set_.samples));
  }

  std::size_t column_of(std::size_t input) const {
    std::size_t k = 0;
    while (input >= table_.inputs[k].inputs()) input -= table_.inputs[k++].inputs();
    return table_.inputs[k].column;
  }

  void describe() {
    FoundData& found = set_.found;
    const auto add_names = [&](const char* what, const std::vector<std::size_t>& columns) {
      Texts names;
      for (const std::size_t c : columns) names.push_back(table_.name(c));
      if (!names.empty()) found.details.emplace_back(what, std::move(names));
    };
    const auto add_count = [&](const char* what, std::size_t count) {
      if (count > 0) found.details.emplace_back(what, std::uint64_t{count});
    };
    for (const std::size_t c : table_.targets) found.targets.push_back(table_.name(c));
    found.details.emplace_back("separator", table_.delimiter_name());
    if (table_.reader.decimal() == ',') found.details.emplace_back("decimal", ",");
    found.details.emplace_back("header", table_.count           ? "counts of rows and inputs"
                                         : table_.names.empty() ? "none"
                                                                : "names");
    add_count("comment_lines", table_.rows.comments());
    add_names("dropped_columns", table_.dropped);
    add_count("dropped_rows", dropped_);
    add_count("filled_cells", filled_);
    std::vector<std::size_t> texts;
    for (const CsvTable::Input& input : table_.inputs)
      if (!input.categories.empty()) texts.push_back(input.column);
    add_names("one_hot_columns", texts);
    for (const auto& [input, first] : index_)
      if (set_.samples >= kLeastIndexRows)
        found.warnings.push_back(fmt::format(
            "the input {} counts the rows from {} on: a network learns their order from it; \"drop\" leaves it out",
            table_.label(column_of(input)), static_cast<int>(first)));
  }

  CsvTable& table_;
  const Missing missing_;
  const bool classification_;
  Examples set_;
  LabelNumbers labels_;
  Mistakes mistakes_;
  bool missed_ = false;                                // the row misses a value and is to be dropped
  std::size_t row_ = 0, dropped_ = 0, filled_ = 0;     // row_: of the file, from 0 on
  std::vector<std::pair<std::size_t, double>> index_;  // inputs that may be one, and where they begin
};

}  // namespace

Examples read_csv(const std::string& path, const CsvSpec& spec, bool classification) {
  CsvTable table(path, spec);
  if (classification && table.targets.size() != 1)
    table.rows.fail(
        fmt::format("classification takes one target column, {} are named", table.targets.size()));
  if (spec.categories == Categories::kOneHot) find_categories(table, path, spec);
  return RowReader(table, spec, classification).read();
}

}  // namespace deadrelu
