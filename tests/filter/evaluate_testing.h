#ifndef VECDB_TESTS_FILTER_EVALUATE_TESTING_H_
#define VECDB_TESTS_FILTER_EVALUATE_TESTING_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "filter/block_rows.h"
#include "filter/build.h"
#include "filter/evaluate.h"
#include "filter/memory_source.h"
#include "filter/naive_node.h"
#include "filter/parse.h"
#include "filter/program.h"
#include "filter/random_filter.h"
#include "filter/random_row.h"
#include "support/seeded_random.h"
#include "support/status_testing.h"

namespace vecdb::filter {

/// The normal form of a filter on RandomFilterSchema.
inline Node RandomSchemaNode(const std::string& text) {
  const FilterParameters parameters = naive::RandomFilterParameters();
  const auto expr = ParseFilter(text);
  EXPECT_OK(expr) << text;
  auto node = BuildNode(*expr, text, naive::RandomFilterSchema(), &parameters);
  EXPECT_OK(node) << text;
  return node.ok() ? *std::move(node) : Node{};
}

inline std::shared_ptr<const Program> ProgramOf(const std::string& text) {
  return Program::Make(RandomSchemaNode(text));
}

inline std::vector<naive::Row> RandomRows(size_t count, uint64_t seed) {
  support::SeededRandom random(seed);
  naive::RandomRow source(random);
  std::vector<naive::Row> rows;
  while (rows.size() < count) rows.push_back(source.Next());
  return rows;
}

/// Rows that are all the same but for `i64`, which is the number of the row. Nothing lies in their
/// Json fields.
inline std::vector<naive::Row> NumberedRows(size_t count) {
  naive::Row same = RandomRows(1, 1)[0];
  same["j"] = same[std::string(kDynamicFieldName)] = naive::Json::object();
  std::vector<naive::Row> rows(count, same);
  for (size_t i = 0; i < count; ++i) rows[i]["i64"] = static_cast<int64_t>(i);
  return rows;
}

/// The rows that Evaluate finds.
inline std::vector<size_t> Evaluated(const std::string& text, const ColumnSource& source,
                                     EvaluationStats* stats = nullptr) {
  std::vector<uint64_t> words((source.num_rows() + 63) / 64);
  EXPECT_OK(Evaluate(*ProgramOf(text), source, Context(), words, stats));
  std::vector<size_t> rows;
  for (size_t row = 0; row < words.size() * 64; ++row) {
    if ((words[row / 64] >> (row % 64) & 1) != 0) rows.push_back(row);
  }
  return rows;
}

/// The rows that the naive evaluator finds.
inline std::vector<size_t> Expected(const std::string& text, const std::vector<naive::Row>& rows) {
  const Node node = RandomSchemaNode(text);
  std::vector<size_t> matches;
  for (size_t row = 0; row < rows.size(); ++row) {
    if (naive::EvaluateNode(node, rows[row])) matches.push_back(row);
  }
  return matches;
}

inline std::vector<size_t> RowsIn(const BlockRows& rows) {
  std::vector<size_t> list;
  for (size_t row = 0; row < schema::kBlockRows; ++row) {
    if (rows.contains(row)) list.push_back(row);
  }
  return list;
}

/// Some of the first `num_rows` rows.
inline BlockRows SomeRows(uint32_t num_rows, support::SeededRandom& random) {
  const uint64_t share = 1 + random.Below(100);
  BlockRows rows = BlockRows::First(num_rows);
  if (!random.OneIn(3)) rows.KeepIf([&](size_t) { return random.OneIn(share); });
  return rows;
}

/// That conditions of some kind find the right rows, in every form that rows can have.
inline void ExpectAsNaive(const std::vector<std::string>& texts, MemorySourceOptions options) {
  const std::vector<naive::Row> rows = RandomRows(150, 7);
  std::vector<std::vector<size_t>> expected;
  for (const std::string& text : texts) expected.push_back(Expected(text, rows));
  for (int variant = 0; variant < 6; ++variant) {
    options.form = static_cast<MemorySourceOptions::Form>(variant % 3);
    options.statistics = variant >= 3;
    options.some_elsewhere = variant % 2 == 1;
    const MemorySource source(naive::RandomFilterSchema(), rows, options, 11);
    for (size_t i = 0; i < texts.size(); ++i) {
      EXPECT_EQ(Evaluated(texts[i], source), expected[i]) << texts[i] << " variant " << variant;
    }
  }
}

}  // namespace vecdb::filter

#endif  // VECDB_TESTS_FILTER_EVALUATE_TESTING_H_
