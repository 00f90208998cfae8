// What a database counts, held against what was done.
#include <gtest/gtest.h>

#include <cmath>

#include "api/api_testing.h"
#include "api/metrics_testing.h"
#include "support/fault_file_system.h"
#include "support/fault_object_store.h"

namespace vecdb::support {
namespace {

class MetricsTest : public ::testing::Test {
 protected:
  MetricsTest() {
    db_.options.store = std::make_shared<FaultObjectStore>(MakeMemoryObjectStore(), faults_);
    db_.options.journal_directory =
        std::make_shared<FaultFileSystem>(MakeMemoryFileSystem(), log_faults_);
    Create({.auto_compaction = false});
  }

  void Create(const CollectionOptions& options) {
    if (db_->HasCollection("c")) {
      EXPECT_OK(db_->DropCollection("c"));
    }
    c_ = *db_->CreateCollection("c", schema_, options);
  }
  RowBatch Rows(int64_t first, size_t count) const {
    return TaggedRows(schema_, Ids(first, count), "t");
  }
  Metrics Now() { return Metrics(*db_); }

  const Schema schema_ = TaggedSchema();
  const std::vector<float> query_ = {1, 2, 3, 4};
  const std::vector<float> three_queries_ = {1, 2, 3, 4, 0, 0, 0, 0, 1, 1, 1, 1};
  const std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
  const std::shared_ptr<FaultInjector> log_faults_ = std::make_shared<FaultInjector>();
  TestDatabase db_;
  std::unique_ptr<Collection> c_;
};

TEST_F(MetricsTest, RowsThatWereWrittenAreCounted) {
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(c_->Upsert(Rows(8, 4)));
  ASSERT_OK(c_->Delete({0, 1, 2, 77}));
  ASSERT_OK(c_->DeleteWhere("id == 3"));
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Of("vecdb_rows_inserted_total"), 10);
  EXPECT_EQ(metrics.Of("vecdb_rows_upserted_total"), 4);
  EXPECT_EQ(metrics.Of("vecdb_rows_deleted_total"), 2 + 3 + 1);
  EXPECT_EQ(metrics.Of("vecdb_rows"), 8);
  EXPECT_EQ(metrics.Calls("insert"), 1);
  EXPECT_EQ(metrics.Calls("upsert"), 1);
  EXPECT_EQ(metrics.Calls("delete"), 2);
  EXPECT_EQ(metrics.Count("vecdb_operation_seconds", {{"operation", "delete"}}), 2u);
}

TEST_F(MetricsTest, CallsThatFailAreCountedByTheirCode) {
  ASSERT_OK(c_->Insert(Rows(0, 1)));
  EXPECT_FALSE(c_->Insert(Rows(0, 1)).ok());
  EXPECT_FALSE(c_->Search({.vectors = query_}).ok());
  EXPECT_FALSE(c_->Query({.filter = "no such field == 1"}).ok());
  EXPECT_FALSE(c_->Get({1}, std::vector<std::string>{"no such"}).ok());
  EXPECT_FALSE(c_->Load().ok());
  EXPECT_FALSE(c_->DropIndex("v").ok());
  const Context late = Context::WithTimeout(absl::ZeroDuration());
  EXPECT_FALSE(c_->Count(late).ok());
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Calls("insert"), 1);
  EXPECT_EQ(metrics.Calls("insert", "ALREADY_EXISTS"), 1);
  EXPECT_EQ(metrics.Calls("search", "FAILED_PRECONDITION"), 1);
  EXPECT_EQ(metrics.Calls("query", "INVALID_ARGUMENT"), 1);
  EXPECT_EQ(metrics.Calls("get", "NOT_FOUND"), 1);
  EXPECT_EQ(metrics.Calls("load", "FAILED_PRECONDITION"), 1);
  EXPECT_EQ(metrics.Calls("drop_index", "NOT_FOUND"), 1);
  EXPECT_EQ(metrics.Calls("count", "DEADLINE_EXCEEDED"), 1);
  EXPECT_EQ(metrics.Of("vecdb_rows_inserted_total"), 1);
}

TEST_F(MetricsTest, SearchesAreCountedByStage) {
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(c_->Search({.vectors = query_}));
  ASSERT_OK(c_->Search({.vectors = three_queries_}));
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Calls("search"), 2);
  EXPECT_EQ(metrics.Of("vecdb_search_queries_total"), 4);
  double parts = 0;
  for (const char* stage : {"plan", "filter", "search", "fetch"}) {
    const auto sample =
        metrics.Sample("vecdb_search_stage_seconds", {{"collection", "c"}, {"stage", stage}});
    ASSERT_TRUE(sample.has_value()) << stage;
    EXPECT_EQ(sample->count(), 2u);
    parts += sample->sum;
  }
  const auto whole =
      metrics.Sample("vecdb_operation_seconds", {{"collection", "c"}, {"operation", "search"}});
  EXPECT_GT(whole->sum, 0);
  EXPECT_NEAR(parts, whole->sum, 1e-6);
}

TEST_F(MetricsTest, IteratorsAndOtherCallsAreCounted) {
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  auto rows = *c_->OpenQueryIterator({.limit = 0}, {.batch_size = 6});
  ASSERT_OK(rows->Next());
  ASSERT_OK(rows->Next());
  auto hits = *c_->OpenSearchIterator({.vectors = query_}, {.batch_size = 6});
  ASSERT_OK(hits->Next());
  ASSERT_OK(c_->Explain({.vectors = query_}));
  ASSERT_OK(c_->Count());
  ASSERT_OK(c_->Maintain());
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Calls("iterate"), 3);
  EXPECT_EQ(metrics.Calls("explain"), 1);
  EXPECT_EQ(metrics.Calls("count"), 1);
  EXPECT_EQ(metrics.Calls("maintain"), 1);
  EXPECT_EQ(metrics.Calls("search"), 0);
}

TEST_F(MetricsTest, FilterCacheIsCounted) {
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(c_->Flush());
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(c_->Search({.vectors = query_, .filter = "id > 3"}));
  }
  ASSERT_OK(c_->Search({.vectors = query_}));
  const Metrics metrics = Now();
  EXPECT_EQ(
      metrics.Of("vecdb_filter_cache_misses_total") + metrics.Of("vecdb_filter_cache_hits_total"),
      3);
  EXPECT_GE(metrics.Of("vecdb_filter_cache_hits_total"), 1);
}

TEST_F(MetricsTest, PagesOfAnIndexOnDiskAreCounted) {
  ASSERT_OK(c_->Insert(Rows(0, 1500)));
  ASSERT_OK(c_->Flush());
  ASSERT_OK(c_->CreateIndex("v", {.metric = Metric::kL2, .params = DiskannParams{}}));
  ASSERT_OK(c_->WaitForIndex("v"));
  EXPECT_EQ(Now().Find("vecdb_page_reads_total"), nullptr);
  const auto found = c_->Search({.vectors = three_queries_});
  ASSERT_OK(found);
  ASSERT_EQ(found->stats().segments.size(), 1u);
  const SegmentSearchStats& stats = found->stats().segments[0];
  EXPECT_GT(stats.page_reads, 0u);
  EXPECT_GE(stats.page_depth, stats.page_reads);
  EXPECT_EQ(stats.page_bytes, stats.page_reads * 4096);
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Of("vecdb_page_reads_total"), static_cast<double>(stats.page_reads));
  EXPECT_EQ(metrics.Of("vecdb_page_read_bytes_total"), static_cast<double>(stats.page_bytes));
  EXPECT_EQ(metrics.Of("vecdb_page_hits_total"), static_cast<double>(stats.page_hits));
  EXPECT_EQ(metrics.Of("vecdb_page_depth_total"), static_cast<double>(stats.page_depth));
  EXPECT_EQ(metrics.Count("vecdb_query_page_reads"), 3u);
  ASSERT_OK(c_->AlterIndex("v", Flat()));
  ASSERT_OK(c_->Search({.vectors = query_}));
  EXPECT_EQ(Now().Count("vecdb_query_page_reads"), 3u);
}

TEST_F(MetricsTest, SegmentsAndTheirRowsAreGaugesByState) {
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(c_->Flush());
  ASSERT_OK(c_->Insert(Rows(10, 5)));
  ASSERT_OK(c_->Delete({0, 1, 10}));
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Of("vecdb_segments", {{"state", "flushed"}}), 1);
  EXPECT_EQ(metrics.Of("vecdb_segments", {{"state", "growing"}}), 1);
  EXPECT_EQ(metrics.Of("vecdb_segments", {{"state", "damaged"}}), 0);
  EXPECT_EQ(metrics.Of("vecdb_segment_rows", {{"state", "flushed"}}), 10);
  EXPECT_EQ(metrics.Of("vecdb_segment_rows", {{"state", "growing"}}), 5);
  EXPECT_EQ(metrics.Of("vecdb_segment_deleted_rows", {{"state", "flushed"}}), 2);
  EXPECT_EQ(metrics.Of("vecdb_segment_deleted_rows", {{"state", "growing"}}), 1);
  EXPECT_GT(metrics.Of("vecdb_segment_memory_bytes", {{"state", "growing"}}), 0);
  EXPECT_EQ(metrics.Of("vecdb_rows"), 12);
}

TEST_F(MetricsTest, FlushesAreCountedWithRowsAndBytes) {
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(c_->Flush());
  const double rows_bytes = Now().Of("vecdb_flush_bytes_total");
  EXPECT_EQ(rows_bytes, Now().Of("vecdb_store_bytes"));
  ASSERT_OK(c_->Delete({1}));
  ASSERT_OK(c_->Flush());
  faults_->Arm({.call = "Create", .path_contains = "/segments/", .sticky = true});
  ASSERT_OK(c_->Insert(Rows(10, 5)));
  EXPECT_FALSE(c_->Flush().ok());
  faults_->Disarm();
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Of("vecdb_flushes_total", {{"status", "success"}}), 2);
  EXPECT_EQ(metrics.Of("vecdb_flushes_total", {{"status", "fail"}}), 1);
  EXPECT_EQ(metrics.Of("vecdb_flushes_running"), 0);
  EXPECT_EQ(metrics.Count("vecdb_flush_seconds"), 3u);
  EXPECT_EQ(metrics.Of("vecdb_flush_rows_total"), 10);
  EXPECT_GT(metrics.Of("vecdb_flush_bytes_total"), rows_bytes);
  EXPECT_EQ(metrics.Of("vecdb_flush_bytes_total"), metrics.Of("vecdb_store_bytes"));
  EXPECT_EQ(metrics.Of("vecdb_sealed_segments_total"), 2);
}

TEST_F(MetricsTest, RowsWithoutTheirIndexArePendingUntilItIsBuilt) {
  ASSERT_OK(c_->Insert(Rows(0, 1100)));
  ASSERT_OK(c_->Flush());
  ASSERT_OK(c_->CreateIndex("v", Hnsw()));
  EXPECT_EQ(Now().Of("vecdb_index_pending_rows", {{"field", "v"}}), 1100);
  EXPECT_EQ(Now().Of("vecdb_index_rows", {{"field", "v"}}), 0);
  ASSERT_OK(c_->WaitForIndex("v"));
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Of("vecdb_index_pending_rows", {{"field", "v"}}), 0);
  EXPECT_EQ(metrics.Of("vecdb_index_rows", {{"field", "v"}}), 1100);
  EXPECT_EQ(metrics.Of("vecdb_index_builds_total", {{"status", "success"}}), 1);
  EXPECT_EQ(metrics.Of("vecdb_index_builds_running"), 0);
  EXPECT_EQ(metrics.Of("vecdb_index_build_rows_total"), 1100);
  EXPECT_GT(metrics.Of("vecdb_index_build_bytes_total"), 0);
  EXPECT_EQ(metrics.Count("vecdb_index_build_seconds"), 1u);
}

TEST_F(MetricsTest, LoadIsAStateAndAProgress) {
  Create({.load = LoadPolicy::kManual});
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(c_->Flush());
  ASSERT_OK(c_->CreateIndex("v", Flat()));
  EXPECT_EQ(Now().Of("vecdb_load_state", {{"state", "not_loaded"}}), 1);
  const auto job = c_->StartLoad();
  ASSERT_OK(job);
  EXPECT_EQ(Now().Of("vecdb_load_state", {{"state", "loading"}}), 1);
  EXPECT_EQ(Now().Of("vecdb_load_progress_ratio"), 0);
  ASSERT_OK((*job)->Wait());
  const Metrics loaded = Now();
  EXPECT_EQ(loaded.Of("vecdb_load_state", {{"state", "loaded"}}), 1);
  EXPECT_EQ(loaded.Of("vecdb_load_state", {{"state", "not_loaded"}}), 0);
  EXPECT_EQ(loaded.Of("vecdb_load_progress_ratio"), 1);
  EXPECT_GT(loaded.Of("vecdb_load_done_bytes"), 0);
  EXPECT_EQ(loaded.Of("vecdb_load_done_bytes"), loaded.Of("vecdb_load_wanted_bytes"));
  EXPECT_EQ(loaded.Of("vecdb_loads_total", {{"status", "success"}}), 1);
  EXPECT_EQ(loaded.Count("vecdb_load_seconds"), 1u);
  EXPECT_EQ(loaded.Count("vecdb_load_segment_seconds"), 1u);
  ASSERT_OK(c_->Release());
  EXPECT_EQ(Now().Of("vecdb_load_state", {{"state", "not_loaded"}}), 1);
}

TEST_F(MetricsTest, CompactionBringsTheSpaceDown) {
  ASSERT_OK(c_->Insert(Rows(0, 1000)));
  ASSERT_OK(c_->Flush());
  ASSERT_OK(c_->DeleteWhere("id >= 500"));
  ASSERT_OK(c_->Flush());
  const Metrics before = Now();
  EXPECT_NEAR(before.Of("vecdb_space_amplification_ratio"), 2, 0.01);
  EXPECT_NEAR(before.Of("vecdb_live_bytes"), before.Of("vecdb_store_bytes") / 2, 1);
  // What was deleted is of the past when its millisecond is over.
  for (const absl::Time end = absl::Now() + absl::Milliseconds(2); absl::Now() < end;) continue;
  const auto id = c_->Compact();
  ASSERT_OK(id);
  ASSERT_OK(c_->WaitForCompaction(*id));
  const Metrics after = Now();
  EXPECT_NEAR(after.Of("vecdb_space_amplification_ratio"), 1, 0.01);
  EXPECT_EQ(after.Of("vecdb_compactions_total", {{"status", "success"}}), 1);
  EXPECT_EQ(after.Of("vecdb_compactions_running"), 0);
  EXPECT_GT(after.Of("vecdb_compaction_read_bytes_total"), before.Of("vecdb_live_bytes"));
  EXPECT_LE(after.Of("vecdb_compaction_read_bytes_total"), before.Of("vecdb_store_bytes"));
  EXPECT_EQ(after.Of("vecdb_compaction_written_bytes_total"), after.Of("vecdb_store_bytes"));
  EXPECT_EQ(after.Count("vecdb_compaction_seconds"), 1u);
}

TEST_F(MetricsTest, SpaceOfAnEmptyCollectionIsNotAmplified) {
  EXPECT_EQ(Now().Of("vecdb_space_amplification_ratio"), 1);
  EXPECT_EQ(Now().Of("vecdb_live_bytes"), 0);
}

TEST_F(MetricsTest, JournalIsCounted) {
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(c_->Insert(Rows(10, 10)));
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Count("vecdb_journal_sync_seconds"), 2u);
  EXPECT_GT(metrics.Of("vecdb_journal_written_bytes_total"), 20 * 4 * sizeof(float));
  EXPECT_GE(metrics.Of("vecdb_journal_bytes"), metrics.Of("vecdb_journal_written_bytes_total"));
}

TEST_F(MetricsTest, MemoryIsCountedByUseAndHeldAgainstItsLimit) {
  EXPECT_TRUE(std::isinf(Now().Value("vecdb_memory_limit_bytes")));
  EXPECT_TRUE(std::isinf(Now().Value("vecdb_memory_free_bytes")));
  MemoryBudget budget(uint64_t{1} << 30);
  TestDatabase other;
  other.options.host.budget = &budget;
  other.options.memory_limit_bytes = uint64_t{1} << 29;
  const auto c = *other->CreateCollection("c", schema_);
  ASSERT_OK(c->SetMemoryLimit(uint64_t{1} << 28));
  ASSERT_OK(c->Insert(Rows(0, 10)));
  const Metrics metrics(*other);
  EXPECT_EQ(metrics.Value("vecdb_memory_limit_bytes"), uint64_t{1} << 29);
  EXPECT_EQ(metrics.Of("vecdb_collection_memory_limit_bytes"), uint64_t{1} << 28);
  const double growing = metrics.Value("vecdb_memory_used_bytes", {{"use", "growing_rows"}});
  EXPECT_GT(growing, 0);
  EXPECT_EQ(metrics.Of("vecdb_collection_memory_used_bytes", {{"use", "growing_rows"}}), growing);
  EXPECT_EQ(metrics.Value("vecdb_memory_free_bytes"), (uint64_t{1} << 29) - growing);
  EXPECT_GE(metrics.Value("vecdb_memory_peak_bytes"), growing);
  EXPECT_GT(metrics.Value("process_resident_memory_bytes"), 1 << 20);
}

TEST_F(MetricsTest, StoppedWritesAreSeenAndCountersOutliveTheOpeningAnew) {
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  EXPECT_EQ(Now().Of("vecdb_writes_stopped"), 0);
  log_faults_->Arm({.call = "Sync", .path_contains = ".log"});
  EXPECT_FALSE(c_->Insert(Rows(10, 1)).ok());
  log_faults_->Disarm();
  const Metrics stopped = Now();
  EXPECT_EQ(stopped.Of("vecdb_writes_stopped"), 1);
  EXPECT_EQ(stopped.Of("vecdb_background_errors_total", {{"source", "writes"}}), 1);
  EXPECT_EQ(stopped.Calls("insert", "UNKNOWN"), 1);
  c_ = *db_->OpenCollection("c");
  const Metrics again = Now();
  EXPECT_EQ(again.Of("vecdb_writes_stopped"), 0);
  EXPECT_EQ(again.Of("vecdb_rows_inserted_total"), 10);
  EXPECT_EQ(again.Of("vecdb_background_errors_total", {{"source", "writes"}}), 1);
}

TEST_F(MetricsTest, DroppedCollectionIsGoneAndANewOneOfItsNameBeginsAtNothing) {
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(db_->DropCollection("c"));
  EXPECT_FALSE(Now().Sample("vecdb_rows", {{"collection", "c"}}).has_value());
  EXPECT_EQ(Now().Value("vecdb_collections"), 0);
  Create({});
  EXPECT_EQ(Now().Of("vecdb_rows_inserted_total"), 0);
}

TEST_F(MetricsTest, RenamedCollectionKeepsItsCounts) {
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(db_->RenameCollection("c", "d"));
  EXPECT_EQ(Now().Value("vecdb_rows_inserted_total", {{"collection", "d"}}), 10);
  EXPECT_FALSE(Now().Sample("vecdb_rows_inserted_total", {{"collection", "c"}}).has_value());
}

TEST_F(MetricsTest, DatabaseCountsItsOwnCalls) {
  EXPECT_FALSE(db_->OpenCollection("nobody").ok());
  ASSERT_OK(db_->CollectGarbage());
  const Metrics metrics = Now();
  const auto calls = [&](const char* operation, const char* code) {
    return metrics.Value("vecdb_database_operations_total",
                         {{"operation", operation}, {"code", code}});
  };
  EXPECT_EQ(calls("create_collection", "OK"), 1);
  EXPECT_EQ(calls("open_collection", "NOT_FOUND"), 1);
  EXPECT_EQ(calls("collect_garbage", "OK"), 1);
  EXPECT_EQ(metrics.Value("vecdb_collections"), 1);
  EXPECT_EQ(metrics.Value("vecdb_open_collections"), 1);
}

TEST_F(MetricsTest, DatabasesCountApart) {
  TestDatabase other;
  const auto c = *other->CreateCollection("c", schema_);
  ASSERT_OK(c->Insert(Rows(0, 10)));
  EXPECT_EQ(Metrics(*other).Of("vecdb_rows_inserted_total"), 10);
  EXPECT_EQ(Now().Of("vecdb_rows_inserted_total"), 0);
}

TEST_F(MetricsTest, ClosedDatabaseHasItsOwnFiguresLeft) {
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(db_->Close());
  EXPECT_FALSE(c_->Count().ok());
  const Metrics metrics = Now();
  EXPECT_EQ(metrics.Value("vecdb_open_collections"), 0);
  EXPECT_EQ(metrics.Find("vecdb_rows"), nullptr);
}

TEST_F(MetricsTest, ReadOnlyDatabaseCountsAcrossRefreshAndHasNoStoppedWrites) {
  ASSERT_OK(c_->Insert(Rows(0, 10)));
  ASSERT_OK(c_->Flush());
  TestDatabase reader;
  reader.options.store = db_.options.store;
  reader.options.journal_directory = db_.options.journal_directory;
  reader.options.read_only = true;
  const auto c = *reader->OpenCollection("c");
  ASSERT_OK(c->Get({1}));
  ASSERT_OK(reader->Refresh());
  ASSERT_OK(c->Get({1}));
  EXPECT_EQ(Metrics(*reader).Calls("get"), 2);
  EXPECT_EQ(Metrics(*reader).Of("vecdb_writes_stopped"), 0);
}

TEST_F(MetricsTest, TextIsThatOfTheFamiliesInTheirOrder) {
  TestDatabase db;
  DoEverything(db);
  const auto families = db->CollectMetrics();
  EXPECT_TRUE(std::is_sorted(families.begin(), families.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  const std::string text = db->MetricsText();
  EXPECT_TRUE(Contains(text, "# TYPE vecdb_operations_total counter\n"));
  EXPECT_TRUE(Contains(
      text, "vecdb_operations_total{collection=\"c\",operation=\"search\",code=\"OK\"} 2\n"));
  EXPECT_TRUE(Contains(text,
                       "vecdb_search_stage_seconds_bucket{collection=\"c\",stage=\"search\","
                       "le=\"+Inf\"} 2\n"));
}

}  // namespace
}  // namespace vecdb::support
