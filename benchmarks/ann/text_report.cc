#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "ann/report.h"
#include "common/machine.h"

namespace vecdb::bench {
namespace {

void AppendHead(const Report& report, std::string* text) {
  const Options& options = report.options;
  absl::StrAppendFormat(
      text, "%s: %d x %d, %s, %d queries, k %d\n%s, %d search and %d build threads, %d sweeps\n",
      report.dataset.name, report.dataset.base.num_rows(), report.dataset.base.dim(),
      absl::AsciiStrToLower(std::string(MetricName(options.metric))),
      report.dataset.queries.num_rows(), options.k, CpuName(), options.num_threads,
      options.num_build_threads, options.num_sweeps);
}

void AppendBuilds(const Report& report, std::string* text) {
  const auto num_rows = static_cast<double>(report.dataset.base.num_rows());
  const double row_bytes = static_cast<double>(report.dataset.base.num_bytes()) / num_rows;
  absl::StrAppendFormat(text, "\n%s %s\n%-18s %9s %9s %9s | %s\n%-18s %9s %9s %9s | %9s %9s %9s\n",
                        report.options.index, ParamsText(report.options.build), "", "build", "vs",
                        "cpu", "bytes per vector", "engine", "seconds", "first", "seconds", "index",
                        "total", "resident");
  for (const EngineResult& result : report.results) {
    const double index = static_cast<double>(result.build.bytes_beyond_rows) / num_rows;
    absl::StrAppendFormat(
        text, "%-18s %9.2f %9.2f %9.2f | %9.1f %9.1f %9.1f\n", result.name, result.build.seconds,
        result.build.seconds / report.results.front().build.seconds, result.build.cpu_seconds,
        index, index + (result.build.needs_rows ? row_bytes : 0), result.resident_bytes / num_rows);
  }
  for (const EngineResult& result : report.results) {
    if (result.build.note.empty()) continue;
    absl::StrAppendFormat(text, "%s: %s\n", result.name, result.build.note);
  }
}

// Wide enough for every setting.
int SearchWidth(const std::vector<PointResult>& points) {
  size_t width = 16;
  for (const PointResult& point : points) width = std::max(width, point.search.size());
  return static_cast<int>(width);
}

void AppendPoints(const Report& report, std::string* text) {
  const std::vector<PointResult>& first = report.results.front().points;
  const int width = SearchWidth(first);
  absl::StrAppendFormat(text, "\n%-*s %-18s %7s %9s %8s %9s %9s %9s\n", width, "search", "engine",
                        "recall", "QPS", "vs first", "wall QPS", "p50 us", "p99 us");
  for (size_t i = 0; i < first.size(); ++i) {
    for (const EngineResult& result : report.results) {
      const PointResult& point = result.points[i];
      absl::StrAppendFormat(text, "%-*s %-18s %7.4f %9.0f %8.3f %9.0f %9.1f %9.1f", width,
                            point.search, result.name, point.recall, point.qps,
                            point.qps / first[i].qps, point.wall_qps, point.p50_us, point.p99_us);
      if (point.page_reads + point.page_hits > 0) {
        absl::StrAppendFormat(text, "  %.1f pages read, %.1f cached", point.page_reads,
                              point.page_hits);
      }
      *text += "\n";
    }
  }
}

void AppendRatios(const Report& report, std::string* text) {
  const std::vector<Ratio> ratios = CompareEngines(report.results, report.options.compare_at);
  if (ratios.empty()) return;
  absl::StrAppendFormat(text, "\nQPS of %s at a recall of at least\n", report.results.front().name);
  for (const Ratio& ratio : ratios) {
    absl::StrAppendFormat(text, "  %.3f: ", ratio.recall);
    *text += ratio.qps_ratio ? absl::StrFormat("%.2f times", *ratio.qps_ratio)
                             : std::string("not reached");
    absl::StrAppendFormat(text, " against %s%s\n", ratio.against,
                          ratio.is_below_a_curve ? " (a curve begins at a higher recall)" : "");
  }
}

}  // namespace

std::string BuildText(const Report& report) {
  std::string text;
  AppendHead(report, &text);
  AppendBuilds(report, &text);
  return text;
}

std::string SearchText(const Report& report) {
  std::string text;
  if (report.filter != nullptr) {
    absl::StrAppendFormat(&text, "\nfilter %s: %d of %d rows\n", report.filter->text,
                          report.filter->rows.size(), report.dataset.base.num_rows());
  }
  AppendPoints(report, &text);
  AppendRatios(report, &text);
  return text;
}

}  // namespace vecdb::bench
