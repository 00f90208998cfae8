// Row E1 of the test plan for the calls that take a filter: each error code that a header names for
// them is produced here once.
#include <gtest/gtest.h>

#include "api/collection_world.h"
#include "api/error_codes_testing.h"

namespace vecdb::support {
namespace {

constexpr Documented kQueryCodes[] = {
    {"Filter::Parse", Code::kInvalidArgument},
    {"Filter::Bind", Code::kInvalidArgument},
    {"RowFilter::Resolve", Code::kInvalidArgument},
    {"Collection::DeleteWhere", Code::kInvalidArgument},
    {"Collection::DeleteWhere", Code::kFailedPrecondition},
    {"Collection::DeleteWhere", Code::kUnknown},
    {"Collection::DeleteWhere", Code::kDataLoss},
    {"Collection::DeleteWhere", Code::kCancelled},
    {"Collection::Query", Code::kInvalidArgument},
    {"Collection::Query", Code::kNotFound},
    {"Collection::Query", Code::kDataLoss},
    {"Collection::Query", Code::kFailedPrecondition},
    {"Collection::Query", Code::kUnavailable},
    {"Collection::Query", Code::kResourceExhausted},
    {"Collection::Query", Code::kCancelled},
    {"Collection::Query", Code::kDeadlineExceeded},
    {"Collection::Count", Code::kInvalidArgument},
    {"Collection::Count", Code::kDataLoss},
    {"Collection::OpenQueryIterator", Code::kInvalidArgument},
    {"Collection::OpenQueryIterator", Code::kNotFound},
    {"Collection::OpenSearchIterator", Code::kInvalidArgument},
    {"Collection::OpenSearchIterator", Code::kFailedPrecondition},
    {"QueryIterator::Next", Code::kFailedPrecondition},
    {"QueryIterator::Next", Code::kCancelled},
    {"SearchIterator::Next", Code::kFailedPrecondition},
    {"SearchIterator::Next", Code::kCancelled},
    {"Collection::Explain", Code::kFailedPrecondition},
    {"Collection::Explain", Code::kInvalidArgument},
    {"Collection::Search", Code::kInvalidArgument},
    {"Collection::Search", Code::kNotFound},
    {"Collection::Search", Code::kResourceExhausted},
    {"SearchResult::Make", Code::kInvalidArgument},
    {"MergeResults", Code::kInvalidArgument},
    {"MergeRows", Code::kInvalidArgument},
};

using Case = CodeCase<World>;

constexpr float kSomeQuery[] = {1, 1, 1, 1};

// Flushed rows whose columns are damaged.
void DamageColumns(World& w) {
  w.FlushIndexed(Flat());
  w.Damage(".vseg");
  w.Crash();
}

const std::vector<Case>& FilterCases() {
  static const auto& cases = *new std::vector<Case>{
      {{"Filter::Parse", Code::kInvalidArgument},
       [](World& w) { return Filter::Parse(w.schema, "tag").status(); }},
      {{"Filter::Bind", Code::kInvalidArgument},
       [](World& w) { return Filter::Parse(w.schema, "id == {x}")->Bind({}).status(); }},
      {{"RowFilter::Resolve", Code::kInvalidArgument},
       [](World& w) { return RowFilter("id == {x}").Resolve(w.schema).status(); }},
      {{"Collection::DeleteWhere", Code::kInvalidArgument},
       [](World& w) { return w.c->DeleteWhere("").status(); }},
      {{"Collection::DeleteWhere", Code::kFailedPrecondition},
       [](World& w) { return Reader(w).c->DeleteWhere("id == 1").status(); }},
      {{"Collection::DeleteWhere", Code::kUnknown},
       [](World& w) {
         w.FailJournal();
         return w.c->DeleteWhere("id == 1").status();
       }},
      {{"Collection::DeleteWhere", Code::kDataLoss},
       [](World& w) {
         DamageColumns(w);
         return w.c->DeleteWhere("id == 1").status();
       }},
      {{"Collection::DeleteWhere", Code::kCancelled},
       [](World& w) { return w.c->DeleteWhere("id == 1", CancelledContext()).status(); }},
  };
  return cases;
}

const std::vector<Case>& QueryCases() {
  static const auto& cases = *new std::vector<Case>{
      {{"Collection::Query", Code::kInvalidArgument},
       [](World& w) { return w.c->Query({.filter = "tag == 1"}).status(); }},
      {{"Collection::Query", Code::kNotFound},
       [](World& w) { return w.c->Query({.output_fields = {"x"}}).status(); }},
      {{"Collection::Query", Code::kDataLoss},
       [](World& w) {
         DamageColumns(w);
         return w.c->Query({}).status();
       }},
      {{"Collection::Query", Code::kFailedPrecondition},
       [](World& w) { return w.c->Query({.consistency = Consistency::AsOf(1)}).status(); }},
      {{"Collection::Query", Code::kUnavailable},
       [](World& w) {
         w.FlushIndexed(Flat());
         w.Crash();
         w.store_faults->Arm({.call = "ReadAt", .error = absl::UnavailableError("away")});
         return w.c->Query({.filter = "tag == \"t\""}).status();
       }},
      {{"Collection::Query", Code::kResourceExhausted},
       [](World& w) {
         w.FlushIndexed(Flat());
         w.Squeeze();
         return w.c->Query({.filter = "tag != \"x\"", .output_fields = {"tag"}}).status();
       }},
      {{"Collection::Query", Code::kCancelled},
       [](World& w) { return w.c->Query({}, CancelledContext()).status(); }},
      {{"Collection::Query", Code::kDeadlineExceeded},
       [](World& w) { return w.c->Query({}, ExpiredContext()).status(); }},
      {{"Collection::Count", Code::kInvalidArgument},
       [](World& w) { return w.c->Count("id ==").status(); }},
      {{"Collection::Count", Code::kDataLoss},
       [](World& w) {
         DamageColumns(w);
         return w.c->Count("tag == \"t\"").status();
       }},
      {{"Collection::OpenQueryIterator", Code::kInvalidArgument},
       [](World& w) { return w.c->OpenQueryIterator({}, {.batch_size = 0}).status(); }},
      {{"Collection::OpenQueryIterator", Code::kNotFound},
       [](World& w) { return w.c->OpenQueryIterator({.output_fields = {"x"}}).status(); }},
      {{"QueryIterator::Next", Code::kFailedPrecondition},
       [](World& w) {
         const auto iterator = *w.c->OpenQueryIterator({});
         EXPECT_OK(w.db->DropCollection("c"));
         return iterator->Next().status();
       }},
      {{"QueryIterator::Next", Code::kCancelled},
       [](World& w) { return (*w.c->OpenQueryIterator({}))->Next(CancelledContext()).status(); }},
  };
  return cases;
}

const std::vector<Case>& SearchCases() {
  static const auto& cases = *new std::vector<Case>{
      {{"Collection::OpenSearchIterator", Code::kFailedPrecondition},
       [](World& w) { return w.c->OpenSearchIterator({.vectors = kSomeQuery}).status(); }},
      {{"Collection::OpenSearchIterator", Code::kInvalidArgument},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return w.c->OpenSearchIterator({.vectors = kSomeQuery}, {.position = "x"}).status();
       }},
      {{"SearchIterator::Next", Code::kFailedPrecondition},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         const auto iterator = *w.c->OpenSearchIterator({.vectors = kSomeQuery});
         EXPECT_OK(w.db->DropCollection("c"));
         return iterator->Next().status();
       }},
      {{"SearchIterator::Next", Code::kCancelled},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         const auto iterator = *w.c->OpenSearchIterator({.vectors = kSomeQuery});
         return iterator->Next(CancelledContext()).status();
       }},
      {{"Collection::Explain", Code::kFailedPrecondition},
       [](World& w) { return w.c->Explain({.vectors = kSomeQuery}).status(); }},
      {{"Collection::Explain", Code::kInvalidArgument},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return w.c->Explain({.vectors = kSomeQuery, .filter = "id"}).status();
       }},
      {{"Collection::Search", Code::kInvalidArgument},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return w.Search({.filter = "v == 1"});
       }},
      {{"Collection::Search", Code::kNotFound},
       [](World& w) {
         EXPECT_OK(w.c->CreateIndex("v", Flat()));
         return w.Search({.group_by = "x"});
       }},
      {{"Collection::Search", Code::kResourceExhausted},
       [](World& w) {
         w.FlushIndexed(Flat());
         w.Squeeze();
         return w.Search({.filter = "tag == \"t\""});
       }},
      {{"SearchResult::Make", Code::kInvalidArgument},
       [](World& w) {
         return SearchResult::Make({.rows = RowBatch(w.schema), .scores = {1}, .ends = {1}})
             .status();
       }},
      {{"MergeResults", Code::kInvalidArgument},
       [](World&) { return MergeResults({}, {}).status(); }},
      {{"MergeRows", Code::kInvalidArgument}, [](World&) { return MergeRows({}, {}).status(); }},
  };
  return cases;
}

TEST(QueryErrorCodesTest, OfFilters) { ExpectCodes(FilterCases()); }
TEST(QueryErrorCodesTest, OfQueries) { ExpectCodes(QueryCases()); }
TEST(QueryErrorCodesTest, OfSearches) { ExpectCodes(SearchCases()); }

TEST(QueryErrorCodesTest, EveryDocumentedOneIsProduced) {
  std::set<Documented> produced;
  for (const auto* cases : {&FilterCases(), &QueryCases(), &SearchCases()}) {
    AddProduced(*cases, &produced);
  }
  ExpectTheSame(kQueryCodes, produced);
}

}  // namespace
}  // namespace vecdb::support
