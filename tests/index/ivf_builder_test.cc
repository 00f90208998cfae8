#include "index/ivf_builder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/mutex.h"
#include "codec/normalise.h"
#include "index/file_testing.h"
#include "index/index_testing.h"
#include "index/ivf_testing.h"
#include "vecdb/executor.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

TEST(IvfBuilderTest, ListsHaveThirtyNineRowsOnAverage) {
  EXPECT_EQ(EffectiveNlist(128, 0), 1U);
  EXPECT_EQ(EffectiveNlist(128, 38), 1U);
  EXPECT_EQ(EffectiveNlist(128, 78), 2U);
  EXPECT_EQ(EffectiveNlist(128, 128 * 39 - 1), 127U);
  EXPECT_EQ(EffectiveNlist(128, 128 * 39), 128U);
  EXPECT_EQ(EffectiveNlist(1, 1000000), 1U);
}

TEST(IvfBuilderTest, EveryRowLiesInTheListOfItsNearestCentroid) {
  const TestRows rows = MixedRows(2000, 8, 20, 1);
  for (const IndexSpec& spec : IvfSpecs(20)) {
    const auto lists = BuildIvf(rows.view(), spec, {}, {});
    ASSERT_OK(lists);
    std::vector<bool> met(2000);
    std::vector<float> scaled(8);
    for (uint32_t list = 0; list < lists->layout.num_lists(); ++list) {
      EXPECT_EQ(lists->layout.code_begins[list] % 64, 0U);
      for (const uint32_t row : lists->rows_of(list)) {
        EXPECT_FALSE(met[row]);
        met[row] = true;
        const float* vector = rows.view().row(row);
        if (spec.metric == Metric::kCosine) {
          codec::Normalise(vector, 8, scaled.data());
          vector = scaled.data();
        }
        uint32_t nearest = 0;
        lists->centroids.Assign({vector, 8, 1}, &nearest, nullptr);
        EXPECT_EQ(nearest, list);
      }
    }
    EXPECT_EQ(std::count(met.begin(), met.end(), true), 2000);
  }
}

TEST(IvfBuilderTest, TheSameFileAtEveryNumberOfThreadsAndAnotherForAnotherSeed) {
  const TestRows rows = GridRows(3000, 8, 9, 2);
  for (const IndexSpec& spec : IvfSpecs(30)) {
    std::string expected;
    for (const int threads : {1, 2, 4}) {
      const auto executor = MakeThreadPool(threads);
      const auto index = BuildIvfIndex(rows.view(), spec, {.executor = executor.get()});
      const auto bytes = GetObject(*WriteFile(*index), TestPath(), 1 << 22);
      ASSERT_OK(bytes);
      if (threads == 1) expected = *bytes;
      EXPECT_TRUE(*bytes == expected) << IvfName(spec) << threads;
    }
  }
  const auto one = BuildIvf(rows.view(), {.params = IvfFlatParams{.nlist = 30, .seed = 1}}, {}, {});
  const auto two = BuildIvf(rows.view(), {.params = IvfFlatParams{.nlist = 30, .seed = 2}}, {}, {});
  EXPECT_NE(std::vector<uint32_t>(one->layout.row_begins),
            std::vector<uint32_t>(two->layout.row_begins));
}

class LineSink final : public LogSink {
 public:
  void Write(LogLevel, std::string_view message) override {
    base::MutexLock lock(&mutex_);
    lines_.emplace_back(message);
  }
  std::vector<std::string> lines() const {
    base::MutexLock lock(&mutex_);
    return lines_;
  }

 private:
  mutable base::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
};

TEST(IvfBuilderTest, TheLogSaysWhatBecameSmaller) {
  LineSink sink;
  const Host host{.log = &sink};
  const TestRows rows = RandomRows(100, 8, 3);
  ASSERT_OK(BuildIvf(rows.view(), {.params = IvfPqParams{.nlist = 64, .m = 4}}, host, {}));
  EXPECT_EQ(sink.lines(), (std::vector<std::string>{"IVF_PQ of 100 rows: nlist 64 became 2",
                                                    "IVF_PQ of 100 rows: nbits 8 became 6"}));
}

TEST(IvfBuilderTest, WhatDoesNotFitTheBudgetIsRefusedAndGivenBack) {
  const TestRows rows = RandomRows(2000, 16, 4);
  for (const IndexSpec& spec : IvfSpecs(20)) {
    for (const uint64_t limit : std::initializer_list<uint64_t>{100, 20000, 100000}) {
      MemoryBudget budget(limit);
      const auto lists = BuildIvf(rows.view(), spec, Host{.budget = &budget}, {});
      if (!lists.ok()) {
        EXPECT_EQ(CodeOf(lists), absl::StatusCode::kResourceExhausted);
        EXPECT_EQ(budget.used_bytes(), 0U);
      }
      EXPECT_TRUE(!lists.ok() || limit > 20000);
    }
    MemoryBudget enough(16 << 20);
    {
      const auto lists = BuildIvf(rows.view(), spec, Host{.budget = &enough}, {});
      ASSERT_OK(lists);
      EXPECT_EQ(enough.used_bytes(), lists->rows.size() + lists->codes.size() +
                                         lists->centroids.memory_bytes() +
                                         lists->codec->memory_bytes() + lists->terms.size());
    }
    EXPECT_EQ(enough.used_bytes(), 0U);
  }
}

TEST(IvfBuilderTest, ACancelledBuildEnds) {
  const TestRows rows = RandomRows(2000, 16, 5);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  for (const IndexSpec& spec : IvfSpecs(20)) {
    EXPECT_EQ(CodeOf(BuildIvf(rows.view(), spec, {}, Context{.cancel = token})),
              absl::StatusCode::kCancelled);
  }
}

}  // namespace
}  // namespace vecdb::index
