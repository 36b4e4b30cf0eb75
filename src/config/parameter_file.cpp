#include "config/parameter_file.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"
#include "config/file_text.h"
#include "config/json_position.h"

namespace deadrelu {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::size_t kMostParameters = 100'000'000;
constexpr const char* kForm = "; expected {\"layers\": [{\"weights\": [[…], …], \"bias\": […]}, …]}";

// nlohmann's SAX interface: fills the layers as the file is read, so that nothing is held twice.
class LayerReader {
 public:
  LayerReader(ReadPosition& position, std::string label) : position_(position), label_(std::move(label)) {}

  bool null() { return wrong("found null"); }
  bool boolean(bool /*value*/) { return wrong("found true or false"); }
  bool string(std::string& /*value*/) { return ignored() || wrong("found a text"); }
  bool binary(Json::binary_t& /*value*/) { return false; }
  bool number_integer(std::int64_t value) { return number(static_cast<double>(value)); }
  bool number_unsigned(std::uint64_t value) { return number(static_cast<double>(value)); }
  bool number_float(double value, const std::string& /*raw*/) { return number(value); }

  bool start_object(std::size_t /*size*/) {
    if (place_ == Place::kOutside) return enter(Place::kTop);
    if (place_ == Place::kLayers) {
      layers_.emplace_back();
      given_.fill(false);
      return enter(Place::kLayer);
    }
    return wrong("found an object");
  }
  bool end_object() {
    if (place_ == Place::kLayer) {
      const LayerParameters& layer = layers_.back();
      if (layer.rows == 0) return wrong("this layer has no \"weights\"");
      for (std::size_t k = 0; k < kBlockKinds.size(); ++k) {
        const std::size_t count = layer.blocks[k].size();
        if (kBlockKinds[k].form == BlockForm::kList && count > 0 && count != layer.rows)
          return wrong("this layer has " + std::to_string(count) + ' ' + kBlockKinds[k].plural + " for " +
                       std::to_string(layer.rows) + " rows of weights");
      }
      return enter(Place::kLayers);
    }
    if (layers_.empty()) return wrong("there are no layers");
    return enter(Place::kOutside);
  }
  bool start_array(std::size_t /*size*/) {
    if (place_ == Place::kTop && key_ == "layers") return enter(Place::kLayers);
    if (place_ == Place::kLayer && form() == BlockForm::kMatrix) return enter(Place::kMatrix);
    if (place_ == Place::kLayer && form() == BlockForm::kList) return enter(Place::kList);
    if (place_ == Place::kMatrix) {
      row_start_ = values().size();
      return enter(Place::kRow);
    }
    return wrong("found a list");
  }
  bool end_array() {
    if (place_ == Place::kLayers) return enter(Place::kTop);
    if (place_ == Place::kList) return enter(Place::kLayer);
    LayerParameters& layer = layers_.back();
    if (place_ == Place::kMatrix)
      return layer.rows == 0 ? wrong("there are no weights") : enter(Place::kLayer);
    const std::size_t inputs = values().size() - row_start_;
    if (layer.rows == 0) layer.inputs = inputs;
    if (inputs == 0 || inputs != layer.inputs)
      return wrong("this row has " + std::to_string(inputs) + " weights, the first has " +
                   std::to_string(layer.inputs));
    ++layer.rows;
    return enter(Place::kMatrix);
  }
  bool key(std::string& name) {
    key_ = std::move(name);
    if (place_ == Place::kTop) {
      if (key_ != "layers" && key_ != "run_id" && key_ != "step")
        return wrong("unknown key \"" + key_ + "\"");
      return key_ != "layers" || layers_.empty() || wrong("\"layers\" is given twice");
    }
    block_ = 0;
    while (block_ < kBlockKinds.size() && kBlockKinds[block_].name != key_) ++block_;
    if (block_ == kBlockKinds.size()) return wrong("unknown key \"" + key_ + "\"");
    return !std::exchange(given_[block_], true) || wrong("\"" + key_ + "\" is given twice");
  }
  bool parse_error(std::size_t /*position*/, const std::string& token, const Json::exception& error) {
    fail("", syntax_problem(position_, token, error.what()));
  }

  std::vector<LayerParameters> take() { return std::move(layers_); }

 private:
  enum class Place { kOutside, kTop, kLayers, kLayer, kMatrix, kRow, kList };

  bool enter(Place place) {
    place_ = place;
    return true;
  }
  BlockForm form() const { return kBlockKinds[block_].form; }  // of the block that key_ names
  std::vector<double>& values() { return layers_.back().blocks[block_]; }
  bool ignored() const { return place_ == Place::kTop && (key_ == "run_id" || key_ == "step"); }

  bool number(double value) {
    if (++numbers_ > kMostParameters) return wrong("there are more than 100000000 parameters");
    if (place_ == Place::kRow || place_ == Place::kList ||
        (place_ == Place::kLayer && form() == BlockForm::kNumber)) {
      values().push_back(value);
    } else if (!ignored()) {
      return wrong("found a number");
    }
    return true;
  }

  std::string pointer() const {
    if (place_ == Place::kOutside) return "";
    if (place_ == Place::kTop) return "/" + key_;
    if (layers_.empty()) return "/layers";
    const LayerParameters& layer = layers_.back();
    const std::string of_layer = "/layers/" + std::to_string(layers_.size() - 1);
    switch (place_) {
      case Place::kLayer:
      case Place::kMatrix:
        return of_layer + '/' + key_;
      case Place::kList:
        return of_layer + '/' + key_ + '/' + std::to_string(layer.blocks[block_].size());
      case Place::kRow:
        return of_layer + '/' + key_ + '/' + std::to_string(layer.rows);
      default:
        return of_layer;
    }
  }

  [[noreturn]] void fail(const std::string& pointer, const std::string& message) {
    throw UserError(ExitCode::kUsage, label_ + ':' + std::to_string(position_.line()) + ": " +
                                          (pointer.empty() ? "" : pointer + ": ") + message);
  }
  bool wrong(const std::string& message) { fail(pointer(), message + kForm); }

  ReadPosition& position_;
  std::string label_;
  std::vector<LayerParameters> layers_;
  std::string key_;
  Place place_ = Place::kOutside;
  std::size_t block_ = 0, row_start_ = 0, numbers_ = 0;
  std::array<bool, kBlockKinds.size()> given_{};  // the blocks of the layer that is being read
};

}  // namespace

ParameterSet parse_parameters(std::string_view text, const std::string& label) {
  ReadPosition position(text);
  LayerReader reader(position, label);
  Json::sax_parse(CountingIterator(text.data(), &position),
                  CountingIterator(text.data() + text.size(), &position), &reader, Json::input_format_t::json,
                  false, false);
  if (text.find_first_not_of(" \t\r\n", position.consumed()) != std::string_view::npos)
    throw UserError(ExitCode::kUsage,
                    label + ':' + std::to_string(position.line()) +
                        ": something follows the first JSON document; an init.file holds one: of "
                        "parameters.jsonl take one line, as with `sed -n 1p parameters.jsonl`");
  return {reader.take()};
}

ParameterSet read_parameter_file(const std::string& path) {
  return parse_parameters(read_text_file(path, kMostBytes, true), path);
}

}  // namespace deadrelu
