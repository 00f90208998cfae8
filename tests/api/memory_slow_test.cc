// The memory budget against what the system counts, and ramped up from nothing: row M1 of
// PROMISES.md.

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "support/test_database.h"

namespace vecdb {
namespace {

using support::Ids;
using support::TaggedRows;
using support::TaggedSchema;

constexpr int32_t kRampDim = 128;
constexpr int64_t kRampBatches = 8;
constexpr size_t kRampBatchRows = 1500;
constexpr int32_t kRampStepPercent = 5;
// What the library holds outside its budget: handles, small vectors, the store's own tables.
constexpr uint64_t kRssBaseline = 8 << 20;

uint64_t StatusBytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) << 10;
  }
  return 0;
}

uint64_t ResidentBytes() {
  malloc_trim(0);
  return StatusBytes("VmRSS");
}

// False where the kernel does not let the mark be reset.
bool ResetPeak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5";
  file.close();
  return !file.fail();
}

// A database on the disk, so that what is in the store is not in memory.
class RampWorld {
 public:
  explicit RampWorld(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<std::unique_ptr<Database>> Open(MemoryBudget* budget) const {
    return Database::Open({.path = path_, .host = {.budget = budget}, .num_threads = 1});
  }

 private:
  const std::string path_;
};

std::string RampPath(const char* name) {
  return ::testing::TempDir() + "/ramp_" + name + "_" + std::to_string(getpid());
}

// Ingests, flushes, builds, loads and searches as far as it comes. Every step is OK or
// ResourceExhausted; returns how many rows were acknowledged.
uint64_t RunSteps(Database& db, const IndexSpec& spec, bool* all) {
  const Schema schema = TaggedSchema(kRampDim);
  const std::vector<float> query(kRampDim, 1);
  *all = true;
  const auto note = [all](const absl::Status& status) {
    EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
    *all &= status.ok();
    return status.ok();
  };
  auto docs = db.CreateCollection("docs", schema, {.load = LoadPolicy::kManual});
  if (!note(docs.status())) return 0;
  uint64_t rows = 0;
  for (int64_t batch = 0; batch < kRampBatches; ++batch) {
    const auto ids = Ids(batch * static_cast<int64_t>(kRampBatchRows), kRampBatchRows);
    if (note((*docs)->Insert(TaggedRows(schema, ids, "a")).status())) rows += kRampBatchRows;
  }
  note((*docs)->Flush());
  if (!note((*docs)->CreateIndex("v", spec))) return rows;
  note((*docs)->WaitForIndex("v"));
  if (!note((*docs)->Load())) {
    EXPECT_EQ((*docs)->LoadState(), LoadState::kFailed);
    return rows;
  }
  const auto found = (*docs)->Search({.field = "v", .vectors = query, .limit = 10});
  if (note(found.status())) {
    EXPECT_EQ(found->hits(0).size(), std::min<uint64_t>(rows, 10));
  }
  return rows;
}

void ExpectRows(const RampWorld& world, uint64_t rows) {
  const auto db = world.Open(nullptr);
  ASSERT_OK(db);
  const auto docs = (*db)->OpenCollection("docs");
  ASSERT_OK(docs);
  EXPECT_EQ(*(*docs)->Count(), rows);
  if ((*docs)->HasIndex("v")) {
    EXPECT_OK((*docs)->Load());
  }
  ASSERT_OK((*db)->DropCollection("docs"));
  ASSERT_OK((*db)->Close());
}

std::vector<IndexSpec> RampSpecs() {
  return {{},
          {.params = HnswParams{.m = 8, .ef_construction = 20}},
          {.params = IvfSq8Params{.nlist = 16}},
          {.params = IvfPqParams{.nlist = 16, .m = 16, .nbits = 4}},
          {.params = DiskannParams{.max_degree = 16, .search_list_size = 20}}};
}

TEST(MemoryRampTest, EveryLimitIsHeldAndNothingIsHalfDone) {
  for (const IndexSpec& spec : RampSpecs()) {
    const RampWorld world(RampPath(std::string(spec.type_name()).c_str()));
    uint64_t need = 0;
    {
      MemoryBudget counts;
      const auto db = world.Open(&counts);
      ASSERT_OK(db);
      bool all = false;
      EXPECT_EQ(RunSteps(**db, spec, &all), kRampBatches * kRampBatchRows);
      EXPECT_TRUE(all);
      need = (*db)->MemoryReport().peak_bytes;
    }
    ExpectRows(world, kRampBatches * kRampBatchRows);
    bool came_through = false;
    // Learning codes takes as long as all the rest.
    const bool learns = std::holds_alternative<DiskannParams>(spec.params);
    const int32_t step_percent = learns ? 2 * kRampStepPercent : kRampStepPercent;
    for (int32_t percent = 0; percent <= 150; percent += step_percent) {
      const uint64_t limit = need / 100 * static_cast<uint64_t>(percent);
      MemoryBudget budget(limit);
      const uint64_t before = ResidentBytes();
      const bool measures = ResetPeak();
      uint64_t rows = 0;
      {
        const auto db = world.Open(&budget);
        ASSERT_OK(db) << percent;
        rows = RunSteps(**db, spec, &came_through);
        EXPECT_LE((*db)->MemoryReport().peak_bytes, limit);
      }
      EXPECT_EQ(budget.used_bytes(), 0u) << spec.ToJson() << percent;
      if (measures) {
        EXPECT_LE(StatusBytes("VmHWM"), before + limit + limit / 10 + kRssBaseline)
            << spec.ToJson() << " at " << percent << " % of " << need;
      }
      ExpectRows(world, rows);
    }
    EXPECT_TRUE(came_through) << spec.ToJson() << ": with half more than it needs";
  }
}

TEST(MemoryRampTest, ReleaseGivesResidentMemoryBackToTheSystem) {
  for (const IndexSpec& spec : RampSpecs()) {
    const RampWorld world(RampPath("release"));
    const auto db = world.Open(nullptr);
    ASSERT_OK(db);
    const Schema schema = TaggedSchema(kRampDim);
    auto docs = (*db)->CreateCollection("docs", schema, {.load = LoadPolicy::kManual});
    ASSERT_OK(docs);
    for (int64_t batch = 0; batch < 2 * kRampBatches; ++batch) {
      const auto ids = Ids(batch * static_cast<int64_t>(kRampBatchRows), kRampBatchRows);
      ASSERT_OK((*docs)->Insert(TaggedRows(schema, ids, "a")));
    }
    ASSERT_OK((*docs)->Flush());
    ASSERT_OK((*docs)->CreateIndex("v", spec));
    ASSERT_OK((*docs)->WaitForIndex("v"));
    ASSERT_OK((*docs)->Load());
    const uint64_t counted = (*docs)->MemoryReport()->used_bytes;
    const uint64_t loaded = ResidentBytes();
    ASSERT_OK((*docs)->Release());
    const uint64_t given_back = counted - (*docs)->MemoryReport()->used_bytes;
    EXPECT_LE(ResidentBytes() + given_back / 10 * 9, loaded) << spec.ToJson() << given_back;
    ASSERT_OK((*db)->DropCollection("docs"));
    EXPECT_EQ((*db)->MemoryReport().used_bytes, 0u);
  }
}

}  // namespace
}  // namespace vecdb
