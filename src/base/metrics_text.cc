// The text format of Prometheus, version 0.0.4: a line each for help and type of a family, then one
// line a figure, `name{label="value",...} figure`. A histogram is a line for each bucket, with the
// label `le`, and `_sum` and `_count`.
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "vecdb/metrics.h"

namespace vecdb {
namespace {

// Up to here doubles are exact as whole numbers.
constexpr double kMaxWhole = 9007199254740992.0;

std::string_view NameOfType(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "untyped";
}

// The shortest text that is read as the same number, in the form of %g.
std::string NumberText(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  if (std::abs(value) < kMaxWhole && value == std::floor(value)) {
    return std::to_string(static_cast<int64_t>(value));
  }
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general);
  return std::string(text.data(), end.ptr);
}

// Quotation marks are escaped in the values of labels alone.
std::string MetricEscaped(std::string_view raw, bool is_label) {
  std::string text;
  for (const char c : raw) {
    if (c == '\\' || (c == '"' && is_label)) text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  return text;
}

void AppendLabel(std::string_view name, std::string_view value, std::string* labels) {
  if (!labels->empty()) *labels += ',';
  labels->append(name).append("=\"").append(MetricEscaped(value, true)).append("\"");
}

void AppendLine(std::string_view name, std::string_view suffix, std::string_view labels,
                std::string_view figure, std::string* text) {
  text->append(name).append(suffix);
  if (!labels.empty()) text->append("{").append(labels).append("}");
  text->append(" ").append(figure).append("\n");
}

void AppendHistogram(std::string_view name, const MetricSample& sample, std::string_view labels,
                     std::string* text) {
  for (const MetricBucket& bucket : sample.buckets) {
    std::string with_edge(labels);
    AppendLabel("le", NumberText(bucket.upper_bound), &with_edge);
    AppendLine(name, "_bucket", with_edge, std::to_string(bucket.cumulative_count), text);
  }
  AppendLine(name, "_sum", labels, NumberText(sample.sum), text);
  AppendLine(name, "_count", labels, std::to_string(sample.count()), text);
}

void AppendSample(const MetricFamily& family, const MetricSample& sample, std::string* text) {
  std::string labels;
  for (const auto& [name, value] : sample.labels) AppendLabel(name, value, &labels);
  if (family.type == MetricType::kHistogram) {
    AppendHistogram(family.name, sample, labels, text);
  } else {
    AppendLine(family.name, "", labels, NumberText(sample.value), text);
  }
}

}  // namespace

std::string MetricsText(std::span<const MetricFamily> families) {
  std::string text;
  for (const MetricFamily& family : families) {
    const std::string help = MetricEscaped(family.help, false);
    text.append("# HELP ").append(family.name).append(" ").append(help).append("\n");
    text.append("# TYPE ").append(family.name).append(" ").append(NameOfType(family.type));
    text.append("\n");
    for (const MetricSample& sample : family.samples) AppendSample(family, sample, &text);
  }
  return text;
}

}  // namespace vecdb
