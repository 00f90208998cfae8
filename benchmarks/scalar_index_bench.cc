// Indexes of scalar fields over a million rows of different values: building one, and look-ups as a
// filter makes them, Count and then Mark into a zeroed bitmap. What is asked for changes from one
// look-up to the next.
//
//     scalar_index_bench --benchmark_repetitions=5 --benchmark_report_aggregates_only
//
// BM_SumColumn is what one pass over the column costs: an index pays where it is below.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "segment/scalar_index.h"
#include "segment/scalar_index_builder.h"

namespace {

using vecdb::Column;
using vecdb::DataType;
using vecdb::filter::IntervalSet;
using vecdb::filter::Number;
using vecdb::filter::ValueSet;

constexpr size_t kRows = 1'000'000;
constexpr size_t kSets = 256;  // that take turns

// The rows 0 to kRows - 1 in a random order.
std::vector<uint32_t> Shuffled() {
  std::vector<uint32_t> order(kRows);
  std::iota(order.begin(), order.end(), 0u);
  std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  return order;
}

std::string TextOf(uint32_t number) {
  char text[32];
  const int size = std::snprintf(text, sizeof(text), "user-%08x@example", number * 2654435761u);
  return std::string(text, static_cast<size_t>(size));
}

Column Texts() {
  Column::Strings strings;
  for (const uint32_t number : Shuffled()) {
    strings.bytes.append(TextOf(number));
    strings.ends.push_back(strings.bytes.size());
  }
  return Column(DataType::kVarChar, 0, std::move(strings));
}

Column Integers() {
  std::vector<int64_t> values;
  for (const uint32_t number : Shuffled()) values.push_back(int64_t{number} * 3);
  return Column(DataType::kInt64, 0, std::move(values));
}

vecdb::segment::SealedScalarIndex MakeIndex(const Column& column) {
  return vecdb::segment::SealedScalarIndex(vecdb::segment::MakeScalarIndex(column, {}, {}).value());
}

// Count, a bitmap of zeros that is there, Mark.
void LookUp(benchmark::State& state, const Column& column, const std::vector<ValueSet>& sets) {
  const vecdb::segment::SealedScalarIndex index = MakeIndex(column);
  std::vector<uint64_t> words((kRows + 63) / 64);
  uint64_t rows = 0;
  size_t at = 0;
  for (auto _ : state) {
    const ValueSet& set = sets[at++ % sets.size()];
    rows += index.Count(set);
    index.Mark(set, words.data());
    benchmark::DoNotOptimize(words.data());
  }
  state.counters["rows"] = static_cast<double>(rows) / static_cast<double>(state.iterations());
  state.counters["index_bytes"] = static_cast<double>(index.bytes());
}

void BM_EqualsText(benchmark::State& state) {
  std::vector<ValueSet> sets;
  std::mt19937_64 random(2);
  for (size_t i = 0; i < kSets; ++i) {
    sets.push_back({.strings = IntervalSet<std::string>::Point(
                        TextOf(static_cast<uint32_t>(random() % kRows)))});
  }
  LookUp(state, Texts(), sets);
}

void BM_EqualsInteger(benchmark::State& state) {
  std::vector<ValueSet> sets;
  std::mt19937_64 random(2);
  for (size_t i = 0; i < kSets; ++i) {
    sets.push_back({.numbers = IntervalSet<Number>::Point(
                        Number(static_cast<int64_t>(random() % kRows) * 3))});
  }
  LookUp(state, Integers(), sets);
}

// A list of so many values, half of which are there.
void BM_InIntegers(benchmark::State& state) {
  std::vector<ValueSet> sets;
  std::mt19937_64 random(3);
  for (size_t i = 0; i < 8; ++i) {
    std::vector<Number> list;
    while (list.size() < static_cast<size_t>(state.range(0))) {
      list.emplace_back(static_cast<int64_t>(random() % (kRows * 3)) / 2 * 3 / 2);
    }
    sets.push_back({.numbers = IntervalSet<Number>::Points(std::move(list))});
  }
  LookUp(state, Integers(), sets);
}

void BM_InTexts(benchmark::State& state) {
  std::vector<ValueSet> sets;
  std::mt19937_64 random(3);
  for (size_t i = 0; i < 8; ++i) {
    std::vector<std::string> list;
    while (list.size() < static_cast<size_t>(state.range(0))) {
      list.push_back(TextOf(static_cast<uint32_t>(random() % (kRows * 2))));
    }
    sets.push_back({.strings = IntervalSet<std::string>::Points(std::move(list))});
  }
  LookUp(state, Texts(), sets);
}

// A range that holds so many in a thousand rows.
void BM_RangeOfIntegers(benchmark::State& state) {
  const int64_t length = state.range(0) * static_cast<int64_t>(kRows) / 1000 * 3;
  const ValueSet set = {.numbers = IntervalSet<Number>::Between(Number(int64_t{300}), true,
                                                                Number(300 + length), false)};
  LookUp(state, Integers(), {set});
}

void BM_SumColumn(benchmark::State& state) {
  const Column column = Integers();
  const auto values = column.int64s();
  for (auto _ : state) {
    benchmark::DoNotOptimize(std::accumulate(values.begin(), values.end(), int64_t{0}));
  }
}

void BM_Build(benchmark::State& state, Column (*make)()) {
  const Column column = make();
  for (auto _ : state) benchmark::DoNotOptimize(MakeIndex(column).bytes());
}

BENCHMARK(BM_EqualsText);
BENCHMARK(BM_EqualsInteger);
BENCHMARK(BM_InIntegers)->Arg(100)->Arg(10'000);
BENCHMARK(BM_InTexts)->Arg(10'000);
BENCHMARK(BM_RangeOfIntegers)->Arg(1)->Arg(100)->Arg(500);
BENCHMARK(BM_SumColumn);
BENCHMARK_CAPTURE(BM_Build, texts, &Texts)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Build, integers, &Integers)->Unit(benchmark::kMillisecond);

}  // namespace
