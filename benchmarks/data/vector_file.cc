#include "data/vector_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"
#include "data/input_file.h"
#include "data/npy_header.h"

namespace vecdb::bench {
namespace {

// Reads one row of T into a row of floats.
template <typename T>
absl::Status ReadRow(InputFile& file, std::span<float> row, std::vector<T>& scratch) {
  scratch.resize(row.size());
  VECDB_RETURN_IF_ERROR(file.ReadInto(scratch));
  std::copy(scratch.begin(), scratch.end(), row.begin());
  return absl::OkStatus();
}

// The rows of a file whose header is behind us.
template <typename T>
absl::StatusOr<Matrix> ReadBody(InputFile& file, uint64_t num_rows, uint64_t dim) {
  if (dim != 0 && num_rows > file.size() / dim) {
    return file.Damaged(
        absl::StrFormat("%d rows of %d dims do not fit into %d bytes", num_rows, dim, file.size()));
  }
  VECDB_RETURN_IF_ERROR(file.ExpectBytesLeft(num_rows * dim * sizeof(T),
                                             absl::StrFormat("%d rows of %d dims", num_rows, dim)));
  VECDB_ASSIGN_OR_RETURN(Matrix matrix, Matrix::Make(num_rows, dim));
  std::vector<T> scratch;
  for (size_t row = 0; row < num_rows; ++row) {
    VECDB_RETURN_IF_ERROR(ReadRow(file, matrix.row(row), scratch));
  }
  return matrix;
}

template <typename T>
absl::StatusOr<Matrix> ReadBin(InputFile& file) {
  std::array<uint32_t, 2> header{};
  VECDB_RETURN_IF_ERROR(file.ReadInto(header));
  return ReadBody<T>(file, header[0], header[1]);
}

template <typename T>
absl::StatusOr<Matrix> ReadVecs(InputFile& file) {
  std::array<int32_t, 1> first_dim{};
  VECDB_RETURN_IF_ERROR(file.ReadInto(first_dim));
  if (first_dim[0] < 1) {
    return file.Damaged(absl::StrFormat("the first row has dim %d", first_dim[0]));
  }
  const auto dim = static_cast<size_t>(first_dim[0]);
  const size_t row_bytes = sizeof(int32_t) + dim * sizeof(T);
  if (file.size() % row_bytes != 0) {
    return file.Damaged(absl::StrFormat("%d bytes are no whole number of rows of %d dims, %d bytes",
                                        file.size(), dim, row_bytes));
  }
  VECDB_ASSIGN_OR_RETURN(Matrix matrix, Matrix::Make(file.size() / row_bytes, dim));
  std::vector<T> scratch;
  for (size_t row = 0; row < matrix.num_rows(); ++row) {
    std::array<int32_t, 1> row_dim = first_dim;
    if (row > 0) VECDB_RETURN_IF_ERROR(file.ReadInto(row_dim));
    if (row_dim != first_dim) {
      return file.Damaged(
          absl::StrFormat("row %d has dim %d, row 0 has %d", row, row_dim[0], first_dim[0]));
    }
    VECDB_RETURN_IF_ERROR(ReadRow(file, matrix.row(row), scratch));
  }
  return matrix;
}

absl::StatusOr<Matrix> ReadNpy(InputFile& file) {
  VECDB_ASSIGN_OR_RETURN(const NpyHeader header, ReadNpyHeader(file));
  return header.value_type == NpyType::kFloat32
             ? ReadBody<float>(file, header.num_rows, header.dim)
             : ReadBody<uint8_t>(file, header.num_rows, header.dim);
}

absl::StatusOr<Matrix> ReadByEnding(InputFile& file) {
  const std::string ending = std::filesystem::path(file.path()).extension();
  if (ending == ".fbin") return ReadBin<float>(file);
  if (ending == ".u8bin") return ReadBin<uint8_t>(file);
  if (ending == ".fvecs") return ReadVecs<float>(file);
  if (ending == ".bvecs") return ReadVecs<uint8_t>(file);
  if (ending == ".npy") return ReadNpy(file);
  return absl::InvalidArgumentError(absl::StrFormat(
      "%s: vectors are read from .fbin, .u8bin, .fvecs, .bvecs and .npy", file.path()));
}

}  // namespace

absl::StatusOr<Matrix> ReadVectors(const std::string& path) {
  VECDB_ASSIGN_OR_RETURN(InputFile file, InputFile::Open(path));
  VECDB_ASSIGN_OR_RETURN(Matrix matrix, ReadByEnding(file));
  const auto values = matrix.values();
  const auto bad = std::find_if_not(values.begin(), values.end(),
                                    [](float value) { return std::isfinite(value); });
  if (bad != values.end()) {
    const size_t row = static_cast<size_t>(bad - values.begin()) / matrix.dim();
    return file.Damaged(absl::StrFormat("row %d holds NaN or Inf", row));
  }
  return matrix;
}

}  // namespace vecdb::bench
