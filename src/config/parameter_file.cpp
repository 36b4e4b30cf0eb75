#include "config/parameter_file.h"

#include <nlohmann/json.hpp>

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
      has_weights_ = has_bias_ = false;
      return enter(Place::kLayer);
    }
    return wrong("found an object");
  }
  bool end_object() {
    if (place_ == Place::kLayer) {
      if (!has_weights_) return wrong("this layer has no \"weights\"");
      LayerParameters& layer = layers_.back();
      if (!layer.bias.empty() && layer.bias.size() != layer.rows)
        return wrong("this layer has " + std::to_string(layer.bias.size()) + " biases for " +
                     std::to_string(layer.rows) + " rows of weights");
      return enter(Place::kLayers);
    }
    if (layers_.empty()) return wrong("there are no layers");
    return enter(Place::kOutside);
  }
  bool start_array(std::size_t /*size*/) {
    if (place_ == Place::kTop && key_ == "layers") return enter(Place::kLayers);
    if (place_ == Place::kLayer && key_ == "weights") return enter(Place::kWeights);
    if (place_ == Place::kLayer && key_ == "bias") return enter(Place::kBias);
    if (place_ == Place::kWeights) {
      row_start_ = layers_.back().weights.size();
      return enter(Place::kRow);
    }
    return wrong("found a list");
  }
  bool end_array() {
    if (place_ == Place::kLayers) return enter(Place::kTop);
    if (place_ == Place::kBias) return enter(Place::kLayer);
    LayerParameters& layer = layers_.back();
    if (place_ == Place::kWeights)
      return layer.rows == 0 ? wrong("there are no weights") : enter(Place::kLayer);
    const std::size_t inputs = layer.weights.size() - row_start_;
    if (layer.rows == 0) layer.inputs = inputs;
    if (inputs == 0 || inputs != layer.inputs)
      return wrong("this row has " + std::to_string(inputs) + " weights, the first has " +
                   std::to_string(layer.inputs));
    ++layer.rows;
    return enter(Place::kWeights);
  }
  bool key(std::string& name) {
    key_ = std::move(name);
    const bool top = place_ == Place::kTop;
    const bool known = top ? key_ == "layers" || key_ == "run_id" || key_ == "step"
                           : key_ == "weights" || key_ == "bias" || key_ == "slope";
    if (!known) return wrong("unknown key \"" + key_ + "\"");
    const bool again = (key_ == "layers" && !layers_.empty()) || (key_ == "weights" && has_weights_) ||
                       (key_ == "bias" && has_bias_);
    has_weights_ = has_weights_ || key_ == "weights";
    has_bias_ = has_bias_ || key_ == "bias";
    return !again || wrong("\"" + key_ + "\" is given twice");
  }
  bool parse_error(std::size_t /*position*/, const std::string& token, const Json::exception& error) {
    fail("", syntax_problem(position_, token, error.what()));
  }

  std::vector<LayerParameters> take() { return std::move(layers_); }

 private:
  enum class Place { kOutside, kTop, kLayers, kLayer, kWeights, kRow, kBias };

  bool enter(Place place) {
    place_ = place;
    return true;
  }
  bool ignored() const { return place_ == Place::kTop && (key_ == "run_id" || key_ == "step"); }

  bool number(double value) {
    LayerParameters* layer = layers_.empty() ? nullptr : &layers_.back();
    if (++numbers_ > kMostParameters) return wrong("there are more than 100000000 parameters");
    if (place_ == Place::kRow) {
      layer->weights.push_back(value);
    } else if (place_ == Place::kBias) {
      layer->bias.push_back(value);
    } else if (place_ == Place::kLayer && key_ == "slope") {
      layer->slope = value;
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
        return of_layer + '/' + key_;
      case Place::kWeights:
        return of_layer + "/weights";
      case Place::kBias:
        return of_layer + "/bias/" + std::to_string(layer.bias.size());
      case Place::kRow:
        return of_layer + "/weights/" + std::to_string(layer.rows);
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
  std::size_t row_start_ = 0, numbers_ = 0;
  bool has_weights_ = false, has_bias_ = false;
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
