#include <array>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "data/input_file.h"
#include "data/truth.h"

namespace vecdb::bench {
namespace {

absl::StatusOr<Truth> ReadIbin(InputFile& file) {
  std::array<uint32_t, 2> header{};
  VECDB_RETURN_IF_ERROR(file.ReadInto(header));
  Truth truth{.num_queries = header[0], .k = header[1]};
  const uint64_t num_ids = uint64_t{header[0]} * header[1];
  if (num_ids == 0 || num_ids > file.bytes_left() / sizeof(uint32_t)) {
    return file.Damaged(absl::StrFormat("%d queries with %d neighbours do not fit into %d bytes",
                                        truth.num_queries, truth.k, file.size()));
  }
  if (file.bytes_left() != num_ids * sizeof(uint32_t)) {
    VECDB_RETURN_IF_ERROR(file.ExpectBytesLeft(
        num_ids * (sizeof(uint32_t) + sizeof(float)),
        absl::StrFormat("%d queries with %d neighbours", truth.num_queries, truth.k)));
  }
  truth.ids.resize(num_ids);
  VECDB_RETURN_IF_ERROR(file.ReadInto(truth.ids));
  return truth;
}

absl::StatusOr<Truth> ReadIvecs(InputFile& file) {
  std::array<int32_t, 1> k{};
  VECDB_RETURN_IF_ERROR(file.ReadInto(k));
  const uint64_t row_bytes = sizeof(int32_t) * (uint64_t{1} + static_cast<uint32_t>(k[0]));
  if (k[0] < 1 || file.size() % row_bytes != 0) {
    return file.Damaged(absl::StrFormat("%d bytes are no whole number of rows of %d neighbours",
                                        file.size(), k[0]));
  }
  Truth truth{.num_queries = file.size() / row_bytes, .k = static_cast<size_t>(k[0])};
  truth.ids.resize(truth.num_queries * truth.k);
  for (size_t query = 0; query < truth.num_queries; ++query) {
    std::array<int32_t, 1> row_k = k;
    if (query > 0) VECDB_RETURN_IF_ERROR(file.ReadInto(row_k));
    if (row_k != k) {
      return file.Damaged(
          absl::StrFormat("query %d has %d neighbours, query 0 has %d", query, row_k[0], k[0]));
    }
    VECDB_RETURN_IF_ERROR(
        file.ReadInto(std::span<uint32_t>(truth.ids).subspan(query * truth.k, truth.k)));
  }
  return truth;
}

}  // namespace

absl::StatusOr<Truth> ReadTruth(const std::string& path) {
  VECDB_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  const std::string ending = std::filesystem::path(path).extension();
  if (ending == ".ibin") return ReadIbin(file);
  if (ending == ".ivecs") return ReadIvecs(file);
  return absl::InvalidArgumentError(
      absl::StrFormat("%s: the truth is read from .ibin and .ivecs", path));
}

}  // namespace vecdb::bench
