#include "ann/row_filter.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace vecdb::bench {
namespace {

// A filter's text, taken apart.
struct Parts {
  std::string field{};  // "" for any row
  std::vector<std::string> values{};
  double share = 1;
};

absl::Status Bad(std::string_view text) {
  return absl::InvalidArgumentError(absl::StrFormat(
      "--filter: \"%s\" is none of all, random:SHARE, FIELD=VALUE+VALUE:SHARE", text));
}

std::vector<std::string> SplitPlus(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('+', begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

absl::StatusOr<Parts> Parse(std::string_view text) {
  Parts parts;
  if (text == "all") return parts;
  std::string_view condition = text;
  if (const size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    condition = text.substr(0, colon);
    const std::string share(text.substr(colon + 1));
    const bool is_share = absl::SimpleAtod(share, &parts.share) && parts.share >= 0;
    if (!is_share || parts.share > 1) return Bad(text);
  }
  if (condition == "random" && condition.size() < text.size()) return parts;
  const size_t equals = condition.find('=');
  if (equals == 0 || equals == std::string_view::npos) return Bad(text);
  parts.field = condition.substr(0, equals);
  parts.values = SplitPlus(condition.substr(equals + 1));
  return parts;
}

// One field of each row, as text.
absl::StatusOr<std::vector<std::string>> ReadField(const std::string& path,
                                                   const std::string& field, size_t num_rows) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrFormat("--meta: \"%s\" cannot be read", path));
  std::vector<std::string> values;
  for (std::string line; std::getline(file, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains(field)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("%s: line %d has no field \"%s\"", path, values.size() + 1, field));
    }
    const nlohmann::json& value = json[field];
    values.push_back(value.is_string() ? value.get<std::string>() : value.dump());
  }
  if (values.size() == num_rows) return values;
  return absl::InvalidArgumentError(
      absl::StrFormat("%s has %d lines, there are %d rows", path, values.size(), num_rows));
}

}  // namespace

absl::StatusOr<RowFilter> MakeRowFilter(std::string_view text, const std::string& meta_path,
                                        size_t num_rows) {
  VECDB_ASSIGN_OR_RETURN(const Parts parts, Parse(text));
  std::vector<std::string> field;
  if (!parts.field.empty()) {
    VECDB_ASSIGN_OR_RETURN(field, ReadField(meta_path, parts.field, num_rows));
  }
  RowFilter filter{.text = std::string(text), .rows = RowSet(num_rows)};
  std::mt19937_64 random(1);
  const double range = std::ldexp(1.0, 64);
  for (size_t row = 0; row < num_rows; ++row) {
    const bool drawn = static_cast<double>(random()) < parts.share * range;
    const auto& values = parts.values;
    const bool matches =
        field.empty() || std::find(values.begin(), values.end(), field[row]) != values.end();
    if (drawn && matches) filter.rows.Insert(row);
  }
  return filter;
}

}  // namespace vecdb::bench
