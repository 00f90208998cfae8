#include "vecdb/index_spec.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/json_check.h"
#include "base/status_macros.h"
#include "schema/json_copier.h"
#include "schema/names.h"

namespace vecdb {
namespace {

using nlohmann::json;
using schema::Quoted;

constexpr size_t kMaxSpecBytes = 65536;
constexpr const char* kTypes = "FLAT, HNSW, INVERTED, SORTED";
constexpr std::string_view kSortedInMilvus = "STL_SORT";
constexpr Metric kMetrics[] = {Metric::kL2, Metric::kIp, Metric::kCosine};

// What an integer parameter may be.
struct Range {
  std::string_view name{};
  int32_t min = 0;
  int32_t max = 0;
};
constexpr Range kM = {.name = "M", .min = 2, .max = 2048};
constexpr Range kEfConstruction = {.name = "efConstruction", .min = 1, .max = 65536};

absl::Status OutOfRange(const Range& range, std::string_view value) {
  return absl::InvalidArgumentError(absl::StrFormat("%s is %s; it is an integer, %d to %d",
                                                    range.name, value, range.min, range.max));
}

absl::Status CheckRange(const Range& range, int32_t value) {
  if (value >= range.min && value <= range.max) return absl::OkStatus();
  return OutOfRange(range, std::to_string(value));
}

std::string Shown(const json& value) {
  return Quoted(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

// The integer that `value`, a number or a string of digits, stands for.
template <typename T>
std::optional<T> AsInteger(const json& value) {
  if (const auto* text = value.get_ptr<const std::string*>()) {
    T number = 0;
    const char* const end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, number);
    return read.ec == std::errc() && read.ptr == end ? std::optional<T>(number) : std::nullopt;
  }
  if (const auto* number = value.get_ptr<const uint64_t*>()) {
    return std::in_range<T>(*number) ? std::optional<T>(static_cast<T>(*number)) : std::nullopt;
  }
  if (const auto* number = value.get_ptr<const int64_t*>()) {
    return std::in_range<T>(*number) ? std::optional<T>(static_cast<T>(*number)) : std::nullopt;
  }
  return std::nullopt;
}

absl::Status ReadInt(const Range& range, const json& value, int32_t* out) {
  const std::optional<int32_t> number = AsInteger<int32_t>(value);
  if (!number) return OutOfRange(range, Shown(value));
  *out = *number;
  return CheckRange(range, *out);
}

absl::Status ReadHnswParam(const std::string& key, const json& value, HnswParams* params) {
  if (key == kM.name) return ReadInt(kM, value, &params->m);
  if (key == kEfConstruction.name) return ReadInt(kEfConstruction, value, &params->ef_construction);
  if (key != "seed") {
    return absl::InvalidArgumentError(
        absl::StrFormat("HNSW has no parameter %s; it has M, efConstruction, seed", Quoted(key)));
  }
  const std::optional<uint64_t> seed = AsInteger<uint64_t>(value);
  if (!seed) {
    return absl::InvalidArgumentError(
        absl::StrFormat("seed is %s; it is an integer, 0 to 2^64 - 1", Shown(value)));
  }
  params->seed = *seed;
  return absl::OkStatus();
}

// The parameters of an index type that takes none.
std::optional<IndexParams> NoParams(std::string_view type) {
  if (type == "FLAT") return FlatParams{};
  if (type == "INVERTED") return InvertedParams{};
  if (type == "SORTED" || type == kSortedInMilvus) return SortedParams{};
  return std::nullopt;
}

absl::StatusOr<IndexParams> ReadParams(const std::string& type, const json& object) {
  if (const std::optional<IndexParams> none = NoParams(type)) {
    if (object.empty()) return *none;
    return absl::InvalidArgumentError(
        absl::StrFormat("%s has no parameter %s; it has none", type, Quoted(object.begin().key())));
  }
  if (type != "HNSW") {
    return absl::InvalidArgumentError(
        absl::StrFormat("index_type %s is unknown; there are %s", Quoted(type), kTypes));
  }
  HnswParams params;
  for (const auto& [key, value] : object.items()) {
    VECDB_RETURN_IF_ERROR(ReadHnswParam(key, value, &params));
  }
  return params;
}

absl::StatusOr<json> ParseObject(std::string_view what, std::string_view text) {
  VECDB_RETURN_IF_ERROR(base::PreCheckJson(text));
  json object = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) {
    return absl::InvalidArgumentError(absl::StrFormat("%s is not a JSON object", what));
  }
  return object;
}

// The object in "params", which may be spelled as a string.
absl::StatusOr<json> ParamsObject(const json& value) {
  if (const auto* text = value.get_ptr<const std::string*>()) return ParseObject("params", *text);
  if (value.is_object()) return value;
  return absl::InvalidArgumentError("params is not a JSON object");
}

absl::StatusOr<Metric> ReadMetric(const json& value) {
  for (const Metric metric : kMetrics) {
    if (value == std::string(MetricName(metric))) return metric;
  }
  return absl::InvalidArgumentError(
      absl::StrFormat("metric_type %s is unknown; there are L2, IP, COSINE", Shown(value)));
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
    return absl::InvalidArgumentError(absl::StrFormat(
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
    return absl::InvalidArgumentError(absl::StrFormat(
        "an index in %d bytes of JSON; the limit is %d", text.size(), kMaxSpecBytes));
  }
  VECDB_ASSIGN_OR_RETURN(const json object, ParseObject("the index", text));
  Members members;
  for (const auto& [key, value] : object.items()) {
    VECDB_RETURN_IF_ERROR(ReadMember(key, value, &members));
  }
  if (!object.contains("index_type")) {
    return absl::InvalidArgumentError(
        absl::StrFormat("index_type is missing; there are %s", kTypes));
  }
  IndexSpec spec;
  VECDB_ASSIGN_OR_RETURN(spec.params, ReadParams(members.type, members.params));
  if (members.metric.has_value() && spec.is_scalar()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("metric_type is %s; %s, an index of scalar fields, has none",
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
  if (const auto* hnsw = std::get_if<HnswParams>(&params)) {
    out.Key(kM.name);
    out.Token(std::to_string(hnsw->m));
    out.Key(kEfConstruction.name);
    out.Token(std::to_string(hnsw->ef_construction));
    if (hnsw->seed != 0) {
      out.Key("seed");
      out.Token(std::to_string(hnsw->seed));
    }
  }
  out.Close('}');
  out.Close('}');
  return text;
}

absl::Status IndexSpec::Validate() const {
  if (is_scalar()) return absl::OkStatus();
  if (std::find(std::begin(kMetrics), std::end(kMetrics), metric) == std::end(kMetrics)) {
    return absl::InvalidArgumentError(
        absl::StrFormat("metric is %d; there are L2, IP, COSINE", static_cast<int32_t>(metric)));
  }
  if (const auto* hnsw = std::get_if<HnswParams>(&params)) {
    VECDB_RETURN_IF_ERROR(CheckRange(kM, hnsw->m));
    VECDB_RETURN_IF_ERROR(CheckRange(kEfConstruction, hnsw->ef_construction));
  }
  return absl::OkStatus();
}

std::string_view IndexSpec::type_name() const {
  if (std::holds_alternative<HnswParams>(params)) return "HNSW";
  if (std::holds_alternative<InvertedParams>(params)) return "INVERTED";
  return std::holds_alternative<SortedParams>(params) ? "SORTED" : "FLAT";
}

}  // namespace vecdb
