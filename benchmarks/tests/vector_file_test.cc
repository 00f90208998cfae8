#include "data/vector_file.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "tests/test_files.h"

namespace vecdb::bench {
namespace {

// A NumPy file: magic, version, length of the dictionary, dictionary, values.
std::string Npy(char version, const std::string& dictionary, const std::string& values) {
  std::string bytes = std::string("\x93NUMPY") + version + '\0';
  bytes += static_cast<char>(dictionary.size());
  bytes += version == 1 ? std::string(1, '\0') : std::string(3, '\0');
  return bytes + dictionary + values;
}

std::string Dictionary(const std::string& type, const std::string& order,
                       const std::string& shape) {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }  \n";
}

class VectorFileTest : public FileTest {
 protected:
  void ExpectRows(const std::string& name, const std::string& bytes) {
    const absl::StatusOr<Matrix> matrix = ReadVectors(Write(name, bytes));
    ASSERT_TRUE(matrix.ok()) << matrix.status();
    EXPECT_EQ(matrix->num_rows(), 2U);
    EXPECT_EQ(matrix->dim(), 3U);
    const std::vector<float> values(matrix->values().begin(), matrix->values().end());
    EXPECT_EQ(values, (std::vector<float>{1, 2, 3, 4, 5, 250}));
  }

  void ExpectError(const std::string& name, const std::string& bytes, absl::StatusCode code,
                   const std::string& message) {
    const absl::Status status = ReadVectors(Write(name, bytes)).status();
    EXPECT_EQ(status.code(), code) << name << ": " << status;
    EXPECT_NE(std::string(status.message()).find(message), std::string::npos)
        << name << ": " << status;
  }
};

const std::string kBytes = "\x01\x02\x03\x04\x05\xfa";

TEST_F(VectorFileTest, EveryFormatGivesTheSameRows) {
  const std::string floats = Floats({1, 2, 3, 4, 5, 250});
  ExpectRows("a.fbin", Uint32s({2, 3}) + floats);
  ExpectRows("a.u8bin", Uint32s({2, 3}) + kBytes);
  ExpectRows("a.fvecs", Uint32s({3}) + floats.substr(0, 12) + Uint32s({3}) + floats.substr(12));
  ExpectRows("a.bvecs", Uint32s({3}) + kBytes.substr(0, 3) + Uint32s({3}) + kBytes.substr(3));
  ExpectRows("1.npy", Npy(1, Dictionary("<f4", "False", "(2, 3)"), floats));
  ExpectRows("2.npy", Npy(2, Dictionary("<f4", "False", "(2, 3)"), floats));
  ExpectRows("3.npy", Npy(1, Dictionary("|u1", "False", "(2, 3)"), kBytes));
}

TEST_F(VectorFileTest, FilesOfTheWrongLengthAreRefusedWithTheFigures) {
  const std::string floats = Floats({1, 2, 3, 4, 5, 6});
  ExpectError("a.fbin", Uint32s({2, 3}) + floats.substr(1), absl::StatusCode::kDataLoss,
              "2 rows of 3 dims need 24 bytes after the header, it has 23");
  ExpectError("b.fbin", Uint32s({2, 3}) + floats + "x", absl::StatusCode::kDataLoss,
              "24 bytes after the header, it has 25");
  ExpectError("c.u8bin", "1234567", absl::StatusCode::kDataLoss,
              "8 bytes are wanted at offset 0, it has 7 in all");
  ExpectError("d.fbin", Uint32s({0xFFFFFFFF, 0xFFFFFFFF}) + floats, absl::StatusCode::kDataLoss,
              "do not fit into 32 bytes");
  ExpectError("e.fvecs", Uint32s({3}) + floats, absl::StatusCode::kDataLoss,
              "28 bytes are no whole number of rows of 3 dims, 16 bytes");
  ExpectError("f.npy", Npy(1, Dictionary("<f4", "False", "(2, 3)"), floats.substr(4)),
              absl::StatusCode::kDataLoss, "need 24 bytes after the header, it has 20");
}

TEST_F(VectorFileTest, FilesWithoutRowsOrDimsAreRefused) {
  ExpectError("a.fbin", Uint32s({0, 3}), absl::StatusCode::kInvalidArgument, "0 rows of 3 dims");
  ExpectError("b.fbin", Uint32s({2, 0}), absl::StatusCode::kInvalidArgument, "2 rows of 0 dims");
  ExpectError("c.fvecs", Uint32s({0}), absl::StatusCode::kDataLoss, "the first row has dim 0");
}

TEST_F(VectorFileTest, RowsOfSeveralDimsAreRefused) {
  ExpectError("a.bvecs", Uint32s({4}) + "1234" + Uint32s({3}) + "1234", absl::StatusCode::kDataLoss,
              "row 1 has dim 3, row 0 has 4");
}

TEST_F(VectorFileTest, ValuesThatAreNoNumbersAreRefusedWithTheRow) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr float kInf = std::numeric_limits<float>::infinity();
  ExpectError("a.fbin", Uint32s({2, 2}) + Floats({1, 2, 3, kNan}), absl::StatusCode::kDataLoss,
              "row 1 holds NaN or Inf");
  ExpectError("b.fbin", Uint32s({2, 2}) + Floats({1, -kInf, 3, 4}), absl::StatusCode::kDataLoss,
              "row 0 holds NaN or Inf");
}

TEST_F(VectorFileTest, NumpyArraysOfAnotherKindAreRefused) {
  const std::string values = Floats({1, 2, 3, 4, 5, 6});
  const auto expect = [&](const std::string& dictionary, const std::string& message) {
    ExpectError("a.npy", Npy(1, dictionary, values), absl::StatusCode::kDataLoss, message);
  };
  expect(Dictionary("<f8", "False", "(1, 3)"), "neither float32");
  expect(Dictionary(">f4", "False", "(2, 3)"), "neither float32");
  expect(Dictionary("<f4", "True", "(2, 3)"), "not in C order");
  expect(Dictionary("<f4", "False", "(6,)"), "not two-dimensional");
  expect(Dictionary("<f4", "False", "(1, 2, 3)"), "not two-dimensional");
  expect("{}", "neither float32");
  ExpectError("b.npy", Npy(3, "{}", values), absl::StatusCode::kDataLoss, "format 3");
  ExpectError("c.npy", "not a NumPy file", absl::StatusCode::kDataLoss, "does not begin");
  ExpectError("d.npy", Npy(2, "{}", "").replace(8, 4, "\xff\xff\xff\x7f"),
              absl::StatusCode::kDataLoss, "a header of 2147483647 bytes");
}

TEST_F(VectorFileTest, UnknownEndingsAndMissingFilesAreTold) {
  ExpectError("a.txt", "1 2 3", absl::StatusCode::kInvalidArgument, "a.txt");
  EXPECT_EQ(ReadVectors("/no/such/file.fbin").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace vecdb::bench
