#ifndef VECDB_FILTER_MEMORY_SOURCE_H_
#define VECDB_FILTER_MEMORY_SOURCE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "filter/column_source.h"
#include "filter/naive_node.h"
#include "filter/naive_values.h"
#include "support/seeded_random.h"
#include "vecdb/schema.h"

namespace vecdb::filter {

/// How MemorySource lays out its rows, and what it knows of them.
struct MemorySourceOptions {
  enum class Form { kViews, kPlain, kDictionary, kRandom };

  Form form = Form::kViews;
  bool constants = false;  ///< blocks of one value are constant
  bool statistics = false;
  bool bloom = false;    ///< exact, which a Bloom filter may happen to be
  bool indexes = false;  ///< on every field that is not Json
  /// Paths to shred, each with the type of its values.
  std::vector<std::pair<std::vector<PathStep>, DataType>> paths{};
  bool some_elsewhere = false;  ///< one value in four of a path is to be looked up in the text
};

/// An index that looks at every value.
class NaiveIndex : public ScalarIndex {
 public:
  explicit NaiveIndex(std::vector<naive::Json> values) : values_(std::move(values)) {}

  uint64_t Count(const ValueSet& set) const override {
    return static_cast<uint64_t>(
        std::count_if(values_.begin(), values_.end(),
                      [&set](const naive::Json& value) { return naive::Has(set, value); }));
  }

  void Mark(const ValueSet& set, uint64_t* words) const override {
    for (size_t row = 0; row < values_.size(); ++row) {
      if (naive::Has(set, values_[row])) words[row / 64] |= uint64_t{1} << (row % 64);
    }
  }

 private:
  std::vector<naive::Json> values_;
};

/// Rows in memory, in every form that ColumnSource allows. Counts what is read, and fails when
/// told to. Single-threaded, as of the counts.
class MemorySource : public ColumnSource {
 public:
  using Options = MemorySourceOptions;

  MemorySource(const Schema& schema, const std::vector<naive::Row>& rows, Options options,
               uint64_t seed)
      : num_rows_(static_cast<uint32_t>(rows.size())), options_(std::move(options)), random_(seed) {
    for (const FieldSpec& field : schema.fields) AddField(field.name, field.type, rows);
    if (schema.enable_dynamic_field) {
      AddField(std::string(kDynamicFieldName), DataType::kJson, rows);
    }
    const size_t num_fields = columns_.size();
    for (size_t column = 0; column < num_fields; ++column) {
      if (columns_[column].type != DataType::kJson) continue;
      for (const auto& [steps, type] : options_.paths) AddPath(column, steps, type);
    }
  }

  uint32_t num_rows() const override { return num_rows_; }

  const schema::ColumnStats* SegmentStats(size_t column) const override {
    return options_.statistics ? &columns_[column].stats : nullptr;
  }

  const schema::ColumnStats* BlockStats(size_t column, uint32_t block) const override {
    return options_.statistics ? &columns_[column].block_stats[block] : nullptr;
  }

  absl::StatusOr<schema::ColumnBlock> Read(size_t column, uint32_t block,
                                           const Context& /*context*/) const override {
    ++num_reads;
    if (!read_error.ok()) return read_error;
    schema::ColumnBlock read = columns_[column].blocks[block];
    read.num_rows -= num_rows_cut;
    return read;
  }

  bool MayContain(size_t column, std::string_view text) const override {
    const auto& values = columns_[column].values;
    return !options_.bloom || std::any_of(values.begin(), values.end(), [text](const auto& value) {
      return value.is_string() && value.template get_ref<const std::string&>() == text;
    });
  }

  std::optional<ShreddedPath> FindPath(size_t column,
                                       std::span<const PathStep> steps) const override {
    const auto found = paths_.find({column, std::vector<PathStep>(steps.begin(), steps.end())});
    return found == paths_.end() ? std::nullopt : std::optional(found->second);
  }

  const ScalarIndex* Index(size_t column) const override { return columns_[column].index.get(); }

  mutable uint64_t num_reads = 0;
  absl::Status read_error{};
  uint32_t num_rows_cut = 0;  ///< that the blocks are too short by

 private:
  using Json = naive::Json;

  struct Column {
    DataType type = DataType::kNone;
    std::vector<Json> values{};  // those of Json fields as they are
    std::vector<schema::ColumnBlock> blocks{};
    std::vector<schema::ColumnStats> block_stats{};
    schema::ColumnStats stats{};
    std::unique_ptr<const ScalarIndex> index{};
  };

  // What a block owns.
  template <typename T>
  struct Numbers {
    std::vector<T> values;
  };
  struct Strings {
    std::vector<std::string> texts;
    std::vector<std::string_view> views;
    std::vector<uint32_t> ends;
    std::string bytes;
    std::vector<uint16_t> codes;
  };

  void AddField(const std::string& name, DataType type, const std::vector<naive::Row>& rows) {
    std::vector<Json> values;
    if (type != DataType::kFloatVector) {
      for (const naive::Row& row : rows) values.push_back(row.at(name));
    }
    AddColumn(type, std::move(values));
    if (options_.indexes && type != DataType::kJson && type != DataType::kFloatVector) {
      columns_.back().index = std::make_unique<NaiveIndex>(columns_.back().values);
    }
  }

  void AddColumn(DataType type, std::vector<Json> values) {
    Column column;
    column.type = type;
    column.values = std::move(values);
    column.stats = StatsOf(type, column.values);
    for (size_t begin = 0; begin < column.values.size(); begin += schema::kBlockRows) {
      const size_t end = std::min<size_t>(column.values.size(), begin + schema::kBlockRows);
      const std::vector<Json> block(column.values.begin() + static_cast<ptrdiff_t>(begin),
                                    column.values.begin() + static_cast<ptrdiff_t>(end));
      column.block_stats.push_back(StatsOf(type, block));
      column.blocks.push_back(BlockOf(type, block));
    }
    columns_.push_back(std::move(column));
  }

  void AddPath(size_t json, const std::vector<PathStep>& steps, DataType type) {
    std::vector<Json> states;
    std::vector<Json> values;
    for (const Json& root : columns_[json].values) {
      const naive::Row row = {{"root", root}};
      const Json* found = naive::Find(row, "root", steps);
      const PathState state = StateOf(found, type);
      states.push_back(static_cast<int64_t>(state));
      values.push_back(state == PathState::kValue ? *found : Filler(type));
    }
    const size_t first = columns_.size();
    AddColumn(DataType::kInt8, std::move(states));
    AddColumn(type, std::move(values));
    paths_[{json, steps}] = {.states = first, .values = first + 1, .type = type};
  }

  PathState StateOf(const Json* found, DataType type) {
    if (found == nullptr) return PathState::kMissing;
    if (found->is_null() || found->is_structured()) return PathState::kNoScalar;
    const bool fits = (type == DataType::kBool && found->is_boolean()) ||
                      (type == DataType::kInt64 && found->is_number_integer()) ||
                      (type == DataType::kDouble && found->is_number_float()) ||
                      (type == DataType::kVarChar && found->is_string());
    const bool elsewhere = !fits || (options_.some_elsewhere && random_.OneIn(4));
    return elsewhere ? PathState::kElsewhere : PathState::kValue;
  }

  static Json Filler(DataType type) {
    if (type == DataType::kBool) return false;
    if (type == DataType::kInt64) return int64_t{0};
    return type == DataType::kDouble ? Json(0.0) : Json("");
  }

  // ---- blocks

  schema::ColumnBlock BlockOf(DataType type, const std::vector<Json>& values) {
    switch (type) {
      case DataType::kBool:
        return NumberBlock<uint8_t>(type, values);
      case DataType::kInt8:
        return NumberBlock<int8_t>(type, values);
      case DataType::kInt16:
        return NumberBlock<int16_t>(type, values);
      case DataType::kInt32:
        return NumberBlock<int32_t>(type, values);
      case DataType::kInt64:
        return NumberBlock<int64_t>(type, values);
      case DataType::kFloat:
        return NumberBlock<float>(type, values);
      case DataType::kDouble:
        return NumberBlock<double>(type, values);
      default:
        return StringBlock(type, values);
    }
  }

  template <typename T>
  schema::ColumnBlock NumberBlock(DataType type, const std::vector<Json>& values) const {
    auto owned = std::make_shared<Numbers<T>>();
    for (const Json& value : values) {
      owned->values.push_back(value.is_boolean() ? static_cast<T>(value.get<bool>())
                                                 : static_cast<T>(value.get<T>()));
    }
    schema::ColumnBlock block{.type = type, .num_rows = static_cast<uint32_t>(values.size())};
    const auto other = [&](T value) { return value != owned->values.front(); };
    block.constant =
        options_.constants && std::none_of(owned->values.begin(), owned->values.end(), other);
    if (block.constant) owned->values = {owned->values.front()};
    block.numbers = owned->values.data();
    block.owner = std::move(owned);
    return block;
  }

  schema::ColumnBlock StringBlock(DataType type, const std::vector<Json>& values) {
    auto owned = std::make_shared<Strings>();
    for (const Json& value : values) {
      owned->texts.push_back(type == DataType::kJson ? value.dump() : value.get<std::string>());
    }
    schema::ColumnBlock block{.type = type, .num_rows = static_cast<uint32_t>(values.size())};
    const auto other = [&owned](const std::string& text) { return text != owned->texts.front(); };
    block.constant =
        options_.constants && std::none_of(owned->texts.begin(), owned->texts.end(), other);
    auto form = options_.form;
    if (form == Options::Form::kRandom) form = static_cast<Options::Form>(random_.Below(3));
    if (form == Options::Form::kDictionary && !block.constant) {
      const std::set<std::string> distinct(owned->texts.begin(), owned->texts.end());
      const std::vector<std::string> sorted(distinct.begin(), distinct.end());
      for (const std::string& text : owned->texts) {
        const auto at = std::lower_bound(sorted.begin(), sorted.end(), text) - sorted.begin();
        owned->codes.push_back(static_cast<uint16_t>(at));
      }
      owned->texts = sorted;
      block.codes = owned->codes.data();
    }
    if (block.constant) owned->texts.resize(1);
    form == Options::Form::kViews ? SetViews(*owned, &block) : SetEnds(*owned, &block);
    block.owner = std::move(owned);
    return block;
  }

  static void SetViews(Strings& owned, schema::ColumnBlock* block) {
    owned.views.assign(owned.texts.begin(), owned.texts.end());
    block->views = owned.views.data();
  }

  static void SetEnds(Strings& owned, schema::ColumnBlock* block) {
    for (const std::string& text : owned.texts) {
      owned.bytes += text;
      owned.ends.push_back(static_cast<uint32_t>(owned.bytes.size()));
    }
    block->ends = owned.ends.data();
    block->bytes = owned.bytes.data();
    block->num_strings = static_cast<uint32_t>(owned.ends.size());
  }

  // ---- statistics

  schema::ColumnStats StatsOf(DataType type, const std::vector<Json>& values) {
    schema::ColumnStats stats{.num_rows = static_cast<uint32_t>(values.size())};
    if (!options_.statistics || type == DataType::kJson || values.empty()) return stats;
    stats.distinct = static_cast<uint32_t>(std::set<Json>(values.begin(), values.end()).size());
    stats.has_bounds = true;
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    if (type == DataType::kVarChar) {
      stats.min_string = least->get<std::string>();
      stats.max_string = greatest->get<std::string>();
      if (random_.OneIn(4)) stats.min_string.resize(stats.min_string.size() / 2);
      if (random_.OneIn(4)) stats.max_string += "z";
      stats.max_string_known = !random_.OneIn(6);
    } else if (type == DataType::kFloat || type == DataType::kDouble) {
      stats.min_real = least->get<double>();
      stats.max_real = greatest->get<double>();
    } else {
      stats.min_integer = least->is_boolean() ? least->get<bool>() : least->get<int64_t>();
      stats.max_integer = greatest->is_boolean() ? greatest->get<bool>() : greatest->get<int64_t>();
    }
    return stats;
  }

  const uint32_t num_rows_;
  const Options options_;
  support::SeededRandom random_;
  std::vector<Column> columns_;
  std::map<std::pair<size_t, std::vector<PathStep>>, ShreddedPath> paths_;
};

}  // namespace vecdb::filter

#endif  // VECDB_FILTER_MEMORY_SOURCE_H_
