#ifndef VECDB_TESTS_INDEX_CODED_TESTING_H_
#define VECDB_TESTS_INDEX_CODED_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "index/answer_distance.h"
#include "index/index_testing.h"
#include "index/row_codes.h"
#include "index/vector_index.h"
#include "schema/index_params.h"
#include "support/status_testing.h"

namespace vecdb::index {

inline constexpr Metric kAllMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};

// Rows that lie elsewhere. Counts what is read, and fails with `error` where that is not OK.
class ArrayReader final : public RowReader {
 public:
  explicit ArrayReader(const TestRows& rows, absl::Status error = absl::OkStatus())
      : rows_(rows.view()), error_(std::move(error)) {}

  absl::Status Read(std::span<const uint32_t> rows, float* out,
                    const Context& context) const override {
    VECDB_RETURN_IF_ERROR(context.Check());
    VECDB_RETURN_IF_ERROR(error_);
    const auto dim = static_cast<size_t>(rows_.dim);
    for (size_t i = 0; i < rows.size(); ++i) {
      EXPECT_LT(rows[i], rows_.num_rows);
      std::memcpy(out + i * dim, rows_.row(rows[i]), dim * sizeof(float));
    }
    num_read_ += rows.size();
    return absl::OkStatus();
  }

  // What an index sees whose rows are not in memory.
  VectorView view() const { return {.num_rows = rows_.num_rows, .dim = rows_.dim, .reader = this}; }
  uint64_t num_read() const { return num_read_; }

 private:
  const VectorView rows_;
  const absl::Status error_;
  mutable std::atomic<uint64_t> num_read_ = 0;  // for one thread, or to be looked at after all
};

// A graph of every codec with every refine that it can have.
inline std::vector<HnswParams> CodedParams() {
  constexpr Refine kAll[] = {Refine::kNone, Refine::kFloat32, Refine::kFloat16, Refine::kSq8};
  std::vector<HnswParams> all;
  for (const HnswCodec codec :
       {HnswCodec::kFloat16, HnswCodec::kSq8, HnswCodec::kSq4, HnswCodec::kRabitq}) {
    for (const Refine refine : kAll) {
      const HnswParams params{.m = 8, .ef_construction = 60, .codec = codec, .refine = refine};
      if (IndexSpec{.params = params}.Validate().ok()) all.push_back(params);
    }
  }
  return all;
}

inline std::vector<IndexSpec> CodedSpecs() {
  std::vector<IndexSpec> specs;
  for (const Metric metric : kAllMetrics) {
    for (const HnswParams& params : CodedParams()) {
      specs.push_back({.metric = metric, .params = params});
    }
  }
  return specs;
}

// Each graph once, under one metric after the other.
inline std::vector<IndexSpec> SomeCodedSpecs() {
  std::vector<IndexSpec> specs;
  for (const HnswParams& params : CodedParams()) {
    specs.push_back({.metric = kAllMetrics[specs.size() % 3], .params = params});
  }
  return specs;
}

inline std::unique_ptr<VectorIndex> BuildCoded(const VectorView& view, const IndexSpec& spec,
                                               const Host& host = {}) {
  auto built = BuildVectorIndex(view, spec, host, {});
  EXPECT_OK(built) << spec.ToJson();
  return *std::move(built);
}

inline bool IsRefinedByCopies(const IndexSpec& spec, int32_t dim) {
  const Refine refine = schema::EffectiveRefine(spec, dim);
  return refine == Refine::kFloat16 || refine == Refine::kSq8;
}

// The distances that index_spec.h promises for an answer: those of the rows, or of copies that are
// made here once more.
class AnswerOracle {
 public:
  AnswerOracle(const VectorView& view, const IndexSpec& spec) : view_(view), metric_(spec.metric) {
    if (!IsRefinedByCopies(spec, view.dim)) return;
    const bool halves = schema::EffectiveRefine(spec, view.dim) == Refine::kFloat16;
    codec::CodecSpec codec{.kind = halves ? codec::CodecKind::kFloat16 : codec::CodecKind::kSq8,
                           .metric = spec.metric,
                           .dim = view.dim};
    if (const auto* hnsw = std::get_if<HnswParams>(&spec.params)) codec.seed = hnsw->seed;
    auto copies = RowCodes::Build(view, codec, {}, {});
    EXPECT_OK(copies);
    copies_.emplace(*std::move(copies));
  }

  std::vector<float> DistancesFrom(const float* query) const {
    std::vector<float> distances(view_.num_rows);
    AnswerDistance distance(view_, metric_, copies_.has_value() ? &*copies_ : nullptr);
    distance.SetQuery(query, kContext);
    EXPECT_OK(distance.Block(0, view_.num_rows, distances.data()));
    return distances;
  }

 private:
  static inline const Context kContext{};

  const VectorView view_;
  const Metric metric_;
  std::optional<RowCodes> copies_;
};

// NaiveSearch by distances that are given, one for each row.
inline std::vector<Candidate> NaiveAnswers(const std::vector<float>& distances,
                                           const RowQuery& query) {
  std::vector<Candidate> all;
  for (uint32_t row = 0; row < distances.size(); ++row) {
    if (!query.mask.Contains(row)) continue;
    if (query.limits.Contains(distances[row], row)) all.push_back({distances[row], row});
  }
  std::sort(all.begin(), all.end(),
            [&](const Candidate& a, const Candidate& b) { return IsNearer(a, b, query.order); });
  if (all.size() > query.k) all.resize(query.k);
  return all;
}

inline std::vector<Candidate> FindCoded(const VectorIndex& index, const RowQuery& query) {
  std::vector<Candidate> found;
  EXPECT_OK(index.Search(query, {}, &found)) << index.spec().ToJson();
  return found;
}

// min(k, rows in mask and limits) rows, with the distances that are promised, in order.
inline void ExpectAnswers(const std::vector<Candidate>& found, const std::vector<float>& distances,
                          const RowQuery& query) {
  RowQuery all = query;
  all.k = static_cast<uint32_t>(distances.size());
  EXPECT_EQ(found.size(), std::min<size_t>(query.k, NaiveAnswers(distances, all).size()));
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_LT(found[i].row, distances.size());
    EXPECT_TRUE(query.mask.Contains(found[i].row));
    EXPECT_TRUE(query.limits.Contains(found[i].distance, found[i].row));
    EXPECT_EQ(found[i].distance, distances[found[i].row]);
    EXPECT_TRUE(i == 0 || IsNearer(found[i - 1], found[i], query.order));
  }
}

// The share of the rows in `expected` that `found` has too, whatever their distances.
inline double RowRecallOf(const std::vector<Candidate>& found,
                          const std::vector<Candidate>& expected) {
  if (expected.empty()) return 1;
  size_t hits = 0;
  for (const Candidate& one : expected) {
    hits += std::any_of(found.begin(), found.end(),
                        [&](const Candidate& candidate) { return candidate.row == one.row; });
  }
  return static_cast<double>(hits) / static_cast<double>(expected.size());
}

}  // namespace vecdb::index

#endif  // VECDB_TESTS_INDEX_CODED_TESTING_H_
