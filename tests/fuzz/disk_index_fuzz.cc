// An index on disk with bytes of its file changed here and there, and searches with whatever it
// still is: opened, its pages read by a walk, by codes and all of them.
//
// mode: bits 0-1 which index; bit 2: the checksums of pages are made right, bit 3: those of
// sections. Then edits: place u16, what is XORed to the byte there u8.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/checksum.h"
#include "fuzz/fuzz_support.h"
#include "index/diskann_file.h"
#include "index/vector_index.h"

namespace vecdb::fuzz {
namespace {

using index::Candidate;

constexpr uint8_t kFixPages = 1 << 2;
constexpr uint8_t kFixSections = 1 << 3;

// The rows of an index, and its file.
struct Built {
  std::vector<float> rows;
  std::vector<float> norms;
  std::string file;
  uint64_t pages_at = 0;

  index::VectorView view() const {
    return {.rows = rows.data(),
            .num_rows = static_cast<uint32_t>(norms.size()),
            .dim = kRichDim,
            .inverse_norms = norms.data()};
  }
};

template <typename T>
T Must(absl::StatusOr<T> value) {
  Require(value.ok(), value.status().ToString().c_str());
  return *std::move(value);
}

Built Build(size_t num_rows, uint64_t step, Metric metric, const DiskannParams& params) {
  Built built{.rows = std::vector<float>(num_rows * kRichDim), .norms = {}, .file = {}};
  for (size_t i = 0; i < built.rows.size(); ++i) {
    built.rows[i] = static_cast<float>(i * step * i % 11 + 1);
  }
  for (size_t row = 0; row < num_rows; ++row) {
    float sum = 0;
    for (const float value : std::span(built.rows).subspan(row * kRichDim, kRichDim)) {
      sum += value * value;
    }
    built.norms.push_back(1 / std::sqrt(sum));
  }
  const auto made =
      Must(index::BuildVectorIndex(built.view(), {.metric = metric, .params = params}, {}, {}));
  const auto store = MakeMemoryObjectStore();
  auto writer =
      Must(format::SectionWriter::Create(*store, ObjectName(), format::FileKind::kIndex, {}));
  Require(made->Write(*writer, {}).ok(), "an index is written");
  Must(writer->Finish({}));
  built.file = Must(GetObject(*store, ObjectName(), 1 << 20));
  const auto file = Must(
      format::SectionFile::Open(*store, ObjectName(), format::FileKind::kIndex, std::nullopt, {}));
  const uint64_t begin = Must(file->Find(index::kDiskannPagesTag)).offset;
  built.pages_at = (begin + store::kPageBytes - 1) / store::kPageBytes * store::kPageBytes;
  return built;
}

// Pages of one node and of many, a cache, and rows that are alike.
const std::array<Built, 4>& AllBuilt() {
  static const auto* const kBuilt = new std::array<Built, 4>{
      Build(250, 1, Metric::kL2, {.max_degree = 8, .search_cache_budget = 0}),
      Build(100, 3, Metric::kCosine, {.max_degree = 500, .search_cache_budget = 0.29}),
      Build(3, 1, Metric::kIp, {.max_degree = 5, .search_cache_budget = 0}),
      Build(120, 0, Metric::kL2, {.max_degree = 8, .search_cache_budget = 0})};
  return *kBuilt;
}

void FixPages(const Built& built, std::string* file) {
  constexpr size_t kCovered = store::kPageBytes - sizeof(uint64_t);
  for (size_t at = built.pages_at; at + store::kPageBytes <= file->size();
       at += store::kPageBytes) {
    const uint64_t checksum = base::Xxh3(std::string_view(*file).substr(at, kCovered));
    std::memcpy(file->data() + at + kCovered, &checksum, sizeof(checksum));
  }
}

// Its rows one by one.
class BuiltReader final : public index::RowReader {
 public:
  explicit BuiltReader(const Built& built) : built_(built) {}

  absl::Status Read(std::span<const uint32_t> rows, float* out, const Context&) const override {
    for (const uint32_t row : rows) {
      Require(row < built_.norms.size(), "a row that is read exists");
      out = std::copy_n(&built_.rows[size_t{row} * kRichDim], kRichDim, out);
    }
    return absl::OkStatus();
  }

 private:
  const Built& built_;
};

// min(k, allowed rows) rows, each once.
void CheckAllowedOnce(const std::vector<Candidate>& found, const index::RowQuery& query,
                      size_t num_allowed) {
  Require(found.size() == std::min<size_t>(query.k, num_allowed), "as many rows as there are");
  std::vector<bool> seen(query.mask.num_rows);
  for (const Candidate& one : found) {
    Require(one.row < query.mask.num_rows && query.mask.Contains(one.row), "a row is allowed");
    Require(!seen[one.row], "a row is found once");
    seen[one.row] = true;
  }
}

// Damage may only be an error where there are no other rows.
void SearchPages(const index::VectorIndex& searched, uint32_t num_rows, bool has_rows) {
  static const std::array<float, kRichDim> kQuery = {1, 2, 0, 1};
  const std::array<uint64_t, 4> odd = {0xaaaaaaaaaaaaaaaaULL, 0xaaaaaaaaaaaaaaaaULL,
                                       0xaaaaaaaaaaaaaaaaULL, 0xaaaaaaaaaaaaaaaaULL};
  for (const uint32_t k : {1u, 7u, 300u}) {
    for (const bool masked : {false, true}) {
      index::RowQuery query{.vector = kQuery.data(), .k = k, .mask = {.num_rows = num_rows}};
      if (masked) query.mask.allowed = odd.data();
      std::vector<Candidate> found;
      const absl::Status status = searched.Search(query, {}, &found);
      Require(status.ok() || (!has_rows && absl::IsDataLoss(status)),
              "a search answers, or tells of damage");
      if (status.ok()) CheckAllowedOnce(found, query, masked ? num_rows / 2 : num_rows);
      // Errors of codes that are too small leave rows out; nothing else comes in.
      query.limits = {.min_distance = -5, .max_distance = 20};
      if (!searched.Search(query, {}, &found).ok()) continue;
      Require(found.size() <= k, "no more rows than are wanted");
      for (const Candidate& one : found) {
        Require(query.mask.Contains(one.row) && query.limits.Contains(one.distance, one.row),
                "a row lies within the limits");
      }
    }
  }
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using vecdb::index::VectorView;
  vecdb::fuzz::Input input(data, size);
  const uint8_t mode = input.Byte();
  const vecdb::fuzz::Built& built = vecdb::fuzz::AllBuilt()[mode & 3];
  std::string bytes = built.file;
  while (input.rest().size() >= 3) {
    char& byte = bytes[input.Word() % bytes.size()];
    byte = static_cast<char>(byte ^ static_cast<char>(input.Byte()));
  }
  if ((mode & vecdb::fuzz::kFixPages) != 0) vecdb::fuzz::FixPages(built, &bytes);
  if ((mode & vecdb::fuzz::kFixSections) != 0) vecdb::fuzz::FixSectionFile(&bytes);
  vecdb::fuzz::OneObjectStore store(bytes);
  const auto file = vecdb::format::SectionFile::Open(
      store, vecdb::fuzz::ObjectName(), vecdb::format::FileKind::kIndex, std::nullopt, {});
  if (!file.ok()) return 0;
  const VectorView rows = built.view();
  const vecdb::fuzz::BuiltReader reader(built);
  const VectorView read{.num_rows = rows.num_rows, .dim = rows.dim, .reader = &reader};
  const VectorView nowhere{.num_rows = rows.num_rows, .dim = rows.dim};
  for (const VectorView& view : {rows, read, nowhere}) {
    const auto index = vecdb::index::LoadVectorIndex(**file, view, {}, {});
    if (!index.ok()) continue;
    vecdb::fuzz::SearchPages(**index, view.num_rows,
                             view.rows != nullptr || view.reader != nullptr);
  }
  return 0;
}
