#include "codec/finite_floats.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

using support::CodeOf;

TEST(FiniteFloatsTest, NumbersComeBack) {
  base::ByteWriter writer;
  for (const float value : {1.5f, -0.0f, 3e38f}) writer.Put(value);
  base::ByteReader reader(writer.str());
  auto first = TakeFloats(reader, 2, "bounds");
  ASSERT_OK(first);
  EXPECT_EQ(*first, (std::vector<float>{1.5f, 0}));
  auto second = TakeFloats(reader, 1, "bounds");
  ASSERT_OK(second);
  EXPECT_EQ(second->front(), 3e38f);
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(FiniteFloatsTest, TooFewBytesAreDataLossHoweverManyAreAskedFor) {
  const std::string bytes(11, '\0');
  for (const uint64_t count : {uint64_t{3}, uint64_t{1} << 40}) {
    base::ByteReader reader(bytes);
    const auto values = TakeFloats(reader, count, "mean");
    EXPECT_EQ(CodeOf(values), absl::StatusCode::kDataLoss);
    EXPECT_NE(values.status().message().find("mean"), std::string_view::npos);
  }
}

TEST(FiniteFloatsTest, NoNumberIsNanOrInfinite) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    base::ByteWriter writer;
    writer.Put(1.0f);
    writer.Put(value);
    base::ByteReader reader(writer.str());
    EXPECT_EQ(CodeOf(TakeFloats(reader, 2, "words")), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace vecdb::codec
