#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>

#include "index/coded_testing.h"
#include "index/file_testing.h"

namespace vecdb::index {
namespace {

// Index files with codes beside a graph, or copies beside lists.

using support::CodeOf;

constexpr uint32_t kCodedFileRows = 60;

const IndexSpec kCodedFiles[] = {
    {Metric::kL2, HnswParams{.m = 3, .ef_construction = 12, .codec = HnswCodec::kSq8}},
    {Metric::kIp, HnswParams{.m = 3, .ef_construction = 12, .codec = HnswCodec::kSq8}},
    {Metric::kIp, HnswParams{.m = 3, .ef_construction = 12, .codec = HnswCodec::kSq4}},
    {Metric::kL2,
     HnswParams{.m = 3, .ef_construction = 12, .codec = HnswCodec::kSq4, .refine = Refine::kSq8}},
    {Metric::kL2, HnswParams{.m = 3, .ef_construction = 12, .codec = HnswCodec::kRabitq}},
    {Metric::kCosine,
     HnswParams{
         .m = 3, .ef_construction = 12, .codec = HnswCodec::kRabitq, .refine = Refine::kNone}},
    {Metric::kCosine, HnswParams{.m = 3, .ef_construction = 12, .codec = HnswCodec::kFloat16}},
    {Metric::kL2, IvfSq8Params{.nlist = 2, .refine = Refine::kFloat16}},
    {Metric::kIp, IvfPqParams{.nlist = 2, .m = 5, .nbits = 3, .refine = Refine::kSq8}},
};

Sections CodedSections(const TestRows& rows, const IndexSpec& spec) {
  return ReadSections(*WriteFile(*BuildCoded(rows.view(), spec)));
}

// As many rows as there are, each once, in order, with distances that are numbers.
void ExpectRightShape(const VectorIndex& index, const TestRows& rows) {
  const auto odd = BitmapWhere(kCodedFileRows, [](uint32_t row) { return row % 2 == 1; });
  for (const uint64_t* allowed : {static_cast<const uint64_t*>(nullptr), odd.data()}) {
    for (const uint32_t k : {10U, kCodedFileRows}) {
      for (const RowLimits& limits : {RowLimits{}, RowLimits{.min_distance = -1e38f}}) {
        const RowQuery query{.vector = rows.view().row(3),
                             .k = k,
                             .mask = {.num_rows = kCodedFileRows, .allowed = allowed},
                             .limits = limits};
        const std::vector<Candidate> found = FindCoded(index, query);
        const size_t num_allowed = allowed == nullptr ? kCodedFileRows : kCodedFileRows / 2;
        if (!limits.any()) {
          EXPECT_EQ(found.size(), std::min<size_t>(k, num_allowed));
        }
        std::set<uint32_t> once;
        for (size_t i = 0; i < found.size(); ++i) {
          ASSERT_LT(found[i].row, kCodedFileRows);
          EXPECT_TRUE(query.mask.Contains(found[i].row));
          EXPECT_TRUE(once.insert(found[i].row).second);
          EXPECT_FALSE(std::isnan(found[i].distance));
          EXPECT_TRUE(i == 0 || IsNearer(found[i - 1], found[i], nullptr));
        }
      }
    }
  }
}

// Bytes changed under checksums that fit: refused, or an index that answers with rows that exist.
TEST(HnswCodesFileTest, EveryChangedByteIsRefusedOrHarmless) {
  const TestRows rows = RandomRows(kCodedFileRows, 5, 1);
  for (const IndexSpec& spec : kCodedFiles) {
    const Sections sound = CodedSections(rows, spec);
    size_t refused = 0;
    size_t harmless = 0;
    for (const auto& [tag, bytes] : sound) {
      for (size_t at = 0; at < bytes.size(); ++at) {
        Sections changed = sound;
        changed[tag][at] = static_cast<char>(bytes[at] ^ (at % 3 == 0   ? 0x80
                                                          : at % 3 == 1 ? 0x7f
                                                                        : 0xff));
        const auto loaded = LoadSections(changed, rows.view());
        if (!loaded.ok()) {
          EXPECT_TRUE(CodeOf(loaded) == absl::StatusCode::kDataLoss ||
                      CodeOf(loaded) == absl::StatusCode::kFailedPrecondition)
              << loaded.status();
          ++refused;
          continue;
        }
        ++harmless;
        SCOPED_TRACE(testing::Message() << spec.ToJson() << " tag " << tag << " byte " << at);
        ExpectRightShape(**loaded, rows);
      }
    }
    EXPECT_GT(refused, 20U) << spec.ToJson();
    EXPECT_GT(harmless, 20U) << spec.ToJson();
  }
}

// Numbers in codes that no codec writes: not a number, infinite, negative where none can be.
TEST(HnswCodesFileTest, CodesOfOddNumbersAreHarmless) {
  const TestRows rows = RandomRows(kCodedFileRows, 5, 2);
  for (const IndexSpec& spec : kCodedFiles) {
    const Sections sound = CodedSections(rows, spec);
    for (const uint32_t tag : {kWalkCodesTags.codes, kRefineCodesTags.codes}) {
      if (!sound.contains(tag)) continue;
      for (const int filler : {0x00, 0x7c, 0x7e, 0x7f, 0x80, 0xfc, 0xff}) {
        Sections changed = sound;
        std::string& bytes = changed[tag];
        for (size_t i = 0; i < bytes.size(); i += 1 + i % 2) bytes[i] = static_cast<char>(filler);
        auto loaded = LoadSections(changed, rows.view());
        ASSERT_OK(loaded);
        ExpectRightShape(**loaded, rows);
        bytes.assign(bytes.size(), static_cast<char>(filler));
        loaded = LoadSections(changed, rows.view());
        ASSERT_OK(loaded);
        ExpectRightShape(**loaded, rows);
      }
    }
  }
}

TEST(HnswCodesFileTest, MissingShortAndLongSectionsAreDataLoss) {
  const TestRows rows = RandomRows(kCodedFileRows, 5, 3);
  for (const IndexSpec& spec : kCodedFiles) {
    const Sections sound = CodedSections(rows, spec);
    for (const auto& [tag, bytes] : sound) {
      Sections changed = sound;
      changed.erase(tag);
      EXPECT_EQ(CodeOf(LoadSections(changed, rows.view())), absl::StatusCode::kDataLoss) << tag;
      for (const size_t size : {size_t{0}, bytes.size() / 2, bytes.size() - 1, bytes.size() + 1}) {
        changed = sound;
        changed[tag].resize(size);
        if (changed[tag] == bytes) continue;
        EXPECT_EQ(CodeOf(LoadSections(changed, rows.view())), absl::StatusCode::kDataLoss)
            << spec.ToJson() << " tag " << tag << " of " << size << " bytes";
      }
    }
  }
}

// META says what the graph is walked on; the codes say it again.
TEST(HnswCodesFileTest, CodesOfAnotherCodecThanMetaSaysAreDataLoss) {
  const TestRows rows = RandomRows(kCodedFileRows, 5, 4);
  const Sections sq8 = CodedSections(rows, kCodedFiles[0]);
  const Sections sq4 = CodedSections(rows, kCodedFiles[3]);
  for (const RowCodesTags& tags : {kWalkCodesTags, kRefineCodesTags}) {
    Sections changed = sq8;
    for (const uint32_t tag : {tags.head, tags.codes}) changed[tag] = sq4.at(tag);
    EXPECT_EQ(CodeOf(LoadSections(changed, rows.view())), absl::StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace vecdb::index
