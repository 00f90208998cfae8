// Graphs walked on codes through the doors: a collection of 64 dimensions with the parameters that
// HNSW has by default, and an index of the host's rows.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/store_testing.h"
#include "support/test_database.h"

namespace vecdb {
namespace {

using support::Ids;
using support::PathOf;
using support::TaggedSchema;
using support::TestDatabase;

constexpr size_t kCodedApiDim = 64;
constexpr size_t kCodedApiRows = 1200;
constexpr Metric kCodedApiMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};

// Around one of 20 centres.
std::vector<float> ClusteredVector(int64_t id) {
  std::mt19937_64 random(static_cast<uint64_t>(id));
  std::mt19937_64 centre(static_cast<uint64_t>(id % 20) + 1000000);
  std::normal_distribution<float> normal;
  std::normal_distribution<float> normal_centre;
  std::vector<float> vector(kCodedApiDim);
  for (float& value : vector) value = 0.5f * normal(random) + normal_centre(centre);
  return vector;
}

RowBatch CodedApiRows(const std::vector<int64_t>& ids) {
  RowBatch batch(TaggedSchema(kCodedApiDim));
  std::vector<float> vectors;
  std::vector<std::string> tags;
  for (const int64_t id : ids) {
    const std::vector<float> vector = ClusteredVector(id);
    vectors.insert(vectors.end(), vector.begin(), vector.end());
    tags.push_back("t" + std::to_string(id % 7));
  }
  batch.SetInt64("id", ids);
  batch.SetVarChar("tag", tags);
  batch.SetFloatVectors("v", std::move(vectors));
  return batch;
}

double ScoreOfPair(Metric metric, const std::vector<float>& a, const std::vector<float>& b) {
  double dot = 0;
  double squared = 0;
  double a_norm = 0;
  double b_norm = 0;
  for (size_t d = 0; d < a.size(); ++d) {
    const auto x = static_cast<double>(a[d]);
    const auto y = static_cast<double>(b[d]);
    dot += x * y;
    squared += (x - y) * (x - y);
    a_norm += x * x;
    b_norm += y * y;
  }
  if (metric == Metric::kL2) return squared;
  return metric == Metric::kIp ? dot : dot / std::sqrt(a_norm * b_norm);
}

// What copies of float16 may make of a score: a thousandth of it, under IP of the sum of what it is
// the difference of.
double ToleranceOfPair(Metric metric, const std::vector<float>& a, const std::vector<float>& b) {
  if (metric != Metric::kIp) return 1e-3 * std::max(1.0, ScoreOfPair(metric, a, b));
  double sum = 1;
  for (size_t d = 0; d < a.size(); ++d) sum += static_cast<double>(std::abs(a[d] * b[d]));
  return 1e-3 * sum;
}

// The rows of a collection, to compare its answers with.
class CodedApiWorld {
 public:
  explicit CodedApiWorld(Metric metric) : metric_(metric) {
    auto created = db_->CreateCollection("docs", TaggedSchema(kCodedApiDim));
    EXPECT_OK(created);
    docs_ = *std::move(created);
    Insert(Ids(0, kCodedApiRows));
    EXPECT_OK(docs_->Flush());
    EXPECT_OK(docs_->CreateIndex("v", {.metric = metric, .params = HnswParams{}}));
    db_.executor.RunAll();
    EXPECT_OK(docs_->WaitForIndex("v"));
    EXPECT_OK(docs_->Load());
  }

  void Insert(const std::vector<int64_t>& ids) {
    EXPECT_OK(docs_->Upsert(CodedApiRows(ids)));
    for (const int64_t id : ids) vectors_[id] = ClusteredVector(id);
  }
  void Delete(const std::vector<int64_t>& ids) {
    EXPECT_OK(docs_->Delete(ids));
    for (const int64_t id : ids) vectors_.erase(id);
  }
  void FlushAndIndex() {
    EXPECT_OK(docs_->Flush());
    db_.executor.RunAll();
    EXPECT_OK(docs_->WaitForIndex("v"));
  }
  void Reopen() {
    docs_.reset();
    db_.Reopen();
    auto opened = db_->OpenCollection("docs");
    EXPECT_OK(opened);
    docs_ = *std::move(opened);
    EXPECT_OK(docs_->Load());
  }

  // Scores and keys of all rows that match, the best first.
  std::vector<std::pair<double, int64_t>> Naive(
      const std::vector<float>& vector,
      const std::function<bool(int64_t)>& matches = [](int64_t) { return true; }) const {
    std::vector<std::pair<double, int64_t>> all;
    for (const auto& [id, row] : vectors_) {
      const double score = ScoreOfPair(metric_, vector, row);
      if (matches(id)) all.emplace_back(LargerIsBetter(metric_) ? -score : score, id);
    }
    std::sort(all.begin(), all.end());
    for (auto& [score, id] : all) score = LargerIsBetter(metric_) ? -score : score;
    return all;
  }

  // As many hits as there can be, in order, with scores within a thousandth. Returns their recall.
  double Check(const SearchResult& result, const std::vector<float>& vector, size_t limit,
               const std::vector<std::pair<double, int64_t>>& naive) const {
    const auto hits = result.hits(0);
    EXPECT_EQ(hits.size(), std::min(limit, naive.size()));
    std::set<int64_t> best;
    for (size_t i = 0; i < std::min(limit, naive.size()); ++i) best.insert(naive[i].second);
    size_t found = 0;
    float last = 0;
    for (const Hit& hit : hits) {
      const auto row = vectors_.find(hit.int64_key());
      if (row == vectors_.end()) {
        ADD_FAILURE() << hit.int64_key() << " is not there";
        continue;
      }
      const double score = ScoreOfPair(metric_, vector, row->second);
      EXPECT_NEAR(static_cast<double>(hit.score()), score,
                  ToleranceOfPair(metric_, vector, row->second));
      const auto output = hit.GetFloatVector("v");
      if (!output.empty()) {
        EXPECT_TRUE(std::equal(output.begin(), output.end(), row->second.begin()));
      }
      if (found > 0 || last != 0) {
        EXPECT_TRUE(LargerIsBetter(metric_) ? hit.score() <= last : hit.score() >= last);
      }
      last = hit.score();
      found += best.contains(hit.int64_key()) ? 1 : 0;
    }
    return best.empty() ? 1 : static_cast<double>(found) / static_cast<double>(best.size());
  }

  Metric metric() const { return metric_; }
  Collection& docs() { return *docs_; }

 private:
  const Metric metric_;
  TestDatabase db_;
  std::unique_ptr<Collection> docs_;
  std::map<int64_t, std::vector<float>> vectors_;
};

SearchRequest CodedApiRequest(const std::vector<float>& vector, int32_t limit) {
  SearchRequest request;
  request.field = "v";
  request.vectors = vector;
  request.limit = limit;
  return request;
}

void CheckSearches(CodedApiWorld& world) {
  const struct {
    const char* filter;
    std::function<bool(int64_t)> matches;
  } filters[] = {
      {"", [](int64_t) { return true; }},
      {R"(tag == "t3")", [](int64_t id) { return id % 7 == 3; }},
      {"id < 900", [](int64_t id) { return id < 900; }},
      {"id in [5, 77, 1199]", [](int64_t id) { return id == 5 || id == 77 || id == 1199; }},
      {"id < 0", [](int64_t) { return false; }},
  };
  double recall = 0;
  for (const auto& [filter, matches] : filters) {
    for (int64_t query = 5000; query < 5010; ++query) {
      const std::vector<float> vector = ClusteredVector(query);
      SearchRequest request = CodedApiRequest(vector, 10);
      request.filter = filter;
      request.output_fields = {"v"};
      const auto result = world.docs().Search(request);
      ASSERT_OK(result) << filter;
      recall += world.Check(*result, vector, 10, world.Naive(vector, matches)) / 50;
    }
  }
  EXPECT_GE(recall, 0.97);
}

TEST(CodedHnswApiTest, ACollectionAnswersNearlyAsItsRowsDo) {
  for (const Metric metric : kCodedApiMetrics) {
    SCOPED_TRACE(MetricName(metric));
    CodedApiWorld world(metric);
    const auto segments = world.docs().Describe();
    ASSERT_OK(segments);
    EXPECT_EQ(segments->indexes[0].spec.params, IndexParams(HnswParams{}));
    CheckSearches(world);
    world.Insert(Ids(kCodedApiRows, 60));  // growing rows beside the sealed ones
    world.Insert(Ids(100, 20));            // replaced
    world.Delete({5, 6, 7, 300, 1210});
    CheckSearches(world);
    world.FlushAndIndex();
    CheckSearches(world);
    world.Reopen();
    CheckSearches(world);
  }
}

TEST(CodedHnswApiTest, RangesHoldOnTheScoresThatComeBack) {
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    CodedApiWorld world(metric);
    const std::vector<float> vector = ClusteredVector(6000);
    const auto naive = world.Naive(vector);
    const auto radius = static_cast<float>((naive[49].first + naive[50].first) / 2);
    const auto inner = static_cast<float>((naive[9].first + naive[10].first) / 2);
    SearchRequest request = CodedApiRequest(vector, 200);
    request.radius = radius;
    auto result = world.docs().Search(request);
    ASSERT_OK(result);
    const size_t within = result->hits(0).size();
    EXPECT_NEAR(static_cast<double>(within), 50, 2);  // rows at the very bound
    for (const Hit& hit : result->hits(0)) {
      EXPECT_TRUE(LargerIsBetter(metric) ? hit.score() > radius : hit.score() < radius);
    }
    request.range_filter = inner;
    result = world.docs().Search(request);
    ASSERT_OK(result);
    EXPECT_NEAR(static_cast<double>(result->hits(0).size()), 40, 2);
    for (const Hit& hit : result->hits(0)) {
      EXPECT_TRUE(LargerIsBetter(metric) ? hit.score() <= inner : hit.score() >= inner);
    }
  }
}

// By the rows, whatever the index; also where it is built behind meanwhile.
TEST(CodedHnswApiTest, AnIteratorGivesEachRowOnceInTheOrderOfTheRows) {
  for (const Metric metric : {Metric::kL2, Metric::kIp}) {
    CodedApiWorld world(metric);
    world.Insert(Ids(kCodedApiRows, 50));
    const std::vector<float> vector = ClusteredVector(7000);
    std::vector<int64_t> expected;
    for (const auto& [score, id] : world.Naive(vector)) expected.push_back(id);
    const auto iterator =
        world.docs().OpenSearchIterator(CodedApiRequest(vector, 10), {.batch_size = 500});
    ASSERT_OK(iterator);
    std::vector<int64_t> keys;
    for (size_t size = 1; size > 0;) {
      const auto batch = (*iterator)->Next();
      ASSERT_OK(batch);
      size = batch->hits(0).size();
      for (const Hit& hit : batch->hits(0)) keys.push_back(hit.int64_key());
      if (keys.size() == 500) world.FlushAndIndex();
    }
    ASSERT_EQ(keys.size(), expected.size());
    size_t out_of_place = 0;  // as float32 rounds
    for (size_t i = 0; i < keys.size(); ++i) out_of_place += keys[i] != expected[i] ? 1 : 0;
    EXPECT_LE(out_of_place, 20U);
    EXPECT_EQ(std::set(keys.begin(), keys.end()).size(), expected.size());
  }
}

TEST(CodedHnswApiTest, EffortOfASearchIsCheckedAgainstTheIndex) {
  CodedApiWorld world(Metric::kL2);
  const std::vector<float> vector = ClusteredVector(8000);
  SearchRequest request = CodedApiRequest(vector, 10);
  for (const HnswSearchParams& params :
       {HnswSearchParams{.ef = 10}, HnswSearchParams{.ef = 100, .refine_k = 1},
        HnswSearchParams{.ef = 100, .refine_k = 1000}, HnswSearchParams{.refine_k = 2.5f}}) {
    request.params = params;
    const auto result = world.docs().Search(request);
    ASSERT_OK(result);
    EXPECT_EQ(result->hits(0).size(), 10U);
  }
  for (const float refine_k : {0.5f, -1.0f, 1001.0f, std::nanf("")}) {
    request.params = HnswSearchParams{.ef = 100, .refine_k = refine_k};
    EXPECT_EQ(support::CodeOf(world.docs().Search(request)), absl::StatusCode::kInvalidArgument);
  }
}

TEST(CodedHnswApiTest, MergedSegmentsHaveTheirGraphBuiltAgain) {
  const auto store = MakeMemoryObjectStore();
  const IndexSpec spec{.metric = Metric::kL2, .params = HnswParams{}};
  std::vector<std::unique_ptr<Segment>> segments;
  for (const int64_t first : {0, 400}) {
    auto builder = SegmentBuilder::Make(TaggedSchema(kCodedApiDim));
    ASSERT_OK(builder);
    ASSERT_OK((*builder)->Add(CodedApiRows(Ids(first, 400)), 5));
    const auto info = (*builder)->Finish(*store, PathOf("s" + std::to_string(first)));
    ASSERT_OK(info);
    auto plain = Segment::Open(*store, *info);
    ASSERT_OK(plain);
    const auto indexed = (*plain)->BuildIndex("v", spec);
    ASSERT_OK(indexed);
    auto segment = Segment::Open(*store, *indexed);
    ASSERT_OK(segment);
    segments.push_back(*std::move(segment));
  }
  const std::vector<const Segment*> inputs = {segments[0].get(), segments[1].get()};
  const auto merged = MergeSegments(inputs, *store, PathOf("merged"));
  ASSERT_OK(merged);
  EXPECT_EQ(merged->num_rows, 800U);
  ASSERT_EQ(merged->indexes.size(), 1U);
  EXPECT_EQ(merged->indexes[0].spec, spec);
  const auto segment = Segment::Open(*store, *merged);
  ASSERT_OK(segment);
  size_t same = 0;
  for (int64_t id = 0; id < 800; id += 20) {
    const std::vector<float> vector = ClusteredVector(id);
    const auto found =
        (*segment)->Search({.field = "v", .vectors = vector, .k = 1, .metric = Metric::kL2});
    ASSERT_OK(found);
    ASSERT_EQ(found->rows.size(), 1U);
    const auto row = (*segment)->Read(std::vector<uint32_t>{found->rows[0].row}, {});
    ASSERT_OK(row);
    same += row->column("id")->int64s()[0] == id ? 1 : 0;
    EXPECT_NEAR(found->rows[0].score, 0, 1e-3);
  }
  EXPECT_EQ(same, 40U);
}

TEST(CodedHnswApiTest, AnIndexIsSavedAndLoadedWithAndWithoutItsRows) {
  std::vector<float> rows;
  for (int64_t id = 0; id < 1000; ++id) {
    const std::vector<float> vector = ClusteredVector(id);
    rows.insert(rows.end(), vector.begin(), vector.end());
  }
  const std::vector<float> query = ClusteredVector(9000);
  const HnswParams all[] = {{},
                            {.codec = HnswCodec::kFloat16},
                            {.codec = HnswCodec::kSq8, .refine = Refine::kNone},
                            {.codec = HnswCodec::kSq4},
                            {.codec = HnswCodec::kRabitq, .refine = Refine::kFloat32}};
  for (const HnswParams& params : all) {
    const IndexSpec spec{.metric = Metric::kCosine, .params = params};
    const auto index = IndexBuilder(kCodedApiDim, spec).Build(rows);
    ASSERT_OK(index) << spec.ToJson();
    const auto before = (*index)->Search({.vectors = query, .k = 20});
    ASSERT_OK(before);
    EXPECT_EQ(before->rows.size(), 20U);
    for (const bool include_rows : {true, false}) {
      const auto store = MakeMemoryObjectStore();
      ASSERT_OK((*index)->Save(*store, PathOf("a.idx"), {.include_rows = include_rows}));
      const auto loaded =
          Index::Load(*store, PathOf("a.idx"), {}, include_rows ? std::span<const float>() : rows);
      ASSERT_OK(loaded) << spec.ToJson();
      EXPECT_EQ((*loaded)->spec(), spec);
      EXPECT_EQ((*loaded)->index_bytes(), (*index)->index_bytes());
      const auto after = (*loaded)->Search({.vectors = query, .k = 20});
      ASSERT_OK(after);
      EXPECT_EQ(after->rows, before->rows);
    }
  }
}

}  // namespace
}  // namespace vecdb
