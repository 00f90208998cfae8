// Filters evaluated over a million rows that lie in memory, beside the loops that they are held
// against: the sum of the column, and the same condition on a typed column.
//
//     filter_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only
//
// The sum is compiled for the machine's best instruction set.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "filter/build.h"
#include "filter/evaluate.h"
#include "filter/parse.h"
#include "filter/program.h"
#include "vecdb/schema.h"

namespace {

using vecdb::DataType;
using vecdb::filter::ColumnSource;
using vecdb::filter::PathStep;
using vecdb::filter::ScalarIndex;
using vecdb::filter::ShreddedPath;
using vecdb::filter::ValueSet;
using vecdb::schema::ColumnBlock;
using vecdb::schema::ColumnStats;
using vecdb::schema::kBlockRows;

constexpr uint32_t kRows = 1'000'000;
constexpr uint64_t kDistinct = 1000;

enum Columns : size_t { kId, kNumber, kText, kJson, kStates, kValues, kVector };

vecdb::Schema BenchSchema() {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "number", .type = DataType::kInt64},
                     {.name = "text", .type = DataType::kVarChar, .max_length = 64},
                     {.name = "j", .type = DataType::kJson},
                     {.name = "vector", .type = DataType::kFloatVector, .dim = 2}}};
}

// Strings of a block in a sorted dictionary.
struct Dictionary {
  explicit Dictionary(const std::vector<std::string>& texts) {
    std::vector<std::string> sorted = texts;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    for (const std::string& text : sorted) {
      bytes += text;
      ends.push_back(static_cast<uint32_t>(bytes.size()));
    }
    for (const std::string& text : texts) {
      const auto at = std::lower_bound(sorted.begin(), sorted.end(), text) - sorted.begin();
      codes.push_back(static_cast<uint16_t>(at));
    }
  }
  std::vector<uint32_t> ends;
  std::string bytes;
  std::vector<uint16_t> codes;
};

// `id` is the row, and has an index; `number` is random in 2^40; `text` has kDistinct values; `j`
// has the same text at j["text"], which is shredded, and at j["plain"], which is not.
class BenchSource : public ColumnSource, public ScalarIndex {
 public:
  BenchSource() : numbers(kRows) {
    std::mt19937_64 random(1);
    ids.resize(kRows);
    std::iota(ids.begin(), ids.end(), 0);
    for (int64_t& number : numbers) number = static_cast<int64_t>(random() >> 24);
    states.assign(kRows, static_cast<int8_t>(vecdb::filter::PathState::kValue));
    std::vector<std::string> texts(kRows);
    for (std::string& text : texts) text = absl::StrCat("value-", random() % kDistinct);
    for (uint32_t begin = 0; begin < kRows; begin += kBlockRows) {
      const std::vector<std::string> block(texts.begin() + begin,
                                           texts.begin() + std::min(begin + kBlockRows, kRows));
      dictionaries.push_back(std::make_unique<Dictionary>(block));
    }
    for (const std::string& text : texts) {
      jsons.push_back(absl::StrCat("{\"text\":\"", text, "\",\"year\":2024,\"plain\":\"", text,
                                   "\",\"tags\":[\"a\",\"b\"]}"));
    }
    views.assign(jsons.begin(), jsons.end());
  }

  uint32_t num_rows() const override { return kRows; }
  const ColumnStats* SegmentStats(size_t /*column*/) const override { return nullptr; }
  const ColumnStats* BlockStats(size_t /*column*/, uint32_t /*block*/) const override {
    return nullptr;
  }

  absl::StatusOr<ColumnBlock> Read(size_t column, uint32_t block,
                                   const vecdb::Context& /*context*/) const override {
    const uint32_t begin = block * kBlockRows;
    ColumnBlock read{.type = DataType::kInt64, .num_rows = std::min(kBlockRows, kRows - begin)};
    switch (column) {
      case kId:
        read.numbers = ids.data() + begin;
        return read;
      case kNumber:
        read.numbers = numbers.data() + begin;
        return read;
      case kJson:
        read.type = DataType::kJson;
        read.views = views.data() + begin;
        return read;
      case kStates:
        read.type = DataType::kInt8;
        read.numbers = states.data() + begin;
        return read;
      default:
        break;
    }
    const Dictionary& dictionary = *dictionaries[block];
    read.type = DataType::kVarChar;
    read.ends = dictionary.ends.data();
    read.bytes = dictionary.bytes.data();
    read.num_strings = static_cast<uint32_t>(dictionary.ends.size());
    read.codes = dictionary.codes.data();
    return read;
  }

  bool MayContain(size_t /*column*/, std::string_view /*text*/) const override { return true; }

  std::optional<ShreddedPath> FindPath(size_t /*column*/,
                                       std::span<const PathStep> steps) const override {
    if (steps.size() != 1 || steps[0] != PathStep("text")) return std::nullopt;
    return ShreddedPath{.states = kStates, .values = kValues, .type = DataType::kVarChar};
  }

  const ScalarIndex* Index(size_t column) const override { return column == kId ? this : nullptr; }

  // Of points, as the rows are their own keys.
  uint64_t Count(const ValueSet& set) const override { return set.NumPoints(); }
  void Mark(const ValueSet& set, uint64_t* words) const override {
    for (const auto& point : set.numbers.intervals()) {
      const auto row = static_cast<uint64_t>(point.low->AsInt64());
      words[row / 64] |= uint64_t{1} << (row % 64);
    }
  }

  std::vector<int64_t> ids;
  std::vector<int64_t> numbers;
  std::vector<int8_t> states;
  std::vector<std::unique_ptr<Dictionary>> dictionaries;
  std::vector<std::string> jsons;
  std::vector<std::string_view> views;
};

const BenchSource& Source() {
  static const BenchSource source;
  return source;
}

std::string NumbersIn(size_t count, uint64_t spacing) {
  std::string list = "number in [";
  for (size_t i = 0; i < count; ++i) {
    absl::StrAppend(&list, i == 0 ? "" : ", ", i * spacing + Source().numbers[i] % 7);
  }
  return list + "]";
}

void Evaluate(benchmark::State& state, const std::string& text) {
  const auto node =
      vecdb::filter::BuildNode(*vecdb::filter::ParseFilter(text), text, BenchSchema(), nullptr);
  const auto program = vecdb::filter::Program::Make(*node);
  std::vector<uint64_t> words((kRows + 63) / 64);
  vecdb::filter::EvaluationStats stats;
  const BenchSource& source = Source();
  for (auto _ : state) {
    const auto status = vecdb::filter::Evaluate(*program, source, {}, words, &stats);
    if (!status.ok()) state.SkipWithError("failed");
    benchmark::ClobberMemory();
  }
  state.counters["matched"] = static_cast<double>(stats.rows_matched);
  state.counters["ns_per_row"] = benchmark::Counter(
      kRows * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void SumColumn(benchmark::State& state) {
  const std::vector<int64_t>& numbers = Source().numbers;
  for (auto _ : state) {
    int64_t sum = 0;
    for (const int64_t number : numbers) sum += number;
    benchmark::DoNotOptimize(sum);
  }
}

void Less(benchmark::State& state) { Evaluate(state, "number < 549755813888"); }
void InSparse(benchmark::State& state) { Evaluate(state, NumbersIn(10'000, 100'000'003)); }
void InDense(benchmark::State& state) { Evaluate(state, NumbersIn(10'000, 13)); }
void DictionaryEqual(benchmark::State& state) { Evaluate(state, "text == \"value-77\""); }
void DictionaryLike(benchmark::State& state) { Evaluate(state, "text like \"%7_\""); }
void ShreddedEqual(benchmark::State& state) { Evaluate(state, "j[\"text\"] == \"value-77\""); }
void JsonTextEqual(benchmark::State& state) { Evaluate(state, "j[\"plain\"] == \"value-77\""); }
void Arithmetic(benchmark::State& state) { Evaluate(state, "number + id < 549755813888"); }
void Modulo(benchmark::State& state) { Evaluate(state, "number % 10 == 3"); }
void IndexedPoint(benchmark::State& state) { Evaluate(state, "id == 777777"); }
void IndexedAnd(benchmark::State& state) {
  Evaluate(state, "id == 777777 and number >= 0 and text != \"x\"");
}
void TwoColumns(benchmark::State& state) {
  Evaluate(state, "number < 549755813888 and text == \"value-77\"");
}
void CheapBeforeText(benchmark::State& state) {
  Evaluate(state, "number < 10995116277 and j[\"plain\"] like \"%7_\"");
}

BENCHMARK(SumColumn)->Unit(benchmark::kMicrosecond);
BENCHMARK(Less)->Unit(benchmark::kMicrosecond);
BENCHMARK(InSparse)->Unit(benchmark::kMicrosecond);
BENCHMARK(InDense)->Unit(benchmark::kMicrosecond);
BENCHMARK(DictionaryEqual)->Unit(benchmark::kMicrosecond);
BENCHMARK(DictionaryLike)->Unit(benchmark::kMicrosecond);
BENCHMARK(ShreddedEqual)->Unit(benchmark::kMicrosecond);
BENCHMARK(JsonTextEqual)->Unit(benchmark::kMicrosecond);
BENCHMARK(Arithmetic)->Unit(benchmark::kMicrosecond);
BENCHMARK(Modulo)->Unit(benchmark::kMicrosecond);
BENCHMARK(IndexedPoint)->Unit(benchmark::kMicrosecond);
BENCHMARK(IndexedAnd)->Unit(benchmark::kMicrosecond);
BENCHMARK(TwoColumns)->Unit(benchmark::kMicrosecond);
BENCHMARK(CheapBeforeText)->Unit(benchmark::kMicrosecond);

}  // namespace
