#ifndef VECDB_SEGMENT_SCALAR_INDEX_TESTING_H_
#define VECDB_SEGMENT_SCALAR_INDEX_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_io.h"
#include "filter/value_set.h"
#include "segment/scalar_index_builder.h"
#include "segment/scalar_index_file.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::segment {

using filter::IntervalSet;
using filter::Number;
using filter::ValueSet;

inline const IndexSpec kInverted = {.params = InvertedParams{}};
inline const IndexSpec kSorted = {.params = SortedParams{}};

/// The types that can have an index.
inline std::vector<DataType> IndexedTypes() {
  return {DataType::kBool,  DataType::kInt8,  DataType::kInt16,  DataType::kInt32,
          DataType::kInt64, DataType::kFloat, DataType::kDouble, DataType::kVarChar};
}

/// Values that are near each other and at the ends of what there is.
template <typename T>
std::vector<T> NumbersToDrawFrom() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values = {T{0}, T{1}, T{2}, T{3}, T{7}, T{100}, Limits::lowest(), Limits::max()};
  values.push_back(static_cast<T>(Limits::lowest() / 2));
  if constexpr (std::is_signed_v<T>) values.insert(values.end(), {T{-1}, T{-2}});
  if constexpr (std::is_floating_point_v<T>) {
    values.insert(values.end(), {T(-0.0), T(0.5), T(0.1), T(-0.1), T(2.5), Limits::denorm_min(),
                                 -Limits::denorm_min(), Limits::min(), T(1e30), T(-1e30)});
  }
  return values;
}

inline std::vector<std::string> TextsToDrawFrom() {
  using namespace std::string_literals;
  return {""s,         "a"s,         "a\0"s,        "a\0b"s,      "aa"s,         "ab"s,
          "b"s,        "\xff"s,      "\xff\xff"s,   "\x80"s,      "\0"s,         "\0\0"s,
          "12345678"s, "12345678x"s, "12345678\0"s, "12345678y"s, "1234567890"s, "zz"s};
}

template <typename T>
std::vector<T> Draw(const std::vector<T>& values, size_t count, support::SeededRandom& random) {
  std::vector<T> drawn(count);
  for (T& value : drawn) value = values[random.Below(values.size())];
  return drawn;
}

inline Column TextColumn(const std::vector<std::string>& texts) {
  Column::Strings strings;
  for (const std::string& text : texts) {
    strings.bytes.append(text);
    strings.ends.push_back(strings.bytes.size());
  }
  return Column(DataType::kVarChar, 0, std::move(strings));
}

/// Rows of a type, with many equal values among them.
inline Column RandomColumn(DataType type, size_t rows, support::SeededRandom& random) {
  const auto numbers = [&]<typename T>(T) {
    return Column(type, 0, Draw(NumbersToDrawFrom<T>(), rows, random));
  };
  switch (type) {
    case DataType::kBool:
      return Column(type, 0, Draw<uint8_t>({0, 1}, rows, random));
    case DataType::kInt8:
      return numbers(int8_t{});
    case DataType::kInt16:
      return numbers(int16_t{});
    case DataType::kInt32:
      return numbers(int32_t{});
    case DataType::kInt64:
      return numbers(int64_t{});
    case DataType::kFloat:
      return numbers(float{});
    case DataType::kDouble:
      return numbers(double{});
    default:
      return TextColumn(Draw(TextsToDrawFrom(), rows, random));
  }
}

/// Ends for intervals over numbers, whole and not, also beyond int64.
inline std::vector<Number> EndsOfNumbers() {
  std::vector<Number> ends;
  for (const int64_t value : NumbersToDrawFrom<int64_t>()) ends.emplace_back(value);
  for (const double value : NumbersToDrawFrom<double>()) ends.emplace_back(value);
  for (const float value : NumbersToDrawFrom<float>()) ends.emplace_back(double{value});
  for (const double value : {9223372036854775808.0, -9223372036854775808.0, 1e300, -1e300, 6.5}) {
    ends.emplace_back(value);
  }
  ends.emplace_back(int64_t{127});
  ends.emplace_back(int64_t{-128});
  return ends;
}

template <typename T>
IntervalSet<T> RandomSet(const std::vector<T>& ends, support::SeededRandom& random) {
  std::vector<IntervalSet<T>> parts;
  for (uint64_t left = random.Below(5); left > 0; --left) {
    const T a = ends[random.Below(ends.size())];
    const T b = ends[random.Below(ends.size())];
    switch (random.Below(8)) {
      case 0:
        parts.push_back(IntervalSet<T>::Above(a, random.OneIn(2)));
        break;
      case 1:
        parts.push_back(IntervalSet<T>::Below(a, random.OneIn(2)));
        break;
      case 2:
      case 3:
      case 4:
        parts.push_back(IntervalSet<T>::Points({a, b}));
        break;
      default:
        parts.push_back(IntervalSet<T>::Between(std::min(a, b), random.OneIn(2), std::max(a, b),
                                                random.OneIn(2)));
    }
  }
  if (random.OneIn(20)) parts.push_back(IntervalSet<T>::All());
  return IntervalSet<T>::UnionOf(std::move(parts));
}

inline ValueSet RandomValueSet(support::SeededRandom& random) {
  return {.numbers = RandomSet(EndsOfNumbers(), random),
          .strings = RandomSet(TextsToDrawFrom(), random),
          .bools = static_cast<uint8_t>(random.Below(4)),
          .other = random.OneIn(2)};
}

/// Whether the value of a row is in the set: row by row, what an index must answer at once.
inline bool Matches(const Column& column, size_t row, const ValueSet& set) {
  switch (column.type()) {
    case DataType::kBool:
      return (set.bools & (column.bools()[row] == 0 ? ValueSet::kFalse : ValueSet::kTrue)) != 0;
    case DataType::kInt8:
      return set.numbers.Contains(Number(int64_t{column.int8s()[row]}));
    case DataType::kInt16:
      return set.numbers.Contains(Number(int64_t{column.int16s()[row]}));
    case DataType::kInt32:
      return set.numbers.Contains(Number(int64_t{column.int32s()[row]}));
    case DataType::kInt64:
      return set.numbers.Contains(Number(column.int64s()[row]));
    case DataType::kFloat:
      return set.numbers.Contains(Number(double{column.floats()[row]}));
    case DataType::kDouble:
      return set.numbers.Contains(Number(column.doubles()[row]));
    default:
      return set.strings.Contains(std::string(column.string(row)));
  }
}

using Words = std::vector<uint64_t>;

inline Words NaiveMatches(const Column& column, const ValueSet& set) {
  Words words((column.num_rows() + 63) / 64);
  for (size_t row = 0; row < column.num_rows(); ++row) {
    if (Matches(column, row, set)) words[row / 64] |= uint64_t{1} << (row % 64);
  }
  return words;
}

inline Words Marked(const filter::ScalarIndex& index, size_t num_rows, const ValueSet& set) {
  Words words((num_rows + 63) / 64);
  index.Mark(set, words.data());
  return words;
}

inline SealedScalarIndex MakeIndex(const Column& column, const Host& host = {}) {
  auto data = MakeScalarIndex(column, host, {});
  EXPECT_OK(data);
  return SealedScalarIndex(*std::move(data));
}

/// The sections of an index file, to be changed and written again with checksums that fit.
using Sections = std::map<uint32_t, std::string>;

inline const ObjectPath& IndexPath() {
  static const ObjectPath* const path = new ObjectPath(support::PathOf("test.idx"));
  return *path;
}

template <typename WriteAll>
std::shared_ptr<ObjectStore> WriteIndexFile(WriteAll write_all) {
  const auto store = MakeMemoryObjectStore();
  auto writer = format::SectionWriter::Create(*store, IndexPath(), format::FileKind::kIndex, {});
  EXPECT_OK(writer);
  write_all(**writer);
  EXPECT_OK((*writer)->Finish({}));
  return store;
}

inline std::shared_ptr<ObjectStore> WriteIndexFile(const ScalarIndexData& data,
                                                   const IndexSpec& spec) {
  return WriteIndexFile(
      [&](format::SectionWriter& writer) { EXPECT_OK(WriteScalarIndex(data, spec, writer, {})); });
}

inline std::shared_ptr<ObjectStore> WriteIndexFile(const Sections& sections) {
  return WriteIndexFile([&](format::SectionWriter& writer) {
    for (const auto& [tag, bytes] : sections) {
      EXPECT_OK(writer.AddSection(tag, base::AsBytes(bytes), {}));
    }
  });
}

inline absl::StatusOr<ScalarIndexData> ReadIndexFile(ObjectStore& store, const IndexSpec& spec,
                                                     const ScalarField& field,
                                                     const Host& host = {},
                                                     const Context& context = {}) {
  const auto file =
      format::SectionFile::Open(store, IndexPath(), format::FileKind::kIndex, std::nullopt, {});
  if (!file.ok()) return file.status();
  return ReadScalarIndex(**file, spec, field, host, context);
}

inline Sections SectionsOf(ObjectStore& store) {
  const auto file =
      format::SectionFile::Open(store, IndexPath(), format::FileKind::kIndex, std::nullopt, {});
  EXPECT_OK(file);
  Sections sections;
  for (const format::SectionInfo& info : (*file)->sections()) {
    sections[info.tag] = *(*file)->ReadSmall(info.tag, info.size_bytes, {});
  }
  return sections;
}

}  // namespace vecdb::segment

#endif  // VECDB_SEGMENT_SCALAR_INDEX_TESTING_H_
