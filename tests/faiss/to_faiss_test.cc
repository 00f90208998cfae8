#include <gtest/gtest.h>

#include <set>

#include "codec/normalise.h"
#include "faiss/faiss_testing.h"

namespace vecdb::faiss {
namespace {

using ToFaissTest = FaissFixture;

constexpr Metric kOurMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};

// As they are to be put to an index of FAISS.
std::vector<float> QueriesFor(Metric metric) {
  std::vector<float> queries = TestQueries();
  if (metric != Metric::kCosine) return queries;
  for (size_t at = 0; at < queries.size(); at += kTestDim) {
    codec::Normalise(&queries[at], kTestDim, &queries[at]);
  }
  return queries;
}

TEST_F(ToFaissTest, FlatAndIvfFlatAnswerTheSame) {
  for (const Metric metric : kOurMetrics) {
    for (const IndexParams& params :
         {IndexParams(FlatParams{}), IndexParams(IvfFlatParams{.nlist = kTestLists})}) {
      const auto built = BuiltHere({.metric = metric, .params = params});
      const auto given = Given(*built);
      EXPECT_EQ(given->ntotal, kTestRows);
      EXPECT_EQ(given->metric_type, TypeOf(metric));
      ExpectSameAnswers(Ask(given.get(), QueriesFor(metric)), Ask(*built));
    }
  }
}

TEST_F(ToFaissTest, HnswWalksTheSameGraph) {
  for (const Metric metric : kOurMetrics) {
    const auto built = BuiltHere({.metric = metric, .params = HnswParams{.m = 8}});
    const auto given = Given(*built);
    const auto exact = BuiltHere({.metric = metric});
    const Answers best = Ask(*exact);
    const Answers theirs = Ask(given.get(), QueriesFor(metric));
    const Answers ours = Ask(*built);
    EXPECT_GE(SharedIds(theirs, ours), 0.99);
    EXPECT_GE(SharedIds(theirs, best), SharedIds(ours, best) - 0.01);
    const auto& hnsw = dynamic_cast<::faiss::IndexHNSWFlat&>(*given).hnsw;
    EXPECT_EQ(hnsw.efConstruction, 200);
    EXPECT_EQ(hnsw.nb_neighbors(0), 16);
  }
}

// The true answers of what the codes stand for: those of the Index that comes back.
TEST_F(ToFaissTest, CodedListsAnswerByTheirCodes) {
  for (const Metric metric : kOurMetrics) {
    for (const IndexParams& params :
         {IndexParams(IvfSq8Params{.nlist = kTestLists}),
          IndexParams(IvfPqParams{.nlist = kTestLists, .m = 8, .nbits = 4}),
          IndexParams(IvfPqParams{.nlist = kTestLists, .m = 8, .nbits = 5}),
          IndexParams(IvfPqParams{.nlist = kTestLists, .m = 8, .nbits = 8})}) {
      const auto built = BuiltHere({.metric = metric, .params = params});
      const auto given = Given(*built);
      const std::vector<float> queries = QueriesFor(metric);
      const FromFaissResult back = Taken(*given);
      ExpectSameAnswers(Ask(given.get(), queries), Ask(*back.index, {}, queries));
    }
  }
}

TEST_F(ToFaissTest, ListsAndCodesComeBackAsTheyWere) {
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    for (const IndexParams& params :
         {IndexParams(IvfFlatParams{.nlist = kTestLists}),
          IndexParams(IvfPqParams{.nlist = kTestLists, .m = 4, .nbits = 3}),
          IndexParams(IvfPqParams{.nlist = kTestLists, .m = 8, .nbits = 4}),
          IndexParams(IvfPqParams{.nlist = kTestLists, .m = 8, .nbits = 7})}) {
      const auto built = BuiltHere({.metric = metric, .params = params});
      const FromFaissResult back = Taken(*Given(*built));
      EXPECT_EQ(back.index->spec(), built->spec());
      EXPECT_TRUE(back.ids.empty());
      const index::IvfLists& before = ListsOf(*built);
      const index::IvfLists& after = ListsOf(*back.index);
      EXPECT_EQ(after.layout.row_begins, before.layout.row_begins);
      EXPECT_TRUE(std::ranges::equal(after.rows.bytes(), before.rows.bytes()));
      EXPECT_TRUE(std::ranges::equal(after.codes.bytes(), before.codes.bytes()));
    }
  }
}

// What a code stands for is the same to the last digits, rows of SQ8 with uniform steps included.
TEST_F(ToFaissTest, CodesStandForTheSameAfterwards) {
  for (const IndexParams& params :
       {IndexParams(IvfSq8Params{.nlist = kTestLists}),
        IndexParams(IvfPqParams{.nlist = kTestLists, .m = 8, .nbits = 8})}) {
    const auto built = BuiltHere({.metric = Metric::kL2, .params = params});
    const FromFaissResult back = Taken(*Given(*built));
    const index::IvfLists& lists = ListsOf(*built);
    std::vector<float> decoded(kTestDim);
    for (size_t list = 0; list < lists.layout.num_lists(); ++list) {
      const auto rows = lists.rows_of(list);
      for (size_t i = 0; i < rows.size(); ++i) {
        lists.codec->Decode(lists.codes_of(list) + i * lists.codec->code_bytes(), 1,
                            decoded.data());
        for (size_t d = 0; d < kTestDim; ++d) {
          if (lists.residuals) decoded[d] += lists.centroids.vector(list)[d];
          ASSERT_NEAR(IndexAccess::StateOf(*back.index).view.row(rows[i])[d], decoded[d], 1e-5);
        }
      }
    }
  }
}

TEST_F(ToFaissTest, WhatCameFromFaissGoesBackAsItWas) {
  const auto graph = Filled(EmptyHnsw(Metric::kL2));
  const auto graph_back = Given(*Taken(*graph).index);
  const auto& hnsw = dynamic_cast<::faiss::IndexHNSWFlat&>(*graph_back).hnsw;
  EXPECT_EQ(hnsw.levels, graph->hnsw.levels);
  EXPECT_EQ(hnsw.offsets, graph->hnsw.offsets);
  EXPECT_EQ(hnsw.neighbors, graph->hnsw.neighbors);
  EXPECT_EQ(hnsw.entry_point, graph->hnsw.entry_point);
  EXPECT_EQ(hnsw.max_level, graph->hnsw.max_level);

  const auto sq8 = Filled(EmptySq8(Metric::kIp));
  const auto sq8_back = Given(*Taken(*sq8).index);
  const auto& back = dynamic_cast<::faiss::IndexIVFScalarQuantizer&>(*sq8_back);
  EXPECT_TRUE(back.by_residual);
  for (size_t list = 0; list < kTestLists; ++list) {
    const size_t size = sq8->invlists->list_size(list);
    ASSERT_EQ(back.invlists->list_size(list), size);
    EXPECT_TRUE(std::equal(back.invlists->get_codes(list),
                           back.invlists->get_codes(list) + size * kTestDim,
                           sq8->invlists->get_codes(list)));
    EXPECT_TRUE(std::equal(back.invlists->get_ids(list), back.invlists->get_ids(list) + size,
                           sq8->invlists->get_ids(list)));
  }
  for (size_t i = 0; i < 2 * kTestDim; ++i) {
    EXPECT_NEAR(back.sq.trained[i], sq8->sq.trained[i], 1e-5);
  }
  const auto pq = Filled(EmptyPq(Metric::kL2, 4, 6, false));
  const auto pq_back = Given(*Taken(*pq).index);
  EXPECT_FALSE(dynamic_cast<::faiss::IndexIVFPQ&>(*pq_back).by_residual);
  EXPECT_EQ(dynamic_cast<::faiss::IndexIVFPQ&>(*pq_back).pq.centroids, pq->pq.centroids);
}

TEST_F(ToFaissTest, IdsMakeAnIdMapThatOwnsAllBelow) {
  std::vector<int64_t> ids(kTestRows);
  for (size_t row = 0; row < ids.size(); ++row) ids[row] = 100 + 2 * static_cast<int64_t>(row);
  for (const IndexParams& params : {IndexParams(FlatParams{}), IndexParams(HnswParams{.m = 8}),
                                    IndexParams(IvfFlatParams{.nlist = kTestLists})}) {
    const auto built = BuiltHere({.metric = Metric::kL2, .params = params});
    const auto given = Given(*built, ids);
    EXPECT_NE(dynamic_cast<::faiss::IndexIDMap*>(given.get()), nullptr);
    EXPECT_GE(SharedIds(Ask(given.get()), Ask(*built, ids)), 0.99);
    const FromFaissResult back = Taken(*given);
    EXPECT_EQ(back.ids, ids);
  }
}

TEST_F(ToFaissTest, BadIdsAreRefused) {
  const auto built = BuiltHere({.metric = Metric::kL2});
  std::vector<int64_t> ids(kTestRows);
  ExpectInvalid(ToFaiss(*built, std::span(ids).first(7)), "7 for 2000 rows");
  ExpectInvalid(ToFaiss(*built, ids), "id 0 occurs twice");
  for (size_t row = 0; row < ids.size(); ++row) ids[row] = static_cast<int64_t>(row) - 1;
  ExpectInvalid(ToFaiss(*built, ids), "id -1 is negative");
}

TEST_F(ToFaissTest, TheResultTakesFurtherVectors) {
  const auto first = std::vector<float>(TestVectors().begin(), TestVectors().end() - kTestDim);
  for (const IndexParams& params :
       {IndexParams(FlatParams{}), IndexParams(HnswParams{.m = 8}),
        IndexParams(IvfFlatParams{.nlist = kTestLists}),
        IndexParams(IvfSq8Params{.nlist = kTestLists}),
        IndexParams(IvfPqParams{.nlist = kTestLists, .m = 8, .nbits = 8})}) {
    const auto built = BuiltHere({.metric = Metric::kL2, .params = params}, first);
    const auto given = Given(*built);
    const float* last = &TestVectors()[first.size()];
    given->add(1, last);
    const Answers answers = Ask(given.get(), {last, last + kTestDim});
    EXPECT_EQ(answers.ids.front(), kTestRows - 1) << built->spec().ToJson();
  }
}

TEST_F(ToFaissTest, EmptyIndexesAndFewRowsAreGiven) {
  for (const size_t rows : {0U, 1U, 50U}) {
    const std::vector<float> few(TestVectors().begin(),
                                 TestVectors().begin() + static_cast<ptrdiff_t>(rows * kTestDim));
    for (const IndexParams& params :
         {IndexParams(FlatParams{}), IndexParams(HnswParams{.m = 8}), IndexParams(IvfFlatParams{}),
          IndexParams(IvfSq8Params{}), IndexParams(IvfPqParams{.m = 4, .nbits = 8})}) {
      const auto built = BuiltHere({.metric = Metric::kL2, .params = params}, few);
      const auto given = Given(*built);
      EXPECT_EQ(given->ntotal, static_cast<int64_t>(rows));
      const Answers answers = Ask(given.get());
      EXPECT_EQ(answers.ids.front() == -1, rows == 0) << built->spec().ToJson();
      EXPECT_EQ(Taken(*given).index->num_rows(), rows);
    }
  }
}

TEST_F(ToFaissTest, TheContextIsHonoured) {
  Context context{.cancel = CancelToken::Make()};
  context.cancel.Cancel();
  EXPECT_EQ(CodeOf(ToFaiss(*BuiltHere({.metric = Metric::kL2}), {}, context)),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace vecdb::faiss
