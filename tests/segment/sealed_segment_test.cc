#include "segment/sealed_segment.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/byte_io.h"
#include "format/section_file.h"
#include "segment/segment_testing.h"
#include "support/fault_object_store.h"

namespace vecdb::segment {
namespace {

using absl::StatusCode::kDataLoss;
std::string BytesOf(ObjectStore& store, const std::string& path) {
  return GetObject(store, PathOf(path), support::kNoLimit).value();
}

void Damage(ObjectStore& store, const std::string& path, size_t at) {
  std::string bytes = BytesOf(store, path);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  ASSERT_OK(store.Delete(PathOf(path)));
  ASSERT_OK(PutObject(store, PathOf(path), bytes));
}

// Growing rows with versions and deletes: 200 upserts of 50 keys, every 7th a delete.
std::shared_ptr<GrowingSegment> MakeHistory(const Schema& schema) {
  const auto segment = MakeGrowing(schema);
  std::mt19937 random(3);
  for (uint64_t now = 1; now <= 200; ++now) {
    const auto key = static_cast<int64_t>(random() % 50);
    const std::string text = TextKey(key);
    const bool is_int64 = schema.fields[schema.primary_key_index()].type == DataType::kInt64;
    const schema::Key wanted = is_int64 ? schema::Key(key) : schema::Key(std::string_view(text));
    if (const auto old = segment->FindRow(wanted, kEver)) segment->deletes()->Set(*old, now);
    if (now % 7 != 0) Add(segment.get(), MakeRows(schema, {key}, static_cast<int>(now)), now);
  }
  return segment;
}

class SealedSegmentTest : public ::testing::Test {
 protected:
  // A segment of `rows` rows with an HNSW index on the vectors.
  static Written WriteIndexed(int64_t rows) {
    const auto growing = MakeGrowing(SmallSchema());
    Add(growing.get(), MakeRows(SmallSchema(), KeyRange(0, rows)), 5);
    Written written = segment::Write(*growing);
    const auto sealed = OpenSealed(written);
    const auto vectors = sealed->LoadVectors(kVector, {});
    EXPECT_OK(vectors);
    auto built = BuildIndex(*sealed, kVector, {.metric = Metric::kL2, .params = HnswParams{.m = 4}},
                            **vectors, {});
    EXPECT_OK(built);
    written.info.indexes.push_back(built->info);
    return written;
  }
};

TEST_F(SealedSegmentTest, EveryColumnIsThatOfTheGrowingRows) {
  const Schema schema = WideSchema();
  const auto growing = MakeGrowing(schema);
  Add(growing.get(), MakeRows(schema, KeyRange(-2000, 100)), 7);
  const auto sealed = OpenSealed(segment::Write(*growing));
  ASSERT_NE(sealed, nullptr);
  const std::vector<uint32_t> picked = {0, 2099, 17, 17, 4};
  for (size_t i = 0; i < NumColumns(schema); ++i) {
    const std::string_view name = FieldName(schema, i);
    for (const std::vector<uint32_t>& rows : {AllRows(i % 3 == 0 ? 2100 : 50), picked, {}}) {
      const auto column = sealed->Gather(i, rows, nullptr, {});
      ASSERT_OK(column);
      EXPECT_EQ(Texts(schema, name, *column), Texts(schema, name, growing->Gather(i, rows)))
          << name;
    }
  }
  EXPECT_OK(sealed->Verify({}));
}

TEST_F(SealedSegmentTest, FindsTheSameRowsAsGrowingOnesAtEveryTime) {
  for (const DataType key_type : {DataType::kInt64, DataType::kVarChar}) {
    const Schema schema = SmallSchema(key_type);
    const auto growing = MakeHistory(schema);
    const auto sealed = OpenSealed(segment::Write(*growing));
    ASSERT_NE(sealed, nullptr);
    EXPECT_EQ(sealed->deletes()->count(), growing->deletes()->count());
    for (uint64_t as_of = 0; as_of <= 201; as_of += 5) {
      for (int64_t key = -1; key <= 50; ++key) {
        const std::string text = TextKey(key);
        const schema::Key wanted =
            key_type == DataType::kInt64 ? schema::Key(key) : schema::Key(std::string_view(text));
        const auto row = sealed->FindRow(wanted, as_of, {});
        ASSERT_OK(row);
        ASSERT_EQ(*row, growing->FindRow(wanted, as_of)) << text << " at " << as_of;
      }
    }
  }
}

TEST_F(SealedSegmentTest, SharesTheDeletesOfTheGrowingRows) {
  const auto growing = MakeGrowing(SmallSchema());
  Add(growing.get(), MakeRows(SmallSchema(), KeyRange(0, 10)), 5);
  const Written written = segment::Write(*growing);
  const auto sealed = SealedSegment::Open(written.store, written.info, {}, growing->deletes(), {});
  ASSERT_OK(sealed);
  growing->deletes()->Set(3, 9);
  EXPECT_TRUE((*sealed)->deletes()->DeletedAt(3, 9));
  EXPECT_EQ(*(*sealed)->FindRow(schema::Key(int64_t{3}), 8, {}), 3u);
  EXPECT_EQ(*(*sealed)->FindRow(schema::Key(int64_t{3}), 9, {}), std::nullopt);
}

TEST_F(SealedSegmentTest, WithInfoIsTheSameRowsUnderAnotherInfo) {
  const Written written = WriteIndexed(20);
  SegmentInfo without = written.info;
  without.indexes.clear();
  const auto sealed = OpenSealed({written.store, without});
  const auto with = sealed->WithInfo(written.info);
  EXPECT_EQ(with->deletes(), sealed->deletes());
  EXPECT_EQ(with->info(), written.info);
  EXPECT_EQ(sealed->info(), without);
  const auto vectors = with->LoadVectors(kVector, {});
  ASSERT_OK(vectors);
  EXPECT_NE(*with->LoadIndex(kVector, **vectors, {}), nullptr);
  EXPECT_EQ(*sealed->LoadIndex(kVector, **vectors, {}), nullptr);
}

TEST_F(SealedSegmentTest, MissingObjectIsNotFound) {
  const Written written = WriteIndexed(20);
  for (const char* name : {"columns.vseg", "101.vec"}) {
    const std::string path = "segments/s/" + std::string(name);
    const std::string bytes = BytesOf(*written.store, path);
    ASSERT_OK(written.store->Delete(PathOf(path)));
    EXPECT_EQ(CodeOf(SealedSegment::Open(written.store, written.info, {}, nullptr, {})),
              absl::StatusCode::kNotFound)
        << name;
    ASSERT_OK(PutObject(*written.store, PathOf(path), bytes));
  }
}

TEST_F(SealedSegmentTest, DamagedFrameIsFoundAtOpenAndDamagedBytesWhenTheyAreRead) {
  for (const char* name : {"columns.vseg", "101.vec"}) {
    const std::string path = "segments/s/" + std::string(name);
    Written written = WriteIndexed(20);
    const size_t size = BytesOf(*written.store, path).size();
    Damage(*written.store, path, size - 70);  // the section table
    EXPECT_EQ(CodeOf(SealedSegment::Open(written.store, written.info, {}, nullptr, {})), kDataLoss);
    Damage(*written.store, path, size - 70);  // whole again
    Damage(*written.store, path, 200);        // the first bytes of the rows
    const auto sealed = OpenSealed(written);
    ASSERT_NE(sealed, nullptr) << name;
    EXPECT_EQ(CodeOf(sealed->Verify({})), kDataLoss);
    const std::vector<size_t> columns = {kVector};
    const auto resident = sealed->LoadResident(columns, {});
    const auto times = sealed->GetTimestamps({});
    EXPECT_TRUE(CodeOf(resident) == kDataLoss || CodeOf(times) == kDataLoss) << name;
  }
}

TEST_F(SealedSegmentTest, ObjectsOfAnotherSegmentAreDataLoss) {
  const Written small = WriteIndexed(20);
  const Written large = WriteIndexed(21);
  for (const char* name : {"columns.vseg", "101.vec"}) {
    const std::string path = "segments/s/" + std::string(name);
    const Written mixed = WriteIndexed(20);
    ASSERT_OK(mixed.store->Delete(PathOf(path)));
    ASSERT_OK(PutObject(*mixed.store, PathOf(path), BytesOf(*large.store, path)));
    EXPECT_EQ(CodeOf(SealedSegment::Open(mixed.store, small.info, {}, nullptr, {})), kDataLoss);
  }
}

TEST_F(SealedSegmentTest, InfoThatDoesNotFitIsDataLoss) {
  const Written written = WriteIndexed(20);
  const auto code_of = [&](const SegmentInfo& info) {
    return CodeOf(SealedSegment::Open(written.store, info, {}, nullptr, {}));
  };
  EXPECT_EQ(code_of(written.info), absl::StatusCode::kOk);
  for (const uint64_t rows : {uint64_t{0}, uint64_t{19}, (uint64_t{1} << 32) + 20, ~uint64_t{0}}) {
    SegmentInfo info = written.info;
    info.num_rows = rows;
    EXPECT_EQ(code_of(info), kDataLoss) << rows;
  }
  for (size_t i = 0; i < written.info.objects.size(); ++i) {
    SegmentInfo info = written.info;
    info.objects.erase(info.objects.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_EQ(code_of(info), kDataLoss);
    info = written.info;
    info.objects[i].checksum ^= 1;
    EXPECT_EQ(code_of(info), kDataLoss);
  }
  for (const char* field : {"nope", "group"}) {
    SegmentInfo info = written.info;
    info.indexes[0].field = field;
    EXPECT_EQ(code_of(info), kDataLoss) << field;
  }
  SegmentInfo info = written.info;
  info.num_deletes = 1;  // and no object that has it
  EXPECT_EQ(code_of(info), kDataLoss);
  info.folder = "../s";
  info.num_deletes = 0;
  EXPECT_EQ(code_of(info), absl::StatusCode::kInvalidArgument);
  info = written.info;
  info.schema.fields[1].dim = 5;
  EXPECT_EQ(code_of(info), kDataLoss);
}

TEST_F(SealedSegmentTest, DeletesThatAreMissingOrDamagedAreNoReasonToForgetThem) {
  const auto growing = MakeGrowing(SmallSchema());
  Add(growing.get(), MakeRows(SmallSchema(), KeyRange(0, 10)), 5);
  growing->deletes()->Set(3, 9);
  const Written written = segment::Write(*growing);
  ASSERT_TRUE(written.info.deletes.has_value());
  EXPECT_EQ(OpenSealed(written)->deletes()->at(3), 9u);
  SegmentInfo info = written.info;
  info.num_deletes = 2;
  EXPECT_EQ(CodeOf(SealedSegment::Open(written.store, info, {}, nullptr, {})), kDataLoss);
  const std::string path = "segments/s/" + written.info.deletes->name;
  Damage(*written.store, path, 64);
  EXPECT_EQ(CodeOf(SealedSegment::Open(written.store, written.info, {}, nullptr, {})), kDataLoss);
  ASSERT_OK(written.store->Delete(PathOf(path)));
  EXPECT_EQ(CodeOf(SealedSegment::Open(written.store, written.info, {}, nullptr, {})),
            absl::StatusCode::kNotFound);
}

TEST_F(SealedSegmentTest, IndexComesBackAsItWasBuilt) {
  const Written written = WriteIndexed(200);
  const auto sealed = OpenSealed(written);
  const std::vector<size_t> columns = {kVector};
  const auto resident = sealed->LoadResident(columns, {});
  ASSERT_OK(resident);
  const ResidentField& field = (*resident)->fields[kVector];
  ASSERT_NE(field.index, nullptr);
  EXPECT_EQ(field.index->spec(), written.info.indexes[0].spec);
  EXPECT_EQ((*resident)->bytes(), field.vectors->bytes() + field.index->index_bytes());
  EXPECT_EQ(field.vectors->bytes(), 200u * (4 + 1) * sizeof(float));
  EXPECT_FALSE(sealed->index_damaged(kVector));
}

TEST_F(SealedSegmentTest, DamagedIndexIsLeftAsideAndReported) {
  const Written good = WriteIndexed(200);
  const std::string path = "segments/s/" + good.info.indexes[0].object.name;
  const size_t size = BytesOf(*good.store, path).size();
  enum class How { kFlip, kTruncate, kRemove, kForeign, kOtherSpec };
  for (const How how : {How::kFlip, How::kTruncate, How::kRemove, How::kForeign, How::kOtherSpec}) {
    MemoryLog log;
    Written written = WriteIndexed(200);
    SegmentIndexInfo& index = written.info.indexes[0];
    const ObjectPath object = PathOf("segments/s/" + index.object.name);
    if (how == How::kFlip) Damage(*written.store, object.str(), 300);
    if (how == How::kOtherSpec) index.spec.metric = Metric::kIp;
    if (how == How::kRemove || how == How::kTruncate || how == How::kForeign) {
      const std::string bytes = BytesOf(*written.store, object.str());
      ASSERT_OK(written.store->Delete(object));
      if (how == How::kTruncate) {
        ASSERT_OK(PutObject(*written.store, object, bytes.substr(0, size / 2)));
      } else if (how == How::kForeign) {
        ASSERT_OK(PutObject(*written.store, object, std::string(5000, 'x')));
      }
    }
    const auto sealed = OpenSealed(written, {.log = &log});
    ASSERT_NE(sealed, nullptr);
    const std::vector<size_t> columns = {kVector};
    for (int load = 0; load < 2; ++load) {
      const auto resident = sealed->LoadResident(columns, {});
      ASSERT_OK(resident);
      EXPECT_EQ((*resident)->fields[kVector].index, nullptr);
      EXPECT_NE((*resident)->fields[kVector].vectors, nullptr);
    }
    EXPECT_TRUE(sealed->index_damaged(kVector));
    ASSERT_EQ(log.messages.size(), 1u);
    EXPECT_NE(log.messages[0].find(index.object.name), std::string::npos) << log.messages[0];
    EXPECT_EQ(log.messages[0].find('\n'), std::string::npos);
  }
}

TEST_F(SealedSegmentTest, RowsAreLoadedWhereTheCodedIndexIsDamaged) {
  Written written = WriteIndexed(200);
  const auto plain = OpenSealed(written);
  const IndexSpec spec{.metric = Metric::kL2, .params = HnswParams{.codec = HnswCodec::kSq8}};
  auto built = BuildIndex(*plain, kVector, spec, **plain->LoadVectors(kVector, {}), {});
  ASSERT_OK(built);
  written.info.indexes = {built->info};
  const std::vector<size_t> columns = {kVector};
  const auto sound = OpenSealed(written)->LoadResident(columns, {});
  ASSERT_OK(sound);
  EXPECT_EQ((*sound)->fields[kVector].vectors->view.rows, nullptr);
  Damage(*written.store, "segments/s/" + built->info.object.name, 300);
  const auto sealed = OpenSealed(written);
  const auto damaged = sealed->LoadResident(columns, {});
  ASSERT_OK(damaged);
  EXPECT_EQ((*damaged)->fields[kVector].index, nullptr);
  EXPECT_NE((*damaged)->fields[kVector].vectors->view.rows, nullptr);
  EXPECT_TRUE(sealed->index_damaged(kVector));
  // What was loaded before stays, and what is missing is read.
  const auto again = sealed->LoadField(kVector, (*damaged)->fields[kVector], {});
  ASSERT_OK(again);
  EXPECT_EQ(again->vectors, (*damaged)->fields[kVector].vectors);
}

// Its META names no codec, and it has no codes.
TEST_F(SealedSegmentTest, GraphsFromBeforeThereWereCodesHaveTheirRowsInMemory) {
  const auto growing = MakeGrowing(SmallSchema(DataType::kInt64, 64));
  Add(growing.get(), MakeRows(SmallSchema(DataType::kInt64, 64), KeyRange(0, 100)), 5);
  Written written = segment::Write(*growing);
  const auto plain = OpenSealed(written);
  IndexSpec spec{.metric = Metric::kL2, .params = HnswParams{.m = 4, .codec = HnswCodec::kFloat32}};
  auto built = BuildIndex(*plain, kVector, spec, **plain->LoadVectors(kVector, {}), {});
  ASSERT_OK(built);
  const ObjectPath path = PathOf("segments/s/" + built->info.object.name);
  std::map<uint32_t, std::string> sections;
  {
    const auto file =
        format::SectionFile::Open(*written.store, path, format::FileKind::kIndex, std::nullopt, {});
    ASSERT_OK(file);
    for (const format::SectionInfo& section : (*file)->sections()) {
      sections[section.tag] = *(*file)->ReadSmall(section.tag, uint64_t{1} << 30, {});
    }
  }
  std::string& meta = sections[format::Tag("META")];
  meta.resize(meta.size() - 8);
  ASSERT_OK(written.store->Delete(path));
  auto writer = format::SectionWriter::Create(*written.store, path, format::FileKind::kIndex, {});
  ASSERT_OK(writer);
  for (const auto& [tag, bytes] : sections) {
    ASSERT_OK((*writer)->AddSection(tag, base::AsBytes(bytes), {}));
  }
  const auto summary = (*writer)->Finish({});
  ASSERT_OK(summary);
  std::get<HnswParams>(built->info.spec.params).codec = HnswCodec::kAuto;
  built->info.object.size_bytes = summary->size_bytes;
  built->info.object.checksum = summary->checksum;
  written.info.indexes = {built->info};
  const auto sealed = OpenSealed(written);
  const std::vector<size_t> columns = {kVector};
  const auto resident = sealed->LoadResident(columns, {});
  ASSERT_OK(resident);
  EXPECT_NE((*resident)->fields[kVector].index, nullptr);
  EXPECT_NE((*resident)->fields[kVector].vectors->view.rows, nullptr);
  EXPECT_FALSE(sealed->index_damaged(kVector));
}

TEST_F(SealedSegmentTest, StoreThatAnswersLaterIsNoDamage) {
  const Written written = WriteIndexed(200);
  const auto injector = std::make_shared<support::FaultInjector>();
  const auto faulty = std::make_shared<support::FaultObjectStore>(written.store, injector);
  const auto sealed = SealedSegment::Open(faulty, written.info, {}, nullptr, {});
  ASSERT_OK(sealed);
  const auto vectors = (*sealed)->LoadVectors(kVector, {});
  ASSERT_OK(vectors);
  injector->Arm({.call = "Open", .error = absl::UnavailableError("later")});
  EXPECT_EQ(CodeOf((*sealed)->LoadIndex(kVector, **vectors, {})), absl::StatusCode::kUnavailable);
  EXPECT_FALSE((*sealed)->index_damaged(kVector));
  injector->Disarm();
  EXPECT_NE(*(*sealed)->LoadIndex(kVector, **vectors, {}), nullptr);
}

TEST_F(SealedSegmentTest, ColumnsAreKeptUntilTheyAreDropped) {
  const Written written = WriteIndexed(200);
  MemoryBudget budget;
  const auto injector = std::make_shared<support::FaultInjector>();
  const auto counting = std::make_shared<support::FaultObjectStore>(written.store, injector);
  const auto sealed = SealedSegment::Open(counting, written.info, {.budget = &budget}, nullptr, {});
  ASSERT_OK(sealed);
  const auto first = (*sealed)->GetColumn(2, {});
  ASSERT_OK(first);
  injector->Disarm();
  EXPECT_EQ(*(*sealed)->GetColumn(2, {}), *first);
  EXPECT_TRUE(injector->calls().empty());
  EXPECT_EQ((*sealed)->column_bytes(), 200u * sizeof(int32_t));
  EXPECT_EQ(budget.used_bytes(), 200u * sizeof(int32_t));
  ASSERT_OK((*sealed)->FindRow(schema::Key(int64_t{7}), kEver, {}));
  EXPECT_EQ((*sealed)->column_bytes(),
            200u * (sizeof(int32_t) + sizeof(int64_t) + sizeof(uint32_t)));
  (*sealed)->DropColumns();
  EXPECT_EQ((*sealed)->column_bytes(), 0u);
  EXPECT_EQ(budget.used_bytes(), 200u * sizeof(int32_t));  // `first` is in use
  EXPECT_EQ((*first)->column.num_rows(), 200u);
}

TEST_F(SealedSegmentTest, WhatDoesNotFitIntoTheBudgetIsRefusedAndGivenBack) {
  const Written written = WriteIndexed(200);
  uint64_t needed = 0;
  const std::vector<size_t> columns = {kVector};
  {
    MemoryBudget budget;
    const auto sealed = OpenSealed(written, {.budget = &budget});
    const auto resident = sealed->LoadResident(columns, {});
    ASSERT_OK(resident);
    needed = budget.used_bytes();
  }
  for (uint64_t limit = 0; limit < needed; limit += needed / 8) {
    MemoryBudget budget(limit);
    {
      const auto sealed = OpenSealed(written, {.budget = &budget});
      EXPECT_EQ(CodeOf(sealed->LoadResident(columns, {})), absl::StatusCode::kResourceExhausted);
      EXPECT_FALSE(sealed->index_damaged(kVector));
    }
    EXPECT_EQ(budget.used_bytes(), 0u) << limit;
  }
  MemoryBudget budget(needed);
  EXPECT_OK(OpenSealed(written, {.budget = &budget})->LoadResident(columns, {}));
}

TEST_F(SealedSegmentTest, ReadsHonourTheContext) {
  const auto sealed = OpenSealed(WriteIndexed(20));
  const Context cancelled = support::CancelledContext();
  EXPECT_EQ(CodeOf(sealed->GetColumn(2, cancelled)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(sealed->LoadVectors(kVector, cancelled)), absl::StatusCode::kCancelled);
  EXPECT_EQ(CodeOf(sealed->FindRow(schema::Key(int64_t{1}), 1, cancelled)),
            absl::StatusCode::kCancelled);
  EXPECT_OK(sealed->GetColumn(2, {}));
}

TEST_F(SealedSegmentTest, ObjectsLieUnderFixedNames) {
  EXPECT_EQ(ColumnFileName(), "columns.vseg");
  EXPECT_EQ(VectorFileName(1), "101.vec");
  EXPECT_EQ(SegmentObjectPath({.folder = "a/b"}, "c")->str(), "a/b/c");
  EXPECT_EQ(CodeOf(SegmentObjectPath({.folder = "a/b"}, "../c")),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::segment
