// The IVF indexes through the doors: a collection, a segment's files, an index of the host's rows.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
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

std::vector<std::pair<int64_t, float>> KeysAndScores(const SearchResult& result) {
  std::vector<std::pair<int64_t, float>> found;
  for (const Hit& hit : result.hits(0)) found.emplace_back(hit.int64_key(), hit.score());
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

}  // namespace
}  // namespace vecdb
