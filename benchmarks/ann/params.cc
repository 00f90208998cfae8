#include "ann/params.h"

#include <algorithm>
#include <limits>

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

absl::StatusOr<int> IntParam(const Params& params, std::string_view key, int fallback) {
  for (const Param& param : params) {
    if (param.key != key) continue;
    VECDB_RETURN_IF_ERROR(
        ParseInt(key, param.value, 0, std::numeric_limits<int>::max(), &fallback));
  }
  return fallback;
}

}  // namespace vecdb::bench
