// TargetRecall through the doors: what comes back, at which cost, and how long the calibration of a
// segment lives.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/api_testing.h"
#include "support/store_testing.h"
#include "support/test_database.h"

namespace vecdb {
namespace {

using support::CodeOf;
using support::Ids;
using support::TestDatabase;

constexpr int32_t kTargetDim = 32;
constexpr size_t kTargetRows = 5000;
constexpr size_t kTargetQueries = 200;

// Gaussian clusters that overlap; the same ones for every seed.
std::vector<float> MixtureVectors(size_t count, uint64_t seed) {
  constexpr size_t kClusters = 40;
  std::mt19937_64 fixed(7);
  std::normal_distribution<float> normal;
  std::vector<float> centers(kClusters * kTargetDim);
  for (float& value : centers) value = normal(fixed);
  std::mt19937_64 random(seed);
  std::vector<float> vectors(count * kTargetDim);
  for (size_t i = 0; i < count; ++i) {
    const size_t cluster = random() % kClusters;
    for (size_t d = 0; d < kTargetDim; ++d) {
      vectors[i * kTargetDim + d] = centers[cluster * kTargetDim + d] + 0.8f * normal(random);
    }
  }
  return vectors;
}

RowBatch MixtureRows(const Schema& schema, const std::vector<int64_t>& ids, uint64_t seed) {
  RowBatch batch(schema);
  batch.SetInt64("id", ids);
  std::vector<std::string> tags;
  for (const int64_t id : ids) tags.push_back("t" + std::to_string(id % 7));
  batch.SetVarChar("tag", std::move(tags));
  batch.SetFloatVectors("v", MixtureVectors(ids.size(), seed));
  return batch;
}

class TargetRecallApiTest : public ::testing::Test {
 protected:
  // A collection of one segment.
  void Make(const IndexSpec& spec,
            const CollectionOptions& options = {.num_shards = 1, .auto_compaction = false}) {
    if (db_->HasCollection("c")) {
      ASSERT_OK(db_->DropCollection("c"));
    }
    c_ = *db_->CreateCollection("c", schema_, options);
    ASSERT_OK(c_->Insert(MixtureRows(schema_, Ids(0, kTargetRows), 1)));
    ASSERT_OK(c_->Flush());
    ASSERT_OK(c_->CreateIndex("v", spec));
    ASSERT_OK(c_->WaitForIndex("v"));
  }

  SearchRequest Asking(const SearchParams& params, int32_t limit = 10) const {
    return {.field = "v", .vectors = queries_, .limit = limit, .params = params};
  }

  std::vector<std::set<int64_t>> KeysOf(const SearchRequest& request,
                                        uint64_t* distances = nullptr) {
    const auto result = c_->Search(request);
    EXPECT_OK(result);
    std::vector<std::set<int64_t>> keys(result->num_queries());
    for (size_t q = 0; q < keys.size(); ++q) {
      for (const Hit& hit : result->hits(q)) keys[q].insert(hit.int64_key());
    }
    if (distances != nullptr) {
      *distances = 0;
      for (const SegmentSearchStats& stats : result->stats().segments) {
        *distances += stats.distances;
      }
    }
    return keys;
  }

  double RecallOf(const std::vector<std::set<int64_t>>& found,
                  const std::vector<std::set<int64_t>>& truth) {
    size_t right = 0, wanted = 0;
    for (size_t q = 0; q < truth.size(); ++q) {
      wanted += truth[q].size();
      for (const int64_t key : truth[q]) right += found[q].count(key);
    }
    return static_cast<double>(right) / static_cast<double>(wanted);
  }

  std::vector<std::set<int64_t>> Truth(int32_t limit, const RowFilter& filter = {}) {
    // Reads everything: the same rows under another definition.
    SearchRequest request = Asking({}, limit);
    request.filter = filter;
    EXPECT_OK(c_->AlterIndex("v", support::Flat()));
    auto truth = KeysOf(request);
    return truth;
  }

  // That of the only segment, from the store.
  std::vector<RecallPoint> Calibration() {
    const auto folders = support::ObjectsWith(*store_, "/manifest/");
    EXPECT_FALSE(folders.empty());
    const std::string folder = folders.front().substr(0, folders.front().find("/manifest/"));
    const format::Manifest manifest = support::NewestManifest(*store_, folder);
    EXPECT_EQ(manifest.segments.size(), 1U);
    return manifest.segments.at(0).info.indexes.at(0).calibration;
  }

  const Schema schema_ = support::TaggedSchema(kTargetDim);
  const std::vector<float> queries_ = MixtureVectors(kTargetQueries, 2);
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  TestDatabase db_{store_};
  std::shared_ptr<Collection> c_;
};

const IndexSpec kTargetGraph{
    .metric = Metric::kL2,
    .params = HnswParams{.m = 6, .ef_construction = 40, .codec = HnswCodec::kSq8}};
const IndexSpec kTargetLists{.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 100}};

std::vector<IndexSpec> TargetSpecs() {
  return {
      kTargetGraph,
      kTargetLists,
      {.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 100}},
      {.metric = Metric::kL2, .params = IvfPqParams{.nlist = 100, .m = 16, .nbits = 4}},
      {.metric = Metric::kL2, .params = DiskannParams{.max_degree = 12, .search_list_size = 40}}};
}

// The queries of a test and those of a calibration are samples: of 200 and of 50 or more. Means of
// both differ by less than so much.
double ToleranceOf(double target) { return 0.25 * (1 - target) + 0.01; }

TEST_F(TargetRecallApiTest, QueriesThatWereNotMeasuredFindTheTarget) {
  Make(support::Flat());
  const auto truth = KeysOf(Asking({}));
  const auto truth_of_50 = KeysOf(Asking({}, 50));
  for (const IndexSpec& spec : TargetSpecs()) {
    SCOPED_TRACE(spec.ToJson());
    ASSERT_OK(c_->AlterIndex("v", spec));
    ASSERT_OK(c_->WaitForIndex("v"));
    uint64_t distances_before = 0;
    for (const double target : {0.8, 0.9, 0.95, 0.99}) {
      uint64_t distances = 0;
      const double recall = RecallOf(KeysOf(Asking(TargetRecall{target}), &distances), truth);
      EXPECT_GE(recall, target - ToleranceOf(target)) << target;
      EXPECT_GE(distances, distances_before) << target;
      EXPECT_LT(distances, kTargetRows * kTargetQueries / 2) << target;
      distances_before = distances;
      EXPECT_GE(RecallOf(KeysOf(Asking(TargetRecall{target}, 50)), truth_of_50),
                target - ToleranceOf(target))
          << target;
    }
    // The lowest costs a fraction of the highest, and does not find as much.
    uint64_t least = 0;
    KeysOf(Asking(TargetRecall{0.5}), &least);
    EXPECT_LT(least, distances_before * 2 / 3);
  }
}

TEST_F(TargetRecallApiTest, ASearchAloneInABatchAndByGroupsIsTheSame) {
  Make(kTargetLists);
  const SearchRequest all = Asking(TargetRecall{0.9});
  const auto together = KeysOf(all);
  for (size_t q = 0; q < 20; ++q) {
    SearchRequest one = all;
    one.vectors = std::span(queries_).subspan(q * kTargetDim, kTargetDim);
    EXPECT_EQ(KeysOf(one)[0], together[q]) << q;
    one.group_by = "tag";
    one.limit = 3;
    const auto groups = c_->Search(one);
    ASSERT_OK(groups);
    EXPECT_EQ(groups->hits(0).size(), 3U);
  }
}

TEST_F(TargetRecallApiTest, FilteredSearchesFindAllRowsThatMatchOrTheTarget) {
  Make(kTargetGraph);
  SearchRequest request = Asking(TargetRecall{0.9});
  request.filter = RowFilter("tag == \"t3\"");
  const auto found = KeysOf(request);
  for (const auto& keys : found) {
    EXPECT_EQ(keys.size(), 10U);
    for (const int64_t key : keys) EXPECT_EQ(key % 7, 3);
  }
  EXPECT_GE(RecallOf(found, Truth(10, request.filter)), 0.9);
}

TEST_F(TargetRecallApiTest, ACalibrationOutlivesReopeningAndIsRenewedByCompaction) {
  Make(kTargetGraph);
  const std::vector<RecallPoint> measured = Calibration();
  EXPECT_FALSE(measured.empty());
  uint64_t before = 0, after = 0;
  const auto keys = KeysOf(Asking(TargetRecall{0.9}), &before);
  c_.reset();
  db_.Reopen();
  c_ = *db_->OpenCollection("c");
  EXPECT_EQ(Calibration(), measured);
  EXPECT_EQ(KeysOf(Asking(TargetRecall{0.9}), &after), keys);
  EXPECT_EQ(after, before);

  std::vector<int64_t> half;
  for (const int64_t id : Ids(0, kTargetRows)) {
    if (id % 2 == 0) half.push_back(id);
  }
  ASSERT_OK(c_->Delete(half));
  ASSERT_OK(c_->Flush());
  const auto id = c_->Compact();
  ASSERT_OK(id);
  ASSERT_OK(c_->WaitForCompaction(*id));
  ASSERT_EQ(c_->Segments()->at(0).num_rows, kTargetRows / 2);
  const std::vector<RecallPoint> renewed = Calibration();
  EXPECT_FALSE(renewed.empty());
  EXPECT_NE(renewed, measured);
  const auto found = KeysOf(Asking(TargetRecall{0.9}));
  EXPECT_GE(RecallOf(found, Truth(10)), 0.9 - ToleranceOf(0.9));
}

TEST_F(TargetRecallApiTest, FlatAndGrowingRowsAreSearchedToo) {
  Make(support::Flat());
  const auto truth = KeysOf(Asking({}));
  EXPECT_EQ(KeysOf(Asking(TargetRecall{0.5})), truth);

  const Schema& schema = schema_;
  auto growing = *db_->CreateCollection("growing", schema, {.num_shards = 1});
  ASSERT_OK(growing->CreateIndex("v", kTargetGraph));
  ASSERT_OK(growing->Load());
  ASSERT_OK(growing->Insert(MixtureRows(schema, Ids(0, kTargetRows), 1)));
  db_.executor.RunAll();  // the interim index
  c_ = std::move(growing);
  uint64_t low = 0, high = 0;
  EXPECT_GE(RecallOf(KeysOf(Asking(TargetRecall{0.8}), &low), truth), 0.8);
  EXPECT_GE(RecallOf(KeysOf(Asking(TargetRecall{0.99}), &high), truth), 0.99);
  EXPECT_LT(low, high);
  EXPECT_LT(high, kTargetRows * kTargetQueries / 2);
}

TEST_F(TargetRecallApiTest, TargetsOutOfRangeAreRefusedByEveryDoor) {
  Make(kTargetLists);
  SearchRequest one = Asking(TargetRecall{});
  one.vectors = one.vectors.first(kTargetDim);
  for (const double recall : {0.5, 0.999}) {
    one.params = TargetRecall{recall};
    EXPECT_OK(c_->Search(one));
  }
  for (const double recall : {0.4999, 0.9991, 0.0, 1.0, -1.0}) {
    one.params = TargetRecall{recall};
    const absl::Status status = c_->Search(one).status();
    EXPECT_EQ(CodeOf(status), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(std::string(status.message()).find("the range is 0.5 to 0.999"), std::string::npos)
        << status;
  }
  // An iterator is exact, and does not use them.
  one.params = TargetRecall{0.1};
  EXPECT_OK(c_->OpenSearchIterator(one));

  const std::vector<float> rows = MixtureVectors(50, 3);
  const auto index = IndexBuilder(kTargetDim, kTargetGraph).Build(rows);
  ASSERT_OK(index);
  const auto found = (*index)->Search({.vectors = one.vectors, .params = TargetRecall{0.9}});
  EXPECT_EQ(CodeOf(found), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(found.status().message()).find("has not been measured"), std::string::npos);
}

class TargetRecallSegmentTest : public ::testing::Test {
 protected:
  SegmentInfo Build(const IndexSpec* spec) {
    auto builder = *SegmentBuilder::Make(schema_);
    EXPECT_OK(builder->Add(MixtureRows(schema_, Ids(0, kTargetRows), 1)));
    if (spec != nullptr) {
      EXPECT_OK(builder->AddIndex("v", *spec));
    }
    return *builder->Finish(*store_, support::PathOf(std::to_string(++num_built_)));
  }

  std::vector<Neighbor> Find(const SegmentInfo& info, const SearchParams& params) {
    const auto segment = Segment::Open(*store_, info);
    EXPECT_OK(segment);
    const auto found = (*segment)->Search({.field = "v", .vectors = queries_, .params = params});
    EXPECT_OK(found);
    return found->rows;
  }

  const Schema schema_ = support::TaggedSchema(kTargetDim);
  const std::vector<float> queries_ = MixtureVectors(50, 4);
  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  int num_built_ = 0;
};

TEST_F(TargetRecallSegmentTest, EveryWayToAnIndexMeasuresIt) {
  for (const IndexSpec& spec : {kTargetGraph, kTargetLists}) {
    const SegmentInfo built = Build(&spec);
    const std::vector<RecallPoint>& points = built.indexes[0].calibration;
    ASSERT_GE(points.size(), 4U);
    EXPECT_EQ(points.front().k, 10U);
    EXPECT_EQ(points.back().k, 100U);
    EXPECT_EQ(*SegmentInfo::FromJson(built.ToJson()), built);
    EXPECT_EQ(*SegmentInfo::Read(*store_, support::PathOf(built.folder)), built);

    const SegmentInfo bare = Build(nullptr);
    const auto segment = *Segment::Open(*store_, bare);
    const auto later = segment->BuildIndex("v", spec);
    ASSERT_OK(later);
    EXPECT_EQ(later->indexes[0].calibration, points);

    const std::vector<float> rows = MixtureVectors(kTargetRows, 1);
    const auto index = IndexBuilder(kTargetDim, spec).Build(rows);
    ASSERT_OK(index);
    const auto attached = segment->AttachIndex("v", **index);
    ASSERT_OK(attached);
    EXPECT_EQ(attached->indexes[0].calibration, points);

    const auto source = *Segment::Open(*store_, built);
    const Segment* const sources[] = {source.get()};
    const auto merged =
        MergeSegments(sources, *store_, support::PathOf(spec.type_name() == "HNSW" ? "m1" : "m2"));
    ASSERT_OK(merged);
    EXPECT_EQ(merged->indexes[0].calibration, points);
  }
}

TEST_F(TargetRecallSegmentTest, TheCalibrationDecidesAndWithoutOneTheRuleDoes) {
  SegmentInfo info = Build(&kTargetLists);
  const auto by_nprobe = [&](int32_t nprobe) {
    return Find(info, IvfSearchParams{.nprobe = nprobe});
  };
  const auto by_target = [&](double recall) { return Find(info, TargetRecall{recall}); };
  info.indexes[0].calibration = {{10, 1, 0.7}, {10, 5, 0.95}, {10, 50, 0.999}};
  EXPECT_EQ(by_target(0.5), by_nprobe(1));
  EXPECT_EQ(by_target(0.925), by_nprobe(5));
  EXPECT_EQ(by_target(0.95), by_nprobe(7));
  EXPECT_EQ(by_target(0.999), by_nprobe(50));
  info.indexes[0].calibration.clear();  // as older files
  EXPECT_EQ(by_target(0.5), by_nprobe(1));
  EXPECT_EQ(by_target(0.9), by_nprobe(4));
  EXPECT_EQ(by_target(0.999), by_nprobe(100));
}

}  // namespace
}  // namespace vecdb
