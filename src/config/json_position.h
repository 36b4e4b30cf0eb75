// Feeds a text to nlohmann's SAX parser and knows, at every event, in which line it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

namespace deadrelu {

// How far a text has been read. The parser reads one character ahead after a number, and at most one
// elsewhere.
class ReadPosition {
 public:
  explicit ReadPosition(std::string_view text) : text_(text) {}

  // The line of the token that was read last. Cheap: every newline is counted once.
  std::uint32_t line() {
    std::size_t end = consumed_;
    while (end > counted_ && (text_[end - 1] == '\n' || text_[end - 1] == '\r')) --end;
    while (const void* newline = std::memchr(text_.data() + counted_, '\n', end - counted_)) {
      counted_ = static_cast<std::size_t>(static_cast<const char*>(newline) - text_.data()) + 1;
      ++line_;
    }
    return line_;
  }
  std::string_view text() const { return text_; }
  std::size_t consumed() const { return consumed_; }
  void consume() { ++consumed_; }

 private:
  std::string_view text_;
  std::size_t consumed_ = 0, counted_ = 0;
  std::uint32_t line_ = 1;
};

// An input iterator over the text that moves the position along.
class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, ReadPosition* position) : at_(at), position_(position) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    ++at_;
    position_->consume();
    return *this;
  }
  CountingIterator operator++(int) {
    CountingIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }

 private:
  const char* at_;
  ReadPosition* position_;
};

// What is wrong where the parser stopped, in a plain sentence. `token` is the last token as the parser read
// it, `detail` what the parser says (nlohmann's text, of which only known phrases are looked for).
std::string syntax_problem(const ReadPosition& position, const std::string& token, std::string_view detail);

// The line of the first byte that is not valid UTF-8 (RFC 3629); 0 where all of the text is.
std::uint32_t first_invalid_utf8_line(std::string_view text);

}  // namespace deadrelu
