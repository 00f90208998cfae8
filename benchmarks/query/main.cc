// query_bench: what filters, key look-ups and filtered searches cost in a collection whose rows lie
// in one resident segment. See ../README.md.
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/flags.h"
#include "common/machine.h"
#include "common/stats.h"
#include "common/temp_dir.h"
#include "query/column_sum.h"
#include "query/shop.h"
#include "vecdb/vecdb.h"

namespace vecdb::bench {
namespace {

struct QueryOptions {
  int num_rows = 1'000'000;
  int num_runs = 15;
  int num_searches = 400;
  std::string directory{};
};

Flags MakeFlags(QueryOptions& options) {
  Flags flags;
  flags.Add("rows", "of the collection", &options.num_rows, 10'000, 10'000'000);
  flags.Add("runs", "of each measurement; the median counts", &options.num_runs, 1, 1000);
  flags.Add("searches", "of each kind", &options.num_searches, 10, 1'000'000);
  flags.Add("dir", "where the database is made, and removed again", &options.directory);
  return flags;
}

// The median seconds of `what(run)`, which is asked for something new each time.
absl::StatusOr<double> Measure(int runs, const std::function<absl::Status(int)>& what) {
  VECDB_RETURN_IF_ERROR(what(-1));  // reads what it needs
  std::vector<double> seconds;
  for (int run = 0; run < runs; ++run) {
    const Stopwatch watch;
    VECDB_RETURN_IF_ERROR(what(run));
    seconds.push_back(watch.wall_seconds());
  }
  return Median(std::move(seconds));
}

// Counts with a filter that was parsed beforehand and has not been evaluated before.
absl::StatusOr<double> MeasureCount(const Shop& shop, int runs,
                                    const std::function<RowFilter(int)>& filter_of) {
  std::vector<Filter> filters;
  for (int run = -1; run < runs; ++run) {
    VECDB_ASSIGN_OR_RETURN(filters.emplace_back(), filter_of(run).Resolve(ShopSchema()));
  }
  return Measure(runs, [&](int run) {
    return shop.items->Count(filters[static_cast<size_t>(run + 1)]).status();
  });
}

RowFilter InList(int run, int num_rows) {
  constexpr int kValues = 10'000;
  FilterValue::List values;
  for (int i = 0; i < kValues; ++i) {
    values.emplace_back(int64_t{i} * (num_rows / kValues) * 3 + run * 7);
  }
  return RowFilter("number in {values}", {{"values", std::move(values)}});
}

absl::Status MeasureFilters(const Shop& shop, const QueryOptions& options) {
  const int rows = options.num_rows;
  const auto count = [&](const char* name, const std::function<RowFilter(int)>& filter_of,
                         double* seconds) -> absl::Status {
    VECDB_ASSIGN_OR_RETURN(*seconds, MeasureCount(shop, options.num_runs, filter_of));
    std::printf("  %-44s %9.3f ms  %6.2f ns a row\n", name, *seconds * 1e3, *seconds * 1e9 / rows);
    return absl::OkStatus();
  };
  const auto below = [&](const char* field) {
    return [=](int run) { return RowFilter(absl::StrCat(field, " < ", rows / 2 + run)); };
  };
  const auto name = [&](const char* field) {
    return [=](int run) { return RowFilter(absl::StrCat(field, " == \"name", 17 + run, "\"")); };
  };
  VECDB_ASSIGN_OR_RETURN(const double sum, Measure(options.num_runs, [&](int run) {
                           return SumColumn(shop.numbers, run) != 0
                                      ? absl::OkStatus()
                                      : absl::InternalError("a sum of 0");
                         }));
  std::printf("filters, evaluated anew\n  %-44s %9.3f ms\n", "sum of the Int64 column", sum * 1e3);
  double typed = 0;
  double other = 0;
  VECDB_RETURN_IF_ERROR(count("number < c, half of the rows", below("number"), &typed));
  std::printf("  %-44s %9.2f of the speed of the sum (bar 0.5)\n", "", sum / typed);
  VECDB_RETURN_IF_ERROR(count("the same in Json", below("meta[\"number\"]"), &other));
  std::printf("  %-44s %9.2f times the field (bar 3)\n", "", other / typed);
  VECDB_RETURN_IF_ERROR(count("name == x, 1000 names (bar 1 ms)", name("name"), &typed));
  VECDB_RETURN_IF_ERROR(count("the same in Json", name("meta[\"name\"]"), &other));
  std::printf("  %-44s %9.2f times the field (bar 3)\n", "", other / typed);
  VECDB_RETURN_IF_ERROR(count("code == x, all different", name("code"), &typed));
  VECDB_RETURN_IF_ERROR(
      count("tag == x, all different, INVERTED (bar 50 us)", name("tag"), &typed));
  VECDB_RETURN_IF_ERROR(count(
      "number in 10,000 values (bar 8 ns)", [&](int run) { return InList(run, rows); }, &typed));
  return absl::OkStatus();
}

absl::Status MeasureGet(const Shop& shop, const QueryOptions& options) {
  std::vector<double> micros;
  for (int i = 0; i < 2000; ++i) {
    const int64_t key = int64_t{i} * 7919 % options.num_rows;
    const Stopwatch watch;
    VECDB_ASSIGN_OR_RETURN(const RowBatch row,
                           shop.items->Get({key}, std::vector<std::string>{"number", "name"}));
    micros.push_back(watch.wall_seconds() * 1e6);
    if (row.num_rows() != 1) return absl::InternalError("a row is missing");
  }
  std::printf("Get of one row, two fields\n  p50 %.2f us (bar 10), p99 %.2f us\n",
              Percentile(micros, 0.5), Percentile(micros, 0.99));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<double>> SearchMicros(const Shop& shop, int searches,
                                                 const std::function<RowFilter(int)>& filter_of) {
  std::vector<double> micros;
  for (int i = 0; i < searches; ++i) {
    const std::vector<float> query = ShopVector(-1 - i);
    SearchRequest request{.vectors = query,
                          .limit = 10,
                          .params = HnswSearchParams{.ef = 64},
                          .filter = filter_of(i)};
    const Stopwatch watch;
    VECDB_RETURN_IF_ERROR(shop.items->Search(request).status());
    micros.push_back(watch.wall_seconds() * 1e6);
  }
  return micros;
}

absl::Status MeasureSearches(const Shop& shop, const QueryOptions& options) {
  std::printf("searches, ef 64, k 10: p50, p99 in us, and p99 of the one without a filter\n");
  VECDB_ASSIGN_OR_RETURN(const auto plain,
                         SearchMicros(shop, options.num_searches, [](int) { return RowFilter(); }));
  const double plain_p99 = Percentile(plain, 0.99);
  std::printf("  %-24s %9.1f %9.1f\n", "no filter", Percentile(plain, 0.5), plain_p99);
  for (const double share : {0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001, 0.0001, 0.0}) {
    const auto limit = static_cast<int64_t>(share * options.num_rows);
    const auto known = [&](int) { return RowFilter(absl::StrCat("number < ", limit)); };
    // No number is negative, so the rows are the same.
    const auto fresh = [&](int i) {
      return RowFilter(absl::StrCat("number < ", limit, " and number != ", -1 - i));
    };
    VECDB_RETURN_IF_ERROR(SearchMicros(shop, 1, known).status());
    VECDB_ASSIGN_OR_RETURN(const auto again, SearchMicros(shop, options.num_searches, known));
    VECDB_ASSIGN_OR_RETURN(const auto anew, SearchMicros(shop, options.num_searches / 4, fresh));
    std::printf("  %-6.2f %% known          %9.1f %9.1f  %5.2f (bar 4)\n", share * 100,
                Percentile(again, 0.5), Percentile(again, 0.99),
                Percentile(again, 0.99) / plain_p99);
    std::printf("  %-6.2f %% evaluated anew %9.1f %9.1f\n", share * 100, Percentile(anew, 0.5),
                Percentile(anew, 0.99));
  }
  return absl::OkStatus();
}

absl::Status Run(const QueryOptions& options) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::printf("%d rows, %s\n", options.num_rows, CpuName().c_str());
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(options.directory));
  VECDB_ASSIGN_OR_RETURN(const Shop shop, MakeShop(directory.path(), options.num_rows));
  VECDB_RETURN_IF_ERROR(MeasureFilters(shop, options));
  VECDB_RETURN_IF_ERROR(MeasureGet(shop, options));
  return MeasureSearches(shop, options);
}

}  // namespace
}  // namespace vecdb::bench

int main(int argc, char** argv) {
  vecdb::bench::QueryOptions options;
  return vecdb::bench::RunProgram("query_bench", vecdb::bench::MakeFlags(options), argc, argv,
                                  [&] { return vecdb::bench::Run(options); });
}
