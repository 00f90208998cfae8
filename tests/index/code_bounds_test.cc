#include "index/code_bounds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "index/file_testing.h"
#include "index/index_testing.h"
#include "index/query_distance.h"
#include "vecdb/executor.h"
#include "vecdb/memory_budget.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr uint32_t kBoundedRows = 600;

struct BoundedCodes {
  BoundedCodes(const TestRows& rows, Metric metric, int32_t pq_m, const Host& host = {})
      : codes(*RowCodes::Build(rows.view(), SpecOf(rows, metric, pq_m), host, {})),
        bounds(*CodeBounds::Build(rows.view(), codes, host, {})) {}

  static codec::CodecSpec SpecOf(const TestRows& rows, Metric metric, int32_t pq_m) {
    return {.kind = codec::CodecKind::kPq, .metric = metric, .dim = rows.view().dim, .pq_m = pq_m};
  }

  RowCodes codes;
  CodeBounds bounds;
};

std::shared_ptr<ObjectStore> WriteBounds(const CodeBounds& bounds) {
  const auto store = MakeMemoryObjectStore();
  auto writer = format::SectionWriter::Create(*store, TestPath(), format::FileKind::kIndex, {});
  EXPECT_OK(writer);
  EXPECT_OK(bounds.Write(**writer, {}));
  EXPECT_OK((*writer)->Finish({}));
  return store;
}

absl::StatusOr<CodeBounds> ReadBounds(const Sections& sections, uint32_t num_rows,
                                      const Host& host = {}) {
  return CodeBounds::Read(*OpenFile(*WriteFile(sections)), num_rows, host, {});
}

// Rows far from 0, where numbers are rounded most in comparison with how the rows differ.
TestRows FarRows(uint32_t num_rows, int32_t dim, float offset, float scale) {
  const TestRows rows = MixedRows(num_rows, dim, 20, 3);
  const float* const first = rows.view().row(0);
  std::vector<float> values(first, first + size_t{num_rows} * static_cast<size_t>(dim));
  for (float& value : values) value = value * scale + offset;
  return TestRows(std::move(values), dim);
}

TEST(CodeBoundsTest, DistancesLieBetweenThem) {
  const TestRows sets[] = {MixedRows(kBoundedRows, 24, 20, 1),
                           GridRows(kBoundedRows, 24, 2, 2),
                           FarRows(kBoundedRows, 24, 1000, 1),
                           FarRows(kBoundedRows, 24, -3, 1e-3F),
                           FarRows(kBoundedRows, 24, 0, 1e12F),
                           TestRows(std::vector<float>(kBoundedRows * size_t{24}), 24)};
  for (const TestRows& rows : sets) {
    for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
      for (const int32_t pq_m : {3, 24}) {
        const BoundedCodes coded(rows, metric, pq_m);
        ASSERT_FALSE(coded.bounds.empty());
        EXPECT_EQ(coded.bounds.bytes(), CodeBounds::BytesFor(kBoundedRows));
        const auto distance = coded.codes.codec().MakeDistance();
        for (uint32_t i = 0; i < 20; ++i) {
          const float* const query = rows.view().row(i * 29);
          distance->SetQuery(query);
          const CodeBounds::OfQuery bounds(coded.bounds, coded.codes.codec().spec(), query);
          const QueryDistance exact(rows.view(), metric, query);
          for (uint32_t row = 0; row < kBoundedRows; ++row) {
            const float said = distance->One(coded.codes.row(row));
            const DistanceBounds between = bounds.Of(row, said);
            ASSERT_LE(between.least, double{exact.One(row)}) << MetricName(metric) << " " << said;
            ASSERT_GE(between.most, double{exact.One(row)}) << MetricName(metric) << " " << said;
          }
        }
      }
    }
  }
}

// Rows and queries whose norms have no inverse that is a float: codes are of another length then.
TEST(CodeBoundsTest, CosinesOfTheLongestAndShortestRowsLieBetweenThem) {
  for (const float scale : {3e37F, 1e38F, 1e-38F, 1e-40F}) {
    const TestRows plain = RandomRows(60, 4, 1);
    std::vector<float> values(plain.view().rows, plain.view().rows + 60 * 4);
    for (size_t i = 0; i < values.size(); ++i) {
      if (i / 4 % 2 == 0) values[i] *= scale;
    }
    const TestRows rows(std::move(values), 4);
    const BoundedCodes coded(rows, Metric::kCosine, 4);
    const auto distance = coded.codes.codec().MakeDistance();
    for (uint32_t i = 0; i < 60 && !coded.bounds.empty(); ++i) {
      const float* const query = rows.view().row(i);
      distance->SetQuery(query);
      const CodeBounds::OfQuery bounds(coded.bounds, coded.codes.codec().spec(), query);
      const QueryDistance exact(rows.view(), Metric::kCosine, query);
      for (uint32_t row = 0; row < 60; ++row) {
        const DistanceBounds between = bounds.Of(row, distance->One(coded.codes.row(row)));
        ASSERT_LE(between.least, double{exact.One(row)}) << scale << " " << i << " " << row;
        ASSERT_GE(between.most, double{exact.One(row)}) << scale << " " << i << " " << row;
      }
    }
  }
}

// Bounds that are always true are of no use: by far most rows can be told from the nearest.
TEST(CodeBoundsTest, TheyTellMostRowsFromTheNearest) {
  const TestRows rows = MixedRows(kBoundedRows, 24, 20, 1);
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    const BoundedCodes coded(rows, metric, 24);
    const float* const query = rows.view().row(7);
    const auto distance = coded.codes.codec().MakeDistance();
    distance->SetQuery(query);
    const CodeBounds::OfQuery bounds(coded.bounds, coded.codes.codec().spec(), query);
    const auto nearest = NaiveSearch(rows.view(), metric, query, {.num_rows = kBoundedRows}, 10);
    int near = 0;
    for (uint32_t row = 0; row < kBoundedRows; ++row) {
      const float said = distance->One(coded.codes.row(row));
      near += bounds.Of(row, said).least <= double{nearest.back().distance};
    }
    EXPECT_LE(near, static_cast<int>(kBoundedRows) / 4) << MetricName(metric);
  }
}

TEST(CodeBoundsTest, CodesThatSayInfinityBoundNothing) {
  const TestRows rows = RandomRows(10, 4, 1);
  const BoundedCodes coded(rows, Metric::kL2, 4);
  const CodeBounds::OfQuery bounds(coded.bounds, coded.codes.codec().spec(), rows.view().row(0));
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const DistanceBounds any = bounds.Of(3, kInfinity);
  EXPECT_EQ(any.least, -double{kInfinity});
  EXPECT_EQ(any.most, double{kInfinity});
}

TEST(CodeBoundsTest, ThereAreNoneOfRowsThatFloatsCannotMeasure) {
  std::vector<float> values(40 * 4, 1.0f);
  values[17] = std::numeric_limits<float>::max();
  values[18] = std::numeric_limits<float>::max();
  const BoundedCodes coded(TestRows(std::move(values), 4), Metric::kL2, 2);
  EXPECT_TRUE(coded.bounds.empty());
  EXPECT_EQ(coded.bounds.bytes(), 0U);
  const auto read = CodeBounds::Read(*OpenFile(*WriteBounds(coded.bounds)), 40, {}, {});
  ASSERT_OK(read);
  EXPECT_TRUE(read->empty());
}

TEST(CodeBoundsTest, TheyAreReadAsTheyWereWritten) {
  const TestRows rows = RandomRows(kBoundedRows, 8, 1);
  const auto executor = MakeThreadPool(4);
  const BoundedCodes alone(rows, Metric::kL2, 8);
  const BoundedCodes together(rows, Metric::kL2, 8, {.executor = executor.get()});
  const Sections sections = ReadSections(*WriteBounds(alone.bounds));
  EXPECT_EQ(sections, ReadSections(*WriteBounds(together.bounds)));
  const auto read = ReadBounds(sections, kBoundedRows);
  ASSERT_OK(read);
  EXPECT_EQ(sections, ReadSections(*WriteBounds(*read)));
}

TEST(CodeBoundsTest, ImpossibleNumbersAreDataLoss) {
  const BoundedCodes coded(RandomRows(50, 8, 1), Metric::kL2, 8);
  const Sections sections = ReadSections(*WriteBounds(coded.bounds));
  for (const size_t at : {size_t{0}, size_t{4}}) {
    for (const float value :
         {-1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
      Sections changed = sections;
      std::memcpy(&changed[kCodeBoundsTag][at], &value, sizeof(value));
      EXPECT_EQ(CodeOf(ReadBounds(changed, 50)), absl::StatusCode::kDataLoss);
    }
  }
  EXPECT_EQ(CodeOf(ReadBounds(sections, 51)), absl::StatusCode::kDataLoss);
}

TEST(CodeBoundsTest, MemoryAndCancellationAreHonoured) {
  const TestRows rows = RandomRows(kBoundedRows, 8, 1);
  const BoundedCodes coded(rows, Metric::kL2, 8);
  MemoryBudget budget(100);
  EXPECT_EQ(CodeOf(CodeBounds::Build(rows.view(), coded.codes, {.budget = &budget}, {})),
            absl::StatusCode::kResourceExhausted);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(CodeOf(CodeBounds::Build(rows.view(), coded.codes, {}, {.cancel = token})),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::index
