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
      {.metric = Metric::kL2, .params = IvfFlatParams{.nlist = 65536, .seed = 1ULL << 40}},
      {.metric = Metric::kL2, .params = IvfSq8Params{.nlist = 3, .seed = 5}},
      {.metric = Metric::kIp, .params = IvfSq8Params{.nlist = 1, .refine = Refine::kNone}},
      {.metric = Metric::kIp, .params = IvfPqParams{}},
      {.metric = Metric::kIp, .params = DiskannParams{}},
      {.metric = Metric::kL2,
       .params = DiskannParams{.max_degree = 9,
                               .search_list_size = 8,
                               .pq_code_budget = 0.2,
                               .search_cache_budget = 0,
                               .seed = 7}},
      {.metric = Metric::kCosine,
       .params =
           IvfPqParams{
               .nlist = 99, .m = 32768, .nbits = 4, .refine = Refine::kNone, .seed = ~0ULL}},
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
      {"HNSW without refine", {2, 3, 8, 5, 16, 200, 0, 0, 0}, absl::StatusCode::kDataLoss},
      {"HNSW too long", {2, 3, 8, 5, 16, 200, 0, 0, 0, 0, 0}, absl::StatusCode::kDataLoss},
      {"HNSW, codec 5", {2, 3, 8, 5, 16, 200, 0, 0, 5, 0}, absl::StatusCode::kDataLoss},
      {"HNSW, codec 7", {2, 3, 8, 5, 16, 200, 0, 0, 7, 0}, absl::StatusCode::kDataLoss},
      {"HNSW, refine 5", {2, 3, 8, 5, 16, 200, 0, 0, 4, 5}, absl::StatusCode::kDataLoss},
      {"HNSW, no codec, refine 3", {2, 3, 8, 5, 16, 200, 0, 0, 0, 3}, absl::StatusCode::kDataLoss},
      {"a scalar type", {3, 1, 8, 5}, absl::StatusCode::kFailedPrecondition},
      {"another scalar type", {4, 1, 8, 5}, absl::StatusCode::kFailedPrecondition},
      {"a newer type", {9, 1, 8, 5}, absl::StatusCode::kFailedPrecondition},
      {"type 0", {0, 1, 8, 5}, absl::StatusCode::kFailedPrecondition},
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

TEST(IndexMetaTest, RefusesIvfThatCannotBe) {
  constexpr auto kOk = absl::StatusCode::kOk;
  constexpr auto kLoss = absl::StatusCode::kDataLoss;
  const struct {
    const char* what;
    std::vector<uint32_t> numbers;
    absl::StatusCode code;
  } cases[] = {
      {"sound IVF_FLAT", {5, 1, 8, 5, 128, 0, 0, 0}, kOk},
      {"IVF_FLAT, reserved", {5, 1, 8, 5, 128, 77, 0, 0}, kOk},
      {"IVF_FLAT, nlist 1", {5, 1, 8, 5, 1, 0, 0, 0}, kOk},
      {"IVF_FLAT, nlist 0", {5, 1, 8, 5, 0, 0, 0, 0}, kLoss},
      {"IVF_FLAT, nlist 65536", {5, 1, 8, 5, 65536, 0, 0, 0}, kOk},
      {"IVF_FLAT, nlist 65537", {5, 1, 8, 5, 65537, 0, 0, 0}, kLoss},
      {"IVF_FLAT, nlist negative", {5, 1, 8, 5, kNoRow, 0, 0, 0}, kLoss},
      {"IVF_FLAT, metric 4", {5, 4, 8, 5, 128, 0, 0, 0}, kLoss},
      {"sound IVF_SQ8", {6, 2, 8, 5, 128, 2, 0, 0}, kOk},
      {"IVF_SQ8, refine 1", {6, 2, 8, 5, 128, 1, 0, 0}, kOk},
      {"IVF_SQ8, refine 0", {6, 2, 8, 5, 128, 0, 0, 0}, kLoss},
      {"IVF_SQ8, refine 3", {6, 2, 8, 5, 128, 3, 0, 0}, kOk},
      {"IVF_SQ8, refine 4", {6, 2, 8, 5, 128, 4, 0, 0}, kLoss},
      {"IVF_SQ8, refine 2^32 - 1", {6, 2, 8, 5, 128, kNoRow, 0, 0}, kLoss},
      {"IVF_SQ8, nlist 0", {6, 2, 8, 5, 0, 2, 0, 0}, kLoss},
      {"IVF_SQ8, nlist 65537", {6, 2, 8, 5, 65537, 2, 0, 0}, kLoss},
      {"sound IVF_PQ", {7, 3, 8, 5, 128, 4, 8, 2, 0, 0}, kOk},
      {"IVF_PQ, m 0", {7, 3, 8, 5, 128, 0, 8, 2, 0, 0}, kOk},
      {"IVF_PQ, m 8", {7, 3, 8, 5, 128, 8, 8, 2, 0, 0}, kOk},
      {"IVF_PQ, m 3", {7, 3, 8, 5, 128, 3, 8, 2, 0, 0}, kLoss},
      {"IVF_PQ, m 16", {7, 3, 8, 5, 128, 16, 8, 2, 0, 0}, kLoss},
      {"IVF_PQ, m negative", {7, 3, 8, 5, 128, kNoRow, 8, 2, 0, 0}, kLoss},
      {"IVF_PQ, nbits 1", {7, 3, 8, 5, 128, 4, 1, 2, 0, 0}, kOk},
      {"IVF_PQ, nbits 0", {7, 3, 8, 5, 128, 4, 0, 2, 0, 0}, kLoss},
      {"IVF_PQ, nbits 9", {7, 3, 8, 5, 128, 4, 9, 2, 0, 0}, kLoss},
      {"IVF_PQ, refine 1", {7, 3, 8, 5, 128, 4, 8, 1, 0, 0}, kOk},
      {"IVF_PQ, refine 4", {7, 3, 8, 5, 128, 4, 8, 4, 0, 0}, kOk},
      {"IVF_PQ, refine 5", {7, 3, 8, 5, 128, 4, 8, 5, 0, 0}, kLoss},
      {"IVF_PQ, nlist 0", {7, 3, 8, 5, 0, 4, 8, 2, 0, 0}, kLoss},
      {"IVF_PQ, dim 0", {7, 3, 0, 5, 128, 4, 8, 2, 0, 0}, kLoss},
  };
  for (const auto& c : cases) EXPECT_EQ(CodeOf(Read(MetaBytes(c.numbers))), c.code) << c.what;
}

TEST(IndexMetaTest, OfOtherLengthsIsDamaged) {
  const std::vector<uint32_t> sound[] = {
      {1, 1, 8, 5},
      {2, 3, 8, 5, 16, 200, 0, 0},
      {5, 1, 8, 5, 128, 0, 0, 0},
      {6, 2, 8, 5, 128, 2, 0, 0},
      {7, 3, 8, 5, 128, 4, 8, 2, 0, 0},
  };
  for (const auto& numbers : sound) {
    const std::string bytes = MetaBytes(numbers);
    ASSERT_OK(Read(bytes)) << numbers[0];
    for (size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_EQ(CodeOf(Read(bytes.substr(0, size))), absl::StatusCode::kDataLoss)
          << numbers[0] << " in " << size << " bytes";
    }
    EXPECT_EQ(CodeOf(Read(bytes + '\0')), absl::StatusCode::kDataLoss) << numbers[0];
  }
}

TEST(IndexMetaTest, TheBytesOfIvfStayWhatTheyAre) {
  const struct {
    IndexParams params;
    std::vector<uint32_t> numbers;
  } cases[] = {
      {IvfFlatParams{.nlist = 9, .seed = 1ULL << 32}, {5, 1, 8, 77, 9, 0, 0, 1}},
      {IvfSq8Params{.nlist = 9, .seed = 6}, {6, 1, 8, 77, 9, 2, 6, 0}},
      {IvfPqParams{.nlist = 9, .m = 4, .nbits = 5, .refine = Refine::kNone, .seed = 6},
       {7, 1, 8, 77, 9, 4, 5, 1, 6, 0}},
  };
  for (const auto& c : cases) {
    const auto store = MakeMemoryObjectStore();
    auto writer = format::SectionWriter::Create(*store, TestPath(), format::FileKind::kIndex, {});
    ASSERT_OK(writer);
    const IndexMeta meta = {
        .spec = {.metric = Metric::kL2, .params = c.params}, .num_rows = 77, .dim = 8};
    ASSERT_OK(WriteIndexMeta(meta, **writer, {}));
    ASSERT_OK((*writer)->Finish({}));
    EXPECT_EQ(ReadSections(*store)[kMetaTag], MetaBytes(c.numbers)) << meta.spec.type_name();
  }
}

}  // namespace
}  // namespace vecdb::index
