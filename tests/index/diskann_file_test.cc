#include "index/diskann_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "index/diskann_testing.h"
#include "vecdb/memory_budget.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

constexpr uint32_t kDiskannFileRows = 150;

std::vector<Candidate> FindOnDisk(const VectorIndex& index, const VectorView& view) {
  std::vector<Candidate> found;
  const RowQuery query{.vector = view.row(3), .k = 10, .mask = {.num_rows = view.num_rows}};
  EXPECT_OK(index.Search(query, {}, &found));
  return found;
}

TEST(DiskannFileTest, ALoadedIndexAnswersAndWritesAsTheOneThatWasBuilt) {
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    for (const uint32_t num_rows : {1U, 5U, 300U}) {
      for (const double cached : {0.0, 0.29}) {
        const TestRows rows = RandomRows(num_rows, 64, 1);
        IndexSpec spec = DiskannSpec(metric, 7);
        std::get<DiskannParams>(spec.params).search_cache_budget = cached;
        const auto built = BuildDiskannIndex(rows.view(), spec);
        const auto store = WriteFile(*built);
        const auto loaded = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), {}, {});
        ASSERT_OK(loaded);
        EXPECT_EQ((*loaded)->spec(), spec);
        // With pages in memory a walk takes other steps.
        if (num_rows > 3 && cached == 0) {
          EXPECT_EQ(FindOnDisk(*built, rows.view()), FindOnDisk(**loaded, rows.view()));
        }
        EXPECT_EQ(ReadSections(*WriteFile(**loaded)), ReadSections(*store));
      }
    }
  }
}

TEST(DiskannFileTest, AnIndexOfNoRowsIsWrittenAndRead) {
  const TestRows none = RandomRows(0, 8, 1);
  const auto built = BuildDiskannIndex(none.view(), DiskannSpec(Metric::kL2));
  const auto store = WriteFile(*built);
  EXPECT_OK(LoadVectorIndex(*OpenFile(*store), none.view(), {}, {}));
}

TEST(DiskannFileTest, EveryTruncatedAndMissingSectionIsDataLoss) {
  const TestRows rows = RandomRows(kDiskannFileRows, 8, 2);
  const auto built = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kL2));
  const Sections sections = ReadSections(*WriteFile(*built));
  ASSERT_EQ(sections.size(), 7U);
  for (const auto& [tag, bytes] : sections) {
    // Files from before there were errors of codes have none: diskann_index_test.cc.
    if (tag != kCodeBoundsTag) {
      Sections without = sections;
      without.erase(tag);
      EXPECT_EQ(CodeOf(LoadSections(without, rows.view())), absl::StatusCode::kDataLoss);
    }
    for (const size_t size : {size_t{0}, bytes.size() / 2, bytes.size() - 1}) {
      Sections shorter = sections;
      shorter[tag] = bytes.substr(0, size);
      EXPECT_EQ(CodeOf(LoadSections(shorter, rows.view())), absl::StatusCode::kDataLoss);
    }
    Sections longer = sections;
    longer[tag].push_back('\0');
    EXPECT_EQ(CodeOf(LoadSections(longer, rows.view())), absl::StatusCode::kDataLoss);
  }
}

TEST(DiskannFileTest, ImpossibleNumbersAreDataLoss) {
  const TestRows rows = RandomRows(kDiskannFileRows, 8, 2);
  const auto built = BuildDiskannIndex(rows.view(), DiskannSpec(Metric::kL2));
  const auto store = WriteFile(*built);
  const Sections sections = ReadSections(*store);
  for (size_t at = 0; at < 7; ++at) {
    for (const uint32_t value : {0U, 1000U, 0xffffffffU}) {
      Sections changed = sections;
      std::memcpy(&changed[kDiskannHeadTag][at * 4], &value, 4);
      const auto loaded = LoadSections(changed, rows.view());
      // The entry may be any row; sections written in another order lie elsewhere.
      if (at == 4 && value == 0) continue;
      EXPECT_EQ(CodeOf(loaded), absl::StatusCode::kDataLoss) << at << " " << value;
    }
  }
  for (const uint32_t place : {kDiskannFileRows, 0U, 1U}) {  // one of them is there twice
    Sections changed = sections;
    uint32_t old = 0;
    std::memcpy(&old, &changed[kDiskannPlacesTag][40], 4);
    if (old == place) continue;
    std::memcpy(&changed[kDiskannPlacesTag][40], &place, 4);
    EXPECT_EQ(CodeOf(LoadSections(changed, rows.view())), absl::StatusCode::kDataLoss);
  }
}

TEST(DiskannFileTest, TheCacheKeepsToItsBudgetAndIsChecked) {
  const TestRows rows = RandomRows(kDiskannFileRows, 64, 2);
  IndexSpec spec = DiskannSpec(Metric::kL2);
  std::get<DiskannParams>(spec.params).search_cache_budget = 0.2;
  const auto built = BuildDiskannIndex(rows.view(), spec);
  const auto store = WriteFile(*built);
  const auto loaded = LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), {}, {});
  ASSERT_OK(loaded);
  const uint64_t cached = PartsOf(**loaded).cache.size();
  EXPECT_LE(cached, kDiskannFileRows * 256 / 5);
  EXPECT_GT(cached + 4096, kDiskannFileRows * 256 / 5);
  SearchCounts counts;
  std::vector<Candidate> found;
  ASSERT_OK((*loaded)->Search(
      {.vector = rows.view().row(0), .mask = {.num_rows = kDiskannFileRows}, .counts = &counts}, {},
      &found));
  EXPECT_GT(counts.page_hits, 0U);
  MemoryBudget budget;
  {
    const auto counted =
        LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()), Host{.budget = &budget}, {});
    ASSERT_OK(counted);
    EXPECT_EQ(budget.used_bytes(), (*counted)->index_bytes());
  }
  MemoryBudget small(10000);
  EXPECT_EQ(CodeOf(LoadVectorIndex(*OpenFile(*store), OnlyInPages(rows.view()),
                                   Host{.budget = &small}, {})),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace vecdb::index
