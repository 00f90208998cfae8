// The IVF indexes through the doors: a collection, a segment's files, an index of the host's rows.

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/store_testing.h"
#include "support/test_database.h"

namespace vecdb {
namespace {

using support::GridVector;
using support::Ids;
using support::TaggedRows;
using support::TaggedSchema;
using support::TestDatabase;

constexpr size_t kIvfApiRows = 3000;

std::vector<IndexSpec> IvfApiSpecs() {
  std::vector<IndexSpec> specs;
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    specs.push_back({.metric = metric, .params = IvfFlatParams{.nlist = 32}});
    specs.push_back({.metric = metric, .params = IvfSq8Params{.nlist = 32}});
    specs.push_back({.metric = metric, .params = IvfPqParams{.nlist = 32, .nbits = 4}});
    specs.push_back({.metric = metric, .params = IvfPqParams{.nlist = 32, .m = 4, .nbits = 8}});
  }
  return specs;
}

// Borrows the vector.
SearchRequest NearestTo(const std::vector<float>& vector, const SearchParams& params) {
  SearchRequest request;
  request.field = "v";
  request.vectors = vector;
  request.limit = 10;
  request.params = params;
  return request;
}

std::vector<std::pair<int64_t, float>> KeysAndScores(const SearchResult& result, size_t query = 0) {
  std::vector<std::pair<int64_t, float>> found;
  for (const Hit& hit : result.hits(query)) found.emplace_back(hit.int64_key(), hit.score());
  return found;
}

TEST(IvfApiTest, ACollectionAnswersAsWithoutAnIndexWhenEverythingIsRead) {
  const Schema schema = TaggedSchema(8);
  const std::vector<float> vector = GridVector(7, 8);
  for (const IndexSpec& spec : IvfApiSpecs()) {
    const bool is_flat = std::holds_alternative<IvfFlatParams>(spec.params);
    const SearchParams everything =
        IvfSearchParams{.nprobe = 65536, .refine_k = is_flat ? 0.0f : 1000.0f};
    TestDatabase db;
    auto collection = db->CreateCollection("docs", schema);
    ASSERT_OK(collection);
    ASSERT_OK((*collection)->Insert(TaggedRows(schema, Ids(0, kIvfApiRows), "a")));
    ASSERT_OK((*collection)->Insert(TaggedRows(schema, Ids(kIvfApiRows, 40), "b")));
    ASSERT_OK((*collection)->Flush());
    ASSERT_OK((*collection)->CreateIndex("v", spec));
    db.executor.RunAll();
    ASSERT_OK((*collection)->WaitForIndex("v"));
    ASSERT_OK((*collection)->Delete(std::vector<int64_t>{7, 8}));

    TestDatabase plain;
    auto exact = plain->CreateCollection("docs", schema);
    ASSERT_OK(exact);
    ASSERT_OK((*exact)->Insert(TaggedRows(schema, Ids(0, kIvfApiRows), "a")));
    ASSERT_OK((*exact)->Insert(TaggedRows(schema, Ids(kIvfApiRows, 40), "b")));
    ASSERT_OK((*exact)->CreateIndex("v", {.metric = spec.metric}));
    ASSERT_OK((*exact)->Delete(std::vector<int64_t>{7, 8}));

    for (const bool reopened : {false, true}) {
      if (reopened) {
        db.Reopen();
        collection = db->OpenCollection("docs");
        ASSERT_OK(collection);
      }
      ASSERT_OK((*collection)->Load());
      ASSERT_OK((*exact)->Load());
      for (const char* filter : {"", R"(tag == "b")", "id < 2000"}) {
        SearchRequest request = NearestTo(vector, everything);
        SearchRequest flat = NearestTo(vector, {});
        request.filter = flat.filter = filter;
        const auto found = (*collection)->Search(request);
        const auto expected = (*exact)->Search(flat);
        ASSERT_OK(found) << spec.ToJson();
        ASSERT_OK(expected);
        EXPECT_EQ(KeysAndScores(*found), KeysAndScores(*expected)) << spec.ToJson() << filter;
      }
      auto description = (*collection)->Describe();
      ASSERT_OK(description);
      EXPECT_EQ(description->indexes[0].spec, spec);
    }
  }
}

TEST(IvfApiTest, ABatchAnswersAsItsQueriesDoAndLooksAtNoMore) {
  const Schema schema = TaggedSchema(8);
  constexpr size_t kQueries = 70;  // more than are answered at once
  std::vector<float> queries;
  for (size_t i = 0; i < kQueries; ++i) {
    const std::vector<float> vector = GridVector(static_cast<int64_t>(i * 31), 8);
    queries.insert(queries.end(), vector.begin(), vector.end());
  }
  for (const IndexSpec& spec : IvfApiSpecs()) {
    TestDatabase db;
    auto collection = db->CreateCollection("docs", schema);
    ASSERT_OK(collection);
    ASSERT_OK((*collection)->CreateIndex("v", spec));
    for (int64_t segment = 0; segment < 2; ++segment) {
      ASSERT_OK((*collection)->Insert(TaggedRows(schema, Ids(segment * 1500, 1500), "a")));
      ASSERT_OK((*collection)->Flush());
    }
    db.executor.RunAll();
    ASSERT_OK((*collection)->WaitForIndex("v"));
    ASSERT_OK((*collection)->Load());
    ASSERT_OK((*collection)->Insert(TaggedRows(schema, Ids(3000, 50), "b")));  // growing
    for (const char* filter : {"", "id % 2 == 0", "id < 30"}) {
      SearchRequest request = NearestTo(queries, IvfSearchParams{.nprobe = 3});
      request.filter = filter;
      request.offset = 2;
      const auto together = (*collection)->Search(request);
      ASSERT_OK(together);
      ASSERT_EQ(together->num_queries(), kQueries);
      uint64_t distances = 0;
      for (size_t i = 0; i < kQueries; ++i) {
        request.vectors = std::span(queries).subspan(i * 8, 8);
        const auto alone = (*collection)->Search(request);
        ASSERT_OK(alone);
        EXPECT_EQ(KeysAndScores(*together, i), KeysAndScores(*alone)) << spec.ToJson() << i;
        for (const SegmentSearchStats& segment : alone->stats().segments) {
          distances += segment.distances;
        }
      }
      for (const SegmentSearchStats& segment : together->stats().segments) {
        distances -= segment.distances;
      }
      EXPECT_EQ(distances, 0U) << spec.ToJson() << filter;
    }
  }
}

TEST(IvfApiTest, AnIndexIsSavedAndLoadedWithAndWithoutItsRows) {
  std::vector<float> rows;
  for (int64_t id = 0; id < 2000; ++id) {
    const std::vector<float> vector = GridVector(id, 8);
    rows.insert(rows.end(), vector.begin(), vector.end());
  }
  const std::vector<float> query(rows.begin(), rows.begin() + 8);
  for (const IndexSpec& spec : IvfApiSpecs()) {
    const auto index = IndexBuilder(8, spec).Build(rows);
    ASSERT_OK(index);
    const auto before = (*index)->Search({.vectors = query});
    ASSERT_OK(before);
    for (const bool include_rows : {true, false}) {
      const auto store = MakeMemoryObjectStore();
      const ObjectPath path = *ObjectPath::Parse("a.idx");
      ASSERT_OK((*index)->Save(*store, path, {.include_rows = include_rows}));
      const auto loaded =
          Index::Load(*store, path, {}, include_rows ? std::span<const float>() : rows);
      ASSERT_OK(loaded) << spec.ToJson();
      EXPECT_EQ((*loaded)->spec(), spec);
      const auto after = (*loaded)->Search({.vectors = query});
      ASSERT_OK(after);
      EXPECT_EQ(after->rows, before->rows);
    }
  }
}

TEST(IvfApiTest, WrongSearchesAreRefusedAndSayWhy) {
  std::vector<float> rows;
  for (int64_t id = 0; id < 500; ++id) {
    const std::vector<float> vector = GridVector(id, 8);
    rows.insert(rows.end(), vector.begin(), vector.end());
  }
  const std::vector<float> query(8, 1);
  const std::vector<float> nan(8, std::numeric_limits<float>::quiet_NaN());
  for (const IndexSpec& spec : IvfApiSpecs()) {
    const auto index = IndexBuilder(8, spec).Build(rows);
    ASSERT_OK(index);
    const auto refuses = [&](const SearchParams& params, std::string_view what) {
      const auto found = (*index)->Search({.vectors = query, .params = params});
      EXPECT_EQ(found.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_NE(std::string(found.status().message()).find(what), std::string::npos)
          << found.status();
    };
    refuses(IvfSearchParams{.nprobe = 0}, "nprobe is 0");
    refuses(IvfSearchParams{.nprobe = 65537}, "nprobe is 65537");
    refuses(IvfSearchParams{.refine_k = 0.5f}, "refine_k is 0.5");
    refuses(IvfSearchParams{.refine_k = 1001}, "refine_k is 1001");
    refuses(IvfSearchParams{.refine_k = std::numeric_limits<float>::quiet_NaN()}, "refine_k");
    refuses(HnswSearchParams{.ef = 64}, "HNSW");
    if (std::holds_alternative<IvfFlatParams>(spec.params)) {
      refuses(IvfSearchParams{.refine_k = 2}, "refine_k is 2");
    }
    EXPECT_EQ((*index)->Search({.vectors = nan}).status().code(),
              absl::StatusCode::kInvalidArgument);
    EXPECT_OK((*index)->Search({.vectors = query, .params = IvfSearchParams{.nprobe = 65536}}));
  }
}

TEST(IvfApiTest, ConstantDimensionsGiveAWorkingIndex) {
  std::vector<float> rows;
  for (int64_t id = 0; id < 500; ++id) {
    std::vector<float> vector = GridVector(id, 8);
    for (size_t d = 0; d < 6; ++d) vector[d] = 0.3f;
    rows.insert(rows.end(), vector.begin(), vector.end());
  }
  const std::vector<float> query(rows.begin(), rows.begin() + 8);
  for (const IndexSpec& spec : IvfApiSpecs()) {
    const auto index = IndexBuilder(8, spec).Build(rows);
    ASSERT_OK(index);
    const auto exact = IndexBuilder(8, {.metric = spec.metric}).Build(rows);
    ASSERT_OK(exact);
    const auto found =
        (*index)->Search({.vectors = query, .params = IvfSearchParams{.nprobe = 65536}});
    const auto expected = (*exact)->Search({.vectors = query});
    ASSERT_OK(found);
    ASSERT_OK(expected);
    EXPECT_EQ(found->rows.front().score, expected->rows.front().score) << spec.ToJson();
    EXPECT_EQ(found->rows.size(), 10U);
  }
}

}  // namespace
}  // namespace vecdb
