#include "base/number.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>

namespace deadrelu {
namespace {

template <class Real>
std::string text_of(Real value) {
  std::string text;
  append_real(text, value);
  return text;
}

std::string integer_text(std::int64_t value) {
  std::string text;
  append_integer(text, value);
  return text;
}

TEST(AppendReal, whole_numbers_carry_a_point) {
  EXPECT_EQ(text_of(1.0), "1.0");
  EXPECT_EQ(text_of(0.0), "0.0");
  EXPECT_EQ(text_of(-0.0), "-0.0");
  EXPECT_EQ(text_of(-3.0F), "-3.0");
  EXPECT_EQ(text_of(123456.0), "123456.0");
}

TEST(AppendReal, large_and_small_numbers_carry_an_exponent) {
  EXPECT_EQ(text_of(1e20), "1e+20");
  EXPECT_EQ(text_of(1e-7), "1e-07");
  EXPECT_EQ(text_of(std::numeric_limits<double>::denorm_min()), "5e-324");
}

TEST(AppendReal, the_shortest_digits_of_the_type_are_written) {
  EXPECT_EQ(text_of(0.1), "0.1");
  EXPECT_EQ(text_of(0.1F), "0.1");
  EXPECT_EQ(text_of(static_cast<double>(0.1F)), "0.10000000149011612");
  EXPECT_EQ(text_of(1.0 / 3), "0.3333333333333333");
}

TEST(AppendReal, text_is_added_at_the_end) {
  std::string text = "x,";
  append_real(text, 2.5);
  append_integer(text, 7);
  EXPECT_EQ(text, "x,2.57");
}

TEST(AppendReal, a_million_random_floats_read_back_to_the_same_bits) {
  std::mt19937 engine(1);
  std::string text;
  for (int i = 0; i < 1000000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(engine()));
    if (!std::isfinite(value)) continue;
    text.clear();
    append_real(text, value);
    ASSERT_NE(text.find_first_of(".e"), std::string::npos) << text;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(std::strtof(text.c_str(), nullptr)),
              std::bit_cast<std::uint32_t>(value))
        << text;
  }
}

TEST(AppendReal, a_million_random_doubles_read_back_to_the_same_bits) {
  std::mt19937_64 engine(2);
  std::string text;
  for (int i = 0; i < 1000000; ++i) {
    const auto value = std::bit_cast<double>(engine());
    if (!std::isfinite(value)) continue;
    text.clear();
    append_real(text, value);
    ASSERT_NE(text.find_first_of(".e"), std::string::npos) << text;
    const auto parsed = parse_real(text);
    ASSERT_TRUE(parsed.has_value()) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(*parsed), std::bit_cast<std::uint64_t>(value)) << text;
  }
}

// One digit less, correctly rounded, is another number.
TEST(AppendReal, no_shorter_text_would_do) {
  std::mt19937_64 engine(3);
  for (int i = 0; i < 20000; ++i) {
    const auto value = std::bit_cast<double>(engine());
    const std::string text = std::isfinite(value) ? text_of(value) : "";
    const auto exponent = text.find('e');
    if (exponent == std::string::npos) continue;
    const auto digits = std::count_if(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(exponent),
                                      [](char c) { return c >= '0' && c <= '9'; });
    if (digits < 2) continue;
    char shorter[64];
    std::snprintf(shorter, sizeof(shorter), "%.*e", static_cast<int>(digits) - 2, value);
    ASSERT_NE(std::strtod(shorter, nullptr), value) << text;
  }
}

TEST(AppendInteger, never_carries_a_point) {
  EXPECT_EQ(integer_text(0), "0");
  EXPECT_EQ(integer_text(-12), "-12");
  EXPECT_EQ(integer_text(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
  EXPECT_EQ(integer_text(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
}

TEST(ParseReal, reads_what_people_write) {
  EXPECT_EQ(parse_real("1"), 1.0);
  EXPECT_EQ(parse_real("-2.5e3"), -2500.0);
  EXPECT_EQ(parse_real("+0.5"), 0.5);
  EXPECT_EQ(parse_real(" 7 "), 7.0);
  EXPECT_EQ(parse_real("\t1e-3\r"), 1e-3);
  EXPECT_EQ(parse_real(".5"), 0.5);
  EXPECT_EQ(parse_real("5."), 5.0);
  EXPECT_TRUE(std::signbit(parse_real("-0").value()));
}

TEST(ParseReal, refuses_everything_else) {
  for (const char* text : {"",    " ",   "x",    "1x",       "x1",    "1 2",    "1,5",   "--1",  "+-1",
                           "-+1", "++1", "+",    "-",        "e5",    "1e",     "1e+",   "0x10", "nan",
                           "NaN", "inf", "-inf", "infinity", "1e999", "-1e999", "1_000", "1.2.3"}) {
    EXPECT_FALSE(parse_real(text).has_value()) << '"' << text << '"';
  }
  EXPECT_FALSE(parse_real(std::string_view("1\0", 2)).has_value());
}

TEST(ParseInteger, reads_whole_numbers_only) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer(" -12 "), -12);
  EXPECT_EQ(parse_integer("+5"), 5);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* text :
       {"", "1.0", "1e3", "9223372036854775808", "-9223372036854775809", "0x1", "1 2", "a", "+-3"}) {
    EXPECT_FALSE(parse_integer(text).has_value()) << '"' << text << '"';
  }
}

TEST(HexId, is_sixteen_lower_case_digits) {
  EXPECT_EQ(hex_id(0), "0000000000000000");
  EXPECT_EQ(hex_id(0x0123456789abcdef), "0123456789abcdef");
  EXPECT_EQ(hex_id(std::numeric_limits<std::uint64_t>::max()), "ffffffffffffffff");
}

TEST(HexId, reads_back) {
  std::mt19937_64 engine(4);
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t id = engine();
    ASSERT_EQ(parse_hex_id(hex_id(id)), id);
  }
  EXPECT_EQ(parse_hex_id("ABCDEF0000000001"), 0xabcdef0000000001U);
}

TEST(HexId, refuses_what_is_not_sixteen_hex_digits) {
  for (const char* text : {"", "123", "00000000000000001", "000000000000000g", "0x00000000000000",
                           "-000000000000001", "+000000000000001", " 00000000000001 ", "000000000000000\t"}) {
    EXPECT_FALSE(parse_hex_id(text).has_value()) << '"' << text << '"';
  }
}

}  // namespace
}  // namespace deadrelu
