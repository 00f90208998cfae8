#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "ann/report.h"
#include "common/machine.h"

namespace vecdb::bench {
namespace {

using Json = nlohmann::ordered_json;

Json PointJson(const PointResult& point) {
  Json json = {{"search", point.search},     {"recall", point.recall}, {"qps", point.qps},
               {"wall_qps", point.wall_qps}, {"p50_us", point.p50_us}, {"p99_us", point.p99_us}};
  if (point.page_reads + point.page_hits > 0) {
    json["page_reads"] = point.page_reads;
    json["page_hits"] = point.page_hits;
  }
  return json;
}

Json EngineJson(const EngineResult& result, const Report& report) {
  const Matrix& base = report.dataset.base;
  const auto num_rows = static_cast<double>(base.num_rows());
  const uint64_t row_bytes = result.build.needs_rows ? base.num_bytes() : 0;
  const auto index_bytes = static_cast<double>(result.build.bytes_beyond_rows);
  const auto total_bytes = static_cast<double>(result.build.bytes_beyond_rows + row_bytes);
  Json json = {{"engine", result.name},
               {"index", report.options.index},
               {"build", ParamsText(report.options.build)},
               {"build_seconds", result.build.seconds},
               {"bytes_per_vector", total_bytes / num_rows},
               {"index_bytes_per_vector", index_bytes / num_rows},
               {"points", Json::array()}};
  for (const PointResult& point : result.points) json["points"].push_back(PointJson(point));
  return json;
}

Json RatioJson(const Ratio& ratio) {
  Json json = {{"against", ratio.against}, {"recall", ratio.recall}, {"qps_ratio", nullptr}};
  if (ratio.qps_ratio) json["qps_ratio"] = *ratio.qps_ratio;
  return json;
}

}  // namespace

std::string JsonReport(const Report& report) {
  Json json = {{"dataset", report.dataset.name},
               {"metric", absl::AsciiStrToLower(std::string(MetricName(report.dataset.metric)))},
               {"cpu", CpuName()},
               {"rows", report.dataset.base.num_rows()},
               {"dim", report.dataset.base.dim()},
               {"queries", report.dataset.queries.num_rows()},
               {"k", report.options.k},
               {"threads", report.options.num_threads},
               {"build_threads", report.options.num_build_threads},
               {"engines", Json::array()},
               {"ratios", Json::array()}};
  if (report.filter != nullptr) {
    json["filter"] = {{"text", report.filter->text}, {"rows", report.filter->rows.size()}};
  }
  for (const EngineResult& result : report.results) {
    json["engines"].push_back(EngineJson(result, report));
  }
  for (const Ratio& ratio : CompareEngines(report.results, report.options.compare_at)) {
    json["ratios"].push_back(RatioJson(ratio));
  }
  return json.dump(2) + "\n";
}

}  // namespace vecdb::bench
