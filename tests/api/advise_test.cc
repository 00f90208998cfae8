#include "vecdb/advise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <variant>
#include <vector>

#include "support/status_testing.h"
#include "vecdb/index.h"

namespace vecdb {
namespace {

using support::CodeOf;

constexpr uint64_t kMillion = 1'000'000;

std::vector<std::string> TypesOf(const std::vector<Advice>& advices) {
  std::vector<std::string> types;
  for (const Advice& advice : advices) {
    types.emplace_back(advice.spec.type_name());
    if (advice.load_mode == LoadMode::kMap) types.back() += " mapped";
  }
  return types;
}

TEST(AdviseTest, TheFastestThatFitsComesFirst) {
  const auto plenty = Advise({.num_rows = kMillion, .dim = 128});
  ASSERT_OK(plenty);
  EXPECT_EQ(TypesOf(*plenty), (std::vector<std::string>{"HNSW", "HNSW", "IVF_SQ8", "DISKANN",
                                                        "IVF_PQ", "DISKANN", "HNSW mapped"}));
  uint64_t needed_before = std::numeric_limits<uint64_t>::max();
  for (const Advice& advice : *plenty) {
    // One byte less than each needs leaves it out.
    const uint64_t needed = advice.loaded_bytes + advice.build_bytes;
    EXPECT_LT(advice.loaded_bytes, needed_before);
    needed_before = advice.loaded_bytes;
    EXPECT_GT(needed, 0u);
    EXPECT_FALSE(advice.reason.empty());
    EXPECT_EQ(advice.expected_recall, 0.95);
    EXPECT_GT(advice.build_seconds, 0);
  }
}

TEST(AdviseTest, LittleMemoryLeavesWhatIsSmall) {
  const auto some = Advise({.num_rows = 10 * kMillion, .dim = 768, .memory_bytes = 12ULL << 30});
  ASSERT_OK(some);
  EXPECT_EQ(TypesOf(*some),
            (std::vector<std::string>{"DISKANN", "IVF_SQ8", "IVF_PQ", "DISKANN", "HNSW mapped"}));
  const auto little = Advise({.num_rows = 10 * kMillion, .dim = 768, .memory_bytes = 4ULL << 30});
  ASSERT_OK(little);
  EXPECT_EQ(TypesOf(*little),
            (std::vector<std::string>{"DISKANN", "IVF_PQ", "DISKANN", "HNSW mapped"}));
  const auto least = Advise({.num_rows = 100 * kMillion, .dim = 768, .memory_bytes = 2ULL << 30});
  ASSERT_OK(least);
  EXPECT_EQ(TypesOf(*least), std::vector<std::string>{"HNSW mapped"});
  for (const auto& advices : {*some, *little, *least}) {
    for (const Advice& advice : advices) {
      EXPECT_LE(advice.loaded_bytes + advice.build_bytes, 12ULL << 30);
      EXPECT_OK(advice.spec.Validate(768));
    }
  }
}

const DiskannParams& OnDiskParams(const Advice& advice) {
  return std::get<DiskannParams>(advice.spec.params);
}

TEST(AdviseTest, OnDiskComesBeforeListsOnceTheVectorsDoNotFit) {
  const uint64_t vector_bytes = 10 * kMillion * 768 * 4;
  const auto types = [](uint64_t memory_bytes) {
    return TypesOf(*Advise({.num_rows = 10 * kMillion, .dim = 768, .memory_bytes = memory_bytes}));
  };
  EXPECT_EQ(types(vector_bytes), (std::vector<std::string>{"HNSW", "HNSW", "IVF_SQ8", "DISKANN",
                                                           "IVF_PQ", "DISKANN", "HNSW mapped"}));
  EXPECT_EQ(types(vector_bytes - 1),
            (std::vector<std::string>{"HNSW", "HNSW", "DISKANN", "IVF_SQ8", "IVF_PQ", "DISKANN",
                                      "HNSW mapped"}));
}

TEST(AdviseTest, OnDiskTakesWhatItSaysAndNotAByteMore) {
  AdviseRequest request{.num_rows = 2 * kMillion, .dim = 64, .on_disk = true};
  const auto fits = [&request](uint64_t memory_bytes) {
    request.memory_bytes = memory_bytes;
    const auto advices = Advise(request);
    return advices.ok() && OnDiskParams(advices->front()).pq_code_budget > 0.07;
  };
  uint64_t too_little = 100 << 20;
  uint64_t enough = 500 << 20;
  ASSERT_FALSE(fits(too_little));
  ASSERT_TRUE(fits(enough));
  while (too_little + 1 < enough) {
    const uint64_t middle = (too_little + enough) / 2;
    (fits(middle) ? enough : too_little) = middle;
  }
  request.memory_bytes = enough;
  const auto advices = Advise(request);
  ASSERT_OK(advices);
  EXPECT_EQ(TypesOf(*advices), (std::vector<std::string>{"DISKANN", "DISKANN", "HNSW mapped"}));
  const Advice& first = advices->front();
  EXPECT_EQ(first.loaded_bytes + first.build_bytes, enough);
  EXPECT_EQ(OnDiskParams(first).search_cache_budget, 0);
  EXPECT_LT(advices->at(1).loaded_bytes, first.loaded_bytes);
  EXPECT_GT(std::get<DiskannSearchParams>(advices->at(1).params).search_list,
            std::get<DiskannSearchParams>(first.params).search_list);
}

TEST(AdviseTest, WhatIsLeftOfTheMemoryIsTheCacheOfAnIndexOnDiskUpToATenth) {
  AdviseRequest request{.num_rows = 2 * kMillion, .dim = 64, .on_disk = true};
  double before = 0;
  for (const uint64_t mebibytes : {260U, 280U, 300U, 500U, 0U}) {
    request.memory_bytes = mebibytes << 20;
    const auto advices = Advise(request);
    ASSERT_OK(advices);
    const Advice& first = advices->front();
    EXPECT_GE(OnDiskParams(first).search_cache_budget, before);
    before = OnDiskParams(first).search_cache_budget;
    if (mebibytes > 0) {
      EXPECT_LE(first.loaded_bytes + first.build_bytes, request.memory_bytes);
    }
    EXPECT_OK(first.spec.Validate(64));
  }
  EXPECT_EQ(before, 0.1);
}

TEST(AdviseTest, OnDiskIsLeftOutWhereCodesCannotBeFine) {
  const auto has_disk = [](int32_t dim) {
    const std::vector<std::string> types = TypesOf(*Advise({.num_rows = kMillion, .dim = dim}));
    return std::find(types.begin(), types.end(), "DISKANN") != types.end();
  };
  for (const int32_t dim : {2, 8, 9, 96, 100, 4096, 32768}) EXPECT_TRUE(has_disk(dim)) << dim;
  for (const int32_t dim : {1, 25, 37}) EXPECT_FALSE(has_disk(dim)) << dim;
}

TEST(AdviseTest, OnDiskMapsTheRowsThatAreAllCompared) {
  const auto advices =
      Advise({.num_rows = kMillion, .dim = 32, .target_recall = 1, .on_disk = true});
  ASSERT_OK(advices);
  EXPECT_EQ(TypesOf(*advices), std::vector<std::string>{"FLAT mapped"});
}

TEST(AdviseTest, WhatCannotBeIsRefusedWithTheFigures) {
  const auto none = Advise({.num_rows = 100 * kMillion, .dim = 768, .memory_bytes = 100 << 20});
  EXPECT_EQ(CodeOf(none), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(none.status().message().find("104857600"), std::string::npos) << none.status();
  EXPECT_NE(none.status().message().find("the least takes"), std::string::npos);
  for (const AdviseRequest& bad :
       {AdviseRequest{.num_rows = 0, .dim = 8},
        AdviseRequest{.num_rows = (1ULL << 40) + 1, .dim = 8},
        AdviseRequest{.num_rows = 1, .dim = 0}, AdviseRequest{.num_rows = 1, .dim = 32769},
        AdviseRequest{.num_rows = 1, .dim = 8, .target_recall = 0},
        AdviseRequest{.num_rows = 1, .dim = 8, .target_recall = 1.01},
        AdviseRequest{.num_rows = 1, .dim = 8, .k = 0},
        AdviseRequest{.num_rows = 1, .dim = 8, .k = 16385},
        AdviseRequest{.num_rows = 1, .dim = 8, .num_threads = 0},
        AdviseRequest{.num_rows = 1, .dim = 8, .num_threads = 1025}}) {
    EXPECT_EQ(CodeOf(Advise(bad)), absl::StatusCode::kInvalidArgument);
  }
}

TEST(AdviseTest, FewRowsAndExactAnswersNeedNoIndex) {
  for (const AdviseRequest& request :
       {AdviseRequest{.num_rows = 2000, .dim = 32},
        AdviseRequest{.num_rows = kMillion, .dim = 32, .target_recall = 1}}) {
    const auto advices = Advise(request);
    ASSERT_OK(advices);
    ASSERT_EQ(advices->size(), 1u);
    EXPECT_TRUE(std::holds_alternative<FlatParams>(advices->front().spec.params));
    EXPECT_EQ(advices->front().expected_recall, 1);
  }
}

TEST(AdviseTest, MoreRecallRowsAndResultsNeedWiderSearches) {
  const auto ef = [](const AdviseRequest& request) {
    return std::get<HnswSearchParams>(Advise(request)->front().params).ef;
  };
  const AdviseRequest request{.num_rows = 100'000, .dim = 128};
  AdviseRequest better = request;
  better.target_recall = 0.99;
  AdviseRequest larger = request;
  larger.num_rows *= 64;
  AdviseRequest longer = request;
  longer.k = 100;
  EXPECT_LT(ef(request), ef(better));
  EXPECT_LT(ef(request), ef(larger));
  EXPECT_EQ(ef(request) + 90, ef(longer));
}

// On data like that of the fit every advice holds what it promises.
TEST(AdviseTest, AdvicesHoldTheirRecall) {
  constexpr size_t kRows = 10'000;
  constexpr size_t kDim = 64;
  std::mt19937 random(7);
  std::normal_distribution<float> noise;
  std::vector<float> centres(50 * kDim);
  for (float& value : centres) value = 2 * noise(random);
  const auto draw = [&](size_t count) {
    std::vector<float> rows(count * kDim);
    for (size_t i = 0; i < count; ++i) {
      const size_t centre = random() % 50;
      for (size_t d = 0; d < kDim; ++d)
        rows[i * kDim + d] = centres[centre * kDim + d] + noise(random);
    }
    return rows;
  };
  const std::vector<float> rows = draw(kRows);
  const std::vector<float> queries = draw(100);
  const auto answers = [&](const Index& index, const SearchParams& params) {
    return *index.Search({.vectors = queries, .k = 10, .params = params});
  };
  const auto flat = IndexBuilder(kDim, {.metric = Metric::kL2}).Build(rows, RowStorage::kView);
  ASSERT_OK(flat);
  const Neighbors exact = answers(**flat, {});
  const auto advices = Advise({.num_rows = kRows, .dim = kDim, .target_recall = 0.95});
  ASSERT_OK(advices);
  for (const Advice& advice : *advices) {
    const auto index = IndexBuilder(kDim, advice.spec).Build(rows, RowStorage::kView);
    ASSERT_OK(index);
    const Neighbors found = answers(**index, advice.params);
    size_t right = 0;
    for (size_t query = 0; query < 100; ++query) {
      std::set<uint32_t> truth;
      for (const Neighbor& neighbor : exact.of(query)) truth.insert(neighbor.row);
      for (const Neighbor& neighbor : found.of(query)) right += truth.count(neighbor.row);
    }
    EXPECT_GE(static_cast<double>(right) / 1000, 0.95) << advice.spec.ToJson();
  }
}

}  // namespace
}  // namespace vecdb
