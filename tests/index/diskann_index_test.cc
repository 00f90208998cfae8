#include "index/diskann_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "index/coded_testing.h"
#include "index/diskann_testing.h"
#include "support/fault_object_store.h"
#include "support/temp_directory.h"
#include "vecdb/executor.h"
#include "vecdb/log.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr uint32_t kDiskannRows = 2000;
constexpr int32_t kDiskannDim = 16;

// An index that was built, and the same read from memory or from a directory, where there are no
// rows but those in its pages.
class DiskannIndexTest : public testing::TestWithParam<Metric> {
 protected:
  DiskannIndexTest()
      : rows_(MixedRows(kDiskannRows, kDiskannDim, 20, 1)),
        queries_(MixedRows(20, kDiskannDim, 20, 2)),
        local_(*OpenLocalObjectStore(directory_.path())) {
    built_ = BuildDiskannIndex(rows_.view(), DiskannSpec(GetParam()));
    memory_ = WriteFile(*built_);
    const auto bytes = GetObject(*memory_, TestPath(), 1 << 30);
    EXPECT_OK(bytes);
    EXPECT_OK(PutObject(*local_, TestPath(), *bytes));
    from_memory_ = Load(*memory_);
    from_disk_ = Load(*local_);
  }

  std::unique_ptr<VectorIndex> Load(ObjectStore& store, const Host& host = {}) const {
    auto loaded = LoadVectorIndex(*OpenFile(store), OnlyInPages(rows_.view()), host, {});
    EXPECT_OK(loaded);
    return *std::move(loaded);
  }

  std::vector<const VectorIndex*> indexes() const {
    return {built_.get(), from_memory_.get(), from_disk_.get()};
  }

  RowQuery QueryOf(uint32_t i, const base::RowMask& mask = {.num_rows = kDiskannRows}) const {
    return {.vector = queries_.view().row(i), .mask = mask};
  }

  std::vector<Candidate> Find(const VectorIndex& index, const RowQuery& query) const {
    std::vector<Candidate> found;
    EXPECT_OK(index.Search(query, {}, &found));
    return found;
  }

  std::vector<Candidate> Expected(const RowQuery& query) const {
    return NaiveSearch(rows_.view(), GetParam(), query.vector, query.mask, query.k, query.order,
                       query.limits);
  }

  const TestRows rows_;
  const TestRows queries_;
  const support::TempDirectory directory_;
  const std::shared_ptr<ObjectStore> local_;
  std::shared_ptr<ObjectStore> memory_;
  std::unique_ptr<VectorIndex> built_;
  std::unique_ptr<VectorIndex> from_memory_;
  std::unique_ptr<VectorIndex> from_disk_;
};

TEST_P(DiskannIndexTest, FindsTheNearestRowsWithTheirTrueDistances) {
  double recall = 0;
  for (uint32_t i = 0; i < 20; ++i) {
    RowQuery query = QueryOf(i);
    query.params = DiskannSearchParams{.search_list = 100};
    const auto found = Find(*from_disk_, query);
    ASSERT_EQ(found.size(), 10U);
    recall += RecallOf(found, Expected(query)) / 20;  // compares distances too
    EXPECT_TRUE(std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) {
      return IsNearer(a, b, nullptr);
    }));
  }
  EXPECT_GE(recall, 0.95);
}

TEST_P(DiskannIndexTest, EveryStoreAndBeamwidthGivesAnAnswerOfItsOwnAndTheSameEachTime) {
  for (const int32_t beamwidth : {1, 3, 8, 128}) {
    for (uint32_t i = 0; i < 20; ++i) {
      RowQuery query = QueryOf(i);
      query.params = DiskannSearchParams{.search_list = 30, .beamwidth = beamwidth};
      const auto found = Find(*built_, query);
      EXPECT_EQ(found.size(), 10U);
      EXPECT_EQ(Find(*from_memory_, query), found);
      EXPECT_EQ(Find(*from_disk_, query), found);
    }
  }
}

TEST_P(DiskannIndexTest, MasksOfEveryDensityGiveAsManyRowsAsThereAre) {
  for (const double share : {0.0, 0.0005, 0.003, 0.02, 0.2, 0.5, 0.9, 0.999}) {
    const auto allowed = RandomBitmap(kDiskannRows, share, 5);
    const base::RowMask mask{.num_rows = kDiskannRows, .allowed = allowed.data()};
    for (const VectorIndex* index : indexes()) {
      double recall = 0;
      for (uint32_t i = 0; i < 10; ++i) {
        RowQuery query = QueryOf(i, mask);
        query.params = DiskannSearchParams{.search_list = 60};
        const auto expected = Expected(query);
        const auto found = Find(*index, query);
        ASSERT_EQ(found.size(), expected.size()) << share;
        std::set<uint32_t> different;
        for (const Candidate& one : found) {
          EXPECT_TRUE(mask.Contains(one.row));
          EXPECT_TRUE(different.insert(one.row).second);
        }
        recall += RecallOf(found, expected) / 10;
      }
      EXPECT_GE(recall, 0.9) << share;
    }
  }
}

TEST_P(DiskannIndexTest, AFilterThatGoesAgainstTheQueryIsAnswered) {
  // The rows of half of the clusters; the query lies in another.
  const auto allowed = BitmapWhere(kDiskannRows, [](uint32_t row) { return row % 20 >= 10; });
  const base::RowMask mask{.num_rows = kDiskannRows, .allowed = allowed.data()};
  double recall = 0;
  for (uint32_t i = 0; i < 10; ++i) {
    RowQuery query = QueryOf(i, mask);
    query.params = DiskannSearchParams{.search_list = 100};
    recall += RecallOf(Find(*from_disk_, query), Expected(query)) / 10;
  }
  EXPECT_GE(recall, 0.9);
}

TEST_P(DiskannIndexTest, LimitsOnDistancesGiveEveryRowWithin) {
  for (uint32_t i = 0; i < 10; ++i) {
    RowQuery query = QueryOf(i);
    query.k = 50;
    const auto nearest = Expected(query);
    for (const size_t last : {size_t{1}, size_t{20}, size_t{49}}) {
      query.limits = {.min_distance = nearest[last / 2].distance,
                      .max_distance = nearest[last].distance};
      query.k = 100;
      for (const VectorIndex* index : indexes()) {
        EXPECT_EQ(Find(*index, query), Expected(query));
      }
      SearchCounts counts;
      query.counts = &counts;
      EXPECT_EQ(Find(*from_disk_, query), Expected(query));
      EXPECT_LT(counts.page_reads, PartsOf(*from_disk_).layout.num_pages() / 2);
      query.counts = nullptr;
    }
  }
}

TEST_P(DiskannIndexTest, WithoutErrorsOfCodesOrMemoryForThemLimitsAreExactAllTheSame) {
  const auto anew = BuildDiskannIndex(rows_.view(), DiskannSpec(GetParam()));
  DiskannParts parts = std::move(static_cast<DiskannIndex&>(*anew)).Release();
  parts.bounds = {};
  const auto old = Load(
      *WriteFile(DiskannIndex(rows_.view(), DiskannSpec(GetParam()), std::move(parts), Host())));
  MemoryBudget budget;
  const auto poor = Load(*memory_, {.budget = &budget});
  for (uint32_t i = 0; i < 5; ++i) {
    RowQuery query = QueryOf(i);
    query.limits.max_distance = Expected(query).back().distance;
    Find(*poor, query);
    budget.SetLimit(budget.used_bytes());
    for (const VectorIndex* index : {old.get(), poor.get()}) {
      SearchCounts counts;
      query.counts = &counts;
      EXPECT_EQ(Find(*index, query), Expected(query));
      EXPECT_EQ(counts.page_reads, PartsOf(*index).layout.num_pages());
    }
    query.counts = nullptr;
    budget.SetLimit(0);
  }
}

TEST_P(DiskannIndexTest, ASearchBehindAPositionIsExact) {
  for (uint32_t i = 0; i < 5; ++i) {
    RowQuery query = QueryOf(i);
    const Behind behind(Expected(query).back());
    query.limits.after = &behind;
    for (const VectorIndex* index : indexes()) {
      EXPECT_EQ(Find(*index, query), Expected(query));
    }
  }
}

TEST_P(DiskannIndexTest, DeletedRowsAreLeftOut) {
  base::DeleteTimes deletes;
  for (uint32_t row = 0; row < kDiskannRows; row += 3) deletes.Set(row, 5);
  const base::RowMask mask{.num_rows = kDiskannRows, .deletes = &deletes};
  for (uint32_t i = 0; i < 10; ++i) {
    for (const Candidate& one : Find(*from_disk_, QueryOf(i, mask))) EXPECT_NE(one.row % 3, 0U);
  }
}

TEST_P(DiskannIndexTest, AllRowsComeWhereAsManyAreWanted) {
  for (const VectorIndex* index : indexes()) {
    RowQuery query = QueryOf(0);
    query.k = 5000;
    EXPECT_EQ(Find(*index, query), Expected(query));
  }
}

TEST_P(DiskannIndexTest, CountsWhatWasRead) {
  SearchCounts counts;
  RowQuery query = QueryOf(0);
  query.counts = &counts;
  Find(*from_disk_, query);
  EXPECT_EQ(counts.plan, SearchPlan::kWalk);
  EXPECT_GT(counts.page_reads, 2U);
  EXPECT_LT(counts.page_reads, 60U);
  EXPECT_EQ(counts.page_hits, 0U);
  EXPECT_EQ(counts.page_bytes, counts.page_reads * 4096);
  EXPECT_GT(counts.page_depth, counts.page_reads);
  EXPECT_GT(counts.nodes, 10U);
  query.params = DiskannSearchParams{.beamwidth = 1};
  Find(*from_disk_, query);
  EXPECT_EQ(counts.page_depth, counts.page_reads);
}

TEST_P(DiskannIndexTest, ARowLeftOutIsNoStepOfTheWalk) {
  RowQuery query = QueryOf(0);
  query.vector = rows_.view().row(17);
  query.left_out = 17;
  const auto found = Find(*from_disk_, query);
  EXPECT_EQ(found.size(), 10U);
}

TEST_P(DiskannIndexTest, ErrorsOfReadsAreErrorsOfTheSearchAndTheNextOneIsFine) {
  const auto injector = std::make_shared<support::FaultInjector>();
  support::FaultObjectStore store(memory_, injector);
  const auto executor = MakeThreadPool(2);
  for (const Host& host : {Host{}, Host{.executor = executor.get()}}) {
    const auto index = Load(store, host);
    for (int nth = 1; nth < 4; ++nth) {
      injector->Arm(
          {.call = "ReadAt", .nth = nth, .sticky = true, .error = absl::UnavailableError("later")});
      std::vector<Candidate> found;
      EXPECT_EQ(CodeOf(index->Search(QueryOf(0), {}, &found)), absl::StatusCode::kUnavailable);
      injector->Disarm();
      EXPECT_EQ(Find(*index, QueryOf(0)), Find(*built_, QueryOf(0)));
    }
  }
}

class DiskannLog final : public LogSink {
 public:
  void Write(LogLevel, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

TEST_P(DiskannIndexTest, ADamagedPageIsReportedAndSearchedAround) {
  // All pages, so that every walk comes by one.
  std::string bytes = *GetObject(*memory_, TestPath(), 1 << 30);
  const auto file = OpenFile(*memory_);
  const uint64_t begin = (file->Find(kDiskannPagesTag)->offset + 4095) / 4096 * 4096;
  for (uint64_t at = begin + 100; at < begin + PartsOf(*from_disk_).layout.file_bytes();
       at += 4096) {
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
  }
  const auto damaged = MakeMemoryObjectStore();
  ASSERT_OK(PutObject(*damaged, TestPath(), bytes));
  DiskannLog log;
  const auto alone = Load(*damaged, {.log = &log});
  std::vector<Candidate> found;
  EXPECT_EQ(CodeOf(alone->Search(QueryOf(0), {}, &found)), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(log.lines.empty());
  // Where the rows can be read elsewhere, the answer is exact.
  const ArrayReader reader(rows_);
  const auto beside = LoadVectorIndex(*OpenFile(*damaged), reader.view(), {.log = &log}, {});
  ASSERT_OK(beside);
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(Find(**beside, QueryOf(i)), Expected(QueryOf(i)));
  }
  EXPECT_EQ(log.lines.size(), 1U);
}

TEST_P(DiskannIndexTest, AFileThatIsRemovedUnderAnIndexIsReadOn) {
  const auto before = Find(*from_disk_, QueryOf(0));
  ASSERT_OK(local_->Delete(TestPath()));
  EXPECT_EQ(Find(*from_disk_, QueryOf(0)), before);
}

TEST_P(DiskannIndexTest, DeadlineAndCancellationEndASearch) {
  std::vector<Candidate> found;
  EXPECT_EQ(
      CodeOf(from_disk_->Search(QueryOf(0), Context::WithTimeout(absl::ZeroDuration()), &found)),
      absl::StatusCode::kDeadlineExceeded);
  const CancelToken token = CancelToken::Make();
  token.Cancel();
  EXPECT_EQ(CodeOf(from_disk_->Search(QueryOf(0), {.cancel = token}, &found)),
            absl::StatusCode::kCancelled);
}

INSTANTIATE_TEST_SUITE_P(Metrics, DiskannIndexTest,
                         testing::Values(Metric::kL2, Metric::kIp, Metric::kCosine),
                         [](const auto& metric) { return std::string(MetricName(metric.param)); });

TEST(DiskannIndexEdgeTest, FewRowsAndEqualRowsComeAll) {
  for (const uint32_t num_rows : {1U, 2U, 9U, 200U}) {
    for (const bool equal : {false, true}) {
      const TestRows rows = equal ? TestRows(std::vector<float>(num_rows * size_t{8}, 0.25f), 8)
                                  : RandomRows(num_rows, 8, 4);
      const auto built = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kL2));
      const auto store = WriteFile(*built);
      const auto loaded = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), {}, {});
      ASSERT_OK(loaded);
      for (const uint32_t k : {1U, 10U, 300U}) {
        std::vector<Candidate> found;
        ASSERT_OK((*loaded)->Search(
            {.vector = rows.view().row(0), .k = k, .mask = {.num_rows = num_rows}}, {}, &found));
        EXPECT_EQ(found.size(), std::min(k, num_rows)) << num_rows << equal;
        EXPECT_EQ(found[0].distance, 0);
      }
    }
  }
}

TEST(DiskannIndexEdgeTest, VectorsThatFillPagesAndMore) {
  for (const int32_t dim : {1, 2, 3, 1000, 1100, 2500}) {
    const TestRows rows = RandomRows(60, dim, 4);
    const auto built = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kCosine));
    const auto store = WriteFile(*built);
    const auto loaded = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), {}, {});
    ASSERT_OK(loaded);
    const RowQuery query{.vector = rows.view().row(7), .k = 60, .mask = {.num_rows = 60}};
    std::vector<Candidate> found;
    ASSERT_OK((*loaded)->Search(query, {}, &found));
    EXPECT_EQ(found, NaiveSearch(rows.view(), Metric::kCosine, query.vector, query.mask, 60))
        << dim;
  }
}

}  // namespace
}  // namespace vecdb::index
