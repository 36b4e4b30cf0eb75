#include "cli/fingerprint.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "cli/training.h"

namespace deadrelu {
namespace {

// Every activation, loss, optimizer and precision, and what shapes a run otherwise. A change of this text
// changes the fingerprint.
constexpr const char* kFingerprintSweep = R"({
  "data": { "kind": "moons", "samples": 150, "noise": 0.1, "test_fraction": 0.2 },
  "model": { "hidden": [7, 5] },
  "init": { "bias": { "name": "normal", "std": 0.2 } },
  "train": { "loss": "binary_cross_entropy", "batch_size": 20, "steps": 60 },
  "record": { "every": 20, "tables": ["metrics", "layers", "units"], "effective_rank": true,
              "parameters": ["final"] },
  "sweep": {
    "grid": {
      "model.activation": ["relu", "leaky_relu", "prelu", "rrelu", "relu6", "crelu", "maxout", "elu", "selu", "celu",
                           "gelu", "silu", "mish", "softplus", "softsign", "sigmoid", "tanh", "hard_sigmoid",
                           "hard_tanh", "hard_swish", "abs", "gaussian", "identity"],
      "train.precision": ["float32", "float64"]
    },
    "zip": {
      "train.optimizer": [{ "name": "sgd", "learning_rate": 0.3, "momentum": 0.9 },
                          { "name": "adam", "learning_rate": 0.02 },
                          { "name": "adamw", "learning_rate": 0.02, "weight_decay": 0.1 },
                          { "name": "rmsprop", "learning_rate": 0.01 }],
      "train.loss": ["binary_cross_entropy", "cross_entropy", "cross_entropy", "binary_cross_entropy"],
      "init.weights": ["he_normal", "glorot_uniform", "orthogonal", "rai"],
      "train.sampling": ["epoch", "with_replacement", "sequential", "epoch"],
      "train.clip_norm": [0, 0.5, 0, 0.1]
    }
  }
})";

// A folder that is there as long as this.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "deadrelu-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
      throw UserError(ExitCode::kInputOutput, name + ": no temporary folder can be made");
    path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

JobResult train(const char* text, const std::filesystem::path& directory) {
  const ExperimentConfig config({text, "fingerprint", "", "fingerprint", {}});
  RunnerOptions runner;
  runner.simd = available_simd().front();
  return train_job({config, parse_selection("", config), directory, directory.string(), runner, {}},
                   ProgressMode::kNone);
}

}  // namespace

std::string fingerprint() {
  const TemporaryFolder folder;
  const JobResult result = train(kFingerprintSweep, folder.path() / "fingerprint");
  const std::filesystem::path list = folder.path() / "tables.txt";
  std::ofstream out(list);
  for (const auto& table : result.manifest.tables)
    if (table.name != "columns.json") out << table.name << ' ' << table.sha256 << '\n';  // words, no numbers
  out.close();
  return sha256_of_file(list).substr(0, 16);
}

}  // namespace deadrelu
