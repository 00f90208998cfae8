// merge_bench: what a merge of segments gains by continuing the graph of the largest, and what that
// does to recall, merge after merge. See ../README.md.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/flags.h"
#include "common/machine.h"
#include "data/matrix.h"
#include "data/vector_file.h"
#include "index/vector_index.h"
#include "vecdb/executor.h"

namespace vecdb::bench {
namespace {

constexpr uint32_t kHits = 10;

struct MergeOptions {
  std::string base{};
  std::string query{};
  std::string index = "HNSW";
  int num_queries = 500;
  int num_merges = 10;
  int percent_replaced = 20;
  int num_threads = 2;
  int ef = 40;
};

// Some rows of a set, one after the other.
struct Rows {
  std::vector<uint32_t> numbers{};  // in the set
  Matrix values{};

  index::VectorView view() const {
    return {.rows = values.values().data(),
            .num_rows = static_cast<uint32_t>(numbers.size()),
            .dim = static_cast<int32_t>(values.dim())};
  }
};

absl::StatusOr<Rows> Gather(const Matrix& all, std::vector<uint32_t> numbers) {
  Rows rows{.numbers = std::move(numbers)};
  VECDB_ASSIGN_OR_RETURN(rows.values, Matrix::Make(rows.numbers.size(), all.dim()));
  for (size_t i = 0; i < rows.numbers.size(); ++i) {
    std::ranges::copy(all.row(rows.numbers[i]), rows.values.row(i).begin());
  }
  return rows;
}

struct Answers {
  std::vector<std::vector<index::Candidate>> hits{};
  double micros = 0;  // of a query, by thread CPU time
};

class MergeBench {
 public:
  MergeBench(const MergeOptions& options, const Matrix& all, const Matrix& queries)
      : options_(options),
        all_(all),
        queries_(queries),
        executor_(MakeThreadPool(options.num_threads)) {}

  absl::Status Run() {
    std::vector<uint32_t> numbers(all_.num_rows());
    std::iota(numbers.begin(), numbers.end(), 0u);
    std::shuffle(numbers.begin(), numbers.end(), random_);
    const size_t num_in = numbers.size() * 4 / 5;
    std::vector<uint32_t> outside(numbers.begin() + static_cast<ptrdiff_t>(num_in), numbers.end());
    numbers.resize(num_in);
    VECDB_ASSIGN_OR_RETURN(rows_, Gather(all_, std::move(numbers)));
    VECDB_ASSIGN_OR_RETURN(index_, Build(rows_, {}));
    std::printf("%-6s %10s %10s %7s | recall@10 at ef %d, us a query: anew, continued\n", "merge",
                "anew s", "continued", "", options_.ef);
    for (int merge = 1; merge <= options_.num_merges; ++merge) {
      VECDB_RETURN_IF_ERROR(Merge(merge, &outside));
    }
    return absl::OkStatus();
  }

 private:
  using IndexPtr = std::unique_ptr<index::VectorIndex>;

  bool is_on_disk() const { return options_.index == "DISKANN"; }

  IndexSpec spec() const {
    if (is_on_disk()) return {.metric = Metric::kL2, .params = DiskannParams{}};
    return {.metric = Metric::kL2, .params = HnswParams{}};
  }

  SearchParams search_params() const {
    if (is_on_disk()) return DiskannSearchParams{.search_list = options_.ef};
    return HnswSearchParams{.ef = options_.ef};
  }

  Host host() const { return {.executor = executor_.get()}; }

  absl::StatusOr<IndexPtr> Build(const Rows& rows, const index::IndexSource& source) {
    return index::BuildVectorIndex(rows.view(), spec(), host(), {}, nullptr, source);
  }

  // Rows go, as many come, and the index over those that there are then is built both ways.
  absl::Status Merge(int merge, std::vector<uint32_t>* outside) {
    const size_t count =
        std::min(outside->size(),
                 rows_.numbers.size() * static_cast<size_t>(options_.percent_replaced) / 100);
    std::vector<bool> goes(rows_.numbers.size());
    for (size_t left = count; left > 0;) {
      const size_t row = random_() % goes.size();
      if (goes[row]) continue;
      goes[row] = true;
      --left;
    }
    std::shuffle(outside->begin(), outside->end(), random_);
    std::vector<uint32_t> numbers;
    std::vector<uint32_t> gone;
    std::vector<uint32_t> map(goes.size(), index::kNoRow);
    for (size_t row = 0; row < goes.size(); ++row) {
      if (!goes[row]) map[row] = static_cast<uint32_t>(numbers.size());
      (goes[row] ? gone : numbers).push_back(rows_.numbers[row]);
    }
    numbers.insert(numbers.end(), outside->end() - static_cast<ptrdiff_t>(count), outside->end());
    outside->resize(outside->size() - count);
    outside->insert(outside->end(), gone.begin(), gone.end());
    VECDB_ASSIGN_OR_RETURN(Rows merged, Gather(all_, std::move(numbers)));
    const Stopwatch anew_watch;
    VECDB_ASSIGN_OR_RETURN(const IndexPtr anew, Build(merged, {}));
    const double anew_seconds = anew_watch.wall_seconds();
    const Stopwatch continued_watch;
    VECDB_ASSIGN_OR_RETURN(IndexPtr continued, Build(merged, {index_.get(), map}));
    const double continued_seconds = continued_watch.wall_seconds();
    VECDB_ASSIGN_OR_RETURN(
        const IndexPtr flat,
        index::BuildVectorIndex(merged.view(), {.metric = Metric::kL2, .params = FlatParams{}},
                                host(), {}));
    VECDB_ASSIGN_OR_RETURN(const Answers truth, Search(*flat, merged, {}));
    VECDB_ASSIGN_OR_RETURN(const Answers of_anew, Search(*anew, merged, search_params()));
    VECDB_ASSIGN_OR_RETURN(const Answers of_continued, Search(*continued, merged, search_params()));
    std::printf("%-6d %10.2f %10.2f %6.2fx | %.4f, %.4f | %.1f, %.1f\n", merge, anew_seconds,
                continued_seconds, continued_seconds / anew_seconds, Recall(truth, of_anew),
                Recall(truth, of_continued), of_anew.micros, of_continued.micros);
    rows_ = std::move(merged);
    index_ = std::move(continued);
    return absl::OkStatus();
  }

  absl::StatusOr<Answers> Search(const index::VectorIndex& index, const Rows& rows,
                                 const SearchParams& params) {
    Answers answers;
    answers.hits.resize(
        std::min<size_t>(queries_.num_rows(), static_cast<size_t>(options_.num_queries)));
    const double begin = ThreadCpuSeconds();
    for (size_t i = 0; i < answers.hits.size(); ++i) {
      const index::RowQuery query{.vector = queries_.row(i).data(),
                                  .k = kHits,
                                  .params = params,
                                  .mask = {.num_rows = rows.view().num_rows}};
      VECDB_RETURN_IF_ERROR(index.Search(query, {}, &answers.hits[i]));
    }
    answers.micros = 1e6 * (ThreadCpuSeconds() - begin) / static_cast<double>(answers.hits.size());
    return answers;
  }

  // Rows as near as the last of the truth are right.
  static double Recall(const Answers& truth, const Answers& answers) {
    size_t right = 0;
    for (size_t i = 0; i < truth.hits.size(); ++i) {
      for (const index::Candidate& hit : answers.hits[i]) {
        right += hit.distance <= truth.hits[i].back().distance * 1.000001F;
      }
    }
    return static_cast<double>(right) / static_cast<double>(truth.hits.size() * kHits);
  }

  const MergeOptions options_;
  const Matrix& all_;
  const Matrix& queries_;
  const std::unique_ptr<Executor> executor_;
  std::mt19937 random_{1};
  Rows rows_;
  IndexPtr index_;
};

absl::Status Run(const MergeOptions& options) {
  VECDB_ASSIGN_OR_RETURN(const Matrix all, ReadVectors(options.base));
  VECDB_ASSIGN_OR_RETURN(const Matrix queries, ReadVectors(options.query));
  if (queries.dim() != all.dim()) {
    return absl::InvalidArgumentError("--query: vectors of another length than those of --base");
  }
  if (options.index != "HNSW" && options.index != "DISKANN") {
    return absl::InvalidArgumentError("--index: HNSW or DISKANN, not " + options.index);
  }
  std::printf("%s\n%s, %zu of %zu rows, dim %zu, l2, %d %% replaced by each merge, %d threads\n",
              CpuName().c_str(), options.index.c_str(), all.num_rows() * 4 / 5, all.num_rows(),
              all.dim(), options.percent_replaced, options.num_threads);
  return MergeBench(options, all, queries).Run();
}

}  // namespace
}  // namespace vecdb::bench

int main(int argc, char** argv) {
  vecdb::bench::MergeOptions options;
  vecdb::bench::Flags flags;
  flags.Add("base", "the rows", &options.base);
  flags.Add("query", "the queries", &options.query);
  flags.Add("index", "HNSW or DISKANN", &options.index);
  flags.Add("queries", "of these, at most", &options.num_queries, 1, 1'000'000);
  flags.Add("merges", "one after the other", &options.num_merges, 1, 1000);
  flags.Add("replaced", "rows that a merge replaces, in percent", &options.percent_replaced, 1, 24);
  flags.Add("threads", "that build", &options.num_threads, 1, 256);
  flags.Add("ef", "of the searches, or search_list", &options.ef, 10, 32768);
  return vecdb::bench::RunProgram("merge_bench", flags, argc, argv,
                                  [&] { return vecdb::bench::Run(options); });
}
