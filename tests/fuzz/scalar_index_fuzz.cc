// The file of an index of a scalar field, and look-ups in whatever index it gives. kFramed:
// sections.
//
// mode: bits 0-1 shape, bit 2 SORTED rather than INVERTED, bits 3-5 the type of the field; then the
// number of rows u8.
#include <vector>

#include "base/row_mask.h"
#include "fuzz/fuzz_support.h"
#include "segment/scalar_index_file.h"

namespace vecdb::fuzz {
namespace {

using filter::IntervalSet;
using filter::Number;
using filter::ValueSet;

constexpr DataType kTypes[] = {DataType::kBool,   DataType::kInt8,   DataType::kInt16,
                               DataType::kInt32,  DataType::kInt64,  DataType::kFloat,
                               DataType::kDouble, DataType::kVarChar};

// Marks the rows of a set where none is marked; Count must agree.
uint64_t LookUp(const segment::SealedScalarIndex& index, const ValueSet& set,
                std::vector<uint64_t>* words) {
  const uint32_t num_rows = index.data().num_rows;
  const uint64_t before = base::CountBits(words->data(), num_rows);
  index.Mark(set, words->data());
  const uint64_t marked = base::CountBits(words->data(), num_rows) - before;
  Require(index.Count(set) == marked, "no row has two values, and Count counts what Mark marks");
  return marked;
}

void Ask(const segment::SealedScalarIndex& index) {
  using Numbers = IntervalSet<Number>;
  using Texts = IntervalSet<std::string>;
  const Number one(1.5);
  const ValueSet sets[] = {
      {.numbers = Numbers::Below(one, true), .strings = Texts::Below("b", true), .bools = 1},
      {.numbers = Numbers::Above(one, false), .strings = Texts::Above("b", false), .bools = 2}};
  std::vector<uint64_t> words((index.data().num_rows + 63) / 64);
  uint64_t rows = 0;
  for (const ValueSet& set : sets) rows += LookUp(index, set, &words);
  Require(rows == index.data().num_rows, "every row has a value");
  const ValueSet some = {.numbers = Numbers::Points({Number(int64_t{0}), one, Number(int64_t{7})}),
                         .strings = Texts::Points({"", "b", "t1"}),
                         .bools = 3};
  std::vector<uint64_t> zeros(words.size());
  LookUp(index, some, &zeros);
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  vecdb::fuzz::Input input(data, size);
  const uint8_t mode = input.Byte();
  const uint32_t num_rows = input.Byte();
  const std::string bytes =
      vecdb::fuzz::MakeSectionFile(mode, vecdb::format::FileKind::kIndex, input.rest());
  vecdb::fuzz::OneObjectStore store(bytes);
  const auto file = vecdb::format::SectionFile::Open(
      store, vecdb::fuzz::ObjectName(), vecdb::format::FileKind::kIndex, std::nullopt, {});
  if (!file.ok()) return 0;
  vecdb::IndexSpec spec{.params = vecdb::InvertedParams{}};
  if ((mode >> 2 & 1) != 0) spec.params = vecdb::SortedParams{};
  auto index = vecdb::segment::ReadScalarIndex(
      **file, spec, {vecdb::fuzz::kTypes[mode >> 3 & 7], num_rows}, {}, {});
  if (index.ok()) vecdb::fuzz::Ask(vecdb::segment::SealedScalarIndex(*std::move(index)));
  return 0;
}
