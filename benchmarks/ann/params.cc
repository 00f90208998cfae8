#include "ann/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "common/flags.h"

namespace vecdb::bench {
namespace {

// One key and all the values it is to take.
struct Choices {
  std::string key;
  std::vector<std::string> values;
};

absl::Status Malformed(std::string_view text, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrFormat("\"%s\": %s", text, why));
}

absl::StatusOr<std::vector<Choices>> ParseChoices(std::string_view text) {
  std::string with_commas(text);
  std::replace(with_commas.begin(), with_commas.end(), ';', ',');
  std::replace(with_commas.begin(), with_commas.end(), ':', ',');
  std::vector<Choices> all;
  for (const std::string& part : SplitCommas(with_commas)) {
    const size_t equals = part.find('=');
    const bool has_key = equals != part.npos;
    if (has_key) {
      const std::string key = part.substr(0, equals);
      const bool known = std::any_of(all.begin(), all.end(),
                                     [&](const Choices& choices) { return choices.key == key; });
      if (key.empty()) return Malformed(text, "a value without a key");
      if (known) return Malformed(text, absl::StrFormat("%s is given twice", key));
      all.push_back({.key = key, .values = {}});
    }
    std::string value = has_key ? part.substr(equals + 1) : part;
    if (all.empty()) return Malformed(text, "a value without a key");
    if (value.empty()) return Malformed(text, "an empty value");
    all.back().values.push_back(std::move(value));
  }
  return all;
}

// nullptr when the key is not there.
const std::string* ValueOf(const Params& params, std::string_view key) {
  const auto found = std::find_if(params.begin(), params.end(),
                                  [key](const Param& param) { return param.key == key; });
  return found == params.end() ? nullptr : &found->value;
}

}  // namespace

absl::StatusOr<std::vector<Params>> ParseSweep(std::string_view text) {
  VECDB_ASSIGN_OR_RETURN(const std::vector<Choices> all, ParseChoices(text));
  std::vector<Params> settings = {Params{}};
  for (const Choices& choices : all) {
    std::vector<Params> longer;
    for (const Params& setting : settings) {
      for (const std::string& value : choices.values) {
        longer.push_back(setting);
        longer.back().push_back({choices.key, value});
      }
    }
    settings = std::move(longer);
  }
  return settings;
}

absl::StatusOr<Params> ParseParams(std::string_view text) {
  VECDB_ASSIGN_OR_RETURN(std::vector<Params> settings, ParseSweep(text));
  if (settings.size() != 1) return Malformed(text, "several values where one is wanted");
  return std::move(settings.front());
}

std::string ParamsText(const Params& params) {
  return absl::StrJoin(params, ",", [](std::string* out, const Param& param) {
    *out += param.key + "=" + param.value;
  });
}

absl::StatusOr<int> IntParam(const Params& params, std::string_view key, int fallback, int lowest,
                             int highest) {
  const std::string* value = ValueOf(params, key);
  if (value == nullptr) return fallback;
  int number = 0;
  VECDB_RETURN_IF_ERROR(ParseInt(key, *value, lowest, highest, &number));
  return number;
}

absl::StatusOr<double> NumberParam(const Params& params, std::string_view key, double fallback) {
  const std::string* value = ValueOf(params, key);
  if (value == nullptr) return fallback;
  double number = 0;
  const char* const end = value->data() + value->size();
  const auto [stop, error] = std::from_chars(value->data(), end, number);
  if (error == std::errc() && stop == end && std::isfinite(number)) return number;
  return absl::InvalidArgumentError(absl::StrFormat("%s: \"%s\" is no number", key, *value));
}

absl::StatusOr<bool> BoolParam(const Params& params, std::string_view key, bool fallback) {
  const std::string* value = ValueOf(params, key);
  if (value == nullptr) return fallback;
  if (*value == "true" || *value == "false") return *value == "true";
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: \"%s\" is neither true nor false", key, *value));
}

}  // namespace vecdb::bench
