// The rows of `data`.
#include "config/key.h"

namespace deadrelu {
namespace {

constexpr const char* kGenerated = "function gaussian teacher blobs circles moons spirals xor";
constexpr const char* kArrays = "npy npz";
constexpr const char* kImages = "idx permuted";
constexpr const char* kStreams = "slowly_changing_regression permuted";
constexpr const char* kSlow = "slowly_changing_regression";

constexpr Range kCounts{1, 1e8};

template <auto Member>
constexpr Field data = field<&RunSpec::data, Member>;
template <auto Member>
constexpr Field csv = field<&RunSpec::data, &DataSpec::csv, Member>;

// A single formula is written without a list.
constexpr Field kFormulas{
    .get =
        [](const RunSpec& r) {
          const std::vector<std::string>& texts = r.data.formulas;
          return texts.empty() ? Json() : texts.size() == 1 ? Json(texts[0]) : Json(texts);
        },
    .set =
        [](RunSpec& r, const Json& v, const Key&) {
          r.data.formulas =
              v.is_string() ? std::vector{v.get<std::string>()} : v.get<std::vector<std::string>>();
        },
    .same = [](const RunSpec& a, const RunSpec& b) { return a.data.formulas == b.data.formulas; }};

}  // namespace

std::vector<Key> data_keys() {
  return {
      choice(
          "data.kind", data<&DataSpec::kind>,
          "Where the examples come from: a formula (function), numbers written here (points), files (csv, NumPy's "
          "npy and npz, idx), "
          "a generator, or an online stream: slowly_changing_regression (Dohare et al. 2024; examples without "
          "end) or permuted (the images of idx files, the pixels in a new order in every epoch). function, "
          "points, gaussian, teacher and slowly_changing_regression are regression; idx, permuted, blobs, "
          "circles, moons, spirals and xor are classification; csv, npy and npz are what data.task says.")
          .must_be_given(),
      choice(
          "data.function.name", data<&DataSpec::function>,
          "The target: abs |x|, sine sin x, quadratic x², x_sin_5x x·sin 5x, step_sin 1{x>0} + 0.2·sin 5x, "
          "abs_sum_diff (|x1+x2|, |x1−x2|) of two inputs (the last two: Lu et al. 2019).")
          .with("function")
          .not_beside("data.function.formula"),
      formulas(
          "data.function.formula", kFormulas, kMostFormulaInputs, 1000,
          "Instead of a name: the target as a formula of x, or of x1, x2, … (as many inputs as the highest "
          "one that is used), in the language of model.activation.formula; a list has a formula a target.")
          .with("function")
          .without_default(),
      real("data.function.*", data<&DataSpec::numbers>, kAny,
           "Every other name is a number of the formula: data.function.a for a.")
          .with("function")
          .without_default()
          .beside("data.function.formula")
          .with_free_names(),
      pair("data.domain", data<&DataSpec::domain>, kAny,
           "Every input lies between these two numbers; the first is the smaller one.")
          .with("function"),
      choice("data.sampling", data<&DataSpec::function_sampling>,
             "grid: inputs evenly spaced over the domain, both ends included (d inputs: a grid of k a side "
             "with k = ⌊samples^(1/d)⌋). uniform: inputs drawn at random.")
          .with("function"),
      integer("data.samples", data<&DataSpec::samples>, kCounts,
              "How many examples are generated, test examples included.")
          .with(kGenerated),
      real(
          "data.noise", data<&DataSpec::noise>, kNotNegative,
          "Standard deviation of normal noise: added to the targets of function, gaussian and teacher, to the "
          "inputs of circles, moons, spirals and xor.")
          .with("function gaussian teacher circles moons spirals xor"),
      matrix("data.inputs", data<&DataSpec::inputs>, "The inputs, one row an example: [[x1, x2, …], …].")
          .required_with("points"),
      integer("data.inputs", data<&DataSpec::dimensions>, kWidths, "The number of inputs.")
          .with("gaussian teacher blobs"),
      matrix("data.targets", data<&DataSpec::targets>,
             "The targets, one row an example: [[y1, …], …]; as many rows as data.inputs.")
          .required_with("points"),
      text(
          "data.path", data<&DataSpec::path>,
          "The CSV file, plain or gzip; relative to the config file. `deadrelu config --data` says what is found "
          "in it. Read as they come: quotes, a byte order mark, LF, CRLF and CR, comments (#) and a sep= line at "
          "the top, true and false as 1 and 0.")
          .required_with("csv"),
      columns(
          "data.targets", csv<&CsvSpec::targets>,
          "The target columns, by name, or by number: 1 is the first, -1 the last; a file without a header "
          "has numbers only; null: none, a network that init.file gives is only measured.")
          .required_with("csv")
          .or_null(),
      text(
          "data.path", data<&DataSpec::path>,
          "The .npz file (numpy.savez), with the arrays that data.inputs and data.targets name; relative to the "
          "config file.")
          .required_with("npz"),
      text(
          "data.inputs", data<&DataSpec::inputs_array>,
          "The .npy file (numpy.save) of the inputs: the first axis counts the examples, all others are flattened; "
          "booleans, integers or floats; relative to the config file.")
          .required_with("npy"),
      text(
          "data.inputs", data<&DataSpec::inputs_array>,
          "Name of the array of inputs: the first axis counts the examples, all others are flattened; booleans, "
          "integers or floats.")
          .with("npz")
          .by_default("inputs"),
      text(
          "data.targets", data<&DataSpec::targets_array>,
          "The .npy file of the targets: a number, or several, or a class label an example; relative to the config "
          "file; null: none, a network that init.file gives is only measured.")
          .required_with("npy")
          .or_null(),
      text(
          "data.targets", data<&DataSpec::targets_array>,
          "Name of the array of targets: a number, or several, or a class label an example; null: none, a network "
          "that init.file gives is only measured.")
          .with("npz")
          .or_null()
          .by_default("targets"),
      text("data.test_inputs", data<&DataSpec::test_inputs_array>,
           "The same of the test split: a file (npy), or an array's name (npz); null: none.")
          .with(kArrays)
          .or_null()
          .beside("data.test_targets"),
      text("data.test_targets", data<&DataSpec::test_targets_array>,
           "The same of the test split: a file (npy), or an array's name (npz); null: none.")
          .with(kArrays)
          .or_null()
          .beside("data.test_inputs"),
      columns(
          "data.inputs", csv<&CsvSpec::inputs>,
          "The input columns, in this order, as in data.targets; []: every column that is no target and not "
          "dropped.")
          .with("csv"),
      columns("data.drop", csv<&CsvSpec::drop>, "Columns to leave out, as in data.targets: an index, a name.")
          .with("csv"),
      text(
          "data.delimiter", csv<&CsvSpec::delimiter>,
          "What separates the cells: one character, \"tab\", or \"space\" (any number of blanks and tabs). null: "
          "found out from the first 100 rows, of ; tab | , and blanks the one by which most rows have equally "
          "many cells, and then the most cells are numbers.")
          .with("csv")
          .or_null(),
      text(
          "data.decimal", csv<&CsvSpec::decimal>,
          "\".\" or \",\": what begins the fraction of a number. null: found out from the first 100 rows; where "
          "1,234 may be a fraction or a thousand, an error asks. Thousands separators are never read.")
          .with("csv")
          .or_null(),
      boolean(
          "data.header", csv<&CsvSpec::header>,
          "Whether the first row holds the columns' names. auto: it does where this is certain (it has a "
          "name that the config uses, or is all names with a column of numbers below); else an error asks. A "
          "first line of counts, as scikit-learn's files have it, is known.")
          .with("csv")
          .or_word("auto"),
      choice(
          "data.missing", csv<&CsvSpec::missing>,
          "A missing value, in an empty cell or one of data.missing_values, is: error, a mistake; drop, a "
          "reason to leave the row out; mean, filled in with the column's mean over the file's other rows (not "
          "in a target).")
          .with("csv"),
      texts("data.missing_values", csv<&CsvSpec::missing_values>, 1000,
            "What stands for a missing value, besides an empty cell; numbers are compared as such.")
          .with("csv"),
      choice(
          "data.categories", csv<&CsvSpec::categories>,
          "A column of words among the inputs (none of its cells is a number) is: error, a mistake; one_hot, "
          "an input of 0 or 1 for each of its words, in the order of the alphabet.")
          .with("csv"),
      choice(
          "data.task", data<&DataSpec::task>,
          "regression: targets are numbers. classification: the one target column holds class labels; of npy and "
          "npz, whole numbers, one an example (or rows that are 1 in one place and 0 in all others). Whole numbers "
          "are numbered by their values, words by the alphabet.")
          .with("csv npy npz"),
      text(
          "data.images", data<&DataSpec::images>,
          "IDX file of unsigned bytes, plain or gzip; a pixel comes as byte/255; relative to the config file.")
          .required_with(kImages),
      text("data.labels", data<&DataSpec::labels>,
           "IDX file of the labels, one unsigned byte an image; relative to the config file.")
          .required_with(kImages),
      text("data.test_images", data<&DataSpec::test_images>, "IDX file of the test split; null: none.")
          .with(kImages)
          .or_null()
          .beside("data.test_labels"),
      text("data.test_labels", data<&DataSpec::test_labels>,
           "IDX file of the test split's labels; null: none.")
          .with(kImages)
          .or_null()
          .beside("data.test_images"),
      choice("data.target", data<&DataSpec::gaussian_target>,
             "The target of x ~ N(0, 1): zero 0, linear w·x with w ~ N(0, 1/inputs), norm ‖x‖/√inputs.")
          .with("gaussian"),
      integers(
          "data.hidden", data<&DataSpec::teacher_hidden>, kWidths, kMostLayers,
          "Hidden widths of the teacher, a ReLU network with He normal weights whose output is the target.")
          .with("teacher"),
      integer("data.outputs", data<&DataSpec::teacher_outputs>, kWidths, "Outputs of the teacher.")
          .with("teacher"),
      real("data.bias", data<&DataSpec::teacher_bias>, kNotNegative,
           "Standard deviation of the teacher's biases, N(0, bias²).")
          .with("teacher"),
      integer("data.classes", data<&DataSpec::classes>, {2, 65536}, "The number of classes.")
          .with("blobs spirals"),
      integer(
          "data.classes", data<&DataSpec::label_classes>, {2, 65536},
          "How many classes there are; labels are then the numbers 0, 1, … below it. null: the labels that are "
          "found, in their order.")
          .with(kArrays)
          .or_null(),
      real("data.spread", data<&DataSpec::spread>, kNotNegative,
           "Standard deviation of a blob around its centre; centres are uniform in [−5, 5].")
          .with("blobs"),
      real("data.turns", data<&DataSpec::turns>, {0, 1e6, true}, "Turns of each spiral arm.").with("spirals"),
      integer(
          "data.samples", data<&DataSpec::samples>, kCounts,
          "How many examples, all of their inputs random, the network is evaluated on; the stream has no end.")
          .with(kSlow),
      integer("data.inputs", data<&DataSpec::dimensions>, {1, 64}, "The number of inputs, each 0 or 1.")
          .with(kSlow)
          .by_default(20),
      integer("data.slow_inputs", data<&DataSpec::slow_inputs>, {0, 64},
              "The first so many inputs are redrawn together every data.change_every examples, the others "
              "(at most 12) in each example.")
          .with(kSlow),
      integer("data.change_every", data<&DataSpec::change_every>, kSteps,
              "Examples between two changes of the slow inputs.")
          .with(kSlow),
      integer(
          "data.target_units", data<&DataSpec::target_units>, kWidths,
          "Threshold units of the target network, whose weights and biases are +1 or -1; its output is the sum "
          "of the output weights of those that fire, and an output bias.")
          .with(kSlow),
      real("data.beta", data<&DataSpec::beta>, kAny,
           "A unit of the target fires where w·x + b > beta·(inputs + 1) - S, S = (inputs - Σw + b)/2.")
          .with(kSlow),
      integer("data.bin", data<&DataSpec::bin>, kSteps, "Examples of the stream in a row of stream.csv.")
          .with(kStreams)
          .by_default(10000),
      integer("data.limit", data<&DataSpec::limit>, kSteps,
              "Only the first so many examples (of the test files too); null: all.")
          .or_null(),
      boolean(
          "data.standardize", data<&DataSpec::standardize>,
          "Shift and scale every input to mean 0 and standard deviation 1 over the training split; a constant "
          "input is only shifted."),
      real("data.scale", data<&DataSpec::scale>, kAny,
           "Every input becomes x·scale + offset, after standardizing."),
      real("data.offset", data<&DataSpec::offset>, kAny,
           "Every input becomes x·scale + offset, after standardizing."),
      real("data.target_scale", data<&DataSpec::target_scale>, kAny,
           "Regression targets are multiplied by this."),
      pair(
          "data.one_hot", data<&DataSpec::one_hot>, kAny,
          "[off, on]: the targets of classes with mse, half_mse and mae. An example has a target a class, on "
          "for its own and off for the others; a lone output (data.one_output) is wanted on for the second "
          "class. Labels ±1 on one output: [-1, 1] and data.one_output true."),
      boolean(
          "data.one_output", data<&DataSpec::one_output>,
          "Two classes have one target, which says whether it is the second one, not one target each; null: "
          "with binary_cross_entropy, which learns more than two classes one against all, an output each. "
          "The second class is named where the output is above 0 (binary_cross_entropy) or above the middle "
          "of data.one_hot; of several outputs the largest names the class.")
          .or_null(),
      real("data.test_fraction", data<&DataSpec::test_fraction>, {0, 1, false, true},
           "Share of the examples set aside as the test split: ⌊fraction·n + ½⌋ of them, picked at random."),
      integer(
          "data.seed", data<&DataSpec::seed>, {0, 0x1p63},
          "Seed of everything random about the data; null: the run's seed, so that every seed has other data.")
          .or_null(),
  };
}

}  // namespace deadrelu
