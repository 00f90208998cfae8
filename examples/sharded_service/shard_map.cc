#include "sharded_service/shard_map.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace sharded_service {
namespace {

absl::Status BadLine(const std::string& line, std::string_view why) {
  return absl::InvalidArgumentError(
      absl::StrCat("shard map \"", line, "\": ", absl::string_view(why.data(), why.size())));
}

absl::StatusOr<Part> ParseLine(const std::string& line) {
  const std::pair<std::string, std::string> sides = absl::StrSplit(line, absl::MaxSplits('=', 1));
  auto shards = ParseShards(sides.first);
  if (!shards.ok()) return BadLine(line, std::string(shards.status().message()));
  Part part{.shards = *std::move(shards),
            .readers = absl::StrSplit(sides.second, ',', absl::SkipWhitespace())};
  if (part.readers.empty()) return BadLine(line, "no readers behind '='");
  for (std::string& reader : part.readers) {
    reader = std::string(absl::StripAsciiWhitespace(reader));
    if (reader.find(':') == std::string::npos) {
      return BadLine(line, "\"" + reader + "\" is no host:port");
    }
  }
  return part;
}

}  // namespace

absl::StatusOr<std::vector<int32_t>> ParseShards(std::string_view text) {
  std::vector<int32_t> shards;
  const absl::string_view list(text.data(), text.size());
  for (const absl::string_view word : absl::StrSplit(list, ',', absl::SkipWhitespace())) {
    int32_t shard = 0;
    if (!absl::SimpleAtoi(word, &shard) || shard < 0) {
      return absl::InvalidArgumentError(absl::StrCat("\"", word, "\" is no shard"));
    }
    shards.push_back(shard);
  }
  if (shards.empty()) return absl::InvalidArgumentError("no shards");
  return shards;
}

absl::StatusOr<std::vector<Part>> ParseShardMap(std::span<const std::string> lines) {
  std::vector<Part> parts;
  std::set<int32_t> seen;
  for (const std::string& line : lines) {
    auto part = ParseLine(line);
    if (!part.ok()) return part.status();
    for (const int32_t shard : part->shards) {
      if (seen.insert(shard).second) continue;
      return BadLine(line, "shard " + std::to_string(shard) + " comes twice");
    }
    const auto same = std::find_if(parts.begin(), parts.end(), [&](const Part& other) {
      return other.readers == part->readers;
    });
    if (same == parts.end()) {
      parts.push_back(*std::move(part));
    } else {
      same->shards.insert(same->shards.end(), part->shards.begin(), part->shards.end());
    }
  }
  if (parts.empty()) return absl::InvalidArgumentError("shard map: no lines");
  return parts;
}

}  // namespace sharded_service
