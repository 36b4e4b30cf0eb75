#include "config/parameter_file.h"

#include <algorithm>

#include "base/error.h"
#include "config/json.h"

namespace deadrelu {
namespace {

constexpr const char* kForm = "; expected {\"layers\": [{\"weights\": [[…], …], \"bias\": […]}, …]}";

// Reads the layers of one document; what is wrong with them goes to the problems.
class LayerReader {
 public:
  explicit LayerReader(Problems& problems) : problems_(problems) {}

  ParameterSet read(const Json& root) {
    ParameterSet set;
    if (!check_object(root, "", {"layers", "run_id", "step"})) return set;
    const Json* layers = find_member(root, "layers");
    if (layers == nullptr || layers->empty()) {
      fail(layers == nullptr ? "" : "/layers", "there are no layers");
    } else if (!layers->is_array()) {
      fail("/layers", "found " + describe(*layers));
    } else {
      for (std::size_t l = 0; l < layers->size(); ++l)
        set.layers.push_back(read_layer((*layers)[l], child_pointer("/layers", l)));
    }
    return set;
  }

 private:
  void fail(const std::string& pointer, const std::string& message) {
    problems_.add(pointer, message + kForm);
  }

  bool check_object(const Json& object, const std::string& pointer, const std::vector<std::string>& known) {
    if (!object.is_object()) {
      fail(pointer, "found " + describe(object));
      return false;
    }
    const auto unknown = [&](const std::string& key) {
      return std::find(known.begin(), known.end(), key) == known.end();
    };
    bool good = true;
    for (const auto& [key, value] : object.items()) {
      if (!unknown(key)) continue;
      good = false;
      fail(child_pointer(pointer, key), "unknown key " + json_quoted(key) + did_you_mean(key, known));
    }
    return good;
  }

  LayerParameters read_layer(const Json& object, const std::string& pointer) {
    LayerParameters layer;
    std::vector<std::string> names;
    for (const BlockKindInfo& kind : kBlockKinds) names.emplace_back(kind.name);
    if (!check_object(object, pointer, names)) return layer;
    for (std::size_t k = 0; k < kBlockKinds.size(); ++k)
      if (const Json* block = find_member(object, kBlockKinds[k].name))
        read_block(*block, child_pointer(pointer, kBlockKinds[k].name), kBlockKinds[k], layer,
                   layer.blocks[k]);
    if (find_member(object, "weights") == nullptr) fail(pointer, "this layer has no \"weights\"");
    return layer;
  }

  void read_block(const Json& value, const std::string& pointer, const BlockKindInfo& kind,
                  LayerParameters& layer, std::vector<double>& numbers) {
    switch (kind.form) {
      case BlockForm::kMatrix:
        return read_matrix(value, pointer, layer, numbers);
      case BlockForm::kList:
        read_numbers(value, pointer, numbers);
        if (!numbers.empty() && layer.rows > 0 && numbers.size() != layer.rows)
          fail(pointer, "this layer has " + std::to_string(numbers.size()) + ' ' + kind.plural + " for " +
                            std::to_string(layer.rows) + " rows of weights");
        return;
      case BlockForm::kNumber:
        return read_number(value, pointer, numbers);
    }
  }

  void read_matrix(const Json& rows, const std::string& pointer, LayerParameters& layer,
                   std::vector<double>& numbers) {
    if (!rows.is_array()) return fail(pointer, "found " + describe(rows));
    if (rows.empty()) return fail(pointer, "there are no weights");
    for (const Json& row : rows) {
      const std::string here = child_pointer(pointer, layer.rows);
      const std::size_t before = numbers.size();
      read_numbers(row, here, numbers);
      const std::size_t inputs = numbers.size() - before;
      if (layer.rows++ == 0) layer.inputs = inputs;
      if (inputs == 0 || inputs != layer.inputs)
        fail(here, "this row has " + std::to_string(inputs) + " weights, the first has " +
                       std::to_string(layer.inputs));
    }
  }

  void read_numbers(const Json& list, const std::string& pointer, std::vector<double>& numbers) {
    if (!list.is_array()) return fail(pointer, "found " + describe(list));
    for (std::size_t i = 0; i < list.size(); ++i) {
      numbers.push_back(list[i].is_number() ? list[i].get<double>() : 0);
      if (!list[i].is_number()) fail(child_pointer(pointer, i), "found " + describe(list[i]));
    }
  }

  void read_number(const Json& value, const std::string& pointer, std::vector<double>& numbers) {
    if (!value.is_number()) fail(pointer, "found " + describe(value));
    numbers.push_back(value.is_number() ? value.get<double>() : 0);
  }

  Problems& problems_;
};

}  // namespace

ParameterSet parse_parameters(std::string_view text, const std::string& label) {
  Problems problems;
  Json root;
  ParameterSet set;
  if (read_json(text, Problems::kFile, root, problems)) set = LayerReader(problems).read(root);
  if (!problems.empty()) throw UserError(ExitCode::kUsage, problems.report(text, label));
  return set;
}

ParameterSet read_parameter_file(const std::string& path) {
  return parse_parameters(read_text_file(path, true), path);
}

}  // namespace deadrelu
