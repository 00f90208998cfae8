#include <gtest/gtest.h>

#include <limits>
#include <memory_resource>
#include <new>
#include <string>
#include <vector>

#include "support/status_testing.h"
#include "vecdb/index.h"

namespace vecdb {
namespace {

using support::CodeOf;

const IndexSpec kHnswSpec = {.metric = Metric::kCosine,
                             .params = HnswParams{.m = 4, .ef_construction = 20}};

std::vector<float> SomeRows(size_t count) {
  std::vector<float> rows(count);
  for (size_t i = 0; i < count; ++i) rows[i] = static_cast<float>(i * 7919 % 101) - 50;
  return rows;
}

TEST(IndexBuilderTest, RefusesBadShapes) {
  const std::vector<float> rows = SomeRows(12);
  for (const IndexSpec& spec : {kHnswSpec, IndexSpec{.params = DiskannParams{}}}) {
    for (const int32_t dim : {0, -1, 32769}) {
      EXPECT_EQ(CodeOf(IndexBuilder(dim, spec).Build(rows)), absl::StatusCode::kInvalidArgument)
          << dim;
    }
    EXPECT_EQ(CodeOf(IndexBuilder(5, spec).Build(rows)), absl::StatusCode::kInvalidArgument);
    EXPECT_OK(IndexBuilder(1, spec).Build(rows));
    EXPECT_OK(IndexBuilder(32768, spec).Build(SomeRows(3 * 32768)));
  }
}

TEST(IndexBuilderTest, RefusesBadSpecs) {
  const std::vector<float> rows = SomeRows(12);
  const IndexSpec cases[] = {
      {.params = HnswParams{.m = 1}},
      {.params = HnswParams{.m = 2049}},
      {.params = HnswParams{.ef_construction = 0}},
      {.params = HnswParams{.ef_construction = 65537}},
      {.params = HnswParams{.codec = static_cast<HnswCodec>(5)}},
      {.params = HnswParams{.codec = HnswCodec::kFloat32, .refine = Refine::kFloat16}},
      {.params = IvfFlatParams{.nlist = 65537}},
      {.params = IvfSq8Params{.refine = Refine::kSq8}},
      {.params = IvfPqParams{.m = 2}},
      {.params = IvfPqParams{.nbits = 9}},
      {.params = DiskannParams{.max_degree = 0}},
      {.params = DiskannParams{.max_degree = 2049}},
      {.params = DiskannParams{.search_list_size = 0}},
      {.params = DiskannParams{.search_list_size = 65537}},
      {.params = DiskannParams{.pq_code_budget = 0}},
      {.params = DiskannParams{.pq_code_budget = 0.2501}},
      {.params = DiskannParams{.pq_code_budget = std::numeric_limits<double>::quiet_NaN()}},
      {.params = DiskannParams{.search_cache_budget = -0.01}},
      {.params = DiskannParams{.search_cache_budget = 0.3}},
      {.params = InvertedParams{}},
      {.metric = static_cast<Metric>(9)},
  };
  for (const IndexSpec& spec : cases) {
    EXPECT_EQ(CodeOf(IndexBuilder(3, spec).Build(rows)), absl::StatusCode::kInvalidArgument);
  }
}

TEST(IndexBuilderTest, NamesTheRowThatIsNotFinite) {
  std::vector<float> rows = SomeRows(40);
  rows[4 * 7 + 2] = std::numeric_limits<float>::quiet_NaN();
  const auto index = IndexBuilder(4, kHnswSpec).Build(rows);
  ASSERT_EQ(CodeOf(index), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(index.status().message()).find("row 7"), std::string::npos);
}

TEST(IndexBuilderTest, ACopyOutlivesTheHostsRows) {
  std::vector<float> rows = SomeRows(400);
  const auto index = IndexBuilder(4, kHnswSpec).Build(rows, RowStorage::kCopy);
  ASSERT_OK(index);
  const std::vector<float> query(rows.begin(), rows.begin() + 4);
  const auto before = (*index)->Search({.vectors = query, .k = 5});
  ASSERT_OK(before);
  std::fill(rows.begin(), rows.end(), 0.0f);
  rows.clear();
  rows.shrink_to_fit();
  EXPECT_EQ((*index)->Search({.vectors = query, .k = 5})->rows, before->rows);
}

TEST(IndexBuilderTest, CountsWhatItHolds) {
  const std::vector<float> rows = SomeRows(400);
  MemoryBudget budget;
  const IndexBuilder builder(4, kHnswSpec, {.budget = &budget});
  const auto viewed = builder.Build(rows, RowStorage::kView);
  ASSERT_OK(viewed);
  EXPECT_EQ((*viewed)->memory_bytes(), (*viewed)->index_bytes());
  EXPECT_GE((*viewed)->index_bytes(), 100U * (2 * 4 + 1) * 4);
  EXPECT_EQ(budget.used_bytes(), (*viewed)->memory_bytes());
  const auto copied = builder.Build(rows, RowStorage::kCopy);
  ASSERT_OK(copied);
  EXPECT_EQ((*copied)->memory_bytes(), (*copied)->index_bytes() + 1600);
  EXPECT_EQ(budget.used_bytes(), (*viewed)->memory_bytes() + (*copied)->memory_bytes());
}

TEST(IndexBuilderTest, FailsCleanlyAtEveryLimitOfTheBudget) {
  const std::vector<float> rows = SomeRows(400);
  size_t refused = 0;
  for (uint64_t limit = 0; limit < 12000; limit += 500) {
    MemoryBudget budget(limit);
    const auto index = IndexBuilder(4, kHnswSpec, {.budget = &budget}).Build(rows);
    if (index.ok()) continue;
    ++refused;
    EXPECT_EQ(CodeOf(index), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(budget.used_bytes(), 0U);
  }
  EXPECT_GT(refused, 5U);
}

class RefusingResource final : public std::pmr::memory_resource {
  void* do_allocate(size_t, size_t) override { throw std::bad_alloc(); }
  void do_deallocate(void*, size_t, size_t) override {}
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

TEST(IndexBuilderTest, AMemoryResourceThatThrowsIsResourceExhausted) {
  RefusingResource memory;
  EXPECT_EQ(CodeOf(IndexBuilder(4, kHnswSpec, {.memory = &memory}).Build(SomeRows(400))),
            absl::StatusCode::kResourceExhausted);
}

TEST(IndexBuilderTest, StopsWhenCancelledOrLate) {
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  const std::vector<float> rows = SomeRows(400);
  EXPECT_EQ(CodeOf(IndexBuilder(4, kHnswSpec).Build(rows, RowStorage::kCopy, {.cancel = token})),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(IndexBuilder(4, {}).Build(rows, RowStorage::kView,
                                             Context::WithTimeout(absl::ZeroDuration()))),
            absl::StatusCode::kDeadlineExceeded);
}

}  // namespace
}  // namespace vecdb
