#include "vecdb/index_spec.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/json_check.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "schema/index_params.h"
#include "schema/json_copier.h"
#include "schema/names.h"

namespace vecdb {
namespace {

using nlohmann::json;
using schema::ParamText;
using schema::Quoted;

constexpr size_t kMaxSpecBytes = 65536;
constexpr Metric kMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};

std::string Spelled(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

absl::StatusOr<json> ParseObject(std::string_view what, std::string_view text) {
  VECDB_RETURN_IF_ERROR(base::PreCheckJson(text));
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return absl::InvalidArgumentError(base::StrFormat("%s is not a JSON object", what));
  }
  return object;
}

// The object in "params", which may be spelled as a string.
absl::StatusOr<json> ParamsObject(const json& value) {
  if (const auto* text = value.get_ptr<const std::string*>()) return ParseObject("params", *text);
  if (value.is_object()) return value;
  return absl::InvalidArgumentError("params is not a JSON object");
}

std::vector<ParamText> TextsOf(const json& object) {
  std::vector<ParamText> texts;
  for (const auto& [key, value] : object.items()) {
    const auto* text = value.get_ptr<const std::string*>();
    texts.push_back({.name = key, .value = text == nullptr ? Spelled(value) : *text});
  }
  return texts;
}

absl::StatusOr<Metric> ReadMetric(const json& value) {
  for (const Metric metric : kMetrics) {
    if (value == std::string(MetricName(metric))) return metric;
  }
  return absl::InvalidArgumentError(base::StrFormat(
      "metric_type %s is unknown; there are L2, IP, COSINE", Quoted(Spelled(value))));
}

// The members of a spec as they lie in its JSON.
struct Members {
  std::string type{};
  std::optional<Metric> metric{};
  json params = json::object();
};

absl::Status ReadMember(const std::string& key, const json& value, Members* members) {
  if (key == "index_type") {
    const auto* type = value.get_ptr<const std::string*>();
    if (type == nullptr) return absl::InvalidArgumentError("index_type is not a string");
    members->type = *type;
  } else if (key == "metric_type") {
    VECDB_ASSIGN_OR_RETURN(members->metric, ReadMetric(value));
  } else if (key == "params") {
    VECDB_ASSIGN_OR_RETURN(members->params, ParamsObject(value));
  } else {
    return absl::InvalidArgumentError(base::StrFormat(
        "an index has no member %s; it has index_type, metric_type, params", Quoted(key)));
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view MetricName(Metric metric) {
  switch (metric) {
    case Metric::kL2:
      return "L2";
    case Metric::kIp:
      return "IP";
    case Metric::kCosine:
      return "COSINE";
  }
  return "unknown";
}

absl::StatusOr<IndexSpec> IndexSpec::FromJson(std::string_view text) {
  if (text.size() > kMaxSpecBytes) {
    return absl::InvalidArgumentError(base::StrFormat(
        "an index in %d bytes of JSON; the limit is %d", text.size(), kMaxSpecBytes));
  }
  VECDB_ASSIGN_OR_RETURN(const json object, ParseObject("the index", text));
  Members members;
  for (const auto& [key, value] : object.items()) {
    VECDB_RETURN_IF_ERROR(ReadMember(key, value, &members));
  }
  if (!object.contains("index_type")) {
    return absl::InvalidArgumentError(
        base::StrFormat("index_type is missing; there are %s", schema::kIndexTypes));
  }
  IndexSpec spec;
  VECDB_ASSIGN_OR_RETURN(spec.params,
                         schema::ReadIndexParams(members.type, TextsOf(members.params)));
  if (members.metric.has_value() && spec.is_scalar()) {
    return absl::InvalidArgumentError(
        base::StrFormat("metric_type is %s; %s, an index of scalar fields, has none",
                        MetricName(*members.metric), members.type));
  }
  spec.metric = members.metric.value_or(Metric::kIp);
  return spec;
}

std::string IndexSpec::ToJson() const {
  std::string text;
  schema::JsonCopier out(&text);
  out.Open('{');
  out.Key("index_type");
  out.String(type_name());
  if (!is_scalar()) {
    out.Key("metric_type");
    out.String(MetricName(metric));
  }
  out.Key("params");
  out.Open('{');
  for (const ParamText& param : schema::PrintIndexParams(params)) {
    out.Key(param.name);
    out.Token(param.value);
  }
  out.Close('}');
  out.Close('}');
  return text;
}

absl::Status IndexSpec::Validate() const {
  if (is_scalar()) return absl::OkStatus();
  if (std::find(std::begin(kMetrics), std::end(kMetrics), metric) == std::end(kMetrics)) {
    return absl::InvalidArgumentError(
        base::StrFormat("metric is %d; there are L2, IP, COSINE", static_cast<int32_t>(metric)));
  }
  return schema::CheckIndexParams(params);
}

absl::Status IndexSpec::Validate(int32_t dim) const {
  VECDB_RETURN_IF_ERROR(Validate());
  const auto* pq = std::get_if<IvfPqParams>(&params);
  if (pq == nullptr || pq->m == 0 || (dim >= 1 && dim % pq->m == 0)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      base::StrFormat("m is %d; it must divide dim, which is %d", pq->m, dim));
}

std::string_view IndexSpec::type_name() const { return schema::IndexTypeName(params); }

}  // namespace vecdb
