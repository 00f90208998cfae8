#include "simd/byte_distance.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "hwy/highway.h"

namespace vecdb::simd {
namespace {

constexpr size_t kByteRows = 9;

std::vector<size_t> ByteDims() {
  std::vector<size_t> dims(130);
  std::iota(dims.begin(), dims.end(), 1);
  for (const size_t dim :
       std::initializer_list<size_t>{191, 192, 193,  255,  256,  257,  319,  320,  321,   511,  512,
                                     513, 784, 1023, 1536, 4095, 4096, 4097, 4160, 32767, 32768}) {
    dims.push_back(dim);
  }
  return dims;
}

// An array whose end is the end of its allocation, where the sanitizer looks.
template <typename T>
struct ExactArray {
  explicit ExactArray(size_t n) : size(n), values(std::make_unique<T[]>(n)) {}
  T& operator[](size_t i) { return values[i]; }
  const T& operator[](size_t i) const { return values[i]; }
  const T* data() const { return values.get(); }

  size_t size;
  std::unique_ptr<T[]> values;
};

enum class ByteFill { kRandom, kGreatest, kLeast };

// A query in bytes and in digits, and kByteRows rows of `dim` bytes, which are read as half bytes
// too.
struct ByteData {
  ByteData(size_t row_dim, ByteFill fill)
      : dim(row_dim), query(dim), high(dim), low(dim), rows(kByteRows * dim) {
    std::mt19937_64 random(dim);
    for (size_t i = 0; i < rows.size; ++i) rows[i] = fill == ByteFill::kRandom ? Byte(random) : 255;
    for (size_t d = 0; d < dim; ++d) {
      query[d] = fill == ByteFill::kRandom ? Byte(random) : uint8_t{0};
      const int32_t value = fill == ByteFill::kRandom
                                ? static_cast<int32_t>(random() % 65408) - 32768
                                : (fill == ByteFill::kLeast ? -32768 : 32639);
      const ByteDigits digits = DigitsOf(value);
      high[d] = digits.high;
      low[d] = digits.low;
    }
  }
  static uint8_t Byte(std::mt19937_64& random) { return static_cast<uint8_t>(random()); }

  size_t dim;
  ExactArray<uint8_t> query;
  ExactArray<int8_t> high, low;
  ExactArray<uint8_t> rows;
};

int64_t NaiveSquared(const ByteData& data, const uint8_t* row) {
  int64_t sum = 0;
  for (size_t d = 0; d < data.dim; ++d) {
    const int64_t difference = int64_t{data.query[d]} - row[d];
    sum += difference * difference;
  }
  return sum;
}

int64_t NaiveDot(const ByteData& data, const uint8_t* row) {
  int64_t sum = 0;
  for (size_t d = 0; d < data.dim; ++d) {
    sum += (int64_t{256} * data.high[d] + data.low[d]) * row[d];
  }
  return sum;
}

int64_t NaiveNibbleDot(const ByteData& data, const uint8_t* row) {
  const size_t half = (data.dim + 1) / 2;
  int64_t sum = 0;
  for (size_t d = 0; d < data.dim; ++d) {
    const int64_t code = d < half ? row[d] & 15 : row[d - half] >> 4;
    sum += (int64_t{256} * data.high[d] + data.low[d]) * code;
  }
  return sum;
}

// Compares `rows` by all three kernels, and looks that nothing beyond the results is written.
void ExpectExactBytes(const ByteKernels& kernels, const ByteData& data, const CodeRows& rows) {
  constexpr uint32_t kUntouched = 0xabcdef;
  std::vector<uint32_t> squared(rows.count + 1, kUntouched);
  std::vector<int64_t> dot(rows.count + 1, kUntouched);
  std::vector<int64_t> nibble_dot(rows.count + 1, kUntouched);
  kernels.squared(data.query.data(), data.dim, rows, squared.data());
  kernels.dot(data.high.data(), data.low.data(), data.dim, rows, dot.data());
  kernels.nibble_dot(data.high.data(), data.low.data(), data.dim, rows, nibble_dot.data());
  for (size_t i = 0; i < rows.count; ++i) {
    ASSERT_EQ(squared[i], NaiveSquared(data, rows.row(i))) << "dim " << data.dim << " row " << i;
    ASSERT_EQ(dot[i], NaiveDot(data, rows.row(i))) << "dim " << data.dim << " row " << i;
    ASSERT_EQ(nibble_dot[i], NaiveNibbleDot(data, rows.row(i)))
        << "dim " << data.dim << " row " << i;
  }
  EXPECT_EQ(squared.back(), kUntouched);
  EXPECT_EQ(dot.back(), kUntouched);
  EXPECT_EQ(nibble_dot.back(), kUntouched);
}

void ExpectExactInAllForms(const ByteKernels& kernels) {
  for (const size_t dim : ByteDims()) {
    const ByteData data(dim, ByteFill::kRandom);
    ExpectExactBytes(kernels, data, {.codes = data.rows.data(), .stride = dim, .count = kByteRows});
  }
}

// Half-byte rows that end where their allocation ends, one byte past an aligned address.
void ExpectNothingReadPastHalfBytes(const ByteKernels& kernels) {
  for (const size_t dim : ByteDims()) {
    const ByteData data(dim, ByteFill::kRandom);
    const size_t bytes = (dim + 1) / 2;
    ExactArray<uint8_t> rows(1 + kByteRows * bytes);
    for (size_t i = 0; i < rows.size; ++i) rows[i] = data.rows[i % data.rows.size];
    int64_t dots[kByteRows];
    const CodeRows code_rows = {.codes = rows.data() + 1, .stride = bytes, .count = kByteRows};
    kernels.nibble_dot(data.high.data(), data.low.data(), dim, code_rows, dots);
    for (size_t i = 0; i < kByteRows; ++i) {
      ASSERT_EQ(dots[i], NaiveNibbleDot(data, code_rows.row(i))) << dim;
    }
  }
}

void ExpectExactForAnyCountAndIds(const ByteKernels& kernels) {
  const uint32_t ids[] = {8, 3, 3, 0, 7, 1, 2, 6, 5};
  for (const size_t dim : std::initializer_list<size_t>{1, 5, 31, 64, 100, 129, 784}) {
    const ByteData data(dim, ByteFill::kRandom);
    for (size_t count = 0; count <= kByteRows; ++count) {
      ExpectExactBytes(kernels, data, {.codes = data.rows.data(), .stride = dim, .count = count});
      ExpectExactBytes(kernels, data,
                       {.codes = data.rows.data(), .stride = dim, .ids = ids, .count = count});
    }
  }
}

void ExpectExactAtTheLimits(const ByteKernels& kernels) {
  for (const ByteFill fill : {ByteFill::kGreatest, ByteFill::kLeast}) {
    for (const size_t dim :
         std::initializer_list<size_t>{15, 256, 257, 319, 320, 384, 4096, 4223, 32767, 32768}) {
      const ByteData data(dim, fill);
      ExpectExactBytes(kernels, data, {.codes = data.rows.data(), .stride = dim, .count = 5});
    }
  }
}

// Runs each test once for each instruction set that was compiled and that this machine has.
class ByteDistanceTest : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(ByteDistanceTest, IsExactForEveryDim) { ExpectExactInAllForms(HighwayByteKernels()); }

TEST_P(ByteDistanceTest, ReadsNothingPastTheEndOfHalfBytes) {
  ExpectNothingReadPastHalfBytes(HighwayByteKernels());
}

TEST_P(ByteDistanceTest, TakesAnyCountAndIds) {
  ExpectExactForAnyCountAndIds(HighwayByteKernels());
}

TEST_P(ByteDistanceTest, NoSumOverflows) { ExpectExactAtTheLimits(HighwayByteKernels()); }

INSTANTIATE_TEST_SUITE_P(Targets, ByteDistanceTest,
                         ::testing::ValuesIn(hwy::SupportedAndGeneratedTargets()),
                         [](const ::testing::TestParamInfo<int64_t>& target) {
                           return std::string(hwy::TargetName(target.param));
                         });

TEST(VnniByteDistanceTest, IsExactWhereTheCpuHasIt) {
  const ByteKernels* kernels = VnniByteKernels();
  if (kernels == nullptr) GTEST_SKIP() << "no AVX-512 VNNI here";
  ExpectExactInAllForms(*kernels);
  ExpectNothingReadPastHalfBytes(*kernels);
  ExpectExactForAnyCountAndIds(*kernels);
  ExpectExactAtTheLimits(*kernels);
}

TEST(VnniByteDistanceTest, IsTheBestWhereTheCpuHasIt) {
  const ByteKernels* kernels = VnniByteKernels();
  EXPECT_EQ(&BestByteKernels(), kernels != nullptr ? kernels : &HighwayByteKernels());
}

TEST(ByteDigitsTest, DigitsGiveTheNumberBack) {
  for (int32_t value = -32768; value <= 32639; ++value) {
    const ByteDigits digits = DigitsOf(value);
    ASSERT_EQ(256 * digits.high + digits.low, value);
  }
}

}  // namespace
}  // namespace vecdb::simd
