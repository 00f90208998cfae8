// The vectors of one field. kFramed: sections.
//
// mode: bits 0-1 shape; then the dim u8 and the number of rows u16 of the segment
#include <algorithm>
#include <cmath>
#include <vector>

#include "format/vector_file.h"
#include "fuzz/fuzz_support.h"

namespace vecdb::fuzz {
namespace {

using format::VectorFile;

bool AllFinite(std::span<const float> numbers) {
  return std::all_of(numbers.begin(), numbers.end(), [](float x) { return std::isfinite(x); });
}

void UseRows(const VectorFile& file, size_t dim, uint64_t num_rows) {
  const auto rows = file.ReadRows({}, {});
  if (!rows.ok()) return;
  const std::span<const float> numbers = rows->as<const float>();
  Require(numbers.size() == num_rows * dim && AllFinite(numbers), "rows are of finite numbers");
  std::vector<float> row(dim);
  const uint64_t step = num_rows / 4 + 1;
  for (uint64_t i = 0; i < num_rows; i += step) {
    Require(file.GatherRows(std::vector{static_cast<uint32_t>(i)}, row, {}).ok(),
            "a row of sound rows is sound");
    Require(std::ranges::equal(row, numbers.subspan(i * dim, dim)), "a row is that of all rows");
  }
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vecdb::fuzz::Input input(data, size);
  const uint8_t mode = input.Byte();
  const int32_t dim = std::max<int32_t>(1, input.Byte());  // as every schema says
  const uint64_t num_rows = input.Word();
  const std::string bytes =
      vecdb::fuzz::MakeSectionFile(mode, vecdb::format::FileKind::kVectors, input.rest());
  vecdb::fuzz::OneObjectStore store(bytes);
  const auto file = vecdb::format::VectorFile::Open(store, vecdb::fuzz::ObjectName(), std::nullopt,
                                                    dim, num_rows, {});
  if (!file.ok()) return 0;
  vecdb::fuzz::UseRows(**file, static_cast<size_t>(dim), num_rows);
  const auto norms = (*file)->ReadInverseNorms({}, {});
  if (norms.ok()) {
    const auto numbers = norms->as<const float>();
    vecdb::fuzz::Require(numbers.size() == num_rows && vecdb::fuzz::AllFinite(numbers),
                         "each row has a norm");
  }
  return 0;
}
