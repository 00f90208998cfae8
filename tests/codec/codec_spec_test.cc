#include "codec/codec_spec.h"

#include <gtest/gtest.h>

#include <string>

#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

struct Case {
  CodecSpec spec;
  std::string message;  // empty: valid
};

TEST(CodecSpecTest, LimitsHoldOnBothSides) {
  const Case cases[] = {
      {{.dim = 1}, ""},
      {{.dim = 32768}, ""},
      {{.dim = 0}, "dim is 0; the range is 1 to 32768"},
      {{.dim = 32769}, "dim is 32769; the range is 1 to 32768"},
      {{.metric = static_cast<Metric>(4), .dim = 1}, "metric is 4; the range is 1 to 3"},
      {{.kind = CodecKind::kFloat16, .dim = 3}, ""},
      {{.kind = CodecKind::kSq8, .dim = 3}, ""},
      {{.kind = CodecKind::kSq8, .dim = 3, .range = static_cast<Sq8Range>(3)},
       "range is 3; the range is 0 to 2"},
      {{.kind = CodecKind::kSq4, .dim = 3}, ""},
      {{.kind = CodecKind::kPq, .dim = 8, .pq_m = 8, .pq_bits = 1}, ""},
      {{.kind = CodecKind::kPq, .dim = 8, .pq_m = 1, .pq_bits = 8}, ""},
      {{.kind = CodecKind::kPq, .dim = 8, .pq_m = 0}, "m is 0; the range is 1 to 8"},
      {{.kind = CodecKind::kPq, .dim = 8, .pq_m = 9}, "m is 9; the range is 1 to 8"},
      {{.kind = CodecKind::kPq, .dim = 8, .pq_m = 3}, "m is 3, which does not divide dim 8"},
      {{.kind = CodecKind::kPq, .dim = 8, .pq_m = 2, .pq_bits = 0},
       "nbits is 0; the range is 1 to 8"},
      {{.kind = CodecKind::kPq, .dim = 8, .pq_m = 2, .pq_bits = 9},
       "nbits is 9; the range is 1 to 8"},
      {{.kind = CodecKind::kRabitq, .dim = 8, .rabitq_bits = 1}, ""},
      {{.kind = CodecKind::kRabitq, .dim = 8, .rabitq_bits = 8}, ""},
      {{.kind = CodecKind::kRabitq, .dim = 8, .rabitq_bits = 0}, "bits is 0; the range is 1 to 8"},
      {{.kind = CodecKind::kRabitq, .dim = 8, .rabitq_bits = 9}, "bits is 9; the range is 1 to 8"},
      {{.kind = static_cast<CodecKind>(0), .dim = 8}, "the codec is 0; the range is 1 to 6"},
      {{.kind = static_cast<CodecKind>(7), .dim = 8}, "the codec is 7; the range is 1 to 6"},
  };
  for (const Case& c : cases) {
    const absl::Status status = c.spec.Validate();
    EXPECT_EQ(status.message(), c.message);
    EXPECT_EQ(status.code(),
              c.message.empty() ? absl::StatusCode::kOk : absl::StatusCode::kInvalidArgument);
  }
}

TEST(CodecSpecTest, EveryCodecHasItsName) {
  std::string names;
  for (uint32_t kind = 1; kind <= 6; ++kind) {
    names += CodecName(static_cast<CodecKind>(kind));
    names += ' ';
  }
  EXPECT_EQ(names, "FLOAT32 FLOAT16 SQ8 SQ4 PQ RABITQ ");
  EXPECT_EQ(CodecName(static_cast<CodecKind>(7)), "unknown");
}

}  // namespace
}  // namespace vecdb::codec
