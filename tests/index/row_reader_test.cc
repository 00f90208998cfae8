#include <gtest/gtest.h>

#include <map>

#include "index/coded_testing.h"
#include "index/file_testing.h"
#include "index/ivf_testing.h"

namespace vecdb::index {
namespace {

// Indexes that were loaded beside rows that are not in memory.

using support::CodeOf;

constexpr int32_t kReadDim = 8;
constexpr uint32_t kReadRows = 2000;
const absl::Status kMustNotRead = absl::InternalError("a row was read");

// Under one metric after the other.
std::vector<IndexSpec> IvfWithEveryRefine() {
  std::vector<IndexParams> all = {IvfFlatParams{.nlist = 20}};
  for (const Refine refine : {Refine::kNone, Refine::kFloat32, Refine::kFloat16, Refine::kSq8}) {
    if (refine != Refine::kSq8) all.push_back(IvfSq8Params{.nlist = 20, .refine = refine});
    for (const int32_t nbits : {4, 8}) {
      all.push_back(IvfPqParams{.nlist = 20, .m = 4, .nbits = nbits, .refine = refine});
    }
  }
  std::vector<IndexSpec> specs;
  for (const IndexParams& params : all) specs.push_back({kAllMetrics[specs.size() % 3], params});
  return specs;
}

std::vector<IndexSpec> SpecsOverReaders() {
  std::vector<IndexSpec> specs = SomeCodedSpecs();
  for (const IndexSpec& spec : IvfWithEveryRefine()) specs.push_back(spec);
  specs.push_back({Metric::kCosine, FlatParams{}});
  return specs;
}

bool RefinesByCopies(const IndexSpec& spec) { return IsRefinedByCopies(spec, kReadDim); }

const TestRows& RowsToRead() {
  static const auto* const rows = new TestRows(MixedRows(kReadRows, kReadDim, 10, 1));
  return *rows;
}

// Of an index of RowsToRead(); built once.
const Sections& SectionsOfIndex(const IndexSpec& spec) {
  static auto* const built = new std::map<std::string, Sections>();
  const auto [found, is_new] = built->try_emplace(spec.ToJson());
  if (is_new) found->second = ReadSections(*WriteFile(*BuildCoded(RowsToRead().view(), spec)));
  return found->second;
}

std::unique_ptr<VectorIndex> LoadOver(const Sections& sections, const VectorView& view) {
  auto loaded = LoadSections(sections, view);
  EXPECT_OK(loaded);
  return *std::move(loaded);
}

TEST(RowReaderTest, AnswersAreThoseOfRowsInMemory) {
  const TestRows& rows = RowsToRead();
  const auto half = RandomBitmap(kReadRows, 0.5, 2);
  for (const IndexSpec& spec : SpecsOverReaders()) {
    const auto built = LoadOver(SectionsOfIndex(spec), rows.view());
    const ArrayReader reader(rows);
    const auto loaded = LoadOver(SectionsOfIndex(spec), reader.view());
    EXPECT_EQ(loaded->index_bytes(), built->index_bytes());
    for (uint32_t row = 0; row < kReadRows; row += 500) {
      for (const uint64_t* allowed : {static_cast<const uint64_t*>(nullptr), half.data()}) {
        const RowQuery query{.vector = rows.view().row(row),
                             .k = 10,
                             .mask = {.num_rows = kReadRows, .allowed = allowed}};
        EXPECT_EQ(FindCoded(*loaded, query), FindCoded(*built, query)) << spec.ToJson();
      }
    }
    EXPECT_EQ(reader.num_read() == 0, RefinesByCopies(spec)) << spec.ToJson();
  }
}

// Few allowed rows, one, none; limits of every kind; the places behind which a search goes on.
TEST(RowReaderTest, MinOfKAndRowsInMaskAndLimitsComeBack) {
  const TestRows& rows = RowsToRead();
  const float* vector = rows.view().row(5);
  const std::vector<std::vector<uint64_t>> bitmaps = {
      BitmapWhere(kReadRows, [](uint32_t) { return false; }),
      BitmapWhere(kReadRows, [](uint32_t row) { return row == 1999; }),
      BitmapWhere(kReadRows, [](uint32_t row) { return row % 200 == 0; }),
      RandomBitmap(kReadRows, 0.05, 4),
      RandomBitmap(kReadRows, 0.3, 5),
      RandomBitmap(kReadRows, 0.95, 6),
      BitmapWhere(kReadRows, [](uint32_t row) { return row % 10 == 7; }),
  };
  for (const IndexSpec& spec : SpecsOverReaders()) {
    const ArrayReader reader(rows, RefinesByCopies(spec) ? kMustNotRead : absl::OkStatus());
    const auto index = LoadOver(SectionsOfIndex(spec), reader.view());
    const std::vector<float> distances = AnswerOracle(rows.view(), spec).DistancesFrom(vector);
    const std::vector<Candidate> all =
        NaiveAnswers(distances, {.k = kReadRows, .mask = {.num_rows = kReadRows}});
    const Behind behind(all[40]);
    const RowLimits limits[] = {
        {},
        {.max_distance = all[12].distance},
        {.min_distance = all[5].distance},
        {.min_distance = all[1000].distance, .max_distance = all[1010].distance},
        {.after = &behind},
    };
    for (size_t i = 0; i < bitmaps.size(); ++i) {
      for (const RowLimits& limit : limits) {
        const RowQuery query{.vector = vector,
                             .k = 15,
                             .mask = {.num_rows = kReadRows, .allowed = bitmaps[i].data()},
                             .limits = limit};
        SCOPED_TRACE(testing::Message()
                     << spec.ToJson() << " mask " << i << " limits " << (&limit - limits));
        const std::vector<Candidate> found = FindCoded(*index, query);
        ExpectAnswers(found, distances, query);
        if (limit.after != nullptr) {
          EXPECT_EQ(found, NaiveAnswers(distances, query));
        }
      }
    }
  }
}

// Each read is one of a disk.
TEST(RowReaderTest, AsManyRowsAreReadAsAreRefined) {
  constexpr uint32_t kRows = 600;
  const TestRows rows = MixedRows(kRows, kReadDim, 10, 7);
  const struct {
    HnswParams params;
    float refine_k;
    uint64_t reads;
  } cases[] = {
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kFloat16}, 1.5f, 15},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kFloat16}, 1, 10},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kFloat16, .refine = Refine::kNone},
       0,
       10},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kSq8, .refine = Refine::kFloat32},
       1.5f,
       15},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kSq8, .refine = Refine::kNone}, 0, 10},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kSq4, .refine = Refine::kFloat32},
       4,
       40},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kSq4, .refine = Refine::kFloat32},
       2.5f,
       25},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kRabitq, .refine = Refine::kFloat32},
       1000,
       40},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kRabitq, .refine = Refine::kNone},
       0,
       10},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kSq8}, 0, 0},
      {{.m = 8, .ef_construction = 30, .codec = HnswCodec::kSq4, .refine = Refine::kSq8}, 0, 0},
  };
  for (const auto& [params, refine_k, reads] : cases) {
    const IndexSpec spec{.metric = Metric::kL2, .params = params};
    const ArrayReader reader(rows);
    const auto index =
        LoadOver(ReadSections(*WriteFile(*BuildCoded(rows.view(), spec))), reader.view());
    FindCoded(*index, {.vector = rows.view().row(0),
                       .k = 10,
                       .params = HnswSearchParams{.ef = 40, .refine_k = refine_k},
                       .mask = {.num_rows = kRows}});
    EXPECT_EQ(reader.num_read(), reads) << spec.ToJson() << " " << refine_k;
    if (refine_k <= 1) continue;
    // As many as may come into the answer: more than are wanted, and at most what the walk found.
    FindCoded(*index, {.vector = rows.view().row(0),
                       .k = 10,
                       .params = HnswSearchParams{.ef = 40},
                       .mask = {.num_rows = kRows}});
    EXPECT_GE(reader.num_read() - reads, 10U) << spec.ToJson();
    EXPECT_LE(reader.num_read() - reads, 40U) << spec.ToJson();
  }
}

// They are found by the codes of all lists, and by those of the graph.
TEST(RowReaderTest, FewAllowedRowsAreNotAllRead) {
  const TestRows& rows = RowsToRead();
  const auto few = BitmapWhere(kReadRows, [](uint32_t row) { return row % 4 == 0; });
  for (const IndexSpec& spec : SpecsOverReaders()) {
    if (std::holds_alternative<FlatParams>(spec.params)) continue;
    const ArrayReader reader(rows);
    const auto index = LoadOver(SectionsOfIndex(spec), reader.view());
    const RowQuery query{.vector = rows.view().row(0),
                         .k = 10,
                         .mask = {.num_rows = kReadRows, .allowed = few.data()}};
    EXPECT_EQ(FindCoded(*index, query).size(), 10U);
    EXPECT_LE(reader.num_read(), 100U) << spec.ToJson();  // of 500
  }
}

TEST(RowReaderTest, WhatReadingReturnsIsWhatTheSearchReturns) {
  const TestRows& rows = RowsToRead();
  const absl::Status lost = absl::UnavailableError("get 101.vec: no answer");
  const auto half = RandomBitmap(kReadRows, 0.5, 10);
  const auto few = RandomBitmap(kReadRows, 0.02, 11);
  for (const IndexSpec& spec : SpecsOverReaders()) {
    if (RefinesByCopies(spec)) continue;
    const ArrayReader reader(rows, lost);
    const auto index = LoadOver(SectionsOfIndex(spec), reader.view());
    for (const uint64_t* allowed :
         {static_cast<const uint64_t*>(nullptr), half.data(), few.data()}) {
      for (const RowLimits& limits : {RowLimits{}, RowLimits{.max_distance = 1}}) {
        const RowQuery query{.vector = rows.view().row(0),
                             .k = 10,
                             .mask = {.num_rows = kReadRows, .allowed = allowed},
                             .limits = limits};
        std::vector<Candidate> found;
        EXPECT_EQ(index->Search(query, {}, &found), lost) << spec.ToJson();
        std::vector<std::vector<Candidate>> batch(1);
        EXPECT_EQ(index->SearchBatch({&query, 1}, {}, batch), lost) << spec.ToJson();
      }
    }
  }
}

TEST(RowReaderTest, ABatchAnswersAsItsQueriesDo) {
  const TestRows& rows = RowsToRead();
  const auto few = RandomBitmap(kReadRows, 0.01, 13);
  for (const IndexSpec& spec : IvfWithEveryRefine()) {
    const ArrayReader reader(rows);
    const auto index = LoadOver(SectionsOfIndex(spec), reader.view());
    std::vector<RowQuery> queries;
    for (uint32_t i = 0; i < 12; ++i) {
      RowQuery query{.vector = rows.view().row(i * 150),
                     .k = 1 + i,
                     .params = IvfSearchParams{.nprobe = 3},
                     .mask = {.num_rows = kReadRows}};
      if (i % 3 == 1) query.mask.allowed = few.data();
      if (i % 4 == 3) query.limits.min_distance = -0.5f;
      queries.push_back(query);
    }
    std::vector<std::vector<Candidate>> found(queries.size());
    ASSERT_OK(index->SearchBatch(queries, {}, found));
    for (size_t i = 0; i < queries.size(); ++i) {
      EXPECT_EQ(found[i], FindCoded(*index, queries[i])) << spec.ToJson() << " " << i;
    }
  }
}

TEST(RowReaderTest, AGraphThatIsWalkedOnRowsNeedsThemInMemory) {
  const TestRows rows = RandomRows(100, kReadDim, 14);
  const ArrayReader reader(rows);
  for (const HnswCodec codec : {HnswCodec::kFloat32, HnswCodec::kAuto}) {
    const IndexSpec spec{.metric = Metric::kCosine, .params = HnswParams{.m = 4, .codec = codec}};
    const Sections sections = ReadSections(*WriteFile(*BuildCoded(rows.view(), spec)));
    EXPECT_OK(LoadSections(sections, rows.view()));
    const auto loaded = LoadSections(sections, reader.view());
    EXPECT_EQ(CodeOf(loaded), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(std::string(loaded.status().message()).find("not in memory"), std::string::npos)
        << loaded.status();
  }
}

TEST(RowReaderTest, NoRowsNeedNoReader) {
  const TestRows none({}, kReadDim);
  std::vector<IndexSpec> specs = SpecsOverReaders();
  specs.push_back({Metric::kL2, HnswParams{}});
  for (const IndexSpec& spec : specs) {
    const auto index =
        LoadOver(ReadSections(*WriteFile(*BuildCoded(none.view(), spec))), {.dim = kReadDim});
    const std::vector<float> vector(kReadDim, 1);
    EXPECT_TRUE(FindCoded(*index, {.vector = vector.data()}).empty()) << spec.ToJson();
  }
}

// From before META had a codec: HnswParams read as they were, and a graph on the rows.
TEST(RowReaderTest, AGraphFromBeforeCodesIsWalkedOnTheRows) {
  const TestRows rows = RandomRows(300, 40, 15);
  const HnswParams params{.m = 6, .ef_construction = 40, .codec = HnswCodec::kFloat32};
  const auto built = BuildCoded(rows.view(), {.metric = Metric::kL2, .params = params});
  Sections sections = ReadSections(*WriteFile(*built));
  std::string& meta = sections.at(format::Tag("META"));
  meta.resize(meta.size() - 8);
  const auto loaded = LoadSections(sections, rows.view());
  ASSERT_OK(loaded);
  const IndexSpec read{.metric = Metric::kL2, .params = HnswParams{.m = 6, .ef_construction = 40}};
  EXPECT_EQ((*loaded)->spec(), read);
  EXPECT_EQ((*loaded)->index_bytes(), built->index_bytes());
  for (uint32_t row = 0; row < 300; row += 30) {
    const RowQuery query{.vector = rows.view().row(row), .k = 10, .mask = {.num_rows = 300}};
    EXPECT_EQ(FindCoded(**loaded, query), FindCoded(*built, query));
  }
  // It can be written again, and read.
  const auto again = LoadSections(ReadSections(*WriteFile(**loaded)), rows.view());
  ASSERT_OK(again);
  EXPECT_EQ((*again)->spec(), read);
  const ArrayReader reader(rows);
  EXPECT_EQ(CodeOf(LoadSections(sections, reader.view())), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace vecdb::index
