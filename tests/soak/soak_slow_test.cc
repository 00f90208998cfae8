// The soak: batches of inserts, upserts and deletes one after another under constant search, with
// flushes, index builds, compactions and garbage collection as they come by themselves. Takes 80
// seconds; VECDB_TEST_SCALE=22 makes it half an hour.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "support/counting_object_store.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"
#include "support/temp_directory.h"
#include "vecdb/vecdb.h"

namespace vecdb::support {
namespace {

using SoakClock = std::chrono::steady_clock;

constexpr size_t kSoakDim = 128;
constexpr int32_t kSoakShards = 2;
constexpr int64_t kSoakKeys = 20'000;  // that there may be
constexpr size_t kSoakRows = 15'000;   // that there are, about
constexpr size_t kSoakBatchRows = 20;
constexpr int kSoakBatches = 10'000;
constexpr auto kSoakPace = std::chrono::milliseconds(8);  // a batch
constexpr int32_t kSoakHits = 10;
constexpr size_t kSlices = 100;  // of the batches; latencies are told of ten together
constexpr int kSearchesPerYardstick = 4;
constexpr uint64_t kRowBytes = kSoakDim * sizeof(float) + 2 * sizeof(int64_t);

constexpr size_t kMostSegmentsOfShard = 12;
constexpr double kMostLatencyGrowth = 1.3;
constexpr double kMostSpaceAmplification = 1.3;
constexpr double kMostWriteAmplification = 6;
constexpr double kLeastRecall = 0.95;

// A row of key and version, near others of its key modulo 97.
std::vector<float> SoakVector(int64_t key, uint64_t version) {
  SeededRandom centre(static_cast<uint64_t>(key % 97));
  SeededRandom noise(static_cast<uint64_t>(key) << 32 | version);
  const auto unit = [](SeededRandom& random) {
    return static_cast<float>(random.Below(1 << 20)) / float{1 << 20};
  };
  std::vector<float> vector(kSoakDim);
  for (float& value : vector) value = unit(centre) + unit(noise);
  return vector;
}

double SquaredDistance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::pow(double{a[i]} - double{b[i]}, 2);
  return sum;
}

void ExpectScore(double score, double distance) {
  EXPECT_NEAR(score, distance, 1e-5 * (1 + distance));
}

Schema SoakSchema() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "version", .type = DataType::kInt64},
                     {.name = "v", .type = DataType::kFloatVector, .dim = kSoakDim}}};
}

// Answers are compared by the rows themselves, so that their scores can be held against the model.
const IndexSpec kSoakIndex{
    .metric = Metric::kL2,
    .params = HnswParams{
        .m = 16, .ef_construction = 100, .codec = HnswCodec::kSq8, .refine = Refine::kFloat32}};

// What the one writer has done to each key, as a reader may see it while it goes on. Versions of a
// key count up; a delete takes one, too.
class SoakModel {
 public:
  SoakModel() : begun_(kSoakKeys), gone_(kSoakKeys) {}

  // For the writer.
  bool Has(int64_t key) const { return rows_.contains(key); }
  size_t size() const { return rows_.size(); }
  const std::map<int64_t, uint64_t>& rows() const { return rows_; }
  uint64_t Begin(int64_t key) { return ++begun_[Index(key)]; }
  void EndPut(int64_t key) {
    gone_[Index(key)] = begun_[Index(key)] - 1;
    rows_[key] = begun_[Index(key)];
  }
  void EndDelete(int64_t key) {
    gone_[Index(key)] = begun_[Index(key)].load();
    rows_.erase(key);
  }

  // For readers: the versions that are gone for a read which begins now.
  void CopyGone(std::vector<uint64_t>* gone) const {
    gone->resize(gone_.size());
    for (size_t i = 0; i < gone_.size(); ++i) (*gone)[i] = gone_[i].load();
  }
  // Whether a read that has ended now may have seen this.
  bool MayBeSeen(int64_t key, uint64_t version, const std::vector<uint64_t>& gone) const {
    return version > gone[Index(key)] && version <= begun_[Index(key)].load();
  }

 private:
  static size_t Index(int64_t key) { return static_cast<size_t>(key); }

  std::vector<std::atomic<uint64_t>> begun_;
  std::vector<std::atomic<uint64_t>> gone_;
  std::map<int64_t, uint64_t> rows_;  // the writer's
};

class SoakListener : public EventListener {
 public:
  void OnError(const ErrorEvent& event) override {
    ADD_FAILURE() << ErrorSourceName(event.source) << ": " << event.status;
  }
  void OnCompactionEnd(const CompactionEvent&) override { ++num_compactions; }
  void OnStallEnd(const StallEvent&) override { ++num_stalls; }

  std::atomic<uint64_t> num_compactions = 0;
  std::atomic<uint64_t> num_stalls = 0;
};

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<ptrdiff_t>(static_cast<double>(values.size() - 1) * share);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// The median of the 99th percentiles of slices, so that a moment in which the machine does
// something else does not count.
double Percentile99(std::span<const std::vector<double>> slices) {
  std::vector<double> percentiles;
  for (const std::vector<double>& slice : slices) percentiles.push_back(Quantile(slice, 0.99));
  return Quantile(std::move(percentiles), 0.5);
}

// Of the first tenth of the batches, and of the last.
struct Growth {
  double first = 0;
  double last = 0;

  double growth() const { return last / first; }
};

Growth GrowthOf(std::span<const std::vector<double>, kSlices> slices) {
  return {.first = Percentile99(slices.first<kSlices / 10>()),
          .last = Percentile99(slices.last<kSlices / 10>())};
}

class SoakTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto files = OpenLocalFileSystem(directory_.path() + "/journal");
    ASSERT_OK(files);
    const auto base = OpenLocalObjectStore(directory_.path() + "/data");
    ASSERT_OK(base);
    store_ = std::make_shared<CountingObjectStore>(*base);
    auto db = Database::Open({.store = store_,
                              .journal_directory = *files,
                              .gc_grace_ms = 1000,
                              .num_threads = 2,
                              .listener = listener_});
    ASSERT_OK(db);
    db_ = *std::move(db);
    // A shard has about what one segment may have, and flushes its share of that as by default:
    // some 1,600 rows.
    auto collection = db_->CreateCollection("soak", SoakSchema(),
                                            {.num_shards = kSoakShards,
                                             .segment_max_bytes = 4 << 20,
                                             .consistency = ConsistencyLevel::kStrong});
    ASSERT_OK(collection);
    c_ = *std::move(collection);
    ASSERT_OK(c_->CreateIndex("v", kSoakIndex));
    Put(SomeKeys(kSoakRows, /*present=*/false));
    Rest();
    still_ = FreshCopy();
    first_bytes_ = store_->bytes_written();
    user_bytes_ = 0;
  }

  RowBatch RowsOf(const std::vector<int64_t>& keys, const std::vector<int64_t>& versions) const {
    std::vector<float> vectors;
    for (size_t i = 0; i < keys.size(); ++i) {
      const auto one = SoakVector(keys[i], static_cast<uint64_t>(versions[i]));
      vectors.insert(vectors.end(), one.begin(), one.end());
    }
    RowBatch rows(schema_);
    rows.SetInt64("id", keys);
    rows.SetInt64("version", versions);
    rows.SetFloatVectors("v", std::move(vectors));
    return rows;
  }

  // Different keys that have a row, or have none.
  std::vector<int64_t> SomeKeys(size_t count, bool present) {
    std::vector<int64_t> keys;
    while (keys.size() < count) {
      const auto key = static_cast<int64_t>(random_.Below(kSoakKeys));
      if (model_.Has(key) != present) continue;
      if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
    }
    return keys;
  }

  void Put(const std::vector<int64_t>& keys, bool insert = false) {
    std::vector<int64_t> versions;
    for (const int64_t key : keys) versions.push_back(static_cast<int64_t>(model_.Begin(key)));
    const RowBatch rows = RowsOf(keys, versions);
    ASSERT_OK(insert ? c_->Insert(rows) : c_->Upsert(rows));
    for (const int64_t key : keys) model_.EndPut(key);
    user_bytes_ += keys.size() * kRowBytes;
  }

  void Delete(const std::vector<int64_t>& keys) {
    for (const int64_t key : keys) model_.Begin(key);
    ASSERT_OK(c_->Delete(Keys(keys)));
    for (const int64_t key : keys) model_.EndDelete(key);
    user_bytes_ += keys.size() * sizeof(int64_t);
  }

  void WriteBatch() {
    const uint64_t kind = random_.Below(4);
    if (kind < 2) return Put(SomeKeys(kSoakBatchRows, /*present=*/true));
    if (model_.size() > kSoakRows) return Delete(SomeKeys(kSoakBatchRows, /*present=*/true));
    Put(SomeKeys(kSoakBatchRows, /*present=*/false), /*insert=*/kind == 2);
  }

  // Everything that is due is done.
  void Rest() {
    ASSERT_OK(c_->Flush());
    for (size_t i = 0; i < 100; ++i) {
      const auto left = c_->Maintain({.time_ms = 60'000, .bytes = ~uint64_t{0}});
      ASSERT_OK(left);
      if (left->num_steps == 0 && left->num_builds_left + left->num_compactions_left == 0) break;
    }
    ASSERT_OK(c_->WaitForIndex("v"));
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    ASSERT_OK(db_->CollectGarbage());
  }

  void CheckSegments() {
    std::array<size_t, kSoakShards> count{};
    const auto segments = c_->Segments();
    ASSERT_OK(segments);
    for (const SegmentDescription& segment : *segments) ++count[static_cast<size_t>(segment.shard)];
    most_segments_ = std::max(most_segments_, *std::max_element(count.begin(), count.end()));
  }

  // Of rows that a filter names, an exact search; and some keys.
  void CheckAgainstModel() {
    EXPECT_EQ(*c_->Count(), model_.size());
    const auto first = static_cast<int64_t>(random_.Below(kSoakKeys - 40));
    const auto query = SoakVector(first, random_.Next());
    std::vector<std::pair<double, int64_t>> expected;
    std::vector<int64_t> keys(40);
    std::iota(keys.begin(), keys.end(), first);
    for (const int64_t key : keys) {
      const auto row = model_.rows().find(key);
      if (row == model_.rows().end()) continue;
      expected.emplace_back(SquaredDistance(query, SoakVector(key, row->second)), key);
    }
    std::sort(expected.begin(), expected.end());
    const auto got = c_->Get(Keys(keys));
    ASSERT_OK(got);
    EXPECT_EQ(got->num_rows(), expected.size());
    const auto found =
        c_->Search({.field = "v",
                    .vectors = query,
                    .limit = 40,
                    .filter = absl::StrCat("id >= ", first, " and id < ", first + 40),
                    .output_fields = {"version"}});
    ASSERT_OK(found);
    ASSERT_EQ(found->hits(0).size(), expected.size());
    for (size_t i = 0; i < expected.size(); ++i) {
      const Hit& hit = found->hits(0)[i];
      ExpectScore(hit.score(), expected[i].first);
      EXPECT_EQ(static_cast<uint64_t>(hit.GetInt64("version")), model_.rows().at(hit.int64_key()));
    }
  }

  // One search beside the writer: every hit is a row that was there, at its distance.
  void SearchOnce(SeededRandom* random, std::vector<uint64_t>* gone) {
    const auto near = static_cast<int64_t>(random->Below(kSoakKeys));
    const auto query = SoakVector(near, random->Next());
    model_.CopyGone(gone);
    const auto begin = SoakClock::now();
    const auto found = c_->Search(
        {.field = "v", .vectors = query, .limit = kSoakHits, .output_fields = {"version"}});
    const double micros =
        std::chrono::duration<double, std::micro>(SoakClock::now() - begin).count();
    latencies_.searches[slice_.load()].push_back(micros);
    ASSERT_OK(found);
    ASSERT_EQ(found->hits(0).size(), static_cast<size_t>(kSoakHits));
    float last = 0;
    for (const Hit& hit : found->hits(0)) {
      const auto version = static_cast<uint64_t>(hit.GetInt64("version"));
      EXPECT_TRUE(model_.MayBeSeen(hit.int64_key(), version, *gone))
          << "key " << hit.int64_key() << " version " << version;
      ExpectScore(hit.score(), SquaredDistance(query, SoakVector(hit.int64_key(), version)));
      EXPECT_LE(last, hit.score());
      last = hit.score();
    }
  }

  // One search of rows that never change, for what the machine is worth at the moment.
  void SearchYardstick(SeededRandom* random) {
    const auto query = SoakVector(static_cast<int64_t>(random->Below(kSoakKeys)), random->Next());
    const auto begin = SoakClock::now();
    ASSERT_OK(still_.collection->Search({.field = "v", .vectors = query, .limit = kSoakHits}));
    latencies_.yardstick[slice_.load()].push_back(
        std::chrono::duration<double, std::micro>(SoakClock::now() - begin).count());
  }

  // The share of the nearest rows that searches find, over all rows.
  double MeasureRecall() {
    constexpr int kQueries = 100;
    std::vector<std::pair<int64_t, std::vector<float>>> vectors;
    for (const auto& [key, version] : model_.rows()) {
      vectors.emplace_back(key, SoakVector(key, version));
    }
    int found = 0;
    for (int i = 0; i < kQueries; ++i) {
      const auto query = SoakVector(static_cast<int64_t>(random_.Below(kSoakKeys)), random_.Next());
      std::vector<double> distances;
      for (const auto& [key, vector] : vectors) distances.push_back(SquaredDistance(query, vector));
      std::nth_element(distances.begin(), distances.begin() + kSoakHits - 1, distances.end());
      const auto result = c_->Search({.field = "v", .vectors = query, .limit = kSoakHits});
      if (!result.ok()) continue;
      for (const Hit& hit : result->hits(0))
        found += hit.score() <= 1.00001F * static_cast<float>(distances[kSoakHits - 1]);
    }
    return static_cast<double>(found) / (kQueries * kSoakHits);
  }

  // The same rows in a collection that has nothing else.
  struct Copy {
    std::unique_ptr<Database> db{};
    std::unique_ptr<Collection> collection{};
  };
  Copy FreshCopy() {
    auto fresh = Database::Open({.store = MakeMemoryObjectStore(), .num_threads = 2});
    EXPECT_OK(fresh);
    auto copy = (*fresh)->CreateCollection("soak", SoakSchema(), {.num_shards = kSoakShards});
    EXPECT_OK(copy);
    std::vector<int64_t> keys;
    std::vector<int64_t> versions;
    for (const auto& [key, version] : model_.rows()) {
      keys.push_back(key);
      versions.push_back(static_cast<int64_t>(version));
    }
    EXPECT_OK((*copy)->Insert(RowsOf(keys, versions)));
    EXPECT_OK((*copy)->CreateIndex("v", kSoakIndex));
    EXPECT_OK((*copy)->Flush());
    EXPECT_OK((*copy)->WaitForIndex("v"));
    return {*std::move(fresh), *std::move(copy)};
  }

  const Schema schema_ = SoakSchema();
  const TempDirectory directory_;
  const std::shared_ptr<SoakListener> listener_ = std::make_shared<SoakListener>();
  std::shared_ptr<CountingObjectStore> store_;
  std::unique_ptr<Database> db_;
  std::unique_ptr<Collection> c_;
  SeededRandom random_{TestSeed("soak")};
  SoakModel model_;
  std::atomic<size_t> slice_ = 0;
  struct {
    std::array<std::vector<double>, kSlices> searches;
    std::array<std::vector<double>, kSlices> yardstick;
  } latencies_;  // in us, of the one searcher
  Copy still_;
  size_t most_segments_ = 0;
  uint64_t first_bytes_ = 0;
  uint64_t user_bytes_ = 0;
};

TEST_F(SoakTest, StaysFastSmallAndRight) {
  const int num_batches = ScaledCount(kSoakBatches);
  std::atomic<bool> done = false;
  std::thread searcher([&] {
    SeededRandom random(TestSeed("soak searcher"));
    std::vector<uint64_t> gone;
    while (!done && !HasFatalFailure()) {
      for (int i = 0; i < kSearchesPerYardstick; ++i) SearchOnce(&random, &gone);
      SearchYardstick(&random);
    }
  });
  auto next = SoakClock::now();
  for (int batch = 0; batch < num_batches && !HasFatalFailure(); ++batch) {
    slice_ = static_cast<size_t>(batch) * kSlices / static_cast<size_t>(num_batches);
    WriteBatch();
    CheckSegments();
    if (batch % 50 == 0) CheckAgainstModel();
    std::this_thread::sleep_until(next += kSoakPace);
  }
  done = true;
  searcher.join();
  ASSERT_FALSE(HasFatalFailure());

  Rest();
  CheckAgainstModel();
  const auto description = c_->Describe();
  ASSERT_OK(description);
  const double space = static_cast<double>(description->store_bytes + description->orphan_bytes) /
                       static_cast<double>(FreshCopy().collection->Describe()->store_bytes);
  const double writes = static_cast<double>(store_->bytes_written() - first_bytes_) /
                        static_cast<double>(user_bytes_);
  const Growth searches = GrowthOf(latencies_.searches);
  const Growth yardstick = GrowthOf(latencies_.yardstick);
  // A machine that has become slower meanwhile is no growth; one that has become faster excuses
  // none, and at a few microseconds of noise in searches this short it is not told from one that
  // has not.
  const double growth = searches.growth() / std::max(1.0, yardstick.growth());
  const double recall = MeasureRecall();
  size_t num_searches = 0;
  for (const auto& slice : latencies_.searches) num_searches += slice.size();
  std::printf(
      "soak: %d batches, %zu searches, %zu compactions, %zu stalls; most segments of a shard %zu, "
      "p99 %.0f us in the first tenth, %.0f us in the last, of rows that never change %.0f and "
      "%.0f "
      "us (%.2f), space amplification %.2f, write amplification %.2f, recall %.4f\n",
      num_batches, num_searches, static_cast<size_t>(listener_->num_compactions),
      static_cast<size_t>(listener_->num_stalls), most_segments_, searches.first, searches.last,
      yardstick.first, yardstick.last, growth, space, writes, recall);
  EXPECT_LE(most_segments_, kMostSegmentsOfShard);
  EXPECT_LE(growth, kMostLatencyGrowth);
  EXPECT_LE(space, kMostSpaceAmplification);
  EXPECT_LE(writes, kMostWriteAmplification);
  EXPECT_GE(recall, kLeastRecall);
}

}  // namespace
}  // namespace vecdb::support
