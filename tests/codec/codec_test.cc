#include "codec/codec.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "codec/codec_testing.h"
#include "support/status_testing.h"

namespace vecdb::codec {
namespace {

using support::CodeOf;

constexpr int32_t kCodecDim = 24;
constexpr size_t kCodecRows = 600;

std::vector<CodecSpec> EverySpec() {
  std::vector<CodecSpec> specs;
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const CodecSpec spec{.metric = metric, .dim = kCodecDim};
    for (const CodecKind kind : {CodecKind::kFloat32, CodecKind::kFloat16, CodecKind::kSq4}) {
      specs.push_back(spec);
      specs.back().kind = kind;
    }
    for (const Sq8Range range : {Sq8Range::kAuto, Sq8Range::kUniform, Sq8Range::kPerDimension}) {
      specs.push_back(spec);
      specs.back().kind = CodecKind::kSq8;
      specs.back().range = range;
    }
    for (const int32_t bits : {4, 8}) {
      specs.push_back(spec);
      specs.back().kind = CodecKind::kPq;
      specs.back().pq_m = 12;
      specs.back().pq_bits = bits;
      if (bits != 4) continue;
      specs.push_back(specs.back());
      specs.back().pq_rotate = true;
    }
    for (const int32_t bits : {1, 2, 4, 8}) {
      specs.push_back(spec);
      specs.back().kind = CodecKind::kRabitq;
      specs.back().rabitq_bits = bits;
    }
  }
  return specs;
}

std::string NameOfSpec(const CodecSpec& spec) {
  return std::string(CodecName(spec.kind)) + " " + std::string(MetricName(spec.metric));
}

std::unique_ptr<Codec> TrainCodecOn(const CodecSpec& spec, const std::vector<float>& rows,
                                    const Host& host = {}) {
  auto codec = TrainCodec(spec, {rows.data(), rows.size() / kCodecDim}, host, {});
  EXPECT_OK(codec) << NameOfSpec(spec);
  return *std::move(codec);
}

double Exact(Metric metric, const float* query, const float* row) {
  if (metric == Metric::kL2) return SquaredDistance(query, row, kCodecDim);
  const double dot = DotProduct(query, row, kCodecDim);
  if (metric == Metric::kIp) return -dot;
  return -dot / std::sqrt(DotProduct(query, query, kCodecDim) * DotProduct(row, row, kCodecDim));
}

// Coarse on purpose, for all codecs alike; their own tests hold each to what it states.
TEST(CodecTest, EveryCodecKeepsTheOrderOfDistancesRoughly) {
  const std::vector<float> rows = NormalRows(kCodecRows, kCodecDim, 1);
  const std::vector<float> query = NormalRows(1, kCodecDim, 2);
  for (const CodecSpec& spec : EverySpec()) {
    const auto codec = TrainCodecOn(spec, rows);
    std::vector<uint8_t> codes(kCodecRows * codec->code_bytes());
    codec->Encode(rows.data(), kCodecRows, codes.data());
    const auto distance = codec->MakeDistance();
    distance->SetQuery(query.data());
    std::vector<float> found(kCodecRows);
    distance->Compare({codes.data(), codec->code_bytes(), nullptr, kCodecRows}, found.data());
    // The correlation of the estimated with the exact distances.
    double xy = 0, xx = 0, yy = 0, x = 0, y = 0;
    for (size_t i = 0; i < kCodecRows; ++i) {
      const double a = Exact(spec.metric, query.data(), &rows[i * kCodecDim]);
      const double b = static_cast<double>(found[i]);
      xy += a * b, xx += a * a, yy += b * b, x += a, y += b;
    }
    const double n = kCodecRows;
    const double correlation = (xy - x * y / n) / std::sqrt((xx - x * x / n) * (yy - y * y / n));
    EXPECT_GT(correlation, spec.kind == CodecKind::kRabitq && spec.rabitq_bits == 1 ? 0.7 : 0.9)
        << NameOfSpec(spec);
  }
}

TEST(CodecTest, RowsComparedByIdsHaveTheBitsOfRowsInOrder) {
  const std::vector<float> rows = NormalRows(kCodecRows, kCodecDim, 3);
  const std::vector<uint32_t> ids = {5, 599, 0, 17, 17, 300, 2, 44, 45};
  for (const CodecSpec& spec : EverySpec()) {
    const auto codec = TrainCodecOn(spec, rows);
    const size_t stride = codec->code_bytes() + 3;  // rows may lie apart
    std::vector<uint8_t> codes(kCodecRows * stride);
    for (size_t i = 0; i < kCodecRows; ++i)
      codec->Encode(&rows[i * kCodecDim], 1, &codes[i * stride]);
    const auto distance = codec->MakeDistance();
    distance->SetQuery(&rows[77 * kCodecDim]);
    std::vector<float> all(kCodecRows);
    std::vector<float> some(ids.size());
    distance->Compare({codes.data(), stride, nullptr, kCodecRows}, all.data());
    distance->Compare({codes.data(), stride, ids.data(), ids.size()}, some.data());
    for (size_t i = 0; i < ids.size(); ++i) {
      EXPECT_EQ(some[i], all[ids[i]]) << NameOfSpec(spec);
      EXPECT_EQ(some[i], distance->One(&codes[ids[i] * stride])) << NameOfSpec(spec);
    }
  }
}

TEST(CodecTest, WhatIsWrittenIsReadAndCodesAlike) {
  const std::vector<float> rows = NormalRows(kCodecRows, kCodecDim, 4);
  for (const CodecSpec& spec : EverySpec()) {
    const auto codec = TrainCodecOn(spec, rows);
    base::ByteWriter writer;
    codec->Write(&writer);
    base::ByteReader reader(writer.str());
    auto read = ReadCodec(codec->spec(), reader);
    ASSERT_OK(read) << NameOfSpec(spec);
    EXPECT_EQ(reader.remaining(), 0U) << NameOfSpec(spec);
    EXPECT_EQ((*read)->spec(), codec->spec());
    EXPECT_EQ((*read)->code_bytes(), codec->code_bytes());
    std::vector<uint8_t> before(kCodecRows * codec->code_bytes());
    std::vector<uint8_t> after(before.size());
    codec->Encode(rows.data(), kCodecRows, before.data());
    (*read)->Encode(rows.data(), kCodecRows, after.data());
    EXPECT_EQ(before, after) << NameOfSpec(spec);
  }
}

TEST(CodecTest, ThreadsDoNotChangeACodec) {
  const std::vector<float> rows = NormalRows(kCodecRows, kCodecDim, 5);
  const std::unique_ptr<Executor> pool = MakeThreadPool(3);
  for (const CodecSpec& spec : EverySpec()) {
    base::ByteWriter alone;
    base::ByteWriter shared;
    TrainCodecOn(spec, rows)->Write(&alone);
    TrainCodecOn(spec, rows, Host{.executor = pool.get()})->Write(&shared);
    EXPECT_EQ(alone.str(), shared.str()) << NameOfSpec(spec);
  }
}

TEST(CodecTest, TrainingGivesBackWhatItReserved) {
  const std::vector<float> rows = NormalRows(kCodecRows, kCodecDim, 6);
  MemoryBudget budget(64 << 20);
  for (const CodecSpec& spec : EverySpec()) TrainCodecOn(spec, rows, Host{.budget = &budget});
  EXPECT_EQ(budget.used_bytes(), 0U);
}

TEST(CodecTest, ACancelledTrainingEnds) {
  const std::vector<float> rows = NormalRows(kCodecRows, kCodecDim, 7);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  for (const CodecSpec& spec : EverySpec()) {
    EXPECT_EQ(CodeOf(TrainCodec(spec, {rows.data(), kCodecRows}, {}, Context{.cancel = token})),
              absl::StatusCode::kCancelled)
        << NameOfSpec(spec);
  }
}

TEST(CodecTest, AWrongSpecIsRefusedOnBothWays) {
  const CodecSpec spec{.kind = CodecKind::kPq, .dim = kCodecDim, .pq_m = 7};
  EXPECT_EQ(CodeOf(TrainCodec(spec, {}, {}, {})), absl::StatusCode::kInvalidArgument);
  base::ByteReader reader(std::string_view{});
  EXPECT_EQ(CodeOf(ReadCodec(spec, reader)), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::codec
