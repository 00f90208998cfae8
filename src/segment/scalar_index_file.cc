#include "segment/scalar_index_file.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "base/byte_io.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/column_file.h"
#include "index/index_meta.h"

namespace vecdb::segment {
namespace {

// Never reused for another type; index/index_meta.cc has the lower ones.
enum class TypeCode : uint32_t { kInverted = 3, kSorted = 4 };

constexpr uint64_t kMaxMetaBytes = 4096;
constexpr size_t kCheckedValues = 1 << 14;  // between two looks at the context

constexpr uint32_t kTags[] = {index::kMetaTag,   kScalarRowsTag,     kScalarRunsTag,
                              kScalarNumbersTag, kScalarTextEndsTag, kScalarTextsTag};

TypeCode CodeOf(const IndexSpec& spec) {
  return std::holds_alternative<SortedParams>(spec.params) ? TypeCode::kSorted
                                                           : TypeCode::kInverted;
}

// What META says beside the type of the index.
struct Counts {
  uint32_t num_values = 0;
  uint64_t text_bytes = 0;
};

absl::StatusOr<Counts> ReadMeta(const format::SectionFile& file, const IndexSpec& spec,
                                const ScalarField& field, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const std::string bytes,
                         file.ReadSmall(index::kMetaTag, kMaxMetaBytes, context));
  base::ByteReader reader(bytes);
  const auto code = reader.Get<uint32_t>();
  const auto no_metric = reader.Get<uint32_t>();
  const auto no_dim = reader.Get<uint32_t>();
  const auto num_rows = reader.Get<uint32_t>();
  const auto type = reader.Get<uint32_t>();
  Counts counts;
  counts.num_values = reader.Get<uint32_t>();
  counts.text_bytes = reader.Get<uint64_t>();
  if (!reader.ok() || reader.remaining() != 0) return file.Damaged("META has a wrong length");
  if (code != static_cast<uint32_t>(CodeOf(spec)) || no_metric != 0 || no_dim != 0) {
    return file.Damaged(
        base::StrFormat("holds an index of type %d, not %s", code, spec.type_name()));
  }
  if (num_rows != field.num_rows || type != static_cast<uint32_t>(field.type)) {
    return file.Damaged(base::StrFormat("an index of %d rows of type %d; there are %d of %d",
                                        num_rows, type, field.num_rows,
                                        static_cast<uint32_t>(field.type)));
  }
  if (counts.num_values > num_rows || (counts.num_values == 0) != (num_rows == 0)) {
    return file.Damaged(base::StrFormat("%d values of %d rows", counts.num_values, num_rows));
  }
  const bool has_texts = ScalarFormOf(field.type) == ScalarForm::kTexts;
  if (counts.text_bytes > (has_texts ? format::kMaxColumnBytes : 0)) {
    return file.Damaged(base::StrFormat("%d bytes of texts", counts.text_bytes));
  }
  return counts;
}

// Calls `check(i)`, which says whether element i is as it must be, for each of `count`.
template <typename Check>
absl::Status CheckEach(const format::SectionFile& file, size_t count, const char* what,
                       const Context& context, Check check) {
  for (size_t begin = 0; begin < count; begin += kCheckedValues) {
    VECDB_RETURN_IF_ERROR(context.Check());
    bool holds = true;
    const size_t end = std::min(count, begin + kCheckedValues);
    for (size_t i = begin; i < end; ++i) holds &= check(i);
    if (!holds) return file.Damaged(what);
  }
  return absl::OkStatus();
}

absl::Status CheckRuns(const format::SectionFile& file, const ScalarIndexData& data,
                       const Context& context) {
  VECDB_RETURN_IF_ERROR(CheckEach(file, data.num_values, "a value has no rows", context,
                                  [&](size_t v) { return data.run_begin(v) < data.run_end(v); }));
  if (data.num_values == 0 || data.run_end(data.num_values - 1) == data.num_rows) {
    return absl::OkStatus();
  }
  return file.Damaged("the rows of all values are not those of the segment");
}

// Runs ascend, and no row comes twice: with as many as there are, each comes once.
absl::Status CheckRows(const format::SectionFile& file, const ScalarIndexData& data,
                       const Host& host, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto seen_buffer, base::LargeBuffer::Make(
                                               (uint64_t{data.num_rows} + 63) / 64 * 8, host,
                                               "the check of a scalar index", MemoryUse::kIndexes));
  const std::span<uint64_t> seen = seen_buffer.as<uint64_t>();
  std::fill(seen.begin(), seen.end(), 0);
  const std::span<const uint32_t> rows = data.rows.as<const uint32_t>();
  size_t value = 0;
  return CheckEach(file, rows.size(), "a row is none, comes twice or out of order", context,
                   [&](size_t i) {
                     const uint32_t row = rows[i];
                     if (row >= data.num_rows) return false;
                     const uint64_t bit = uint64_t{1} << (row % 64);
                     const bool is_new = (seen[row / 64] & bit) == 0;
                     seen[row / 64] |= bit;
                     value += i == data.run_end(value);
                     return is_new && (i == data.run_begin(value) || rows[i - 1] < row);
                   });
}

// The integers that a field can have.
std::pair<int64_t, int64_t> RangeOf(DataType type) {
  const auto range = []<typename T>(T) {
    return std::pair<int64_t, int64_t>(std::numeric_limits<T>::min(),
                                       std::numeric_limits<T>::max());
  };
  switch (type) {
    case DataType::kBool:
      return {0, 1};
    case DataType::kInt8:
      return range(int8_t{});
    case DataType::kInt16:
      return range(int16_t{});
    case DataType::kInt32:
      return range(int32_t{});
    default:
      return range(int64_t{});
  }
}

absl::Status CheckIntegers(const format::SectionFile& file, const ScalarIndexData& data,
                           const Context& context) {
  const auto [min, max] = RangeOf(data.type);
  return CheckEach(file, data.num_values, "an integer is out of range or of order", context,
                   [&, min = min, max = max](size_t v) {
                     const int64_t value = data.integer(v);
                     return value >= min && value <= max && (v == 0 || data.integer(v - 1) < value);
                   });
}

absl::Status CheckReals(const format::SectionFile& file, const ScalarIndexData& data,
                        const Context& context) {
  return CheckEach(file, data.num_values, "a real is not finite or out of order", context,
                   [&](size_t v) {
                     const double value = data.real(v);
                     return std::isfinite(value) && (v == 0 || data.real(v - 1) < value);
                   });
}

absl::Status CheckTexts(const format::SectionFile& file, const ScalarIndexData& data,
                        const Context& context) {
  const std::span<const uint64_t> ends = data.text_ends.as<const uint64_t>();
  VECDB_RETURN_IF_ERROR(CheckEach(file, ends.size(), "a text ends before it begins", context,
                                  [&](size_t v) { return v == 0 || ends[v - 1] <= ends[v]; }));
  if (!ends.empty() && ends.back() != data.texts.size()) {
    return file.Damaged("the texts have another length than their bytes");
  }
  return CheckEach(file, ends.size(), "a text is out of order", context,
                   [&](size_t v) { return v == 0 || data.text(v - 1) < data.text(v); });
}

absl::Status CheckValues(const format::SectionFile& file, const ScalarIndexData& data,
                         const Context& context) {
  switch (ScalarFormOf(data.type)) {
    case ScalarForm::kIntegers:
      return CheckIntegers(file, data, context);
    case ScalarForm::kReals:
      return CheckReals(file, data, context);
    case ScalarForm::kTexts:
      return CheckTexts(file, data, context);
    case ScalarForm::kNone:
      break;
  }
  return file.Damaged(base::StrFormat("an index of %s", DataTypeName(data.type)));
}

absl::Status ReadValues(const format::SectionFile& file, const Counts& counts, const Host& host,
                        const Context& context, ScalarIndexData* data) {
  constexpr const char* kWhat = "values of a scalar index";
  const uint64_t bytes = uint64_t{counts.num_values} * sizeof(uint64_t);
  if (ScalarFormOf(data->type) != ScalarForm::kTexts) {
    VECDB_ASSIGN_OR_RETURN(data->numbers, file.ReadLarge(kScalarNumbersTag, bytes, host,
                                                         MemoryUse::kIndexes, kWhat, context));
    return absl::OkStatus();
  }
  VECDB_ASSIGN_OR_RETURN(data->text_ends, file.ReadLarge(kScalarTextEndsTag, bytes, host,
                                                         MemoryUse::kIndexes, kWhat, context));
  VECDB_ASSIGN_OR_RETURN(data->texts, file.ReadLarge(kScalarTextsTag, counts.text_bytes, host,
                                                     MemoryUse::kIndexes, kWhat, context));
  return absl::OkStatus();
}

}  // namespace

absl::Status WriteScalarIndex(const ScalarIndexData& data, const IndexSpec& spec,
                              format::SectionWriter& writer, const Context& context) {
  base::ByteWriter meta;
  meta.Put(CodeOf(spec));
  meta.Put(uint32_t{0});
  meta.Put(uint32_t{0});
  meta.Put(data.num_rows);
  meta.Put(data.type);
  meta.Put(data.num_values);
  meta.Put(data.texts.size());
  VECDB_RETURN_IF_ERROR(writer.AddSection(index::kMetaTag, base::AsBytes(meta.str()), context));
  VECDB_RETURN_IF_ERROR(writer.AddSection(kScalarRowsTag, data.rows.bytes(), context));
  VECDB_RETURN_IF_ERROR(writer.AddSection(kScalarRunsTag, data.run_ends.bytes(), context));
  if (ScalarFormOf(data.type) != ScalarForm::kTexts) {
    return writer.AddSection(kScalarNumbersTag, data.numbers.bytes(), context);
  }
  VECDB_RETURN_IF_ERROR(writer.AddSection(kScalarTextEndsTag, data.text_ends.bytes(), context));
  return writer.AddSection(kScalarTextsTag, data.texts.bytes(), context);
}

absl::StatusOr<ScalarIndexData> ReadScalarIndex(const format::SectionFile& file,
                                                const IndexSpec& spec, const ScalarField& field,
                                                const Host& host, const Context& context) {
  VECDB_RETURN_IF_ERROR(file.CheckKnown(kTags));
  VECDB_ASSIGN_OR_RETURN(const Counts counts, ReadMeta(file, spec, field, context));
  ScalarIndexData data{
      .type = field.type, .num_rows = field.num_rows, .num_values = counts.num_values};
  VECDB_ASSIGN_OR_RETURN(
      data.rows, file.ReadLarge(kScalarRowsTag, uint64_t{data.num_rows} * sizeof(uint32_t), host,
                                MemoryUse::kIndexes, "rows of a scalar index", context));
  VECDB_ASSIGN_OR_RETURN(
      data.run_ends, file.ReadLarge(kScalarRunsTag, uint64_t{data.num_values} * sizeof(uint32_t),
                                    host, MemoryUse::kIndexes, "rows of a scalar index", context));
  VECDB_RETURN_IF_ERROR(ReadValues(file, counts, host, context, &data));
  VECDB_RETURN_IF_ERROR(CheckRuns(file, data, context));
  VECDB_RETURN_IF_ERROR(CheckRows(file, data, host, context));
  VECDB_RETURN_IF_ERROR(CheckValues(file, data, context));
  return data;
}

absl::StatusOr<std::shared_ptr<const SealedScalarIndex>> OpenScalarIndex(
    ObjectStore& store, const ObjectPath& path, const SegmentIndexInfo& info,
    const ScalarField& field, const Host& host, const Context& context) {
  const format::FileSummary expected{info.object.size_bytes, info.object.checksum};
  VECDB_ASSIGN_OR_RETURN(
      const auto file,
      format::SectionFile::Open(store, path, format::FileKind::kIndex, expected, context));
  VECDB_ASSIGN_OR_RETURN(ScalarIndexData data,
                         ReadScalarIndex(*file, info.spec, field, host, context));
  return std::make_shared<const SealedScalarIndex>(std::move(data));
}

}  // namespace vecdb::segment
