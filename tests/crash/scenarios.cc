#include "crash/scenarios.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

constexpr Durability kNone = Durability::kNone;
constexpr Durability kProcessCrash = Durability::kProcessCrash;

void OpenAndCreate(Workload& work) {
  work.Open();
  work.Create("c");
}

void FirstWriteEver(Workload& work) {
  OpenAndCreate(work);
  work.Insert("c", 3);
}

void SeveralBatches(Workload& work) {
  OpenAndCreate(work);
  for (size_t i = 1; i <= 8; ++i) work.Insert("c", i);
  for (size_t i = 1; i <= 8; ++i) work.Upsert("c", i);
}

void Deletes(Workload& work) {
  OpenAndCreate(work);
  for (int i = 0; i < 4; ++i) {
    work.Insert("c", 6);
    work.Delete("c", 3);
  }
  work.Delete("c", 100);
  work.Insert("c", 2);
}

void FlushOnce(Workload& work) {
  OpenAndCreate(work);
  work.Insert("c", 8);
  work.Insert("c", 5);
  work.Flush("c");
}

void WritesAfterFlush(Workload& work) {
  OpenAndCreate(work);
  work.Insert("c", 8);
  work.Flush("c");
  for (int i = 0; i < 3; ++i) work.Insert("c", 4);
  work.Delete("c", 2);
}

void UpsertsOverFlushedRows(Workload& work) {
  OpenAndCreate(work);
  work.Insert("c", 8);
  work.Flush("c");
  for (int i = 0; i < 4; ++i) work.Upsert("c", 6);
  work.Flush("c");
}

void DeletesOfFlushedRows(Workload& work) {
  OpenAndCreate(work);
  work.Insert("c", 8);
  work.Flush("c");
  work.Delete("c", 3);
  work.Flush("c");
  work.Delete("c", 3);
}

void ThreeFlushes(Workload& work) {
  OpenAndCreate(work);
  for (int i = 0; i < 3; ++i) {
    work.Upsert("c", 6);
    work.Delete("c", 2);
    work.Flush("c");
    work.Flush("c");
  }
}

void CreateRenameDrop(Workload& work) {
  work.Open();
  work.Create("a");
  work.Insert("a", 4);
  work.Rename("a", "b");
  work.Insert("b", 4);
  work.Create("a", {.num_shards = 2});
  work.Insert("a", 3);
  work.Drop("b");
  work.Create("d");
  work.Drop("a");
  work.Insert("d", 2);
}

void CleanClose(Workload& work) {
  OpenAndCreate(work);
  work.Insert("c", 5);
  work.Delete("c", 2);
  work.Close();
  work.Open();
  work.Upsert("c", 5);
  work.Close();
  work.Open();
}

void WritesAfterCrash(Workload& work) {
  OpenAndCreate(work);
  for (int i = 0; i < 3; ++i) {
    work.Insert("c", 4);
    work.Upsert("c", 4);
    work.Kill();
  }
  work.Delete("c", 3);
}

// Files of the log pile up: each opening begins one, and nothing is flushed.
void LogOfManyFiles(Workload& work) {
  OpenAndCreate(work);
  for (int i = 0; i < 4; ++i) {
    work.Insert("c", 3, i % 2 == 0 ? kProcessCrash : Durability::kSynced);
    work.Kill();
  }
  work.Upsert("c", 5);
  work.Flush("c");
  work.Upsert("c", 2);
}

void FlatIndex(Workload& work) {
  OpenAndCreate(work);
  work.CreateIndex("c", Flat());
  work.Insert("c", 5);
  work.Flush("c");
  work.DropIndex("c");
  work.CreateIndex("c", Flat());
  work.Upsert("c", 5);
}

void BuiltIndex(Workload& work, const IndexParams& params) {
  work.Open();
  work.Create("c", {.num_shards = 1}, 2);
  work.Insert("c", 1030);
  work.CreateIndex("c", {.metric = Metric::kL2, .params = params});
  work.Flush("c");
  work.RunBehind();
  work.WaitForIndex("c");
  work.Delete("c", 4);
  work.Kill();
  work.DropIndex("c");
}

void HnswIndex(Workload& work) { BuiltIndex(work, HnswParams{.m = 4, .ef_construction = 8}); }

void DiskannIndex(Workload& work) {
  BuiltIndex(work, DiskannParams{.max_degree = 4, .search_list_size = 8});
}

// Half of journal_max_bytes starts a flush behind, three quarters one in the writer.
void JournalLimitForcesFlush(Workload& work) {
  work.Open();
  work.Create("c", {.num_shards = 2, .journal_max_bytes = 1 << 20}, 4096);
  for (int i = 0; i < 5; ++i) work.Upsert("c", 8);
  work.RunBehind();
  for (int i = 0; i < 7; ++i) work.Insert("c", 8);
}

void SealProportionForcesFlush(Workload& work) {
  work.Open();
  work.Create("c", {.num_shards = 2, .segment_max_bytes = 1 << 20, .seal_proportion = 0.01}, 256);
  for (int i = 0; i < 5; ++i) {
    work.Upsert("c", 8);
    if (i % 2 == 1) work.RunBehind();
  }
}

void LowerDurabilityThenSynced(Workload& work) {
  OpenAndCreate(work);
  for (int i = 0; i < 3; ++i) {
    work.Insert("c", 3, kNone);
    work.Upsert("c", 4, kProcessCrash);
    work.Delete("c", 1, kNone);
    work.Upsert("c", 3);
    work.Insert("c", 2, kProcessCrash);
  }
}

void LowerDurabilityThenFlush(Workload& work) {
  OpenAndCreate(work);
  for (int i = 0; i < 2; ++i) {
    work.Insert("c", 3, kNone);
    work.Delete("c", 1, kNone);
    work.Flush("c");
    work.Upsert("c", 4, kProcessCrash);
    work.Kill();
  }
  work.Upsert("c", 3);
}

void TwoCollections(Workload& work) {
  work.Open();
  work.Create("a");
  work.Create("b", {.num_shards = 2});
  work.Insert("a", 3);
  work.Flush("a");
  work.Upsert("b", 3);
  work.Insert("a", 3);
  work.Kill();
  work.Upsert("a", 2);
  work.Upsert("b", 2);
  work.Close();
}

void FlushRightAfterRecovery(Workload& work) {
  OpenAndCreate(work);
  for (int i = 0; i < 2; ++i) {
    work.Insert("c", 5);
    work.Delete("c", 1);
    work.Kill();
    if (i == 0) {
      work.Flush("c");
    } else {
      work.RunBehind();
    }
    work.Kill();
  }
  work.Upsert("c", 3);
}

void IngestedSegments(Workload& work) {
  work.Open();
  work.Create("c", {.num_shards = 1});
  work.Upsert("c", 4);
  work.Ingest("c", 6);
  work.Upsert("c", 8);
  work.Kill();
  work.Delete("c", 4);
  work.Insert("c", 2, kNone);
  work.Ingest("c", 3);
  work.Kill();
  work.Ingest("c", 2);
}

constexpr Scenario kScenarios[] = {
    {"first write ever", FirstWriteEver},
    {"several batches", SeveralBatches},
    {"deletes", Deletes},
    {"flush", FlushOnce},
    {"writes after flush", WritesAfterFlush},
    {"upserts over flushed rows", UpsertsOverFlushedRows},
    {"deletes of flushed rows", DeletesOfFlushedRows},
    {"three flushes", ThreeFlushes},
    {"create, rename, drop", CreateRenameDrop},
    {"ingested segments", IngestedSegments},
    {"clean close", CleanClose},
    {"writes after crash", WritesAfterCrash},
    {"log of many files", LogOfManyFiles},
    {"FLAT index", FlatIndex},
    {"lower durability, then synced", LowerDurabilityThenSynced},
    {"lower durability, then flush", LowerDurabilityThenFlush},
    {"two collections", TwoCollections},
    {"flush right after recovery", FlushRightAfterRecovery},
    {"seal_proportion forces flush", SealProportionForcesFlush},
    {"HNSW index", HnswIndex},
    {"DISKANN index", DiskannIndex, /*stride=*/8},  // learns codes in every image
    {"journal_max_bytes forces flush", JournalLimitForcesFlush},
};

}  // namespace

std::span<const Scenario> Scenarios() { return kScenarios; }

void RunAtRandom(Workload& work) {
  work.Open();
  const uint64_t num_collections = 1 + work.random().Below(3);
  for (uint64_t i = 0; i < num_collections; ++i) {
    work.Create(absl::StrCat("c", i),
                {.num_shards = 1 + static_cast<int32_t>(work.random().Below(3))});
  }
  for (int step = 0; step < 40; ++step) {
    work.RandomStep(absl::StrCat("c", work.random().Below(num_collections)));
  }
}

}  // namespace vecdb::support
