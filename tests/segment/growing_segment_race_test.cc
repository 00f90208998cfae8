#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "segment/segment_testing.h"

namespace vecdb::segment {
namespace {

// Reads at a published time and counts what is not as it has to be. At time t the keys 0 to t - 1
// are there, each once, as version t / kKeys of it.
class Reader {
 public:
  static constexpr uint64_t kKeys = 16;

  Reader(const GrowingSegment& segment, const std::atomic<uint64_t>& published)
      : segment_(segment), published_(published) {}

  void Run(uint64_t last) {
    for (uint64_t as_of = 0; as_of < last;) {
      as_of = published_.load(std::memory_order_acquire);
      CheckRows(as_of);
      CheckKeys(as_of);
    }
  }
  int wrong() const { return wrong_; }

 private:
  void CheckRows(uint64_t as_of) {
    const uint32_t rows = segment_.VisibleRows(as_of);
    if (rows != as_of) ++wrong_;
    uint64_t alive = 0;
    for (const auto& run : segment_.Vectors(1, rows)) {
      for (uint32_t i = 0; i < run.num_rows; ++i) {
        const uint32_t row = run.first_row + i;
        if (run.rows[i] != static_cast<float>(row)) ++wrong_;
        if (!segment_.deletes()->DeletedAt(row, as_of)) ++alive;
      }
    }
    if (alive != std::min(as_of, kKeys)) ++wrong_;
  }
  void CheckKeys(uint64_t as_of) {
    for (uint64_t key = 0; key < kKeys; ++key) {
      const auto row = segment_.FindRow(schema::Key(static_cast<int64_t>(key)), as_of);
      if (row.has_value() != (key < as_of)) {
        ++wrong_;
      } else if (row.has_value()) {
        const std::string expected = std::to_string(*row);
        if (*row % kKeys != key || segment_.string(2, *row) != expected) ++wrong_;
      }
    }
  }

  const GrowingSegment& segment_;
  const std::atomic<uint64_t>& published_;
  int wrong_ = 0;
};

TEST(GrowingSegmentRaceTest, ReadersSeeWholeUpsertsOnly) {
  const Schema schema{.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                                 {.name = "vector", .type = DataType::kFloatVector, .dim = 1},
                                 {.name = "text", .type = DataType::kVarChar, .max_length = 10}}};
  constexpr uint64_t kRows = 5000;  // more than a chunk; the key table grows several times
  const auto segment = MakeGrowing(schema);
  std::atomic<uint64_t> published = 0;
  std::vector<Reader> checks(3, Reader(*segment, published));
  std::vector<std::thread> readers;
  for (Reader& check : checks) readers.emplace_back([&check] { check.Run(kRows); });
  for (uint64_t row = 0; row < kRows; ++row) {
    RowBatch batch(schema);
    batch.SetInt64("id", std::vector<int64_t>{static_cast<int64_t>(row % Reader::kKeys)});
    batch.SetFloatVectors("vector", std::vector<float>{static_cast<float>(row)});
    batch.SetVarChar("text", std::vector<std::string>{std::to_string(row)});
    Add(segment.get(), batch, row + 1);
    if (row >= Reader::kKeys) {
      ASSERT_TRUE(segment->deletes()->Set(static_cast<uint32_t>(row - Reader::kKeys), row + 1));
    }
    published.store(row + 1, std::memory_order_release);
  }
  for (std::thread& reader : readers) reader.join();
  for (const Reader& check : checks) EXPECT_EQ(check.wrong(), 0);
}

}  // namespace
}  // namespace vecdb::segment
