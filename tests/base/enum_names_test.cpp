#include "base/enum_names.h"

#include <gtest/gtest.h>

namespace deadrelu {

enum class Shape { kRound, kHalfRound, kX2, kIn5Parts };
template <>
inline constexpr std::array kNames<Shape>{"round", "half_round", "x2", "in_5_parts"};

namespace {

TEST(EnumNames, every_name_reads_back_to_its_value) {
  EXPECT_EQ(values_of<Shape>().size(), names_of<Shape>().size());
  for (const Shape shape : values_of<Shape>()) EXPECT_EQ(value_of<Shape>(name_of(shape)), shape);
  EXPECT_EQ(name_of(Shape::kHalfRound), "half_round");
  EXPECT_EQ(value_of<Shape>("x2"), Shape::kX2);
}

TEST(EnumNames, another_name_has_no_value) {
  EXPECT_EQ(value_of<Shape>(""), std::nullopt);
  EXPECT_EQ(value_of<Shape>("Round"), std::nullopt);
  EXPECT_EQ(value_of<Shape>("half"), std::nullopt);
}

// What names_of asks at compile time.
TEST(EnumNames, one_name_more_or_fewer_and_another_order_are_noticed) {
  EXPECT_TRUE(name_all<Shape>(std::array{"round", "half_round", "x2", "in_5_parts"}));
  EXPECT_FALSE(name_all<Shape>(std::array{"round", "half_round", "x2"}));
  EXPECT_FALSE(name_all<Shape>(std::array{"round", "half_round", "x2", "in_5_parts", "square"}));
  EXPECT_FALSE(name_all<Shape>(std::array{"round", "x2", "half_round", "in_5_parts"}));
  EXPECT_FALSE(name_all<Shape>(std::array{"round", "half_round", "x2", "in_5_part"}));
  EXPECT_FALSE(name_all<Shape>(std::array{"round", "half_round", "x2", ""}));
}

}  // namespace
}  // namespace deadrelu
