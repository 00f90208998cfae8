#ifndef VECDB_BENCHMARKS_TESTS_TEST_FILES_H_
#define VECDB_BENCHMARKS_TESTS_TEST_FILES_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>

#include "common/temp_dir.h"
#include "data/matrix.h"

namespace vecdb::bench {

/// The bytes of values, one after another.
template <typename T>
std::string BytesOf(std::initializer_list<T> values) {
  std::string bytes(values.size() * sizeof(T), '\0');
  std::memcpy(bytes.data(), values.begin(), bytes.size());
  return bytes;
}

inline std::string Uint32s(std::initializer_list<uint32_t> values) { return BytesOf(values); }
inline std::string Floats(std::initializer_list<float> values) { return BytesOf(values); }

inline Matrix MatrixOf(size_t num_rows, size_t dim, std::initializer_list<float> values) {
  absl::StatusOr<Matrix> matrix = Matrix::Make(num_rows, dim);
  std::copy(values.begin(), values.end(), matrix->values().begin());
  return *std::move(matrix);
}

/// A test that writes files.
class FileTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, std::string_view bytes) {
    const std::string path = (directory_->path() / name).string();
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

 private:
  absl::StatusOr<TempDir> directory_ = TempDir::Make("");
};

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_TESTS_TEST_FILES_H_
