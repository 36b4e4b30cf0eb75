#include <gtest/gtest.h>

#include <cmath>

#include "data/dataset.h"
#include "data/examples.h"
#include "temporary_files.h"

namespace deadrelu {
namespace {

// A change of how a file is read.
using Change = std::function<void(CsvSpec&)>;

CsvSpec spec_with(const Change& change) {
  CsvSpec spec;
  spec.targets = {"y"};
  if (change) change(spec);
  return spec;
}

Examples regression(const std::string& text, const Change& change = {}) {
  return read_csv(write_file("set.csv", text), spec_with(change), false);
}

Examples classes(const std::string& text, const Change& change = {}) {
  return read_csv(write_file("set.csv", text), spec_with(change), true);
}

// The message for a regression on y, without the file's name.
std::string complaint(const std::string& text, const Change& change = {}, bool classification = false) {
  const std::string path = write_file("bad.csv", text);
  std::string message = message_of([&] { read_csv(path, spec_with(change), classification); });
  EXPECT_TRUE(message.starts_with(path + ":")) << message;
  for (std::size_t at = message.find(path); at != std::string::npos; at = message.find(path))
    message.erase(at, path.size());
  return message;
}

Change targets(std::vector<ColumnRef> columns) {
  return [columns](CsvSpec& spec) { spec.targets = columns; };
}
Change without_header(std::vector<ColumnRef> columns) {
  return [columns](CsvSpec& spec) { spec.targets = columns, spec.header = false; };
}
Change missing(Missing missing) {
  return [missing](CsvSpec& spec) { spec.missing = missing; };
}
void one_hot(CsvSpec& spec) { spec.categories = Categories::kOneHot; }

FoundData::Detail detail(const Examples& set, const std::string& name) {
  for (const auto& [key, value] : set.found.details)
    if (key == name) return value;
  return "";
}

using Texts = std::vector<std::string>;

TEST(Csv, every_column_that_is_no_target_is_an_input) {
  const Examples set = regression("a,y,b\n1,2,3\n4,5e-1,-6\n");
  EXPECT_EQ(set.samples, 2u);
  EXPECT_EQ(set.inputs, 2u);
  EXPECT_EQ(set.outputs, 1u);
  EXPECT_EQ(set.classes, 0u);
  EXPECT_EQ(set.values, (Reals{1, 3, 4, -6}));
  EXPECT_EQ(set.targets, (Reals{2, 0.5}));
}

TEST(Csv, columns_come_in_the_order_in_which_they_are_named) {
  EXPECT_EQ(regression("u,x,v\n1,2,3\n4,5,6\n", targets({"v", "u"})).targets, (Reals{3, 1, 6, 4}));
  const auto chosen = [](CsvSpec& spec) { spec.inputs = {"c", 1}; };
  const Examples set = regression("a,b,c,y\n1,2,3,4\n", chosen);
  EXPECT_EQ(set.values, (Reals{3, 1}));
  EXPECT_EQ(detail(set, "dropped_columns"), FoundData::Detail(Texts{"b"}));
}

TEST(Csv, columns_have_numbers_from_either_end) {
  EXPECT_EQ(regression("a,b,c\n1,2,3\n", targets({-1, 1})).targets, (Reals{3, 1}));
  EXPECT_EQ(regression("a,b,c\n1,2,3\n", targets({3})).values, (Reals{1, 2}));
  EXPECT_EQ(complaint("a,b\n1,2\n", targets({3})),
            ":1: there is no column 3: 1 is the first, 2 or -1 the last");
  EXPECT_EQ(complaint("a,b\n1,2\n", targets({-3})),
            ":1: there is no column -3: 1 is the first, 2 or -1 the last");
}

TEST(Csv, dropped_columns_are_read_by_nobody) {
  const auto drop = [](CsvSpec& spec) { spec.drop = {"name", 1}; };
  const Examples set = regression("id,x,name,y\n1,2,Ann,3\n", drop);
  EXPECT_EQ(set.values, (Reals{2}));
  EXPECT_EQ(detail(set, "dropped_columns"), FoundData::Detail(Texts{"id", "name"}));
}

TEST(Csv, a_column_has_one_use) {
  EXPECT_EQ(complaint("a,b,y\n1,2,3\n", [](CsvSpec& spec) { spec.drop = {-1}; }),
            ":1: column 'y': is named twice: in targets and in drop");
  EXPECT_EQ(complaint("a,b,y\n1,2,3\n",
                      [](CsvSpec& spec) {
                        spec.inputs = {"a", 1};
                      }),
            ":1: column 'a': is named twice: in inputs and in inputs");
  EXPECT_EQ(complaint("a,y\n1,2\n", [](CsvSpec& spec) { spec.drop = {"a"}; }),
            ":1: no column is left as an input: each of them is a target, or dropped");
  EXPECT_EQ(complaint("y,z\n1,2\n", targets({"y", "z"})),
            ":1: no column is left as an input: each of them is a target, or dropped");
}

TEST(Csv, line_ends_quotes_blank_lines_and_a_byte_order_mark_do_not_matter) {
  const Examples plain = regression("a,y\n1,2\n3,4\n");
  for (const char* text : {"\xEF\xBB\xBF"
                           "a,y\r\n1,2\r\n3,4\r\n",
                           "\"a\",\"y\"\n\"1\",2\n3,\"4\"", "a,y\n\n1,2\n\r\n3,4\n\n",
                           "a,y\r\n\"1\",\"2\"\r\n3, 4 ", "a,y\r1,2\r3,4\r", "a, y\n 1, \"2\"\n  \n3 ,4 \n",
                           "# a comment, and\n#another\na,y\n1,2\n3,4", "sep=,\na,y\n1,2\n3,4",
                           "\"sep=;\"\r\na;y\r\n1;2\r\n3;4\r\n", "a,y,\n1,2,\n3,4,\n", "a,y\n1,2,\n3,4,\n"}) {
    const Examples set = regression(text);
    EXPECT_EQ(set.values, plain.values) << text;
    EXPECT_EQ(set.targets, plain.targets) << text;
  }
}

TEST(Csv, quoted_names_may_hold_commas_quotes_and_line_ends) {
  EXPECT_EQ(regression("\"a, \"\"b\"\"\nc\",y\n1,2\n", targets({"a, \"b\"\nc"})).targets, (Reals{1}));
}

TEST(Csv, the_separator_is_found_out) {
  for (const auto& [text, separator] :
       std::vector<std::pair<std::string, std::string>>{{"a,b,y\n1.5,2,3\n-1,0,4\n", ","},
                                                        {"a;b;y\n1.5;2;3\n-1;0;4\n", ";"},
                                                        {"a;b;y\n1,5;2;3\n-1,0;0;4\n", ";"},
                                                        {"a\tb\ty\n1.5\t2\t3\n-1\t0\t4\n", "tab"},
                                                        {"a|b|y\n1.5|2|3\n-1|0|4\n", "|"},
                                                        {"a b y\n1.5 2 3\n-1 0 4\n", "blanks"},
                                                        {"a   b\ty \n  1,5 2    3\n-1 \t0  4  \n", "blanks"},
                                                        {"\"a;b\",b,y\n1.5,2,3\n-1,0,4\n", ","}}) {
    const Examples set = regression(text);
    EXPECT_EQ(set.values, (Reals{1.5, 2, -1, 0})) << text;
    EXPECT_EQ(set.targets, (Reals{3, 4})) << text;
    EXPECT_EQ(detail(set, "separator"), FoundData::Detail(separator)) << text;
  }
}

TEST(Csv, a_given_separator_is_not_questioned) {
  const auto by = [](std::string delimiter) { return [=](CsvSpec& spec) { spec.delimiter = delimiter; }; };
  EXPECT_EQ(regression("a:y\n1:2\n", by(":")).targets, (Reals{2}));
  EXPECT_EQ(regression("a\ty\n1\t2\n", by("tab")).targets, (Reals{2}));
  EXPECT_EQ(regression("a,b  y\n1 \t 2\n", by("space")).targets, (Reals{2}));
  EXPECT_EQ(complaint("a,y\n1,2\n", by(";")),
            ":1: there is only one column, with ; as separator; is it another one? \"delimiter\" says so");
}

TEST(Csv, decimal_commas_are_found_out_where_there_is_no_doubt) {
  EXPECT_EQ(regression("a;y\n1,5;2\n-,25;3e1\n1,5e3;+1\n").values, (Reals{1.5, -0.25, 1500}));
  EXPECT_EQ(regression("a,y\n\"1,5\",2\n").values, (Reals{1.5}));
  EXPECT_EQ(regression("a;y\n0,125;2\n").values, (Reals{0.125}));
  EXPECT_EQ(
      complaint("a;y\n1,234;2\n"),
      ": '1,234' may be a fraction or a thousand; \"decimal\": \",\" reads a fraction, thousands separators "
      "are not read");
  const auto comma = [](CsvSpec& spec) { spec.decimal = ","; };
  const auto point = [](CsvSpec& spec) { spec.decimal = "."; };
  EXPECT_EQ(regression("a;y\n1,234;2\n", comma).values, (Reals{1.234}));
  EXPECT_EQ(
      complaint("a;y\n1,234;2\n", point),
      ":2: column 'a': '1,234' is not a finite number; thousands separators are not read: write 1234 for "
      "1,234");
  EXPECT_EQ(
      complaint("a;y\n1,5;2\n", point),
      ":2: column 'a': '1,5' is not a finite number; is it a decimal comma? \"decimal\": \",\" reads it");
  EXPECT_EQ(
      complaint("a;y\n1.5;2\n", comma),
      ":2: column 'a': '1.5' is not a finite number; is it a decimal point? \"decimal\": \".\" reads it");
  EXPECT_EQ(
      complaint("a;y\n1.234,5;2\n"),
      ":2: column 'a': '1.234,5' is not a finite number; thousands separators are not read: write 1234 for "
      "1,234");
}

TEST(Csv, a_first_row_is_a_header_only_where_this_is_certain) {
  EXPECT_EQ(regression("a,2019,y\n1,2,3\n").samples, 1u);         // the config names y
  EXPECT_EQ(regression("a,b\n1,2\n", targets({2})).samples, 1u);  // names above numbers
  EXPECT_EQ(regression(",b\n1,2\n", targets({2})).samples, 1u);   // as pandas writes it
  EXPECT_EQ(classes("a,b\nx,2\n", targets({1})).samples, 1u);
  EXPECT_EQ(
      complaint("1,2\n3,4\n"),
      ":1: the first row ('1', '2') holds only numbers: is it data, or names of columns? Say \"header\": "
      "false, and columns by number (\"targets\": [2]), or \"header\": true");
  EXPECT_EQ(
      complaint("5.1,3.5,1.4,0.2,Iris-setosa\n4.9,3.0,1.4,0.2,Iris-setosa\n", targets({5}), true),
      ":1: the first row ('5.1', '3.5', '1.4', '0.2', …) may be data or names of columns. Say \"header\": "
      "false, and columns by number (\"targets\": [5]), or \"header\": true");
  for (const char* text : {"0,1,2\n5,6,7\n", "a,?,y\n1,2,3\n", "p,x,s\ne,x,s\n", "a,2019\n1,2\n"})
    EXPECT_PRED_FORMAT2(testing::IsSubstring, "Say \"header\": false", complaint(text, targets({1}), true));
}

TEST(Csv, an_answer_settles_the_question) {
  const Examples data = regression("1,2\n3,4\n", without_header({2}));
  EXPECT_EQ(data.values, (Reals{1, 3}));
  EXPECT_EQ(detail(data, "header"), FoundData::Detail("none"));
  const auto header = [](CsvSpec& spec) { spec.header = true, spec.targets = {"2"}; };
  EXPECT_EQ(regression("1,2\n3,4\n", header).values, (Reals{3}));
  EXPECT_EQ(complaint("1,2\n3,4\n", without_header({"y"})),
            ":1: column 'y': the file names no columns; give a number: 1 is the first, 2 or -1 the last");
}

TEST(Csv, the_first_line_of_scikit_learns_files_is_known) {
  const std::string text = "4,2,malignant,benign\n1,2,0\n3,4,1\n5,6,1\n8,8,1\n";
  const Examples set = classes(text, targets({-1}));
  EXPECT_EQ(set.values, (Reals{1, 2, 3, 4, 5, 6, 8, 8}));
  EXPECT_EQ(set.labels, (Labels{0, 1, 1, 1}));
  EXPECT_EQ(set.found.class_names, (Texts{"malignant", "benign"}));
  EXPECT_EQ(complaint("5" + text.substr(1), targets({-1}), true),
            ":5: there are 4 rows, the first line promises 5");
}

TEST(Csv, whole_numbers_as_classes_are_numbered_by_value_and_words_by_the_alphabet) {
  const Examples numbers = classes("x,y\n0,10\n0,9\n0,2\n0,10\n");
  EXPECT_EQ(numbers.classes, 3u);
  EXPECT_EQ(numbers.labels, (Labels{2, 1, 0, 2}));
  EXPECT_EQ(numbers.found.class_names, (Texts{"2", "9", "10"}));
  const Examples names = classes("x,y\n0,versicolor\n0,setosa\n0,versicolor\n");
  EXPECT_EQ(names.classes, 2u);
  EXPECT_EQ(names.labels, (Labels{1, 0, 1}));
  EXPECT_EQ(names.found.class_names, (Texts{"setosa", "versicolor"}));
  EXPECT_EQ(classes("x,y\n0,01\n0,1\n0,0\n").labels, (Labels{1, 1, 0}));
  EXPECT_EQ(classes("x,y\n0,1.0\n0,0.0\n0,1\n").labels, (Labels{1, 0, 1}));
  EXPECT_EQ(classes("x,y\n0,1\n0,-1\n0,+1\n").labels, (Labels{1, 0, 1}));
  EXPECT_EQ(classes("x,y\n0,True\n0,False\n").labels, (Labels{1, 0}));
  EXPECT_EQ(classes("x,y\n0,yes\n0,no\n").labels, (Labels{1, 0}));
}

TEST(Csv, true_and_false_are_numbers) {
  EXPECT_EQ(regression("a,b,y\nTrue,false,1\nFALSE,true,0\n").values, (Reals{1, 0, 0, 1}));
}

TEST(Csv, missing_values_are_mistakes_unless_told_otherwise) {
  const std::string text = "a,b,y\n1,?,3\n,5,2\n3,1,NA\n5,nan,7\n6,3,8\n";
  EXPECT_EQ(
      complaint(text),
      ":2: column 'b': '?' stands for a missing value; \"missing\": \"drop\" leaves such rows out, \"mean\" "
      "fills in the mean of the column\n"
      ":3: column 'a': the cell is empty\n"
      ":4: column 'y': 'NA' stands for a missing value; \"missing\": \"drop\" leaves rows without a target "
      "out\n"
      ":5: column 'b': 'nan' stands for a missing value");
}

TEST(Csv, rows_with_missing_values_are_dropped_where_asked) {
  const Examples set = regression("a,b,y\n1,?,3\n,5,2\n3,1,NA\n5,nan,7\n6,3,8\n", missing(Missing::kDrop));
  EXPECT_EQ(set.values, (Reals{6, 3}));
  EXPECT_EQ(set.targets, (Reals{8}));
  EXPECT_EQ(detail(set, "dropped_rows"), FoundData::Detail(std::uint64_t{4}));
  const Examples labels = classes("a,y\n1,a\n2,\n?,c\n", missing(Missing::kDrop));
  EXPECT_EQ(labels.labels, (Labels{0}));
  EXPECT_EQ(complaint("a,y\n?,1\n2,\n", missing(Missing::kDrop)), ": every row misses a value, none is left");
}

TEST(Csv, missing_values_take_the_mean_of_their_column_where_asked) {
  const Examples set = regression("a,b,y\n1,?,3\n,5,2\n4,1,1\n", missing(Missing::kMean));
  EXPECT_EQ(set.values, (Reals{1, 3, 2.5, 5, 4, 1}));
  EXPECT_EQ(detail(set, "filled_cells"), FoundData::Detail(std::uint64_t{2}));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, ":2: column 'y': the cell is empty",
                      complaint("a,y\n1,\n2,3\n", missing(Missing::kMean)));
  EXPECT_EQ(complaint("a,b,y\n1,?,3\n2,?,2\n", missing(Missing::kMean)),
            ":3: column 'b': every cell is missing");
}

TEST(Csv, what_stands_for_a_missing_value_can_be_named) {
  const auto named = [](CsvSpec& spec) {
    spec.missing = Missing::kDrop;
    spec.missing_values = Texts{"-999", "none"};
  };
  EXPECT_EQ(regression("a,y\n1,2\n-999.0,2\nnone,2\n,2\n4,3\n", named).values, (Reals{1, 4}));
  EXPECT_EQ(complaint("a,y\nNA,2\n-999,2\n", named),
            ":2: column 'a': 'NA' is not a finite number; \"drop\" leaves "
            "columns out, \"categories\": \"one_hot\" makes inputs of words");
}

TEST(Csv, words_become_an_input_each_where_asked) {
  const Examples set = regression("colour,b,y\nred,1,3\nblue,5,2\nred,2,1\n", one_hot);
  EXPECT_EQ(set.inputs, 3u);
  EXPECT_EQ(set.values, (Reals{0, 1, 1, 1, 0, 5, 0, 1, 2}));
  EXPECT_EQ(detail(set, "one_hot_columns"), FoundData::Detail(Texts{"colour"}));
  EXPECT_EQ(complaint("a,y\n1,2\nx,3\n", one_hot),
            ":3: column 'a': 'x' is not a finite number; \"drop\" leaves "
            "columns out, \"categories\": \"one_hot\" makes inputs of words");
  std::string names = "name,y\n";
  for (int i = 0; i < 1001; ++i) names += "n" + std::to_string(i) + ",1\n";
  EXPECT_EQ(complaint(names, one_hot),
            ":1: column 'name': holds more than 1000 different words, too many for "
            "categories; \"drop\" leaves the column out");
}

TEST(Csv, a_missing_word_takes_the_shares_of_the_others) {
  const auto both = [](CsvSpec& spec) {
    spec.categories = Categories::kOneHot, spec.missing = Missing::kMean;
  };
  EXPECT_EQ(regression("c,y\nred,1\nblue,1\n?,1\n", both).values, (Reals{0, 1, 1, 0, 0.5, 0.5}));
}

TEST(Csv, an_index_that_would_be_trained_on_is_a_warning) {
  const auto warnings = [](const std::string& text, const Change& change = {}) {
    return regression(text, change).found.warnings;
  };
  const std::string learns = " on: a network learns their order from it; \"drop\" leaves it out";
  EXPECT_EQ(warnings(",a,y\n0,5,6\n1,6,7\n2,7,8\n"),
            (Texts{"the input column 1 counts the rows from 0" + learns}));
  EXPECT_EQ(warnings("a,Id,y\n5,1,6\n6,2,7\n9,3,8\n"),
            (Texts{"the input column 'Id' counts the rows from 1" + learns}));
  EXPECT_EQ(warnings("Unnamed: 0,a,y\n0,5,6\n1,?,7\n2,7,8\n3,7,8\n", missing(Missing::kDrop)).size(), 1u);
  EXPECT_EQ(warnings(",a,y\n0,5,6\n1,6,7\n2,7,8\n", [](CsvSpec& spec) { spec.drop = {1}; }), Texts());
  EXPECT_EQ(warnings("a,y\n0,6\n1,7\n3,8\n"), Texts());
  EXPECT_EQ(warnings("x,y\n5,0\n6,1\n5,2\n"), Texts());  // a target may count
}

TEST(Csv, many_classes_in_few_rows_are_a_warning) {
  std::string text = "x,y\n";
  for (int i = 0; i < 30; ++i) text += "0.5," + std::to_string(7 * i) + "\n";
  EXPECT_EQ(classes(text).found.warnings,
            (Texts{"column 'y' has 30 classes in 30 rows: is it a \"task\": \"regression\"?"}));
}

TEST(Csv, a_row_of_another_length_is_named_with_its_line) {
  EXPECT_EQ(complaint("a,b,y\n1,2,3\n4,5\n"), ":3: the row has 2 cells, the header 3");
  EXPECT_EQ(complaint("a,y\n1,2,3\n"),
            ":2: the row has 3 cells, the header 2; does the header lack the row names, as R "
            "writes it? Give them a name there");
  EXPECT_EQ(complaint("\"a\n\",y\n\n1,2\n3\n"), ":5: the row has 1 cells, the header 2");
  EXPECT_EQ(complaint("1,2\n3\n", without_header({1})), ":2: the row has 1 cells, the first row 2");
}

TEST(Csv, cells_that_are_no_finite_numbers_are_shown_with_what_to_do) {
  const auto shown = [](const std::string& cell) { return complaint("a,y\n\"" + cell + "\",1\n"); };
  const auto begin = [](const std::string& cell) {
    return ":2: column 'a': '" + cell + "' is not a finite number; ";
  };
  const std::string words = "\"drop\" leaves columns out, \"categories\": \"one_hot\" makes inputs of words";
  const std::string dates = "dates are not read: drop the column, or write numbers";
  for (const char* cell : {"red", "-inf", "1e999", "1.5x", "0x10", "1 2"})
    EXPECT_EQ(shown(cell), begin(cell) + words);
  EXPECT_EQ(shown("12%"), begin("12%") + "percent signs are not read: write 0.12 for 12%");
  EXPECT_EQ(shown("1,234.5"), begin("1,234.5") + "thousands separators are not read: write 1234 for 1,234");
  EXPECT_EQ(shown("1,234,567"),
            begin("1,234,567") + "thousands separators are not read: write 1234 for 1,234");
  EXPECT_EQ(shown("$5"), begin("$5") + "currency signs are not read: write the number alone");
  for (const char* cell : {"2020-01-31", "1/2/99", "31.12.2020 10:00", "2020-01-31T10:00:00Z"})
    EXPECT_EQ(shown(cell), begin(cell) + dates);
  EXPECT_EQ(complaint("a,y\n1,high\n"),
            ":2: column 'y': 'high' is not a finite number; are they classes? \"task\": "
            "\"classification\" takes words");
  EXPECT_EQ(complaint("a,y\n\x1b[2J" + std::string(100, 'z') + ",1\n"),
            ":2: column 'a': '?[2J" + std::string(36, 'z') + "…' is not a finite number; " + words);
}

TEST(Csv, all_mistakes_are_counted_and_the_first_named) {
  std::string text = "a,b,y\n";
  for (int i = 0; i < 20; ++i) text += "x,1,oops\n1,2\n";
  const std::string found = complaint(text);
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 10);
  EXPECT_TRUE(found.starts_with(":2: column 'a': 'x' is not a finite number; ")) << found;
  EXPECT_TRUE(
      found.ends_with("\n: 60 mistakes in all: column 'a' 20, column 'y' 20, 20 rows of another length"))
      << found;
}

TEST(Csv, class_labels_are_whole_numbers_or_names) {
  const auto label = [](const std::string& cell) { return complaint("x,y\n1," + cell + "\n", {}, true); };
  EXPECT_EQ(label("0.5"),
            ":2: column 'y': '0.5' is no class label (a whole number, or a name); is it a \"task\": "
            "\"regression\"?");
  EXPECT_EQ(label(" "),
            ":2: column 'y': the cell is empty; \"missing\": \"drop\" leaves rows without a target out");
  EXPECT_EQ(complaint("x,y,z\n1,2,3\n", targets({"y", "z"}), true),
            ":1: classification takes one target column, 2 are named");
}

TEST(Csv, an_unknown_column_gets_the_nearest_name) {
  EXPECT_EQ(complaint("x,price\n1,2\n", targets({"pirce"})),
            ":1: column 'pirce': is not in the header; did you mean 'price'?");
  EXPECT_EQ(complaint("x,price\n1,2\n", targets({"label"})), ":1: column 'label': is not in the header");
  EXPECT_EQ(complaint("a,b,a,y\n1,2,3,4\n", targets({"a"})),
            ":1: column 'a': appears twice in the header; give its number (1 is the first)");
  EXPECT_EQ(regression("a,b,a,y\n1,2,3,4\n").values, (Reals{1, 2, 3}));
}

TEST(Csv, files_without_rows_are_refused) {
  EXPECT_EQ(complaint("a,y\n"), ": has a header but no rows");
  EXPECT_EQ(complaint(""), ": is empty: it has no rows");
  EXPECT_EQ(complaint("\n\n"), ": is empty: it has no rows");
  EXPECT_EQ(complaint("y\n1\n2\n"),
            ":1: there is only one column, with , as separator; is it another one? \"delimiter\" says so");
}

TEST(Csv, misplaced_quotes_are_refused) {
  EXPECT_EQ(complaint("a,y\n1\"2,3\n"), ":2: a quote inside a cell that does not begin with one");
  EXPECT_EQ(complaint("a,y\n\"1\"2,3\n"), ":2: text follows a closing quote");
  EXPECT_EQ(complaint("a,y\n1,\"2\n3,4\n"), ":2: a quoted cell is not closed");
  EXPECT_PRED_FORMAT2(testing::IsSubstring, ":2: a quoted cell is longer",
                      complaint("a,y\n1,\"" + std::string(3 << 20, ' ')));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, ": a cell is longer",
                      complaint("a,y\n1,2\n3," + std::string(3 << 20, 'x')));
}

TEST(Csv, files_of_another_kind_are_named) {
  EXPECT_PRED_FORMAT2(testing::IsSubstring, ": is an Excel file (xlsx), not a CSV file; save it as CSV",
                      complaint(std::string("PK\3\4", 4) + std::string(22, '\0') + '\x0f' +
                                std::string(3, '\0') + "xl/workbook.xml"));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, ": is a text in UTF-16, not a CSV file",
                      complaint(std::string("\xFF\xFE"
                                            "a\0,\0y\0",
                                            8)));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, ": is a tar archive, not a CSV file",
                      complaint(gzipped(std::string(257, 'n') + std::string("ustar\0", 6))));
  EXPECT_EQ(complaint(std::string("a,y\0", 4)), ": is a binary file, not a CSV file: it holds zero bytes");
}

TEST(Csv, comments_may_be_longer_than_any_buffer) {
  std::string text;
  for (int i = 0; i < 10000; ++i) text += "#" + std::string(100, 'x') + "\r\n";
  const Examples set = regression(text + "a,y\n1,2\n");
  EXPECT_EQ(set.targets, (Reals{2}));
  EXPECT_EQ(detail(set, "comment_lines"), FoundData::Detail(std::uint64_t{10000}));
  EXPECT_EQ(complaint(text + "a,y\n1,x\n").substr(0, 7), ":10002:");
}

TEST(Csv, a_gzip_file_is_unpacked_as_it_is_read) {
  EXPECT_EQ(regression(gzipped("a,y\n1,2\n")).targets, (Reals{2}));
}

// Cells straddle the reader's buffer, wherever they fall.
TEST(Csv, a_long_file_reads_back_every_number) {
  for (const char* end : {"\r\n", "\n", "\r"}) {
    std::string text = std::string("x,y,name") + end;
    for (int i = 0; i < 40000; ++i)
      text += std::to_string(i) + "," + std::to_string(-i) + ",\"a\"\"b\n" + std::to_string(i) + "\"" + end;
    const Examples set = regression(text, [](CsvSpec& spec) { spec.drop = {3}; });
    ASSERT_EQ(set.samples, 40000u);
    for (std::size_t i = 0; i < set.samples; ++i) {
      ASSERT_EQ(set.values[i], static_cast<double>(i));
      ASSERT_EQ(set.targets[i], -static_cast<double>(i));
    }
  }
}

TEST(Csv, a_wide_row_may_be_longer_than_any_buffer) {
  constexpr std::size_t kWidth = 200000;
  std::string names, row;
  for (std::size_t i = 0; i < kWidth; ++i) {
    names += "pixel" + std::to_string(i) + ",";
    row += std::to_string(i % 256) + ",";
  }
  const Examples set = regression(names + "y\n" + row + "1\n" + row + "2\n");
  EXPECT_EQ(set.inputs, kWidth);
  EXPECT_EQ(set.targets, (Reals{1, 2}));
  EXPECT_EQ(set.values[kWidth + 255], 255);
}

TEST(Found, a_line_says_it_all) {
  DataSpec spec;
  spec.kind = DataKind::kCsv;
  spec.path = write_file("set.csv", "id;a;kind\n1;0,5;b\n2;?;a\n3;2,5;b\n4;1,5;b\n");
  spec.csv.targets = {"kind"};
  spec.csv.missing = Missing::kDrop;
  spec.task = Task::kClassification;
  std::vector<FoundData> all;
  spec.limit = 2;
  make_dataset<double>(spec, 0, [&](const FoundData& found) { all.push_back(found); });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(text_of(all[0]), spec.path +
                                 ": 2 rows × 2 inputs → kind: 1 class (b 2); separator ;; decimal ,; "
                                 "header names; dropped rows 1");
  EXPECT_EQ(all[0].warnings.size(), 1u);
}

}  // namespace
}  // namespace deadrelu
