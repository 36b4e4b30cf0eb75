#include <gtest/gtest.h>

#include "data/examples.h"
#include "temporary_files.h"

namespace deadrelu {
namespace {

Examples regression(const std::string& text, std::vector<std::string> targets = {"y"}) {
  return read_csv(write_file("set.csv", text), targets, false);
}

Examples classes(const std::string& text) { return read_csv(write_file("set.csv", text), {"y"}, true); }

// The message for a regression on y, without the file's name.
std::string complaint(const std::string& text, std::vector<std::string> targets = {"y"},
                      bool classification = false) {
  const std::string path = write_file("bad.csv", text);
  const std::string message = message_of([&] { read_csv(path, targets, classification); });
  EXPECT_TRUE(message.starts_with(path + ":")) << message;
  return message.substr(std::min(message.size(), path.size()));
}

TEST(Csv, every_column_that_is_no_target_is_an_input) {
  const Examples set = regression("a,y,b\n1,2,3\n4,5e-1,-6\n");
  EXPECT_EQ(set.samples, 2u);
  EXPECT_EQ(set.inputs, 2u);
  EXPECT_EQ(set.outputs, 1u);
  EXPECT_EQ(set.classes, 0u);
  EXPECT_EQ(set.values, (Reals{1, 3, 4, -6}));
  EXPECT_EQ(set.targets, (Reals{2, 0.5}));
}

TEST(Csv, targets_come_in_the_order_in_which_they_are_named) {
  EXPECT_EQ(regression("u,x,v\n1,2,3\n4,5,6\n", {"v", "u"}).targets, (Reals{3, 1, 6, 4}));
}

TEST(Csv, line_ends_quotes_blank_lines_and_a_byte_order_mark_do_not_matter) {
  const Examples plain = regression("a,y\n1,2\n3,4\n");
  for (const char* text :
       {"\xEF\xBB\xBF"
        "a,y\r\n1,2\r\n3,4\r\n",
        "\"a\",\"y\"\n\"1\",2\n3,\"4\"", "a,y\n\n1,2\n\r\n3,4\n\n", "a,y\r\n\"1\",\"2\"\r\n3, 4 "}) {
    const Examples set = regression(text);
    EXPECT_EQ(set.values, plain.values) << text;
    EXPECT_EQ(set.targets, plain.targets) << text;
  }
}

TEST(Csv, quoted_names_may_hold_commas_quotes_and_line_ends) {
  EXPECT_EQ(regression("\"a, \"\"b\"\"\nc\",y\n1,2\n", {"a, \"b\"\nc"}).targets, (Reals{1}));
}

TEST(Csv, integer_classes_are_numbered_by_value_and_names_by_the_alphabet) {
  const Examples numbers = classes("x,y\n0,10\n0,9\n0,2\n0,10\n");
  EXPECT_EQ(numbers.classes, 3u);
  EXPECT_EQ(numbers.labels, (Labels{2, 1, 0, 2}));
  const Examples names = classes("x,y\n0,versicolor\n0,setosa\n0,versicolor\n");
  EXPECT_EQ(names.classes, 2u);
  EXPECT_EQ(names.labels, (Labels{1, 0, 1}));
  EXPECT_EQ(classes("x,y\n0,01\n0,1\n0,0\n").labels, (Labels{1, 1, 0}));
}

TEST(Csv, a_row_of_another_length_is_named_with_its_line) {
  EXPECT_EQ(complaint("a,b,y\n1,2,3\n4,5\n"),
            ":3: column 'y': is missing: the row has 2 cells, the header 3");
  EXPECT_EQ(complaint("a,y\n1,2,3\n"), ":2: column 'y': is not the last: the row has 3 cells, the header 2");
  EXPECT_EQ(complaint("\"a\n\",y\n\n1,2\n3\n"),
            ":5: column 'y': is missing: the row has 1 cells, the header 2");
}

TEST(Csv, cells_that_are_no_finite_numbers_are_shown) {
  EXPECT_EQ(complaint("a,y\n1,2\nred,2\n"), ":3: column 'a': 'red' is not a finite number");
  EXPECT_EQ(complaint("a,y\n1,nan\n"), ":2: column 'y': 'nan' is not a finite number");
  EXPECT_EQ(complaint("a,y\n-inf,1\n"), ":2: column 'a': '-inf' is not a finite number");
  EXPECT_EQ(complaint("a,y\n1e999,1\n"), ":2: column 'a': '1e999' is not a finite number");
  EXPECT_EQ(complaint("a,y\n1.5x,1\n"), ":2: column 'a': '1.5x' is not a finite number");
  EXPECT_EQ(complaint("a,y\n,1\n"), ":2: column 'a': the cell is empty, a number is needed");
  EXPECT_EQ(complaint("a,y\n1,  \n"), ":2: column 'y': the cell is empty, a number is needed");
  EXPECT_EQ(complaint("a,y\n\x1b[2J" + std::string(100, 'z') + ",1\n"),
            ":2: column 'a': '?[2J" + std::string(36, 'z') + "…' is not a finite number");
}

TEST(Csv, class_labels_are_integers_from_0_on_or_names) {
  const auto label = [](const std::string& cell) { return complaint("x,y\n1," + cell + "\n", {"y"}, true); };
  EXPECT_EQ(label("-1"), ":2: column 'y': '-1' is no class label (an integer from 0 on, or a name)");
  EXPECT_EQ(label("0.5"), ":2: column 'y': '0.5' is no class label (an integer from 0 on, or a name)");
  EXPECT_EQ(label(" "), ":2: column 'y': the cell is empty, a class label is needed");
  EXPECT_EQ(complaint("x,y,z\n1,2,3\n", {"y", "z"}, true),
            ":1: classification takes one target column, 2 are named");
}

TEST(Csv, an_unknown_target_gets_the_nearest_name) {
  EXPECT_EQ(complaint("x,price\n1,2\n", {"pirce"}),
            ":1: column 'pirce': is not in the header; did you mean 'price'?");
  EXPECT_EQ(complaint("x,price\n1,2\n", {"label"}), ":1: column 'label': is not in the header");
  EXPECT_EQ(complaint("1,2\n3,4\n"),
            ":1: column 'y': is not in the header, which holds only numbers: is the header row missing?");
}

TEST(Csv, headers_must_name_every_column_once) {
  EXPECT_EQ(complaint("a,b,a,y\n1,2,3,4\n"), ":1: column 'a': appears twice in the header");
  EXPECT_EQ(complaint(",a,y\n0,1,2\n"), ":1: column number 1 has no name");
  EXPECT_EQ(complaint("y,z\n1,2\n", {"y", "z"}), ":1: every column is a target, none is left as an input");
  EXPECT_EQ(complaint("y,z\n1,2\n", {}), ":1: no target column is named");
}

TEST(Csv, files_without_rows_or_header_are_refused) {
  EXPECT_EQ(complaint("a,y\n"), ": has a header but no rows");
  EXPECT_EQ(complaint(""), ": is empty: a header row with the columns' names is needed");
  EXPECT_EQ(complaint("\n\n"), ": is empty: a header row with the columns' names is needed");
}

TEST(Csv, misplaced_quotes_are_refused) {
  EXPECT_EQ(complaint("a,y\n1\"2,3\n"), ":2: a quote inside a cell that does not begin with one");
  EXPECT_EQ(complaint("a,y\n\"1\"2,3\n"), ":2: text follows a closing quote");
  EXPECT_EQ(complaint("a,y\n1,\"2\n3,4\n"), ":2: a quoted cell is not closed");
  EXPECT_PRED_FORMAT2(testing::IsSubstring, ":2: a quoted cell is longer",
                      complaint("a,y\n1,\"" + std::string(3 << 20, ' ')));
  EXPECT_PRED_FORMAT2(testing::IsSubstring, ":1: a cell is longer", complaint(std::string(3 << 20, 'x')));
}

TEST(Csv, a_gzip_file_is_named_as_one) {
  const std::string path = write_file("set.csv.gz", gzipped("a,y\n1,2\n"));
  EXPECT_EQ(message_of([&] { read_csv(path, {"y"}, false); }),
            path + ": is a gzip file; a CSV file is read as plain text");
}

// Cells straddle the reader's buffer, wherever they fall.
TEST(Csv, a_long_file_reads_back_every_number) {
  std::string text = "x,y\n";
  for (int i = 0; i < 40000; ++i) text += std::to_string(i) + "," + std::to_string(-i) + "\r\n";
  const Examples set = regression(text);
  ASSERT_EQ(set.samples, 40000u);
  for (std::size_t i = 0; i < set.samples; ++i) {
    ASSERT_EQ(set.values[i], static_cast<double>(i));
    ASSERT_EQ(set.targets[i], -static_cast<double>(i));
  }
}

}  // namespace
}  // namespace deadrelu
