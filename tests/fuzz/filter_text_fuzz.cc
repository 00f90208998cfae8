// Texts of filters, against a schema with dynamic fields and one without. The input is the text,
// with no byte before it.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "fuzz/fuzz_support.h"
#include "vecdb/filter.h"

namespace vecdb::fuzz {
namespace {

const Schema& FilterSchema(bool dynamic_fields) {
  static const auto* const kStrict = [] {
    auto* schema = new Schema(*RichSchema(false));
    schema->enable_dynamic_field = false;
    return schema;
  }();
  return dynamic_fields ? *RichSchema(false) : *kStrict;
}

void CheckError(const absl::Status& status) {
  const bool memory =
      absl::IsResourceExhausted(status) && absl::StrContains(status.message(), "bad_alloc");
  Require(absl::IsInvalidArgument(status) || memory, "a mistake is an invalid argument");
  Require(absl::StrContains(status.message(), "filter"), "a message names the filter");
}

// A normal form has a few levels more than what it was made of.
bool IsTooDeep(const absl::Status& status, std::string_view source) {
  return source.size() > size_t{kMaxFilterDepth} / 2 &&
         absl::StrContains(status.message(), ": nested deeper than 64 levels\n");
}

// The filter that the normal form of `filter` gives; nothing when that is nested too deep. `source`
// is what `filter` was made of.
std::optional<Filter> ParseAgain(const Schema& schema, std::string_view source,
                                 const Filter& filter) {
  const std::string text = filter.ToString();
  auto again = Filter::Parse(schema, text);
  if (!again.ok() && IsTooDeep(again.status(), source)) return std::nullopt;
  Require(again.ok(), "a normal form is a filter");
  Require(again->ToString() == text, "a normal form stays as it is");
  Require(again->parameters() == filter.parameters(), "a normal form has the same parameters");
  return *std::move(again);
}

// Longer texts take seconds to bind this often, and have nothing that these have not.
constexpr size_t kMaxTextBytes = 4096;

constexpr size_t kNumValues = 7;

// Values of every kind for the parameters: the one numbered `first`, then every `step`th.
FilterParameters ValuesFor(const std::vector<std::string>& names, size_t first, size_t step) {
  static const auto* const kValues =
      new std::vector<FilterValue>{int64_t{-7},
                                   "b_%",
                                   FilterValue::List{3, int64_t{-4}, 3},
                                   0.5,
                                   true,
                                   FilterValue::List{"x", 1.5, false, FilterValue::List{}},
                                   FilterValue::List{"x", "\xc3\xa9"}};
  FilterParameters parameters;
  for (const std::string& name : names) {
    parameters.emplace(name, (*kValues)[first % kNumValues]);
    first += step;
  }
  return parameters;
}

void CheckBind(const Schema& schema, std::string_view source, const Filter& filter,
               const std::optional<Filter>& again, const FilterParameters& parameters) {
  const auto bound = filter.Bind(parameters);
  if (!bound.ok()) CheckError(bound.status());
  if (bound.ok()) {
    Require(bound->parameters().empty(), "a bound filter has no parameters");
    ParseAgain(schema, source, *bound);
  }
  if (!again.has_value()) return;
  const auto bound_again = again->Bind(parameters);
  Require(bound.ok() == bound_again.ok(), "a normal form takes the same values");
  Require(!bound.ok() || bound->ToString() == bound_again->ToString(),
          "a normal form with values means the same");
}

void UseFilter(const Schema& schema, std::string_view source, const Filter& filter) {
  const auto again = ParseAgain(schema, source, filter);
  const std::vector<std::string> names = filter.parameters();
  const auto unbound = filter.Bind({});
  Require(unbound.ok() == names.empty(), "a filter without parameters needs no values");
  if (names.empty()) {
    Require(unbound->ToString() == filter.ToString(), "without values, a filter stays as it is");
    return;
  }
  CheckError(unbound.status());
  for (size_t first = 0; first < kNumValues; ++first) {
    for (const size_t step : {size_t{0}, size_t{1}}) {
      CheckBind(schema, source, filter, again, ValuesFor(names, first, step));
    }
  }
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using vecdb::Filter;
  using vecdb::fuzz::Require;
  const std::string_view text = vecdb::fuzz::Input(data, size).rest();
  if (text.size() > vecdb::fuzz::kMaxTextBytes) return 0;
  std::optional<std::string> strict;
  for (const bool dynamic_fields : {false, true}) {
    const vecdb::Schema& schema = vecdb::fuzz::FilterSchema(dynamic_fields);
    const auto filter = Filter::Parse(schema, text);
    if (!filter.ok()) {
      vecdb::fuzz::CheckError(filter.status());
      Require(!strict.has_value(), "dynamic fields forbid nothing");
      continue;
    }
    vecdb::fuzz::UseFilter(schema, text, *filter);
    if (!dynamic_fields) strict = filter->ToString();
    Require(!strict.has_value() || *strict == filter->ToString(),
            "a filter over declared fields means the same with dynamic fields");
  }
  return 0;
}
