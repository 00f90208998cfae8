#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "index/query_distance.h"
#include "segment/growing_segment.h"
#include "segment/segment_search.h"
#include "segment/segment_testing.h"
#include "vecdb/executor.h"

namespace vecdb::segment {
namespace {

constexpr int32_t kRaceDim = 8;
constexpr uint32_t kRaceBatch = 50;
constexpr uint32_t kRaceRows = 5000;   // the first capacity is 4096
constexpr uint32_t kLargeRows = 2000;  // from here on numbers are beyond float16

// The vector of a row, which a searcher can make again.
std::vector<float> RaceVector(uint32_t row) {
  std::mt19937 random(row);
  std::normal_distribution<float> normal;
  std::vector<float> vector(kRaceDim);
  for (float& value : vector) value = normal(random) * (row < kLargeRows ? 1.0f : 1e5f);
  return vector;
}

// Searches at a published time, and looks at each answer: at time t the first t batches are there,
// without the rows that were deleted by then.
class Searcher {
 public:
  Searcher(const GrowingSegment& segment, const std::atomic<uint64_t>& published, uint32_t seed)
      : segment_(segment), published_(published), random_(seed) {}

  void Run(const std::atomic<bool>& all_linked) {
    for (bool last = false; !last;) {
      last = all_linked;
      const uint64_t as_of = published_.load(std::memory_order_acquire);
      Look(as_of);
      Look(as_of - as_of / (2 + random_() % 8));
    }
  }
  int wrong() const { return wrong_; }
  int answers() const { return answers_; }

 private:
  void Look(uint64_t as_of) {
    const auto num_rows = static_cast<uint32_t>(as_of) * kRaceBatch;
    if (num_rows == 0) return;
    const std::vector<float> query = RaceVector(static_cast<uint32_t>(random_()) % num_rows);
    std::vector<uint64_t> half(num_rows / 64 + 1);
    for (uint64_t& word : half) word = random_();
    SegmentSearch search{.column = kVector,
                         .query = query.data(),
                         .k = 7,
                         .params = HnswSearchParams{.ef = 20},
                         .as_of = as_of};
    if (random_() % 3 == 0) search.allowed = half.data();
    std::vector<index::Candidate> found;
    if (!SearchGrowing(segment_, search, {}, &found).ok()) ++wrong_;
    Check(search, num_rows, found);
    ++answers_;
  }

  void Check(const SegmentSearch& search, uint32_t num_rows,
             const std::vector<index::Candidate>& found) {
    size_t alive = 0;
    for (uint32_t row = 0; row < num_rows && alive < search.k; ++row) {
      alive += MayReturn(search, row);
    }
    if (found.size() != alive) ++wrong_;
    for (size_t i = 0; i < found.size(); ++i) {
      const auto [distance, row] = found[i];
      if (row >= num_rows || !MayReturn(search, row)) {
        ++wrong_;
        continue;
      }
      const index::VectorView view{
          .rows = segment_.vector(kVector, row).data(), .num_rows = 1, .dim = kRaceDim};
      if (index::QueryDistance(view, search.metric, search.query).One(0) != distance) ++wrong_;
      if (i > 0 && found[i - 1].distance > distance) ++wrong_;
    }
  }

  bool MayReturn(const SegmentSearch& search, uint32_t row) const {
    if (search.allowed != nullptr && (search.allowed[row / 64] >> row % 64 & 1) == 0) return false;
    return !segment_.deletes()->DeletedAt(row, search.as_of);
  }

  const GrowingSegment& segment_;
  const std::atomic<uint64_t>& published_;
  std::mt19937_64 random_;
  int wrong_ = 0;
  int answers_ = 0;
};

void AppendAll(GrowingSegment* segment, std::atomic<uint64_t>* published) {
  for (uint32_t first = 0; first < kRaceRows; first += kRaceBatch) {
    RowBatch batch = MakeRows(segment->schema(), KeyRange(first, first + kRaceBatch));
    std::vector<float> vectors;
    for (uint32_t row = first; row < first + kRaceBatch; ++row) {
      const std::vector<float> vector = RaceVector(row);
      vectors.insert(vectors.end(), vector.begin(), vector.end());
    }
    batch.SetFloatVectors("vector", std::move(vectors));
    const uint64_t time = published->load() + 1;
    Add(segment, batch, time);
    for (uint32_t row = first; row < first + kRaceBatch && first > 0; row += 9) {
      segment->deletes()->Set(row - kRaceBatch, time);
    }
    published->store(time, std::memory_order_release);
  }
}

// Run under ThreadSanitizer: one thread appends, one extends, with the help of others, and drops
// the index once; three search.
TEST(GrowingInterimRaceTest, SearchesAreRightWhileRowsAreAppendedAndLinked) {
  const auto executor = MakeThreadPool(2);
  const auto segment =
      MakeGrowing(SmallSchema(DataType::kInt64, kRaceDim), {.executor = executor.get()});
  std::atomic<uint64_t> published = 0;
  std::atomic<bool> all_linked = false;
  std::vector<Searcher> checks;
  for (uint32_t i = 0; i < 3; ++i) checks.emplace_back(*segment, published, i);
  std::vector<std::thread> threads;
  for (Searcher& check : checks) {
    threads.emplace_back([&check, &all_linked] { check.Run(all_linked); });
  }
  threads.emplace_back([&] {
    bool dropped = false;
    for (uint32_t linked = 0; linked < kRaceRows;) {
      const auto interim = segment->EnsureInterim(kVector, Metric::kL2, 4, 16);
      EXPECT_OK(segment->ExtendInterim(kVector, {}));
      linked = interim->num_rows();
      if (linked < 1500 || dropped) continue;
      segment->DropInterim(kVector);
      dropped = true;
      linked = 0;
    }
    all_linked = true;
  });
  AppendAll(segment.get(), &published);
  for (std::thread& thread : threads) thread.join();
  for (const Searcher& check : checks) {
    EXPECT_EQ(check.wrong(), 0);
    EXPECT_GT(check.answers(), 0);
  }
  EXPECT_EQ(segment->interim(kVector)->num_rows(), kRaceRows);
}

}  // namespace
}  // namespace vecdb::segment
