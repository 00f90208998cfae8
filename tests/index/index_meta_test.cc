#include "index/index_meta.h"

#include <gtest/gtest.h>

#include "index/file_testing.h"

namespace vecdb::index {
namespace {

using support::CodeOf;

std::string MetaBytes(const std::vector<uint32_t>& numbers) {
  base::ByteWriter bytes;
  for (const uint32_t number : numbers) bytes.Put(number);
  return bytes.str();
}

absl::StatusOr<IndexMeta> Read(const std::string& bytes) {
  const auto store = WriteFile(Sections{{kMetaTag, bytes}});
  return ReadIndexMeta(*OpenFile(*store), {});
}

TEST(IndexMetaTest, WhatWasWrittenIsReadBack) {
  const IndexSpec specs[] = {
      {.metric = Metric::kIp, .params = FlatParams{}},
      {.metric = Metric::kCosine,
       .params = HnswParams{.m = 48, .ef_construction = 300, .seed = 1ULL << 40}},
  };
  for (const IndexSpec& spec : specs) {
    const auto store = MakeMemoryObjectStore();
    auto writer = format::SectionWriter::Create(*store, TestPath(), format::FileKind::kIndex, {});
    ASSERT_OK(writer);
    ASSERT_OK(WriteIndexMeta({.spec = spec, .num_rows = 77, .dim = 32768}, **writer, {}));
    ASSERT_OK((*writer)->Finish({}));
    const auto meta = ReadIndexMeta(*OpenFile(*store), {});
    ASSERT_OK(meta);
    EXPECT_EQ(meta->spec, spec);
    EXPECT_EQ(meta->num_rows, 77U);
    EXPECT_EQ(meta->dim, 32768);
  }
}

TEST(IndexMetaTest, RefusesWhatCannotBe) {
  const struct {
    const char* what;
    std::vector<uint32_t> numbers;
    absl::StatusCode code;
  } cases[] = {
      {"sound FLAT", {1, 1, 8, 5}, absl::StatusCode::kOk},
      {"sound HNSW", {2, 3, 8, 5, 16, 200, 0, 0}, absl::StatusCode::kOk},
      {"too short", {1, 1, 8}, absl::StatusCode::kDataLoss},
      {"too long", {1, 1, 8, 5, 0}, absl::StatusCode::kDataLoss},
      {"HNSW too short", {2, 3, 8, 5, 16, 200, 0}, absl::StatusCode::kDataLoss},
      {"HNSW too long", {2, 3, 8, 5, 16, 200, 0, 0, 0}, absl::StatusCode::kDataLoss},
      {"a newer type", {3, 1, 8, 5}, absl::StatusCode::kFailedPrecondition},
      {"no metric", {1, 0, 8, 5}, absl::StatusCode::kDataLoss},
      {"metric out of range", {1, 4, 8, 5}, absl::StatusCode::kDataLoss},
      {"dim 0", {1, 1, 0, 5}, absl::StatusCode::kDataLoss},
      {"dim too large", {1, 1, 32769, 5}, absl::StatusCode::kDataLoss},
      {"too many rows", {1, 1, 8, 0x80000000}, absl::StatusCode::kDataLoss},
      {"M too small", {2, 3, 8, 5, 1, 200, 0, 0}, absl::StatusCode::kDataLoss},
      {"M too large", {2, 3, 8, 5, 2049, 200, 0, 0}, absl::StatusCode::kDataLoss},
      {"M negative", {2, 3, 8, 5, kNoRow, 200, 0, 0}, absl::StatusCode::kDataLoss},
      {"efConstruction 0", {2, 3, 8, 5, 16, 0, 0, 0}, absl::StatusCode::kDataLoss},
  };
  for (const auto& c : cases) EXPECT_EQ(CodeOf(Read(MetaBytes(c.numbers))), c.code) << c.what;
}

}  // namespace
}  // namespace vecdb::index
