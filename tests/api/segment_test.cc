#include "vecdb/segment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "support/fault_object_store.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb {
namespace {

using support::CodeOf;
using support::PathOf;

using absl::StatusCode::kDataLoss;
using absl::StatusCode::kInvalidArgument;
using absl::StatusCode::kNotFound;

Schema TestSchema() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "vector", .type = DataType::kFloatVector, .dim = 2},
                     {.name = "other", .type = DataType::kFloatVector, .dim = 1},
                     {.name = "name", .type = DataType::kVarChar, .max_length = 10}},
          .enable_dynamic_field = true};
}

// Row i has the key `first` + i, the vector (i, 0), the other one -i and the name "n<key>".
RowBatch MakeRows(int64_t first, int64_t count) {
  RowBatch batch(TestSchema());
  std::vector<int64_t> ids(static_cast<size_t>(count));
  std::iota(ids.begin(), ids.end(), first);
  std::vector<float> vectors;
  std::vector<float> others;
  std::vector<std::string> names;
  for (int64_t i = 0; i < count; ++i) {
    vectors.insert(vectors.end(), {static_cast<float>(i), 0});
    others.push_back(static_cast<float>(-i));
    names.push_back("n" + std::to_string(first + i));
  }
  batch.SetInt64("id", ids);
  batch.SetFloatVectors("vector", std::move(vectors));
  batch.SetFloatVectors("other", std::move(others));
  batch.SetVarChar("name", names);
  return batch;
}

class SegmentTest : public ::testing::Test {
 protected:
  SegmentInfo Build(const std::string& folder, int64_t first, int64_t count,
                    uint64_t timestamp = 5) {
    auto builder = SegmentBuilder::Make(TestSchema());
    EXPECT_OK(builder);
    EXPECT_OK((*builder)->Add(MakeRows(first, count), timestamp));
    auto info = (*builder)->Finish(*store_, PathOf(folder));
    EXPECT_OK(info);
    return *info;
  }
  std::unique_ptr<Segment> Open(const SegmentInfo& info, const Host& host = {}) {
    auto segment = Segment::Open(*store_, info, host);
    EXPECT_OK(segment);
    return segment.ok() ? *std::move(segment) : nullptr;
  }
  // The keys nearest to (x, 0).
  std::vector<int64_t> Nearest(const Segment& segment, float x, int32_t k) {
    const std::vector<float> query = {x, 0};
    const auto found =
        segment.Search({.field = "vector", .vectors = query, .k = k, .metric = Metric::kL2});
    EXPECT_OK(found);
    std::vector<uint32_t> rows;
    for (const Neighbor& hit : found->rows) rows.push_back(hit.row);
    const auto batch = segment.Read(rows, {});
    EXPECT_OK(batch);
    if (rows.empty()) return {};
    const auto ids = batch->column("id")->int64s();
    return {ids.begin(), ids.end()};
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
};

TEST_F(SegmentTest, BuilderRefusesABadSchema) {
  EXPECT_EQ(CodeOf(SegmentBuilder::Make({})), kInvalidArgument);
}

TEST_F(SegmentTest, BuilderAddsBatchesWholeOrNotAtAll) {
  auto builder = SegmentBuilder::Make(TestSchema());
  ASSERT_OK(builder);
  EXPECT_OK((*builder)->Add(MakeRows(0, 3), 5));
  RowBatch ragged = MakeRows(10, 3);
  ragged.SetFloatVectors("other", std::vector<float>(2));
  RowBatch not_finite = MakeRows(10, 1);
  not_finite.SetFloatVectors("other", {std::numeric_limits<float>::quiet_NaN()});
  RowBatch twice = MakeRows(10, 2);
  twice.SetInt64("id", std::vector<int64_t>{7, 7});
  RowBatch long_name = MakeRows(10, 1);
  long_name.SetVarChar("name", std::vector<std::string>{"12345678901"});
  for (const RowBatch& batch : {ragged, not_finite, twice, long_name, RowBatch(TestSchema())}) {
    EXPECT_EQ(CodeOf((*builder)->Add(batch, 5)), kInvalidArgument);
    EXPECT_EQ((*builder)->num_rows(), 3u);
  }
  EXPECT_EQ(CodeOf((*builder)->Add(MakeRows(10, 1), 4)), kInvalidArgument);  // time runs backwards
  EXPECT_EQ((*builder)->num_rows(), 3u);
}

TEST_F(SegmentTest, BuilderTakesOneIndexAVectorField) {
  auto builder = SegmentBuilder::Make(TestSchema());
  ASSERT_OK(builder);
  EXPECT_EQ(CodeOf((*builder)->AddIndex("name", {})), kInvalidArgument);
  EXPECT_EQ(CodeOf((*builder)->AddIndex("nope", {})), kInvalidArgument);
  EXPECT_EQ(CodeOf((*builder)->AddIndex("vector", {.params = HnswParams{.m = 1}})),
            kInvalidArgument);
  EXPECT_EQ(CodeOf((*builder)->AddIndex("vector", {.params = IvfPqParams{.m = 3}})),
            kInvalidArgument);
  EXPECT_OK((*builder)->AddIndex("vector", {.params = HnswParams{}}));
  EXPECT_EQ(CodeOf((*builder)->AddIndex("vector", {})), absl::StatusCode::kAlreadyExists);
  EXPECT_OK((*builder)->AddIndex("other", {}));
  ASSERT_OK((*builder)->Add(MakeRows(0, 5)));
  const auto info = (*builder)->Finish(*store_, PathOf("s"));
  ASSERT_OK(info);
  EXPECT_EQ(info->indexes.size(), 2u);
  EXPECT_EQ(*SegmentInfo::Read(*store_, PathOf("s")), *info);
}

TEST_F(SegmentTest, FinishIsRefusedWithoutRowsTwiceOrIntoATakenFolder) {
  constexpr auto kFailed = absl::StatusCode::kFailedPrecondition;
  auto builder = SegmentBuilder::Make(TestSchema());
  ASSERT_OK(builder);
  EXPECT_EQ(CodeOf((*builder)->Finish(*store_, PathOf("s"))), kFailed);
  ASSERT_OK((*builder)->Add(MakeRows(0, 5)));
  ASSERT_OK((*builder)->Finish(*store_, PathOf("s")));
  EXPECT_EQ(CodeOf((*builder)->Finish(*store_, PathOf("t"))), kFailed);
  auto second = SegmentBuilder::Make(TestSchema());
  ASSERT_OK(second);
  ASSERT_OK((*second)->Add(MakeRows(0, 5)));
  EXPECT_EQ(CodeOf((*second)->Finish(*store_, PathOf("s"))), absl::StatusCode::kAlreadyExists);
  auto cancelled = SegmentBuilder::Make(TestSchema());
  ASSERT_OK(cancelled);
  ASSERT_OK((*cancelled)->Add(MakeRows(0, 5)));
  EXPECT_EQ(CodeOf((*cancelled)->Finish(*store_, PathOf("u"), support::CancelledContext())),
            absl::StatusCode::kCancelled);
}

TEST_F(SegmentTest, BuilderTakesFromTheBudgetAndGivesBack) {
  MemoryBudget budget(1000);
  auto builder = SegmentBuilder::Make(TestSchema(), {.budget = &budget});
  ASSERT_OK(builder);
  EXPECT_EQ(CodeOf((*builder)->Add(MakeRows(0, 100))), absl::StatusCode::kResourceExhausted);
  builder->reset();
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST_F(SegmentTest, OpenRefusesWhatIsMissingDamagedOrNewer) {
  const SegmentInfo info = Build("s", 0, 10);
  SegmentInfo bad = info;
  bad.schema.fields.clear();
  EXPECT_EQ(CodeOf(Segment::Open(*store_, bad)), kInvalidArgument);
  bad = info;
  bad.folder = "elsewhere";
  EXPECT_EQ(CodeOf(Segment::Open(*store_, bad)), kNotFound);
  bad = info;
  bad.num_rows = 11;
  EXPECT_EQ(CodeOf(Segment::Open(*store_, bad)), kDataLoss);
  EXPECT_EQ(CodeOf(Segment::Open(*store_, info, {}, support::CancelledContext())),
            absl::StatusCode::kCancelled);
  const std::string bytes = *GetObject(*store_, PathOf("s/101.vec"), support::kNoLimit);
  ASSERT_OK(store_->Delete(PathOf("s/101.vec")));
  ASSERT_OK(PutObject(*store_, PathOf("s/101.vec"), "foreign"));
  EXPECT_EQ(CodeOf(Segment::Open(*store_, info)), kDataLoss);
}

TEST_F(SegmentTest, SearchFindsTheNearestLiveAndAllowedRows) {
  const auto segment = Open(Build("s", 100, 10));
  EXPECT_EQ(Nearest(*segment, 3.2f, 3), (std::vector<int64_t>{103, 104, 102}));
  EXPECT_EQ(Nearest(*segment, 3.5f, 2), (std::vector<int64_t>{103, 104}));  // a tie
  EXPECT_EQ(Nearest(*segment, 0, 100).size(), 10u);
  const std::vector<float> queries = {0, 0, 9, 0};
  const std::vector<uint64_t> odd = {0xaaaa};
  const auto found = segment->Search(
      {.field = "vector", .vectors = queries, .k = 2, .metric = Metric::kL2, .allowed = odd});
  ASSERT_OK(found);
  const std::vector<Neighbor> expected = {{1, 1}, {3, 9}, {9, 0}, {7, 4}};
  EXPECT_EQ(found->rows, expected);
  EXPECT_EQ(found->ends, (std::vector<size_t>{2, 4}));
  ASSERT_EQ(found->of(1).size(), 2u);
  EXPECT_EQ(found->of(1)[0].row, 9u);
}

TEST_F(SegmentTest, SearchRefusesWhatItCannotMean) {
  const SegmentInfo plain = Build("s", 0, 100);
  const auto with_index =
      Open(plain)->BuildIndex("vector", {.metric = Metric::kL2, .params = HnswParams{.m = 4}});
  ASSERT_OK(with_index);
  const auto segment = Open(*with_index);
  const std::vector<float> one = {1, 2};
  const std::vector<float> three = {1, 2, 3};
  const std::vector<float> not_finite = {1, std::numeric_limits<float>::infinity()};
  const std::vector<uint64_t> one_word(1);
  const std::vector<uint64_t> two_words(2, ~uint64_t{0});
  struct Case {
    const char* what;
    SegmentQuery query;
    absl::StatusCode code;
  };
  constexpr auto kOk = absl::StatusCode::kOk;
  const std::vector<Case> cases = {
      {"as it should be", {.field = "vector", .vectors = one}, kOk},
      {"unknown field", {.field = "nope", .vectors = one}, kNotFound},
      {"no field", {.vectors = one}, kNotFound},
      {"no vector field", {.field = "name", .vectors = one}, kInvalidArgument},
      {"no query", {.field = "vector"}, kInvalidArgument},
      {"half a query", {.field = "vector", .vectors = three}, kInvalidArgument},
      {"infinity", {.field = "vector", .vectors = not_finite}, kInvalidArgument},
      {"k 0", {.field = "vector", .vectors = one, .k = 0}, kInvalidArgument},
      {"k -1", {.field = "vector", .vectors = one, .k = -1}, kInvalidArgument},
      {"k 16384", {.field = "vector", .vectors = one, .k = 16384}, kOk},
      {"k 16385", {.field = "vector", .vectors = one, .k = 16385}, kInvalidArgument},
      {"its metric", {.field = "vector", .vectors = one, .metric = Metric::kL2}, kOk},
      {"another metric",
       {.field = "vector", .vectors = one, .metric = Metric::kIp},
       kInvalidArgument},
      {"no index, no metric", {.field = "other", .vectors = one}, kInvalidArgument},
      {"no index, metric", {.field = "other", .vectors = one, .metric = Metric::kIp}, kOk},
      {"no such metric",
       {.field = "other", .vectors = one, .metric = static_cast<Metric>(9)},
       kInvalidArgument},
      {"ef", {.field = "vector", .vectors = one, .params = HnswSearchParams{.ef = 10}}, kOk},
      {"ef below k",
       {.field = "vector", .vectors = one, .params = HnswSearchParams{.ef = 9}},
       kInvalidArgument},
      {"ef of no index",
       {.field = "other",
        .vectors = one,
        .metric = Metric::kIp,
        .params = HnswSearchParams{.ef = 99}},
       kInvalidArgument},
      {"short bitmap", {.field = "vector", .vectors = one, .allowed = one_word}, kInvalidArgument},
      {"bitmap", {.field = "vector", .vectors = one, .allowed = two_words}, kOk},
  };
  for (const Case& c : cases) EXPECT_EQ(CodeOf(segment->Search(c.query)), c.code) << c.what;
  EXPECT_EQ(CodeOf(segment->Search(cases[0].query, support::CancelledContext())),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(segment->Search(cases[0].query, Context::WithTimeout(absl::ZeroDuration()))),
            absl::StatusCode::kDeadlineExceeded);
}

TEST_F(SegmentTest, SearchReadsNothingOnceLoaded) {
  const SegmentInfo info = Build("s", 0, 100);
  const auto injector = std::make_shared<support::FaultInjector>();
  support::FaultObjectStore counting(store_, injector);
  const auto segment = Segment::Open(counting, info);
  ASSERT_OK(segment);
  ASSERT_OK((*segment)->Load());
  injector->Disarm();
  EXPECT_EQ(Nearest(**segment, 7, 1).size(), 1u);
  EXPECT_EQ(std::ranges::count(injector->calls(), "Open"), 0);
}

TEST_F(SegmentTest, LoadBeyondTheBudgetIsRefused) {
  const SegmentInfo info = Build("s", 0, 100);
  MemoryBudget budget(500);
  const auto segment = Open(info, {.budget = &budget});
  EXPECT_EQ(CodeOf(segment->Load()), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(budget.used_bytes(), 0u);
}

TEST_F(SegmentTest, FindRowsGivesTheRowsThatAreThere) {
  const auto segment = Open(Build("s", 100, 10));
  const auto rows = segment->FindRows({109, 5, 100, 110, 104, 100});
  ASSERT_OK(rows);
  EXPECT_EQ(*rows, (std::vector<uint32_t>{9, 0, 4, 0}));
  EXPECT_TRUE(segment->FindRows(Keys(std::vector<int64_t>()))->empty());
  EXPECT_EQ(CodeOf(segment->FindRows({std::string("x")})), kInvalidArgument);
}

TEST_F(SegmentTest, FiltersAndBitmapsChooseRowsTogether) {
  const auto segment = Open(Build("s", 100, 200));
  EXPECT_EQ(*segment->FindMatching("id in [103, 100, 99]"), (std::vector<uint32_t>{0, 3}));
  EXPECT_EQ(segment->FindMatching({})->size(), 200u);
  EXPECT_EQ(CodeOf(segment->FindMatching("id ==")), kInvalidArgument);
  const std::vector<float> query(static_cast<size_t>(segment->info().schema.fields[1].dim), 1.0F);
  SegmentQuery search{
      .field = "vector", .vectors = query, .k = 10, .metric = Metric::kL2, .filter = "id < 104"};
  const auto rows_of = [&segment](const SegmentQuery& wanted) {
    std::vector<uint32_t> rows;
    const auto found = segment->Search(wanted);
    EXPECT_OK(found);
    for (const Neighbor& neighbor : found->rows) rows.push_back(neighbor.row);
    std::sort(rows.begin(), rows.end());
    return rows;
  };
  EXPECT_EQ(rows_of(search), (std::vector<uint32_t>{0, 1, 2, 3}));
  const std::vector<uint64_t> odd(4, 0xaaaaaaaaaaaaaaaa);
  search.allowed = odd;
  EXPECT_EQ(rows_of(search), (std::vector<uint32_t>{1, 3}));
  search.filter = "id < 0";
  EXPECT_TRUE(rows_of(search).empty());
  search.filter = "nope == 1 and id < 3 and";
  EXPECT_EQ(CodeOf(segment->Search(search)), kInvalidArgument);
}

TEST_F(SegmentTest, ReadGivesTheFieldsAskedFor) {
  const auto segment = Open(Build("s", 100, 10));
  const std::vector<uint32_t> rows = {9, 0, 9};
  const std::vector<std::string> fields = {"name", "vector"};
  const auto some = segment->Read(rows, fields);
  ASSERT_OK(some);
  ASSERT_EQ(some->num_rows(), 3u);
  EXPECT_EQ(some->column("name")->string(0), "n109");
  EXPECT_EQ(some->column("name")->string(1), "n100");
  EXPECT_EQ(some->column("vector")->vector(2)[0], 9);
  EXPECT_EQ(some->column("other"), nullptr);
  const auto all = segment->Read(rows, {});
  ASSERT_OK(all);
  EXPECT_EQ(all->ToJson(),
            segment->Read(rows, std::vector<std::string>{"id", "vector", "other", "name", "$meta"})
                ->ToJson());
  EXPECT_EQ(CodeOf(segment->Read(rows, std::vector<std::string>{"nope"})), kNotFound);
  EXPECT_EQ(CodeOf(segment->Read(std::vector<uint32_t>{10}, {})), absl::StatusCode::kOutOfRange);
  EXPECT_OK(segment->Read({}, {}));
}

TEST_F(SegmentTest, BuildIndexLeavesTheSegmentAsItIs) {
  const SegmentInfo plain = Build("s", 0, 100);
  const auto segment = Open(plain);
  const IndexSpec spec{.metric = Metric::kL2, .params = HnswParams{.m = 4}};
  EXPECT_EQ(CodeOf(segment->BuildIndex("nope", spec)), kNotFound);
  EXPECT_EQ(CodeOf(segment->BuildIndex("name", spec)), kInvalidArgument);
  EXPECT_EQ(CodeOf(segment->BuildIndex("vector", {.params = HnswParams{.m = 0}})),
            kInvalidArgument);
  EXPECT_EQ(CodeOf(segment->BuildIndex("vector", {.params = IvfPqParams{.m = 3}})),
            kInvalidArgument);
  EXPECT_EQ(CodeOf(segment->BuildIndex("vector", spec, support::CancelledContext())),
            absl::StatusCode::kCancelled);
  const auto with_index = segment->BuildIndex("vector", spec);
  ASSERT_OK(with_index);
  EXPECT_EQ(segment->info(), plain);
  ASSERT_EQ(with_index->indexes.size(), 1u);
  EXPECT_EQ(with_index->indexes[0].spec, spec);
  const auto indexed = Open(*with_index);
  EXPECT_EQ(CodeOf(indexed->BuildIndex("vector", spec)), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Nearest(*indexed, 42.2f, 3), Nearest(*segment, 42.2f, 3));
  const auto info = SegmentInfo::FromJson(with_index->ToJson());
  ASSERT_OK(info);
  EXPECT_EQ(*info, *with_index);
}

TEST_F(SegmentTest, DamagedIndexIsSearchedAround) {
  const SegmentInfo plain = Build("s", 0, 100);
  const auto info =
      Open(plain)->BuildIndex("vector", {.metric = Metric::kL2, .params = HnswParams{.m = 4}});
  ASSERT_OK(info);
  ASSERT_OK(store_->Delete(PathOf("s/" + info->indexes[0].object.name)));
  EXPECT_EQ(Nearest(*Open(*info), 42.2f, 3), (std::vector<int64_t>{42, 43, 41}));
}

TEST_F(SegmentTest, DeletedRowsAreNotFoundAndKeepTheirFirstTime) {
  const SegmentInfo plain = Build("s", 0, 10);
  const auto segment = Open(plain);
  const auto first = segment->WithDeletes(std::vector<uint32_t>{3, 4, 3}, 7);
  ASSERT_OK(first);
  EXPECT_EQ(first->num_deletes, 2u);
  EXPECT_EQ(Nearest(*segment, 3.2f, 1), (std::vector<int64_t>{3}));  // stays as it is
  const auto deleted = Open(*first);
  EXPECT_EQ(Nearest(*deleted, 3.2f, 2), (std::vector<int64_t>{2, 5}));
  EXPECT_EQ(*deleted->FindRows({2, 3, 4, 5}), (std::vector<uint32_t>{2, 5}));
  EXPECT_EQ(*deleted->WithDeletes(std::vector<uint32_t>{3}, 9), *first);
  const auto second = deleted->WithDeletes(std::vector<uint32_t>{3, 5}, 9);
  ASSERT_OK(second);
  EXPECT_EQ(second->num_deletes, 3u);
  EXPECT_EQ(Nearest(*Open(*second), 3.2f, 2), (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(Nearest(*Open(*first), 3.2f, 2), (std::vector<int64_t>{2, 5}));  // the old info too
}

TEST_F(SegmentTest, WithDeletesRefusesWhatIsNotThere) {
  const auto segment = Open(Build("s", 0, 10));
  EXPECT_EQ(CodeOf(segment->WithDeletes(std::vector<uint32_t>{3, 10}, 7)),
            absl::StatusCode::kOutOfRange);
  for (const uint64_t time : {uint64_t{0}, std::numeric_limits<uint64_t>::max()}) {
    EXPECT_EQ(CodeOf(segment->WithDeletes(std::vector<uint32_t>{3}, time)), kInvalidArgument);
  }
  const auto none = segment->WithDeletes({}, 7);
  ASSERT_OK(none);
  EXPECT_EQ(*none, segment->info());
}

TEST_F(SegmentTest, AllRowsMayBeDeleted) {
  const auto info = Open(Build("s", 0, 3))->WithDeletes(std::vector<uint32_t>{0, 1, 2}, 7);
  ASSERT_OK(info);
  EXPECT_TRUE(Nearest(*Open(*info), 0, 5).empty());
}

TEST_F(SegmentTest, MergeHoldsTheLiveRowsOfAll) {
  const IndexSpec spec{.metric = Metric::kL2, .params = HnswParams{.m = 4}};
  const auto first = Open(Build("s1", 0, 10, 50))->BuildIndex("vector", spec);
  ASSERT_OK(first);
  const auto first_deleted = Open(*first)->WithDeletes(std::vector<uint32_t>{0, 9}, 60);
  ASSERT_OK(first_deleted);
  const auto second = Open(Build("s2", 100, 5, 20))->BuildIndex("vector", spec);
  ASSERT_OK(second);
  const auto a = Open(*first_deleted);
  const auto b = Open(*second);
  const std::vector<const Segment*> inputs = {a.get(), b.get()};
  const auto merged = MergeSegments(inputs, *store_, PathOf("merged"));
  ASSERT_OK(merged);
  EXPECT_EQ(merged->num_rows, 13u);
  EXPECT_EQ(merged->min_timestamp, 20u);
  EXPECT_EQ(merged->max_timestamp, 50u);
  ASSERT_EQ(merged->indexes.size(), 1u);
  EXPECT_EQ(merged->indexes[0].spec, spec);
  const auto segment = Open(*merged);
  EXPECT_EQ(*segment->FindRows({100, 0, 1, 9, 8, 104}), (std::vector<uint32_t>{0, 5, 12, 4}));
  EXPECT_EQ(Nearest(*segment, 2, 3), (std::vector<int64_t>{2, 102, 1}));
  EXPECT_EQ(segment->Read(std::vector<uint32_t>{12}, std::vector<std::string>{"name"})
                ->column("name")
                ->string(0),
            "n8");
}

TEST_F(SegmentTest, MergeRefusesWhatDoesNotFitTogether) {
  const auto segment = Open(Build("s", 0, 3));
  EXPECT_EQ(CodeOf(MergeSegments({}, *store_, PathOf("m"))), kInvalidArgument);
  Schema other = TestSchema();
  other.enable_dynamic_field = false;
  auto builder = SegmentBuilder::Make(other);
  ASSERT_OK(builder);
  RowBatch batch(other);
  batch.SetInt64("id", std::vector<int64_t>{1});
  batch.SetFloatVectors("vector", {1, 2});
  batch.SetFloatVectors("other", {1});
  batch.SetVarChar("name", std::vector<std::string>{"x"});
  ASSERT_OK((*builder)->Add(batch));
  const auto other_info = (*builder)->Finish(*store_, PathOf("o"));
  ASSERT_OK(other_info);
  const auto other_segment = Open(*other_info);
  const std::vector<const Segment*> different = {segment.get(), other_segment.get()};
  EXPECT_EQ(CodeOf(MergeSegments(different, *store_, PathOf("m"))), kInvalidArgument);
  const auto dead_info = segment->WithDeletes(std::vector<uint32_t>{0, 1, 2}, 9);
  ASSERT_OK(dead_info);
  const auto dead = Open(*dead_info);
  const std::vector<const Segment*> nothing = {dead.get()};
  EXPECT_EQ(CodeOf(MergeSegments(nothing, *store_, PathOf("m"))),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(SegmentTest, MergeWritesIntoAnotherStore) {
  const auto segment = Open(Build("s", 0, 3));
  const auto other = MakeMemoryObjectStore();
  const std::vector<const Segment*> inputs = {segment.get()};
  const auto merged = MergeSegments(inputs, *other, PathOf("m"));
  ASSERT_OK(merged);
  EXPECT_OK(Segment::Open(*other, *merged));
  EXPECT_TRUE(store_->List(PathOf("m"))->empty());
}

}  // namespace
}  // namespace vecdb
