#include "segment/scalar_index_builder.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/large_buffer.h"
#include "base/parallel_for.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/section_file.h"
#include "segment/scalar_index_file.h"

namespace vecdb::segment {
namespace {

constexpr const char* kBuilding = "building a scalar index";
constexpr size_t kSortedRows = 4096;  // sorted at once, and between two looks at the context
constexpr uint64_t kSignBit = uint64_t{1} << 63;

// A row and a number that is ordered as the values are: of numbers the value itself, of texts their
// first 8 bytes.
struct Entry {
  uint64_t key = 0;
  uint32_t row = 0;
};

uint64_t KeyOf(int64_t value) { return static_cast<uint64_t>(value) ^ kSignBit; }
int64_t IntegerOf(uint64_t key) { return static_cast<int64_t>(key ^ kSignBit); }

uint64_t KeyOf(double value) {
  const auto bits = std::bit_cast<uint64_t>(value == 0 ? 0.0 : value);  // -0.0 equals 0.0
  return (bits & kSignBit) != 0 ? ~bits : bits | kSignBit;
}
double RealOf(uint64_t key) {
  return std::bit_cast<double>((key & kSignBit) != 0 ? key ^ kSignBit : ~key);
}

uint64_t KeyOf(std::string_view text) {
  uint64_t key = 0;
  for (size_t i = 0; i < sizeof(key); ++i) {
    key = key << 8 | (i < text.size() ? static_cast<uint8_t>(text[i]) : 0);
  }
  return key;
}

// The order of entries: by value, then by row.
struct Order {
  const Column* texts = nullptr;  // null: a key says all of its value

  bool SameValue(const Entry& a, const Entry& b) const {
    return a.key == b.key && (texts == nullptr || texts->string(a.row) == texts->string(b.row));
  }
  bool operator()(const Entry& a, const Entry& b) const {
    if (a.key != b.key) return a.key < b.key;
    if (texts != nullptr) {
      const int compared = texts->string(a.row).compare(texts->string(b.row));
      if (compared != 0) return compared < 0;
    }
    return a.row < b.row;
  }
};

template <typename KeyOfRow>
absl::Status Fill(std::span<Entry> entries, const Context& context, KeyOfRow key_of) {
  for (size_t row = 0; row < entries.size(); ++row) {
    if (row % kSortedRows == 0) VECDB_RETURN_IF_ERROR(context.Check());
    entries[row] = {.key = key_of(row), .row = static_cast<uint32_t>(row)};
  }
  return absl::OkStatus();
}

template <typename Wide, typename T>
absl::Status FillNumbers(std::span<const T> values, std::span<Entry> entries,
                         const Context& context) {
  return Fill(entries, context,
              [values](size_t row) { return KeyOf(static_cast<Wide>(values[row])); });
}

absl::Status FillEntries(const Column& column, std::span<Entry> entries, const Context& context) {
  switch (column.type()) {
    case DataType::kBool:
      return FillNumbers<int64_t>(column.bools(), entries, context);
    case DataType::kInt8:
      return FillNumbers<int64_t>(column.int8s(), entries, context);
    case DataType::kInt16:
      return FillNumbers<int64_t>(column.int16s(), entries, context);
    case DataType::kInt32:
      return FillNumbers<int64_t>(column.int32s(), entries, context);
    case DataType::kInt64:
      return FillNumbers<int64_t>(column.int64s(), entries, context);
    case DataType::kFloat:
      return FillNumbers<double>(column.floats(), entries, context);
    case DataType::kDouble:
      return FillNumbers<double>(column.doubles(), entries, context);
    default:
      return Fill(entries, context, [&](size_t row) { return KeyOf(column.string(row)); });
  }
}

// Merges the sorted entries of `from` before `middle` with those behind it.
absl::Status MergeHalves(std::span<const Entry> from, size_t middle, const Order& order,
                         const Context& context, Entry* to) {
  size_t a = 0;
  size_t b = std::min(middle, from.size());
  const size_t a_end = b;
  for (size_t i = 0; i < from.size(); ++i) {
    if (i % kSortedRows == 0) VECDB_RETURN_IF_ERROR(context.Check());
    const bool take_b = a == a_end || (b < from.size() && order(from[b], from[a]));
    to[i] = from[take_b ? b++ : a++];
  }
  return absl::OkStatus();
}

// Sorts `entries`; the result lies there or in `scratch`.
absl::StatusOr<std::span<const Entry>> Sort(std::span<Entry> entries, std::span<Entry> scratch,
                                            const Order& order, const Host& host,
                                            const Context& context) {
  const size_t count = entries.size();
  const auto for_each_run = [&](size_t run, auto body) {
    return base::ParallelFor(
        host.executor, Priority::kBackground, (count + run - 1) / run, context,
        [&](size_t i, size_t) { return body(i * run, std::min(run, count - i * run)); });
  };
  VECDB_RETURN_IF_ERROR(for_each_run(kSortedRows, [&](size_t begin, size_t length) {
    const std::span<Entry> run = entries.subspan(begin, length);
    std::sort(run.begin(), run.end(), order);
    return absl::OkStatus();
  }));
  for (size_t run = kSortedRows; run < count; run *= 2) {
    VECDB_RETURN_IF_ERROR(for_each_run(2 * run, [&](size_t begin, size_t length) {
      return MergeHalves(entries.subspan(begin, length), run, order, context,
                         scratch.data() + begin);
    }));
    std::swap(entries, scratch);
  }
  return entries;
}

// Calls `visit(i)` for the first entry of each value.
template <typename Visit>
absl::Status ForEachValue(std::span<const Entry> sorted, const Order& order, const Context& context,
                          Visit visit) {
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i % kSortedRows == 0) VECDB_RETURN_IF_ERROR(context.Check());
    if (i == 0 || !order.SameValue(sorted[i - 1], sorted[i])) visit(i);
  }
  return absl::OkStatus();
}

absl::Status Allocate(uint64_t text_bytes, const Host& host, ScalarIndexData* data) {
  const uint64_t values = data->num_values;
  VECDB_ASSIGN_OR_RETURN(data->rows, base::LargeBuffer::Make(data->num_rows * sizeof(uint32_t),
                                                             host, kBuilding, MemoryUse::kBuilds));
  VECDB_ASSIGN_OR_RETURN(data->run_ends, base::LargeBuffer::Make(values * sizeof(uint32_t), host,
                                                                 kBuilding, MemoryUse::kBuilds));
  base::LargeBuffer& fixed =
      ScalarFormOf(data->type) == ScalarForm::kTexts ? data->text_ends : data->numbers;
  VECDB_ASSIGN_OR_RETURN(fixed, base::LargeBuffer::Make(values * sizeof(uint64_t), host, kBuilding,
                                                        MemoryUse::kBuilds));
  VECDB_ASSIGN_OR_RETURN(data->texts,
                         base::LargeBuffer::Make(text_bytes, host, kBuilding, MemoryUse::kBuilds));
  return absl::OkStatus();
}

// Puts down the values of a ScalarIndexData, one after another.
class ValueWriter {
 public:
  ValueWriter(const Column& column, ScalarIndexData* data) : column_(column), data_(data) {}

  void Add(const Entry& entry) {
    switch (ScalarFormOf(data_->type)) {
      case ScalarForm::kIntegers:
        data_->numbers.as<int64_t>()[value_] = IntegerOf(entry.key);
        break;
      case ScalarForm::kReals:
        data_->numbers.as<double>()[value_] = RealOf(entry.key);
        break;
      default:
        AddText(column_.string(entry.row));
    }
    ++value_;
  }

 private:
  void AddText(std::string_view text) {
    std::copy(text.begin(), text.end(), data_->texts.as<char>().begin() + text_bytes_);
    text_bytes_ += static_cast<ptrdiff_t>(text.size());
    data_->text_ends.as<uint64_t>()[value_] = static_cast<uint64_t>(text_bytes_);
  }

  const Column& column_;
  ScalarIndexData* const data_;
  size_t value_ = 0;
  ptrdiff_t text_bytes_ = 0;
};

absl::StatusOr<ScalarIndexData> Collect(const Column& column, std::span<const Entry> sorted,
                                        const Order& order, const Host& host,
                                        const Context& context) {
  ScalarIndexData data{.type = column.type(), .num_rows = static_cast<uint32_t>(sorted.size())};
  uint64_t text_bytes = 0;
  VECDB_RETURN_IF_ERROR(ForEachValue(sorted, order, context, [&](size_t i) {
    ++data.num_values;
    if (order.texts != nullptr) text_bytes += column.string(sorted[i].row).size();
  }));
  VECDB_RETURN_IF_ERROR(Allocate(text_bytes, host, &data));
  ValueWriter values(column, &data);
  const std::span<uint32_t> run_ends = data.run_ends.as<uint32_t>();
  size_t value = 0;
  VECDB_RETURN_IF_ERROR(ForEachValue(sorted, order, context, [&](size_t i) {
    values.Add(sorted[i]);
    if (i > 0) run_ends[value++] = static_cast<uint32_t>(i);
  }));
  if (!run_ends.empty()) run_ends.back() = data.num_rows;
  const std::span<uint32_t> rows = data.rows.as<uint32_t>();
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i % kSortedRows == 0) VECDB_RETURN_IF_ERROR(context.Check());
    rows[i] = sorted[i].row;
  }
  return data;
}

}  // namespace

absl::StatusOr<ScalarIndexData> MakeScalarIndex(const Column& column, const Host& host,
                                                const Context& context) {
  const uint64_t bytes = column.num_rows() * sizeof(Entry);
  VECDB_ASSIGN_OR_RETURN(auto entries,
                         base::LargeBuffer::Make(bytes, host, kBuilding, MemoryUse::kBuilds));
  VECDB_ASSIGN_OR_RETURN(auto scratch,
                         base::LargeBuffer::Make(bytes, host, kBuilding, MemoryUse::kBuilds));
  VECDB_RETURN_IF_ERROR(FillEntries(column, entries.as<Entry>(), context));
  const Order order{.texts = column.type() == DataType::kVarChar ? &column : nullptr};
  VECDB_ASSIGN_OR_RETURN(const std::span<const Entry> sorted,
                         Sort(entries.as<Entry>(), scratch.as<Entry>(), order, host, context));
  return Collect(column, sorted, order, host, context);
}

absl::StatusOr<SegmentIndexInfo> BuildScalarIndex(const SealedSegment& segment, size_t column,
                                                  const IndexSpec& spec, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const auto values, segment.GetColumn(column, context));
  VECDB_ASSIGN_OR_RETURN(const ScalarIndexData data,
                         MakeScalarIndex(values->column, segment.host(), context));
  const std::string name = base::StrFormat(
      "%d-%s.idx", kFirstFieldId + static_cast<int32_t>(column), base::RandomId().substr(0, 16));
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, SegmentObjectPath(segment.info(), name));
  VECDB_ASSIGN_OR_RETURN(
      auto writer,
      format::SectionWriter::Create(segment.store(), path, format::FileKind::kIndex, context));
  VECDB_RETURN_IF_ERROR(WriteScalarIndex(data, spec, *writer, context));
  VECDB_ASSIGN_OR_RETURN(const auto summary, writer->Finish(context));
  return SegmentIndexInfo{
      .field = segment.info().schema.fields[column].name,
      .spec = spec,
      .object = {.name = name, .size_bytes = summary.size_bytes, .checksum = summary.checksum}};
}

}  // namespace vecdb::segment
