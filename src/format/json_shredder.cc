#include "format/json_shredder.h"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/status_macros.h"
#include "format/json_path_tree.h"
#include "schema/json_scan.h"

namespace vecdb::format {
namespace {

using schema::JsonScalar;

constexpr size_t kSampleRows = 1024;
constexpr size_t kMaxSampleNodes = 4096;
constexpr size_t kMaxCandidates = 128;
// A path is counted in all rows when it is in this share of the sample, and shredded when it is in
// twice that share of the rows.
constexpr uint64_t kSampleShare = 16;
constexpr uint64_t kShare = 8;
constexpr size_t kPollBytes = 256 << 10;

constexpr std::array<DataType, 4> kTypes = {DataType::kBool, DataType::kInt64, DataType::kDouble,
                                            DataType::kVarChar};

enum State : int8_t { kMissing = 0, kNoScalar = 1, kValue = 2, kElsewhere = 3 };

// Where in kTypes a value belongs; nullopt for what no column holds.
std::optional<size_t> TypeIndexOf(const JsonScalar& scalar) {
  switch (scalar.kind) {
    case JsonScalar::Kind::kBool:
      return 0;
    case JsonScalar::Kind::kInteger:
      return 1;
    case JsonScalar::Kind::kReal:
      return 2;
    case JsonScalar::Kind::kString:
      if (scalar.text.size() <= kMaxShreddedStringBytes) return 3;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// Looks at the context once in so many bytes of text.
class Poll {
 public:
  explicit Poll(const Context& context) : context_(context) {}

  absl::Status Add(size_t bytes) {
    bytes_ += bytes + 1;
    if (bytes_ < kPollBytes) return absl::OkStatus();
    bytes_ = 0;
    return context_.Check();
  }

 private:
  const Context& context_;
  size_t bytes_ = 0;
};

// How often a path has values of each type, and the first row that has one.
struct Counts {
  std::array<uint64_t, kTypes.size()> rows = {};
  std::array<size_t, kTypes.size()> first = {};

  uint64_t total() const { return std::accumulate(rows.begin(), rows.end(), uint64_t{0}); }
  size_t commonest() const {
    return static_cast<size_t>(std::max_element(rows.begin(), rows.end()) - rows.begin());
  }
};

// Counts what the row that `tree` has read holds.
void CountRow(const JsonPathTree& tree, size_t row, std::string* buffer,
              std::vector<Counts>* counts) {
  counts->resize(tree.size());
  for (const uint32_t node : tree.touched()) {
    if (tree.raw(node).empty()) continue;
    const auto type = TypeIndexOf(schema::ReadJsonScalar(tree.raw(node), buffer));
    if (!type.has_value()) continue;
    Counts& of_node = (*counts)[node];
    if (of_node.rows[*type]++ == 0) of_node.first[*type] = row;
  }
}

struct Path {
  std::vector<std::string> keys;
  Counts counts;
};

// The paths that one in `share` of `num_rows` rows has, the most frequent first.
std::vector<Path> FrequentPaths(const JsonPathTree& tree, const std::vector<Counts>& counts,
                                uint64_t num_rows, uint64_t share, size_t max_paths) {
  std::vector<Path> paths;
  for (uint32_t node = 1; node < counts.size(); ++node) {
    if (counts[node].total() == 0 || counts[node].total() * share < num_rows) continue;
    paths.push_back({.keys = tree.PathOf(node), .counts = counts[node]});
  }
  std::sort(paths.begin(), paths.end(), [](const Path& a, const Path& b) {
    return std::tuple(b.counts.total(), a.keys) < std::tuple(a.counts.total(), b.keys);
  });
  while (paths.size() > max_paths) paths.pop_back();
  return paths;
}

absl::StatusOr<std::vector<Path>> FindCandidates(const Column& column, const Context& context) {
  const size_t num_rows = column.num_rows();
  const size_t stride = std::max<size_t>(1, num_rows / kSampleRows);
  JsonPathTree tree;
  std::vector<Counts> counts;
  std::string buffer;
  Poll poll(context);
  uint64_t sampled = 0;
  for (size_t row = 0; row < num_rows; row += stride, ++sampled) {
    VECDB_RETURN_IF_ERROR(poll.Add(column.string(row).size()));
    tree.Read(column.string(row), kMaxSampleNodes);
    CountRow(tree, row, &buffer, &counts);
  }
  return FrequentPaths(tree, counts, sampled, kSampleShare, kMaxCandidates);
}

absl::StatusOr<std::vector<Path>> FindPaths(const Column& column, size_t max_paths,
                                            const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const std::vector<Path> candidates, FindCandidates(column, context));
  if (candidates.empty()) return candidates;
  JsonPathTree tree;
  for (const Path& path : candidates) tree.Add(path.keys);
  std::vector<Counts> counts;
  std::string buffer;
  Poll poll(context);
  for (size_t row = 0; row < column.num_rows(); ++row) {
    VECDB_RETURN_IF_ERROR(poll.Add(column.string(row).size()));
    tree.Read(column.string(row));
    CountRow(tree, row, &buffer, &counts);
  }
  return FrequentPaths(tree, counts, column.num_rows(), kShare, max_paths);
}

// Encodes the values of one path, block by block.
class PathShredder {
 public:
  PathShredder(const Path& path, uint32_t node, const Column& column)
      : node_(node), type_index_(path.counts.commonest()), column_(kTypes[type_index_]) {
    column_.path = path.keys;
    JsonPathTree tree;
    const uint32_t only = tree.Add(path.keys);
    tree.Read(column.string(path.counts.first[type_index_]));
    first_ = Keep(schema::ReadJsonScalar(tree.raw(only), &buffer_), &first_text_);
  }

  void AddRow(const JsonPathTree& tree) {
    const JsonScalar scalar = schema::ReadJsonScalar(tree.raw(node_), &buffer_);
    const std::optional<size_t> type = TypeIndexOf(scalar);
    const bool is_text = scalar.kind == JsonScalar::Kind::kString;
    State state = kNoScalar;
    if (scalar.kind == JsonScalar::Kind::kMissing) {
      state = kMissing;
    } else if (type.has_value() || is_text) {
      state = type == type_index_ ? kValue : kElsewhere;
    }
    states_.push_back(state);
    scalars_.push_back(state == kValue ? Keep(scalar, nullptr) : JsonScalar());
  }

  void EndBlock() {
    const auto found = std::find(states_.begin(), states_.end(), kValue);
    const JsonScalar filler =
        found == states_.end() ? first_ : scalars_[static_cast<size_t>(found - states_.begin())];
    for (size_t row = 0; row < states_.size(); ++row) {
      if (states_[row] != kValue) scalars_[row] = filler;
    }
    Encode({.type = DataType::kInt8, .num_rows = num_rows(), .numbers = states_.data()},
           &column_.states);
    EncodeValues();
    states_.clear();
    scalars_.clear();
    texts_.clear();
  }

  ShreddedColumn Finish() { return std::move(column_); }

 private:
  uint32_t num_rows() const { return static_cast<uint32_t>(states_.size()); }

  // Moves a text that lies in the buffer to where it stays until the end of the block, or to
  // `text`.
  JsonScalar Keep(JsonScalar scalar, std::string* text) {
    if (text != nullptr) {
      *text = std::string(scalar.text);
      scalar.text = *text;
    } else if (!scalar.text.empty() && scalar.text.data() == buffer_.data()) {
      texts_.push_back(buffer_);
      scalar.text = texts_.back();
    }
    return scalar;
  }

  template <typename T, typename ValueOf>
  std::unique_ptr<T[]> ValuesOf(ValueOf value_of) const {
    auto values = std::make_unique<T[]>(scalars_.size());
    std::transform(scalars_.begin(), scalars_.end(), values.get(), value_of);
    return values;
  }

  void EncodeValues() {
    if (column_.type == DataType::kVarChar) {
      const auto views = ValuesOf<std::string_view>([](const JsonScalar& s) { return s.text; });
      return Encode({.type = column_.type, .num_rows = num_rows(), .views = views.get()},
                    &column_.values);
    }
    if (column_.type == DataType::kBool) {
      return EncodeNumbers<uint8_t>([](const JsonScalar& s) -> uint8_t { return s.boolean; });
    }
    if (column_.type == DataType::kInt64) {
      return EncodeNumbers<int64_t>([](const JsonScalar& s) { return s.integer; });
    }
    EncodeNumbers<double>([](const JsonScalar& s) { return s.real; });
  }

  template <typename T, typename ValueOf>
  void EncodeNumbers(ValueOf value_of) {
    const auto numbers = ValuesOf<T>(value_of);
    Encode({.type = column_.type, .num_rows = num_rows(), .numbers = numbers.get()},
           &column_.values);
  }

  static void Encode(const schema::ColumnBlock& block, EncodedColumn* column) {
    column->bytes += column->encoder.Add(block);
  }

  uint32_t node_;
  size_t type_index_;
  ShreddedColumn column_;
  std::string buffer_;
  std::string first_text_;
  JsonScalar first_;
  // Of the block that is not encoded yet.
  std::vector<int8_t> states_;
  std::vector<JsonScalar> scalars_;
  std::deque<std::string> texts_;
};

}  // namespace

absl::StatusOr<std::vector<ShreddedColumn>> ShredJson(const Column& column, size_t max_paths,
                                                      const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const std::vector<Path> paths, FindPaths(column, max_paths, context));
  std::vector<ShreddedColumn> columns;
  if (paths.empty()) return columns;
  JsonPathTree tree;
  std::deque<PathShredder> shredders;
  for (const Path& path : paths) shredders.emplace_back(path, tree.Add(path.keys), column);
  Poll poll(context);
  for (size_t row = 0; row < column.num_rows(); ++row) {
    VECDB_RETURN_IF_ERROR(poll.Add(column.string(row).size()));
    tree.Read(column.string(row));
    for (PathShredder& shredder : shredders) shredder.AddRow(tree);
    if ((row + 1) % schema::kBlockRows != 0 && row + 1 != column.num_rows()) continue;
    for (PathShredder& shredder : shredders) {
      VECDB_RETURN_IF_ERROR(context.Check());
      shredder.EndBlock();
    }
  }
  for (PathShredder& shredder : shredders) columns.push_back(shredder.Finish());
  return columns;
}

}  // namespace vecdb::format
