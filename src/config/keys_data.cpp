// The rows of `data`.
#include "config/key.h"

namespace deadrelu {
namespace {

constexpr Range kCounts{1, 1e8};

template <auto Member>
constexpr Field data = field<&RunSpec::data, Member>;
template <auto Member>
constexpr Field csv = field<&RunSpec::data, &DataSpec::csv, Member>;
template <auto Member>
constexpr Field task = field<&RunSpec::data, &DataSpec::tasks, Member>;

// As the field, and no longer so many epochs.
void forget_epochs(RunSpec& run) { run.data.tasks.epochs = 0; }
template <auto Member>
constexpr Field instead_of_epochs = extended<task<Member>, forget_epochs>;

// As the field, or the word for the inputs.
constexpr const char* kInputs = names_of<TargetSource>()[static_cast<std::size_t>(TargetSource::kInputs)];
template <auto... Path>
constexpr Field targets{
    [](const RunSpec& run) {
      return run.data.target_source == TargetSource::kInputs ? Json(kInputs)
                                                             : field<&RunSpec::data, Path...>.get(run);
    },
    [](RunSpec& run, const Json& value, const Key& key) {
      if (value != kInputs) return field<&RunSpec::data, Path...>.set(run, value, key);
      run.data.target_source = TargetSource::kInputs;
    },
    [](const RunSpec& a, const RunSpec& b) {
      return a.data.target_source == b.data.target_source && field<&RunSpec::data, Path...>.same(a, b);
    }};
constexpr const char* kTargetsAreInputs =
    " \"inputs\": the inputs, as they are after all scaling (an autoencoder).";
constexpr const char* kOnlyMeasured = " null: none, a network that init.file gives is only measured.";

}  // namespace

std::vector<Key> data_keys() {
  return {
      choice(
          "data.kind", data<&DataSpec::kind>,
          "Where the examples come from: a formula (function), numbers written here (points), files (csv, NumPy's "
          "npy and npz, idx), a generator, or an online stream without end, slowly_changing_regression (Dohare et al. 2024). "
          "function, points, gaussian, teacher and slowly_changing_regression are regression; idx, blobs, "
          "circles, moons, spirals and xor are classification; csv, npy and npz are what data.task says.")
          .must_be_given(),
      choice("data.function.name of function", data<&DataSpec::function>,
             "The target: abs |x|, sine sin x, quadratic x², x_sin_5x x·sin 5x, step_sin 1{x>0} + 0.2·sin "
             "5x, abs_sum_diff (|x1+x2|, |x1−x2|) of two inputs (the last two: Lu et al. 2019).")
          .not_beside("data.function.formula"),
      formulas(
          "data.function.formula of function", data<&DataSpec::formulas>, kMostFormulaInputs, 1000,
          "Instead of a name: the target as a formula of x, or of x1, x2, … (as many inputs as the highest "
          "one that is used), in the language of model.activation.formula; a list has a formula a target.")
          .without_default(),
      real("data.function.* of function", data<&DataSpec::numbers>, kAny,
           "Every other name is a number of the formula: data.function.a for a.")
          .without_default()
          .beside("data.function.formula")
          .with_free_names(),
      pair("data.domain of function", data<&DataSpec::domain>, kAny,
           "Every input lies between these two numbers; the first is the smaller one."),
      choice("data.sampling of function", data<&DataSpec::function_sampling>,
             "grid: inputs evenly spaced over the domain, both ends included (d inputs: a grid of k a side "
             "with k = ⌊samples^(1/d)⌋). uniform: inputs drawn at random."),
      integer("data.samples of function gaussian teacher blobs circles moons spirals xor",
              data<&DataSpec::samples>, kCounts, "How many examples are generated, test examples included.")
          .not_beside("data.table"),
      real("data.noise of function gaussian teacher circles moons spirals xor", data<&DataSpec::noise>,
           kNotNegative,
           "Standard deviation of normal noise: added to the targets of function, gaussian and teacher, to "
           "the inputs of circles, moons, spirals and xor.")
          .not_beside("data.table"),
      boolean("data.table of xor", data<&DataSpec::table>,
              "true: the four points (0, 0), (0, 1), (1, 0), (1, 1) themselves, class 1 where one of the "
              "two is 1, instead of samples around them; scale 2 and offset -1 put them on ±1.")
          .without_default(),
      matrix("data.inputs of points", data<&DataSpec::inputs>,
             "The inputs, one row an example: [[x1, x2, …], …].")
          .must_be_given(),
      integer("data.inputs of gaussian teacher blobs", data<&DataSpec::dimensions>, kWidths,
              "The number of inputs."),
      matrix("data.targets of points", targets<&DataSpec::targets>,
             std::string("The targets, one row an example: [[y1, …], …]; as many rows as data.inputs.") +
                 kTargetsAreInputs)
          .must_be_given()
          .or_word(kInputs),
      choice("data.targets of function idx gaussian teacher blobs circles moons spirals xor",
             data<&DataSpec::target_source>,
             std::string("own: what the data has for targets or classes.") + kTargetsAreInputs),
      text("data.path of csv", data<&DataSpec::path>,
           "The CSV file, plain or gzip; relative to the config file. `deadrelu config --data` says what is "
           "found in it. Read as they come: quotes, a byte order mark, LF, CRLF and CR, comments (#) and a "
           "sep= line at the top, true and false as 1 and 0.")
          .must_be_given(),
      columns(
          "data.targets of csv", targets<&DataSpec::csv, &CsvSpec::targets>,
          std::string(
              "The target columns, by name, or by number: 1 is the first, -1 the last; a file without a header "
              "has numbers only.") +
              kTargetsAreInputs + kOnlyMeasured)
          .or_word(kInputs)
          .or_null()
          .must_be_given(),
      text("data.path of npz", data<&DataSpec::path>,
           "The .npz file (numpy.savez), with the arrays that data.inputs and data.targets name; relative "
           "to the config file.")
          .must_be_given(),
      text("data.inputs of npy", data<&DataSpec::inputs_array>,
           "The .npy file (numpy.save) of the inputs: the first axis counts the examples, all others are "
           "flattened; booleans, integers or floats; relative to the config file.")
          .must_be_given(),
      text("data.inputs of npz", data<&DataSpec::inputs_array>,
           "Name of the array of inputs: the first axis counts the examples, all others are flattened; "
           "booleans, integers or floats.")
          .by_default("inputs"),
      text("data.targets of npy", targets<&DataSpec::targets_array>,
           std::string(
               "The .npy file of the targets: a number, or several, or a class label an example; relative to "
               "the config file.") +
               kTargetsAreInputs + kOnlyMeasured)
          .must_be_given()
          .or_word(kInputs)
          .or_null(),
      text("data.targets of npz", targets<&DataSpec::targets_array>,
           std::string("Name of the array of targets: a number, or several, or a class label an example.") +
               kTargetsAreInputs + kOnlyMeasured)
          .or_word(kInputs)
          .or_null()
          .by_default("targets"),
      text("data.test_inputs of npy npz", data<&DataSpec::test_inputs_array>,
           "The same of the test split: a file (npy), or an array's name (npz); null: none.")
          .or_null()
          .beside("data.test_targets"),
      text("data.test_targets of npy npz", data<&DataSpec::test_targets_array>,
           "The same of the test split: a file (npy), or an array's name (npz); null: none.")
          .or_null()
          .beside("data.test_inputs"),
      columns("data.inputs of csv", csv<&CsvSpec::inputs>,
              "The input columns, in this order, as in data.targets; []: every column that is no target and "
              "not dropped."),
      columns("data.drop of csv", csv<&CsvSpec::drop>,
              "Columns to leave out, as in data.targets: an index, a name."),
      text("data.delimiter of csv", csv<&CsvSpec::delimiter>,
           "What separates the cells: one character, \"tab\", or \"space\" (any number of blanks and tabs). "
           "null: found out from the first 100 rows, of ; tab | , and blanks the one by which most rows "
           "have equally many cells, and then the most cells are numbers.")
          .or_null(),
      text("data.decimal of csv", csv<&CsvSpec::decimal>,
           "\".\" or \",\": what begins the fraction of a number. null: found out from the first 100 rows; "
           "where 1,234 may be a fraction or a thousand, an error asks. Thousands separators are never read.")
          .or_null(),
      boolean("data.header of csv", csv<&CsvSpec::header>,
              "Whether the first row holds the columns' names. auto: it does where this is certain (it has "
              "a name that the config uses, or is all names with a column of numbers below); else an error "
              "asks. A first line of counts, as scikit-learn's files have it, is known.")
          .or_word("auto"),
      choice("data.missing of csv", csv<&CsvSpec::missing>,
             "A missing value, in an empty cell or one of data.missing_values, is: error, a mistake; drop, "
             "a reason to leave the row out; mean, filled in with the column's mean over the file's other "
             "rows (not in a target)."),
      texts("data.missing_values of csv", csv<&CsvSpec::missing_values>, 1000,
            "What stands for a missing value, besides an empty cell; numbers are compared as such."),
      choice("data.categories of csv", csv<&CsvSpec::categories>,
             "A column of words among the inputs (none of its cells is a number) is: error, a mistake; "
             "one_hot, an input of 0 or 1 for each of its words, in the order of the alphabet."),
      choice("data.task of csv npy npz", data<&DataSpec::task>,
             "regression: targets are numbers. classification: the one target column holds class labels; of "
             "npy and npz, whole numbers, one an example (or rows that are 1 in one place and 0 in all "
             "others). Whole numbers are numbered by their values, words by the alphabet."),
      text(
          "data.images of idx", data<&DataSpec::images>,
          "IDX file of unsigned bytes, plain or gzip; a pixel comes as byte/255; relative to the config file.")
          .must_be_given(),
      text("data.labels of idx", data<&DataSpec::labels>,
           "IDX file of the labels, one unsigned byte an image; relative to the config file.")
          .must_be_given(),
      text("data.test_images of idx", data<&DataSpec::test_images>, "IDX file of the test split; null: none.")
          .or_null()
          .beside("data.test_labels"),
      text("data.test_labels of idx", data<&DataSpec::test_labels>,
           "IDX file of the test split's labels; null: none.")
          .or_null()
          .beside("data.test_images"),
      choice("data.target of gaussian", data<&DataSpec::gaussian_target>,
             "The target of x ~ N(0, 1): zero 0, linear w·x with w ~ N(0, 1/inputs), norm ‖x‖/√inputs."),
      integers(
          "data.hidden of teacher", data<&DataSpec::teacher_hidden>, kWidths, kMostLayers,
          "Hidden widths of the teacher, a ReLU network with He normal weights whose output is the target."),
      integer("data.outputs of teacher", data<&DataSpec::teacher_outputs>, kWidths,
              "Outputs of the teacher."),
      real("data.bias of teacher", data<&DataSpec::teacher_bias>, kNotNegative,
           "Standard deviation of the teacher's biases, N(0, bias²)."),
      integer("data.classes of blobs spirals", data<&DataSpec::classes>, {2, 65536},
              "The number of classes."),
      integer("data.classes of npy npz", data<&DataSpec::label_classes>, {2, 65536},
              "How many classes there are; labels are then the numbers 0, 1, … below it. null: the labels "
              "that are found, in their order.")
          .or_null(),
      real("data.spread of blobs", data<&DataSpec::spread>, kNotNegative,
           "Standard deviation of a blob around its centre; centres are uniform in data.box."),
      pair("data.box of blobs", data<&DataSpec::box>, kAny,
           "Every coordinate of a blob's centre is uniform between these two numbers."),
      real("data.factor of circles", data<&DataSpec::factor>, {0, 1, false, true},
           "Radius of the inner circle (class 1) over that of the outer one (class 0), which is 1."),
      real("data.turns of spirals", data<&DataSpec::turns>, {0, 1e6, true}, "Turns of each spiral arm."),
      integer(
          "data.samples of slowly_changing_regression", data<&DataSpec::samples>, kCounts,
          "How many examples, all of their inputs random, the network is evaluated on; the stream has no end."),
      integer("data.inputs of slowly_changing_regression", data<&DataSpec::dimensions>, {1, 64},
              "The number of inputs, each 0 or 1.")
          .by_default(20),
      integer("data.slow_inputs of slowly_changing_regression", data<&DataSpec::slow_inputs>, {0, 64},
              "The first so many inputs are redrawn together every data.change_every examples, the others "
              "(at most 12) in each example."),
      integer("data.change_every of slowly_changing_regression", data<&DataSpec::change_every>, kSteps,
              "Examples between two changes of the slow inputs."),
      integer("data.target_units of slowly_changing_regression", data<&DataSpec::target_units>, kWidths,
              "Threshold units of the target network, whose weights and biases are +1 or -1; its output is "
              "the sum of the output weights of those that fire, and an output bias."),
      real("data.beta of slowly_changing_regression", data<&DataSpec::beta>, kAny,
           "A unit of the target fires where w·x + b > beta·(inputs + 1) - S, S = (inputs - Σw + b)/2."),
      integer("data.bin of slowly_changing_regression", data<&DataSpec::bin>, kSteps,
              "Examples of the stream in a row of stream.csv.")
          .by_default(10000),
      integer("data.limit", data<&DataSpec::limit>, kSteps,
              "Only the first so many examples (of the test files too); null: all.")
          .or_null(),
      boolean("data.standardize", data<&DataSpec::standardize>,
              "Shift and scale every input to mean 0 and standard deviation 1 over the training split; a "
              "constant input is only shifted."),
      real("data.scale", data<&DataSpec::scale>, kAny,
           "Every input becomes x·scale + offset, after standardizing."),
      real("data.offset", data<&DataSpec::offset>, kAny,
           "Every input becomes x·scale + offset, after standardizing."),
      real("data.target_scale", data<&DataSpec::target_scale>, kAny,
           "Regression targets are multiplied by this."),
      boolean(
          "data.standardize_targets", data<&DataSpec::standardize_targets>,
          "Shift and scale every regression target, after data.target_scale, to mean 0 and standard deviation 1 over "
          "the training split (a constant one is only shifted). The network learns these, and gradients and all that "
          "describes its outputs are about them; losses, that of train.stop too, are reported in the targets' own "
          "unit: each output's part of mse and half_mse times its variance, of mae times its standard deviation, and "
          "then the mean over the outputs."),
      pair("data.one_hot", data<&DataSpec::one_hot>, kAny,
           "[off, on]: the targets of classes with mse, half_mse and mae. An example has a target a class, "
           "on for its own and off for the others; a lone output (data.one_output) is wanted on for the "
           "second class. Labels ±1 on one output: [-1, 1] and data.one_output true."),
      boolean("data.one_output", data<&DataSpec::one_output>,
              "Two classes have one target, which says whether it is the second one, not one target each; "
              "null: with binary_cross_entropy, which learns more than two classes one against all, an "
              "output each. The second class is named where the output is above 0 (binary_cross_entropy) or "
              "above the middle of data.one_hot; of several outputs the largest names the class.")
          .or_null(),
      real("data.test_fraction", data<&DataSpec::test_fraction>, {0, 1, false, true},
           "Share of the examples set aside as the test split: ⌊fraction·n + ½⌋ of them, picked at random."),
      choice(
          "data.tasks.change", task<&TaskSpec::change>,
          "Tasks one after another, made from one data set; network and optimizer go on, and the table tasks says how "
          "each was learned. permute_inputs: the inputs in an order of the task's own. permute_labels: the classes "
          "renamed. random_labels: a random class for every example. classes: only the examples of some classes, each "
          "class in one task of a round, and then in another order. The first task is changed like all others, and "
          "the test split as the training split is. What is recorded (losses, accuracy, dead units) is about the task "
          "of the update that follows, at the last step about the last task."),
      integer("data.tasks.every.epochs", task<&TaskSpec::epochs>, kSteps,
              "Passes over the training split that a task lasts; with classes: as many batches as its share "
              "of the classes would have of it.")
          .with_any(names_of<TaskChange>())
          .not_beside("data.tasks.every.steps data.tasks.every.examples"),
      integer("data.tasks.every.steps", instead_of_epochs<&TaskSpec::steps>, kSteps,
              "Instead of epochs: updates that a task lasts.")
          .with_any(names_of<TaskChange>())
          .without_default()
          .not_beside("data.tasks.every.examples"),
      integer(
          "data.tasks.every.examples", instead_of_epochs<&TaskSpec::examples>, kSteps,
          "Instead of epochs: examples that a task lasts, in whole batches: ⌈examples/batch_size⌉ updates.")
          .with_any(names_of<TaskChange>())
          .without_default(),
      integer("data.tasks.count", task<&TaskSpec::count>, {1, 1e9},
              "How many tasks, and so how long the training is; not given: as many as train.steps or "
              "train.epochs have time for.")
          .with_any(names_of<TaskChange>())
          .without_default(),
      integer("data.tasks.ramp", task<&TaskSpec::ramp>, {0, 1e12},
              "Updates in which a task takes the place of the one before: in update i of the task (from 1) "
              "an example is shown as the new task has it with probability i/ramp, else as the old one had "
              "it (arXiv 2602.09234: task sampling); 0: at once.")
          .with_any(names_of<TaskChange>()),
      integer("data.tasks.classes of classes", task<&TaskSpec::classes>, {1, 65536}, "Classes in a task."),
      integer(
          "data.seed", data<&DataSpec::seed>, {0, 0x1p63},
          "Seed of everything random about the data; null: the run's seed, so that every seed has other data.")
          .or_null(),
  };
}

}  // namespace deadrelu
