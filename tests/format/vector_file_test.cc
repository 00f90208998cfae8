#include "format/vector_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "format/format_testing.h"

namespace vecdb::format {
namespace {

using absl::StatusCode::kDataLoss;

std::vector<float> Floats(size_t count, float scale) {
  std::vector<float> floats(count);
  for (size_t i = 0; i < count; ++i) floats[i] = static_cast<float>(i % 1000) * scale - 1;
  return floats;
}

class VectorFileTest : public ::testing::Test {
 protected:
  FileSummary Write(int32_t dim, const std::vector<float>& rows, const std::vector<float>& norms) {
    store_->Delete(path_).IgnoreError();
    auto writer = VectorFileWriter::Create(*store_, path_, dim, norms.size(), {});
    EXPECT_OK(writer);
    const size_t half = rows.size() / 2;
    EXPECT_OK(writer->AddRows(std::span(rows).first(half), {}));
    EXPECT_OK(writer->AddRows(std::span(rows).subspan(half), {}));
    return writer->Finish(norms, {}).value();
  }
  absl::StatusOr<std::unique_ptr<VectorFile>> Open(int32_t dim, uint64_t rows) {
    return VectorFile::Open(*store_, path_, std::nullopt, dim, rows, {});
  }
  void Rewrite(const char (&tag)[5], const std::function<void(std::string*)>& edit) {
    RewriteSection(*store_, path_, FileKind::kVectors, Tag(tag), edit);
  }

  const std::shared_ptr<ObjectStore> store_ = MakeMemoryObjectStore();
  const ObjectPath path_ = PathOf("s/101.vec");
};

TEST_F(VectorFileTest, RowsAndNormsComeBack) {
  for (const auto& [dim, num_rows] :
       std::vector<std::pair<int32_t, size_t>>{{1, 1}, {3, 17}, {768, 50}, {32768, 3}}) {
    const std::vector<float> rows = Floats(static_cast<size_t>(dim) * num_rows, 0.25f);
    const std::vector<float> norms = Floats(num_rows, 0.5f);
    const FileSummary summary = Write(dim, rows, norms);
    auto file = VectorFile::Open(*store_, path_, summary, dim, num_rows, {});
    ASSERT_OK(file);
    const auto read_rows = (*file)->ReadRows({}, {});
    const auto read_norms = (*file)->ReadInverseNorms({}, {});
    ASSERT_OK(read_rows);
    ASSERT_OK(read_norms);
    EXPECT_TRUE(std::ranges::equal(read_rows->as<const float>(), rows));
    EXPECT_TRUE(std::ranges::equal(read_norms->as<const float>(), norms));
    std::vector<float> row(static_cast<size_t>(dim));
    for (size_t i = 0; i < num_rows; ++i) {
      ASSERT_OK((*file)->GatherRows(std::vector{static_cast<uint32_t>(i)}, row, {}));
      EXPECT_TRUE(std::equal(row.begin(), row.end(),
                             rows.begin() + static_cast<ptrdiff_t>(i * row.size())));
    }
    EXPECT_EQ(CodeOf((*file)->GatherRows(std::vector{static_cast<uint32_t>(num_rows)}, row, {})),
              kDataLoss);
    EXPECT_OK((*file)->Verify({}));
  }
}

TEST_F(VectorFileTest, AnyRowsAreGatheredInTheOrderAskedFor) {
  const std::vector<float> rows = Floats(3000 * 20, 0.25f);  // 4 blocks
  Write(20, rows, Floats(3000, 1));
  const auto file = Open(20, 3000);
  ASSERT_OK(file);
  for (const std::vector<uint32_t>& wanted : std::vector<std::vector<uint32_t>>{
           {}, {0}, {5, 6, 7, 900, 901, 3}, {2999, 0, 2999}, {818, 819, 820, 821, 1638}}) {
    for (int again = 0; again < 2; ++again) {
      std::vector<float> out(wanted.size() * 20);
      ASSERT_OK((*file)->GatherRows(wanted, out, {}));
      for (size_t i = 0; i < wanted.size(); ++i) {
        EXPECT_TRUE(std::equal(out.begin() + static_cast<ptrdiff_t>(i * 20),
                               out.begin() + static_cast<ptrdiff_t>(i * 20 + 20),
                               rows.begin() + static_cast<ptrdiff_t>(wanted[i] * 20)));
      }
    }
  }
  std::vector<float> out(40);
  EXPECT_EQ(CodeOf((*file)->GatherRows(std::vector<uint32_t>{2999, 3000}, out, {})), kDataLoss);
}

TEST_F(VectorFileTest, EveryBlockIsCheckedBeforeARowOfItIsGiven) {
  const std::vector<float> rows = Floats(3000 * 20, 0.25f);
  Write(20, rows, Floats(3000, 1));
  std::string bytes = *GetObject(*store_, path_, support::kNoLimit);
  bytes[bytes.find(std::string(reinterpret_cast<const char*>(&rows[60]), 40)) + 2] ^= 1;  // row 3
  ASSERT_OK(store_->Delete(path_));
  ASSERT_OK(PutObject(*store_, path_, bytes));
  const auto file = Open(20, 3000);
  ASSERT_OK(file);
  std::vector<float> row(20);
  for (int again = 0; again < 2; ++again) {
    EXPECT_OK((*file)->GatherRows(std::vector<uint32_t>{2000}, row, {}));
    EXPECT_EQ(CodeOf((*file)->GatherRows(std::vector<uint32_t>{7}, row, {})), kDataLoss);
    EXPECT_EQ(CodeOf((*file)->GatherRows(std::vector<uint32_t>{3}, row, {})), kDataLoss);
  }
}

TEST_F(VectorFileTest, OtherDimOrNumberOfRowsIsDataLoss) {
  Write(4, Floats(40, 1), Floats(10, 1));
  EXPECT_OK(Open(4, 10));
  for (const auto& [dim, rows] : std::vector<std::pair<int32_t, uint64_t>>{
           {5, 10}, {0, 10}, {-4, 10}, {4, 9}, {4, 11}, {4, 0}, {2, 20}, {4, ~uint64_t{0}}}) {
    EXPECT_EQ(CodeOf(Open(dim, rows)), kDataLoss) << dim << " " << rows;
  }
}

TEST_F(VectorFileTest, NumbersThatWouldOverflowAreDataLoss) {
  // 2^62 rows of dim 1 have 2^64 bytes, which would pass for 0.
  Write(1, {}, {});
  Rewrite("META", [](std::string* meta) { PutAt(meta, 8, uint64_t{1} << 62); });
  EXPECT_EQ(CodeOf(Open(1, uint64_t{1} << 62)), kDataLoss);
}

TEST_F(VectorFileTest, SectionsOfOtherSizesThanMetaSaysAreDataLoss) {
  for (const int more : {-1, 1, 4, -160}) {
    const auto resize = [more](std::string* bytes) {
      bytes->resize(
          static_cast<size_t>(std::max<int64_t>(0, static_cast<int64_t>(bytes->size()) + more)));
    };
    Write(4, Floats(40, 1), Floats(10, 1));
    Rewrite("ROWS", resize);
    EXPECT_EQ(CodeOf((*Open(4, 10))->ReadRows({}, {})), kDataLoss) << more;
    Write(4, Floats(40, 1), Floats(10, 1));
    Rewrite("NORM", resize);
    EXPECT_EQ(CodeOf((*Open(4, 10))->ReadInverseNorms({}, {})), kDataLoss) << more;
  }
  Write(4, Floats(40, 1), Floats(10, 1));
  Rewrite("META", [](std::string* meta) { meta->resize(15); });
  EXPECT_EQ(CodeOf(Open(4, 10)), kDataLoss);
}

TEST_F(VectorFileTest, NumbersThatAreNoneAreDataLoss) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    std::vector<float> rows = Floats(40, 1);
    std::vector<float> norms = Floats(10, 1);
    rows[30] = bad;
    Write(4, rows, norms);
    std::vector<float> row(4);
    EXPECT_EQ((*Open(4, 10))->ReadRows({}, {}).status(),
              absl::DataLossError("object s/101.vec: vector 7 holds NaN or infinity"));
    EXPECT_EQ((*Open(4, 10))->GatherRows(std::vector<uint32_t>{7}, row, {}),
              absl::DataLossError("object s/101.vec: vector 7 holds NaN or infinity"));
    EXPECT_OK((*Open(4, 10))->GatherRows(std::vector<uint32_t>{6}, row, {}));
    norms[3] = bad;
    Write(4, Floats(40, 1), norms);
    EXPECT_EQ(CodeOf((*Open(4, 10))->ReadInverseNorms({}, {})), kDataLoss);
  }
}

TEST_F(VectorFileTest, RowsAreTakenFromTheBudget) {
  Write(4, Floats(40, 1), Floats(10, 1));
  MemoryBudget small(159);
  EXPECT_EQ(CodeOf((*Open(4, 10))->ReadRows({.budget = &small}, {})),
            absl::StatusCode::kResourceExhausted);
  MemoryBudget enough(160);
  EXPECT_OK((*Open(4, 10))->ReadRows({.budget = &enough}, {}));
  EXPECT_EQ(enough.used_bytes(), 0u);
}

TEST_F(VectorFileTest, UnknownCriticalSectionIsRefused) {
  Write(4, Floats(40, 1), Floats(10, 1));
  Rewrite("WHAT", [](std::string*) {});
  EXPECT_EQ(CodeOf(Open(4, 10)), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vecdb::format
