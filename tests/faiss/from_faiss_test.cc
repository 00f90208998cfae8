#include <gtest/gtest.h>

#include <limits>

#include <faiss/IndexLSH.h>

#include "faiss/faiss_testing.h"
#include "vecdb/schema.h"

namespace vecdb::faiss {
namespace {

using FromFaissTest = FaissFixture;

constexpr Metric kFaissMetrics[] = {Metric::kL2, Metric::kIp};
constexpr float kNotANumber = std::numeric_limits<float>::quiet_NaN();

TEST_F(FromFaissTest, FlatAnswersTheSame) {
  for (const Metric metric : kFaissMetrics) {
    const auto flat = Filled(EmptyFlat(metric));
    const FromFaissResult taken = Taken(*flat);
    EXPECT_EQ(taken.index->spec(), (IndexSpec{.metric = metric}));
    EXPECT_EQ(taken.index->dim(), kTestDim);
    EXPECT_EQ(taken.index->num_rows(), kTestRows);
    EXPECT_TRUE(taken.ids.empty());
    const Answers theirs = Ask(flat.get());
    const Answers ours = Ask(*taken.index);
    EXPECT_EQ(ours.ids, theirs.ids);
    ExpectSameAnswers(ours, theirs);
  }
}

TEST_F(FromFaissTest, HnswWalksTheSameGraph) {
  for (const Metric metric : kFaissMetrics) {
    const auto hnsw = Filled(EmptyHnsw(metric));
    const FromFaissResult taken = Taken(*hnsw);
    EXPECT_EQ(taken.index->spec(),
              (IndexSpec{.metric = metric,
                         .params = HnswParams{
                             .m = 8, .ef_construction = 40, .codec = HnswCodec::kFloat32}}));
    EXPECT_GE(SharedIds(Ask(*taken.index), Ask(hnsw.get())), 0.995);
    const auto flat = Filled(EmptyFlat(metric));
    const Answers exact = Ask(flat.get());
    const double theirs = SharedIds(Ask(hnsw.get()), exact);
    EXPECT_GE(SharedIds(Ask(*taken.index), exact), theirs - 0.005);
  }
}

TEST_F(FromFaissTest, IvfFlatAnswersTheSame) {
  for (const Metric metric : kFaissMetrics) {
    const auto ivf = Filled(EmptyIvfFlat(metric));
    const FromFaissResult taken = Taken(*ivf);
    EXPECT_EQ(taken.index->spec(),
              (IndexSpec{.metric = metric, .params = IvfFlatParams{.nlist = kTestLists}}));
    ExpectSameAnswers(Ask(*taken.index), Ask(ivf.get()));
  }
}

TEST_F(FromFaissTest, Sq8AnswersTheSameWithResidualsAndWithout) {
  for (const Metric metric : kFaissMetrics) {
    for (const bool by_residual : {true, false}) {
      for (const auto type :
           {::faiss::ScalarQuantizer::QT_8bit, ::faiss::ScalarQuantizer::QT_8bit_uniform}) {
        const auto ivf = Filled(EmptySq8(metric, by_residual, type));
        const FromFaissResult taken = Taken(*ivf);
        EXPECT_EQ(taken.index->spec(),
                  (IndexSpec{.metric = metric, .params = IvfSq8Params{.nlist = kTestLists}}));
        ExpectSameAnswers(Ask(*taken.index), Ask(ivf.get()));
      }
    }
  }
}

TEST_F(FromFaissTest, PqAnswersTheSameForAnyNumberOfBits) {
  for (const Metric metric : kFaissMetrics) {
    for (const size_t nbits : {1U, 4U, 5U, 8U}) {
      for (const bool by_residual : {true, false}) {
        const auto ivf = Filled(EmptyPq(metric, 8, nbits, by_residual));
        const FromFaissResult taken = Taken(*ivf);
        const Answers theirs = Ask(ivf.get());
        const Answers ours = Ask(*taken.index);
        if (nbits > 3) {
          ExpectSameAnswers(ours, theirs);
        } else {  // whole crowds of rows have the same code
          for (size_t i = 0; i < ours.ids.size(); ++i) {
            ASSERT_TRUE(NearlyEqual(ours.scores[i], theirs.scores[i])) << nbits << " bits";
          }
        }
      }
    }
  }
}

TEST_F(FromFaissTest, AnOddNumberOfPartsIsTaken) {
  const std::vector<float> rows = index::MixedRows(2000, 15, 20, 3).values();
  const std::vector<float> queries = index::MixedRows(20, 15, 20, 4).values();
  for (const size_t nbits : {4U, 5U}) {
    ::faiss::IndexFlatL2 quantizer(15);
    ::faiss::IndexIVFPQ ivf(&quantizer, 15, 4, 5, nbits);
    ivf.pq.cp.min_points_per_centroid = 1;
    ivf.train(2000, rows.data());
    ivf.add(2000, rows.data());
    ExpectSameAnswers(Ask(*Taken(ivf).index, {}, queries), Ask(&ivf, queries));
  }
}

TEST_F(FromFaissTest, RowsOfTheHostAreViewedAndMakeAnswersBetter) {
  const auto ivf = Filled(EmptyPq(Metric::kL2, 4, 4));
  const FromFaissResult taken = Taken(*ivf, {.rows = TestVectors()});
  EXPECT_EQ(IndexAccess::StateOf(*taken.index).view.rows, TestVectors().data());
  EXPECT_EQ(taken.index->memory_bytes(), taken.index->index_bytes());
  const auto flat = Filled(EmptyFlat(Metric::kL2));
  const Answers exact = Ask(flat.get());
  EXPECT_GT(SharedIds(Ask(*taken.index), exact), SharedIds(Ask(ivf.get()), exact) + 0.1);
}

TEST_F(FromFaissTest, RowsThatAreNotThoseOfTheIndexAreRefused) {
  std::vector<float> other = TestVectors();
  other[700 * kTestDim + 3] += 1;
  const std::span<const float> shorter = std::span(other).subspan(kTestDim);
  const auto flat = Filled(EmptyFlat(Metric::kL2));
  const auto hnsw = Filled(EmptyHnsw(Metric::kL2));
  const auto ivf = Filled(EmptyIvfFlat(Metric::kL2));
  for (const ::faiss::Index* index :
       {static_cast<::faiss::Index*>(flat.get()), static_cast<::faiss::Index*>(hnsw.get()),
        static_cast<::faiss::Index*>(ivf.get())}) {
    EXPECT_OK(FromFaiss(*index, {.rows = TestVectors()}));
    ExpectInvalid(FromFaiss(*index, {.rows = other}), "row 700 differs");
    ExpectInvalid(FromFaiss(*index, {.rows = shorter}), "are not 2000 rows");
  }
  const auto pq = Filled(EmptyPq(Metric::kL2, 4, 4));
  ExpectInvalid(FromFaiss(*pq, {.rows = shorter}), "are not 2000 rows");
  other[5] = kNotANumber;
  ExpectInvalid(FromFaiss(*pq, {.rows = other}), "row 0 has NaN");
}

TEST_F(FromFaissTest, AnIdMapGivesItsIds) {
  std::vector<int64_t> ids(kTestRows);
  for (size_t row = 0; row < ids.size(); ++row) {
    ids[row] = static_cast<int64_t>((row * 7919) % kTestRows * 1000000007);
  }
  for (const bool two_way : {false, true}) {
    const auto inner = EmptyIvfFlat(Metric::kL2);
    ::faiss::IndexIDMap one(inner.get());
    ::faiss::IndexIDMap2 two(inner.get());
    ::faiss::IndexIDMap& map = two_way ? two : one;
    map.train(kTestRows, TestVectors().data());
    map.add_with_ids(kTestRows, TestVectors().data(), ids.data());
    const FromFaissResult taken = Taken(map);
    EXPECT_EQ(taken.ids, ids);
    ExpectSameAnswers(Ask(*taken.index, taken.ids), Ask(&map));
  }
}

TEST_F(FromFaissTest, IdsOfTheListsThemselvesOrderTheRows) {
  std::vector<int64_t> ids(kTestRows);
  for (size_t i = 0; i < ids.size(); ++i) {
    ids[i] = 5000000000 - 3 * static_cast<int64_t>(i);
  }
  for (const bool coded : {false, true}) {
    std::unique_ptr<::faiss::IndexIVF> ivf;
    if (coded) {
      ivf = EmptyPq(Metric::kL2, 8, 4);
    } else {
      ivf = EmptyIvfFlat(Metric::kL2);
    }
    ivf->train(kTestRows, TestVectors().data());
    ivf->add_with_ids(kTestRows, TestVectors().data(), ids.data());
    const FromFaissResult taken = Taken(*ivf);
    ASSERT_EQ(taken.ids.size(), kTestRows);
    EXPECT_EQ(taken.ids.front(), ids.back());
    EXPECT_EQ(taken.ids.back(), ids.front());
    ExpectSameAnswers(Ask(*taken.index, taken.ids), Ask(ivf.get()));
  }
}

TEST_F(FromFaissTest, RowsThatWereRemovedLeaveTheOthersTheirIds) {
  const auto ivf = Filled(EmptyIvfFlat(Metric::kL2));
  const ::faiss::IDSelectorRange first(0, 100);
  ivf->remove_ids(first);
  const FromFaissResult taken = Taken(*ivf);
  ASSERT_EQ(taken.ids.size(), kTestRows - 100);
  EXPECT_EQ(taken.ids.front(), 100);
  ExpectSameAnswers(Ask(*taken.index, taken.ids), Ask(ivf.get()));
}

TEST_F(FromFaissTest, EmptyIndexesAreTaken) {
  EXPECT_EQ(Taken(*EmptyFlat(Metric::kL2)).index->num_rows(), 0U);
  EXPECT_EQ(Taken(*EmptyHnsw(Metric::kIp)).index->num_rows(), 0U);
  const auto ivf = EmptyPq(Metric::kL2, 4, 8);
  ivf->train(kTestRows, TestVectors().data());
  const FromFaissResult taken = Taken(*ivf);
  const auto found = taken.index->Search({.vectors = std::span(TestQueries()).first(kTestDim)});
  ASSERT_OK(found);
  EXPECT_TRUE(found->rows.empty());
}

TEST_F(FromFaissTest, AnIndexSavesAndLoadsAgain) {
  const auto sq8 = Filled(EmptySq8(Metric::kL2));
  const auto pq = Filled(EmptyPq(Metric::kIp, 8, 4, false));
  const auto hnsw = Filled(EmptyHnsw(Metric::kL2));
  int number = 0;
  const auto store = MakeMemoryObjectStore();
  for (const ::faiss::Index* index :
       {static_cast<::faiss::Index*>(sq8.get()), static_cast<::faiss::Index*>(pq.get()),
        static_cast<::faiss::Index*>(hnsw.get())}) {
    const FromFaissResult taken = Taken(*index);
    const ObjectPath path = *ObjectPath::Parse("index-" + std::to_string(++number));
    ASSERT_OK(taken.index->Save(*store, path));
    const auto loaded = Index::Load(*store, path);
    ASSERT_OK(loaded);
    const Answers before = Ask(*taken.index);
    const Answers after = Ask(**loaded);
    EXPECT_EQ(after.ids, before.ids);
    EXPECT_EQ(after.scores, before.scores);
  }
}

TEST_F(FromFaissTest, ManyListsAreLookedUpByAGraph) {
  constexpr size_t kManyLists = 5000;
  const std::vector<float> rows = index::MixedRows(kManyLists, kTestDim, 40, 5).values();
  ::faiss::IndexFlatL2 quantizer(kTestDim);
  quantizer.add(kManyLists, rows.data());
  ::faiss::IndexIVFFlat ivf(&quantizer, kTestDim, kManyLists);
  ivf.add(kManyLists, rows.data());
  const FromFaissResult taken = Taken(ivf);
  EXPECT_GE(SharedIds(Ask(*taken.index, {}, TestQueries(), {.nprobe = 50}),
                      Ask(&ivf, TestQueries(), {.nprobe = 50})),
            0.98);
}

TEST_F(FromFaissTest, AGraphMayBeTheQuantizer) {
  ::faiss::IndexHNSWFlat quantizer(kTestDim, 16);
  ::faiss::IndexIVFFlat ivf(&quantizer, kTestDim, kTestLists);
  ivf.cp.min_points_per_centroid = 1;
  ivf.quantizer_trains_alone = 2;
  ivf.train(kTestRows, TestVectors().data());
  ivf.add(kTestRows, TestVectors().data());
  EXPECT_GE(SharedIds(Ask(*Taken(ivf).index), Ask(&ivf)), 0.98);
}

TEST_F(FromFaissTest, OtherClassesAreRefusedByName) {
  ::faiss::IndexLSH lsh(kTestDim, 32);
  ExpectInvalid(FromFaiss(lsh), "faiss::IndexLSH cannot be taken over");
  ::faiss::IndexHNSWSQ coded(kTestDim, ::faiss::ScalarQuantizer::QT_8bit, 8);
  coded.is_trained = true;
  ExpectInvalid(FromFaiss(coded), "faiss::IndexScalarQuantizer cannot be taken over");
  ::faiss::IndexFlatL2 quantizer(kTestDim);
  ::faiss::IndexIVFFlatDedup dedup(&quantizer, kTestDim, 4);
  dedup.train(kTestRows, TestVectors().data());
  ExpectInvalid(FromFaiss(dedup), "faiss::IndexIVFFlatDedup cannot be taken over");
}

TEST_F(FromFaissTest, OtherMetricsAreRefused) {
  ::faiss::IndexFlat flat(kTestDim, ::faiss::METRIC_L1);
  ExpectInvalid(FromFaiss(flat), "metric_type 2");
  ::faiss::IndexHNSWFlat hnsw(kTestDim, 8, ::faiss::METRIC_Linf);
  ExpectInvalid(FromFaiss(hnsw), "metric_type 3");
}

TEST_F(FromFaissTest, HeadsThatCannotBeAreRefused) {
  ::faiss::IndexFlatL2 none(0);
  ExpectInvalid(FromFaiss(none), "dim 0");
  ::faiss::IndexFlatL2 wide(kMaxDim + 1);
  ExpectInvalid(FromFaiss(wide), "dim 32769");
  ::faiss::IndexFlatL2 flat(kTestDim);
  flat.ntotal = -1;
  ExpectInvalid(FromFaiss(flat), "-1 vectors");
  flat.ntotal = int64_t{1} << 31;
  ExpectInvalid(FromFaiss(flat), "2147483648 vectors");
  flat.ntotal = 7;
  ExpectInvalid(FromFaiss(flat), "0 bytes, which are not 7 vectors");
  ExpectError(FromFaiss(*EmptyPq(Metric::kL2, 4, 8)), absl::StatusCode::kFailedPrecondition,
              "not trained");
}

TEST_F(FromFaissTest, NumbersThatAreNoneAreRefused) {
  std::vector<float> rows = TestVectors();
  rows[5 * kTestDim + 1] = kNotANumber;
  auto flat = EmptyFlat(Metric::kL2);
  flat->add(kTestRows, rows.data());
  ExpectInvalid(FromFaiss(*flat), "row 5 has NaN or Inf at dimension 1");
  const auto hnsw = Filled(EmptyHnsw(Metric::kL2));
  static_cast<::faiss::IndexFlat*>(hnsw->storage)->get_xb()[2] =
      std::numeric_limits<float>::infinity();
  ExpectInvalid(FromFaiss(*hnsw), "row 0 has NaN or Inf at dimension 2");
}

TEST_F(FromFaissTest, BrokenIdMapsAreRefused) {
  const auto flat = EmptyFlat(Metric::kL2);
  ::faiss::IndexIDMap map(flat.get());
  const std::vector<int64_t> ids = {4, 5, 6};
  map.add_with_ids(3, TestVectors().data(), ids.data());
  EXPECT_EQ(Taken(map).ids, ids);
  map.id_map = {4, 5, 4};
  ExpectInvalid(FromFaiss(map), "id 4 occurs twice");
  map.id_map = {4, -5, 6};
  ExpectInvalid(FromFaiss(map), "id -5 is negative");
  map.id_map = {4, 5};
  ExpectInvalid(FromFaiss(map), "has 2 ids");
  map.id_map = ids;
  map.metric_type = ::faiss::METRIC_INNER_PRODUCT;
  ExpectInvalid(FromFaiss(map), "another count, dim or metric");
  map.metric_type = ::faiss::METRIC_L2;
  map.index = nullptr;
  ExpectInvalid(FromFaiss(map), "another count, dim or metric");
  ::faiss::IndexIDMap outer;
  outer.d = kTestDim;
  outer.index = &map;
  map.index = flat.get();
  outer.ntotal = 3;
  outer.id_map = ids;
  ExpectInvalid(FromFaiss(outer), "IndexIDMapTemplate<faiss::Index> cannot be taken over");
}

TEST_F(FromFaissTest, AGraphWithoutItsVectorsIsRefused) {
  const auto hnsw = Filled(EmptyHnsw(Metric::kL2));
  hnsw->ntotal -= 1;
  ExpectInvalid(FromFaiss(*hnsw), "storage of faiss::IndexHNSWFlat");
  hnsw->ntotal += 1;
  hnsw->metric_type = ::faiss::METRIC_INNER_PRODUCT;
  ExpectInvalid(FromFaiss(*hnsw), "storage of faiss::IndexHNSWFlat");
}

TEST_F(FromFaissTest, TheBudgetIsKeptAndTheContextHonoured) {
  const auto ivf = Filled(EmptySq8(Metric::kL2));
  const auto hnsw = Filled(EmptyHnsw(Metric::kL2));
  for (const ::faiss::Index* index :
       {static_cast<::faiss::Index*>(ivf.get()), static_cast<::faiss::Index*>(hnsw.get())}) {
    MemoryBudget budget(1 << 30);
    {
      const auto taken = FromFaiss(*index, {}, {.budget = &budget});
      ASSERT_OK(taken);
      EXPECT_GE(budget.used_bytes(), uint64_t{kTestRows} * kTestDim * sizeof(float));
    }
    EXPECT_EQ(budget.used_bytes(), 0U);
    MemoryBudget small(1000);
    EXPECT_EQ(CodeOf(FromFaiss(*index, {}, {.budget = &small})),
              absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(small.used_bytes(), 0U);
    Context context{.cancel = CancelToken::Make()};
    context.cancel.Cancel();
    EXPECT_EQ(CodeOf(FromFaiss(*index, {}, {}, context)), absl::StatusCode::kCancelled);
  }
}

}  // namespace
}  // namespace vecdb::faiss
