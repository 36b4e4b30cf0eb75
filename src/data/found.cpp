#include "data/found.h"

#include <algorithm>

namespace deadrelu {
namespace {

constexpr std::size_t kShown = 10;  // of a list

// "a, b, … (12 in all)"
template <class Item>
std::string listed(std::size_t count, Item item) {
  std::string text;
  for (std::size_t i = 0; i < std::min(count, kShown); ++i) text.append(i == 0 ? "" : ", ").append(item(i));
  return count <= kShown ? text : text.append(", … (").append(std::to_string(count)).append(" in all)");
}

std::string counted(std::uint64_t count, const char* one) {
  return std::to_string(count) + ' ' + one + (count == 1 ? "" : "s");
}

struct DetailText {
  std::string operator()(const std::string& text) const { return text; }
  std::string operator()(std::uint64_t number) const { return std::to_string(number); }
  std::string operator()(const std::vector<std::string>& texts) const {
    return listed(texts.size(), [&](std::size_t i) { return texts[i]; });
  }
};

}  // namespace

std::string text_of(const FoundData& found) {
  std::string text = listed(found.files.size(), [&](std::size_t i) { return found.files[i]; });
  text.append(text.empty() ? "" : ": ").append(counted(found.rows, "row")).append(" × ");
  text.append(counted(found.inputs, "input")).append(" → ");
  const std::size_t classes = found.class_counts.size();
  text.append(listed(found.targets.size(), [&](std::size_t i) { return found.targets[i]; }));
  text.append(found.targets.empty() ? "" : ": ");
  if (classes == 0) {
    text.append(counted(found.outputs, "target"));
  } else {
    text.append(std::to_string(classes)).append(classes == 1 ? " class (" : " classes (");
    text.append(listed(classes, [&](std::size_t c) {
      return found.class_name(c) + ' ' + std::to_string(found.class_counts[c]);
    }));
    text += ')';
  }
  for (const auto& [name, detail] : found.details) {
    std::string words = name;
    std::ranges::replace(words, '_', ' ');
    text.append("; ").append(words).append(" ").append(std::visit(DetailText(), detail));
  }
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < ' '; }, '?');
  return text;
}

}  // namespace deadrelu
