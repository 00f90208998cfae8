// An index file and searches with whatever index it gives. kFramed: sections.
//
// mode: bits 0-1 shape; then the number of rows u8. The rows themselves are always the same; they
// are in memory and, where the index can do without, read one by one.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "fuzz/fuzz_support.h"
#include "index/vector_index.h"

namespace vecdb::fuzz {
namespace {

using index::Candidate;

constexpr size_t kMostRows = 256;

// Small whole numbers, so that many rows are at equal distances.
struct Rows {
  Rows() {
    uint64_t state = 1;
    for (float& value : numbers) {
      state = state * 6364136223846793005ULL + 1442695040888963407ULL;
      value = static_cast<float>(state >> 62);
    }
    for (size_t row = 0; row < kMostRows; ++row) {
      float sum = 0;
      for (size_t i = 0; i < kRichDim; ++i)
        sum += numbers[row * kRichDim + i] * numbers[row * kRichDim + i];
      inverse_norms[row] = sum > 0 ? 1 / std::sqrt(sum) : 0;
    }
  }

  std::array<float, kMostRows * kRichDim> numbers;
  std::array<float, kMostRows> inverse_norms;
};

// The same rows, not in memory.
class Reader final : public index::RowReader {
 public:
  explicit Reader(const Rows& rows) : rows_(rows) {}

  absl::Status Read(std::span<const uint32_t> rows, float* out, const Context&) const override {
    for (const uint32_t row : rows) {
      Require(row < kMostRows, "a row that is read exists");
      out = std::copy_n(&rows_.numbers[size_t{row} * kRichDim], kRichDim, out);
    }
    return absl::OkStatus();
  }

 private:
  const Rows& rows_;
};

// min(k, allowed rows) rows come back, each once, in order.
void CheckFound(const std::vector<Candidate>& found, const index::RowQuery& query,
                size_t num_allowed) {
  Require(found.size() == std::min<size_t>(query.k, num_allowed), "as many rows as there are");
  std::vector<bool> seen(query.mask.num_rows);
  for (size_t i = 0; i < found.size(); ++i) {
    Require(found[i].row < query.mask.num_rows && query.mask.Contains(found[i].row),
            "a row that is found is allowed");
    Require(!seen[found[i].row], "a row is found once");
    seen[found[i].row] = true;
    Require(i == 0 || index::IsNearer(found[i - 1], found[i], nullptr), "rows are in order");
  }
}

void Search(const index::VectorIndex& found_index, uint32_t num_rows) {
  static const std::array<float, kRichDim> kQuery = {1, 2, 0, 1};
  const std::array<uint64_t, kMostRows / 64> odd = {0xaaaaaaaaaaaaaaaaULL, 0xaaaaaaaaaaaaaaaaULL,
                                                    0xaaaaaaaaaaaaaaaaULL, 0xaaaaaaaaaaaaaaaaULL};
  for (const uint32_t k : {1u, 7u, 300u}) {
    std::vector<Candidate> found;
    index::RowQuery query{.vector = kQuery.data(), .k = k, .mask = {.num_rows = num_rows}};
    Require(found_index.Search(query, {}, &found).ok(), "a search succeeds");
    CheckFound(found, query, num_rows);
    query.mask.allowed = odd.data();
    Require(found_index.Search(query, {}, &found).ok(), "a search with a mask succeeds");
    CheckFound(found, query, num_rows / 2);
  }
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto* const kRows = new vecdb::fuzz::Rows();
  vecdb::fuzz::Input input(data, size);
  const uint8_t mode = input.Byte();
  const uint32_t num_rows = input.Byte();
  const std::string bytes =
      vecdb::fuzz::MakeSectionFile(mode, vecdb::format::FileKind::kIndex, input.rest());
  vecdb::fuzz::OneObjectStore store(bytes);
  const auto file = vecdb::format::SectionFile::Open(
      store, vecdb::fuzz::ObjectName(), vecdb::format::FileKind::kIndex, std::nullopt, {});
  if (!file.ok()) return 0;
  const vecdb::index::VectorView view{.rows = kRows->numbers.data(),
                                      .num_rows = num_rows,
                                      .dim = vecdb::fuzz::kRichDim,
                                      .inverse_norms = kRows->inverse_norms.data()};
  const auto index = vecdb::index::LoadVectorIndex(**file, view, {}, {});
  if (!index.ok()) return 0;
  vecdb::fuzz::Search(**index, num_rows);
  const vecdb::fuzz::Reader reader(*kRows);
  const auto reading = vecdb::index::LoadVectorIndex(
      **file, {.num_rows = num_rows, .dim = vecdb::fuzz::kRichDim, .reader = &reader}, {}, {});
  if (reading.ok()) vecdb::fuzz::Search(**reading, num_rows);
  vecdb::fuzz::Require(reading.ok() || absl::IsFailedPrecondition(reading.status()),
                       "rows that are read suffice but for a graph on rows");
  return 0;
}
