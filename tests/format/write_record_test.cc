#include "format/write_record.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/byte_io.h"
#include "format/format_testing.h"
#include "format/log_file.h"
#include "schema/key.h"

namespace vecdb::format {
namespace {

using absl::StatusCode::kDataLoss;
using absl::StatusCode::kFailedPrecondition;

// Where the fields lie, as docs/formats.md gives them.
constexpr size_t kKindAt = 0;
constexpr size_t kFlagsAt = 1;
constexpr size_t kReservedAt = 2;
constexpr size_t kNumRowsAt = 4;
constexpr size_t kRawBytesAt = 16;
constexpr size_t kStoredBytesAt = 24;
constexpr size_t kHeadBytes = 32;
constexpr int kCompressed = 2;

Schema AllTypes(bool dynamic = true) {
  return {.fields = {{.name = "id", .type = DataType::kInt64, .primary_key = true},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 3},
                     {.name = "bool", .type = DataType::kBool},
                     {.name = "int8", .type = DataType::kInt8},
                     {.name = "int16", .type = DataType::kInt16},
                     {.name = "int32", .type = DataType::kInt32},
                     {.name = "int64", .type = DataType::kInt64},
                     {.name = "float", .type = DataType::kFloat},
                     {.name = "double", .type = DataType::kDouble},
                     {.name = "text", .type = DataType::kVarChar, .max_length = 4000},
                     {.name = "json", .type = DataType::kJson},
                     {.name = "w", .type = DataType::kFloatVector, .dim = 2}},
          .enable_dynamic_field = dynamic};
}

Schema SmallSchema(DataType key = DataType::kInt64, bool auto_id = false) {
  return {.fields = {{.name = "id",
                      .type = key,
                      .primary_key = true,
                      .auto_id = auto_id,
                      .max_length = key == DataType::kVarChar ? 16 : 0},
                     {.name = "v", .type = DataType::kFloatVector, .dim = 1}}};
}

std::shared_ptr<const Schema> Shared(const Schema& schema) {
  return std::make_shared<const Schema>(schema);
}

// Three rows; `text` of the second is long, so that it can be compressed.
RowBatch AllTypesRows(size_t text_bytes, bool dynamic = true) {
  RowBatch rows(AllTypes(dynamic));
  rows.SetInt64("id", std::vector<int64_t>{INT64_MIN, -1, INT64_MAX});
  rows.SetFloatVectors("v", {1, 2, 3, 4, 5, 6, 7, 8, 9});
  rows.SetBool("bool", std::array<bool, 3>{true, false, true});
  rows.SetInt8("int8", std::vector<int8_t>{-128, 0, 127});
  rows.SetInt16("int16", std::vector<int16_t>{-32768, 0, 32767});
  rows.SetInt32("int32", std::vector<int32_t>{INT32_MIN, 0, INT32_MAX});
  rows.SetInt64("int64", std::vector<int64_t>{INT64_MAX, 0, INT64_MIN});
  rows.SetFloat("float", std::vector<float>{-1.5f, 0, 3e38f});
  rows.SetDouble("double", std::vector<double>{-1.25, 0, 1e308});
  rows.SetVarChar("text", std::vector<std::string>{"", std::string(text_bytes, 'x'), "\xc3\xa9"});
  rows.SetJson("json", std::vector<std::string>{"{\"a\":[1,2]}", "null", "\"text\""});
  rows.SetFloatVectors("w", {-1, -2, -3, -4, -5, -6});
  if (dynamic) {
    rows.SetJson(kDynamicFieldName, std::vector<std::string>{"{}", "{\"b\":1}", "{\"c\":\"d\"}"});
  }
  return rows;
}

RowBatch SmallRows(const std::vector<int64_t>& ids) {
  RowBatch rows(SmallSchema());
  rows.SetInt64("id", ids);
  rows.SetFloatVectors("v", std::vector<float>(ids.size(), 0.5f));
  return rows;
}

std::string PayloadOf(const RowBatch& rows, WriteKind kind = WriteKind::kInsert,
                      std::optional<uint64_t> host_sequence = std::nullopt,
                      std::span<const int64_t> auto_keys = {}) {
  uint64_t payload_bytes = 0;
  std::string bytes = EncodeRows(kind, rows, auto_keys, host_sequence, 0, &payload_bytes);
  EXPECT_EQ(bytes.size(), payload_bytes);
  return bytes;
}

std::string DeletePayload(const Keys& keys, std::optional<uint64_t> host_sequence = std::nullopt) {
  uint64_t payload_bytes = 0;
  std::string bytes = EncodeDelete(schema::KeyColumn(keys), host_sequence, 0, &payload_bytes);
  EXPECT_EQ(bytes.size(), payload_bytes);
  return bytes;
}

absl::StatusOr<WriteRecord> Decode(const Schema& schema, std::string_view payload) {
  return DecodeWrite("r", Shared(schema), base::AsBytes(payload));
}

bool IsCompressed(std::string_view payload) { return (payload[kFlagsAt] & kCompressed) != 0; }

// ---- what goes in comes out

TEST(WriteRecordTest, EveryTypeOfFieldComesBack) {
  for (const size_t text_bytes : {10u, 3000u}) {  // as it is, and compressed
    for (const bool dynamic : {true, false}) {
      const RowBatch rows = AllTypesRows(text_bytes, dynamic);
      const std::string payload = PayloadOf(rows);
      EXPECT_EQ(IsCompressed(payload), text_bytes == 3000);
      const auto record = Decode(AllTypes(dynamic), payload);
      ASSERT_OK(record);
      EXPECT_EQ(record->kind, WriteKind::kInsert);
      EXPECT_EQ(record->rows.ToJson(), rows.ToJson());
    }
  }
}

TEST(WriteRecordTest, KindsComeBack) {
  for (const WriteKind kind : {WriteKind::kInsert, WriteKind::kUpsert}) {
    EXPECT_EQ(Decode(SmallSchema(), PayloadOf(SmallRows({1}), kind))->kind, kind);
  }
  EXPECT_EQ(Decode(SmallSchema(), DeletePayload({1}))->kind, WriteKind::kDelete);
}

TEST(WriteRecordTest, HostSequenceComesBack) {
  for (const std::optional<uint64_t> sequence :
       {std::optional<uint64_t>(), std::optional<uint64_t>(0), std::optional<uint64_t>(~0ULL)}) {
    const auto rows =
        Decode(SmallSchema(), PayloadOf(SmallRows({1}), WriteKind::kInsert, sequence));
    ASSERT_OK(rows);
    EXPECT_EQ(rows->host_sequence, sequence);
    const auto deletes = Decode(SmallSchema(), DeletePayload({1}, sequence));
    ASSERT_OK(deletes);
    EXPECT_EQ(deletes->host_sequence, sequence);
  }
}

TEST(WriteRecordTest, DynamicFieldThatWasNotSetStaysAbsent) {
  RowBatch rows(AllTypes());
  for (const FieldSpec& field : AllTypes().fields) {
    rows.SetColumn(field.name, *AllTypesRows(5).column(field.name));
  }
  const std::string payload = PayloadOf(rows);
  const auto record = Decode(AllTypes(), payload);
  ASSERT_OK(record);
  const Column* dynamic = record->rows.column(kDynamicFieldName);
  EXPECT_TRUE(dynamic == nullptr || dynamic->empty());
  EXPECT_EQ(record->rows.ToJson(), rows.ToJson());
}

TEST(WriteRecordTest, KeysThatTheLibraryMadeComeBack) {
  const Schema schema = SmallSchema(DataType::kInt64, /*auto_id=*/true);
  RowBatch rows(schema);
  rows.SetFloatVectors("v", {1, 2, 3});
  const std::vector<int64_t> keys = {100, 101, 102};
  const std::string payload = PayloadOf(rows, WriteKind::kInsert, std::nullopt, keys);
  const auto record = Decode(schema, payload);
  ASSERT_OK(record);
  const auto found = record->rows.column("id")->int64s();
  EXPECT_EQ(std::vector<int64_t>(found.begin(), found.end()), keys);
}

TEST(WriteRecordTest, VarCharKeysComeBack) {
  const Schema schema = SmallSchema(DataType::kVarChar);
  RowBatch rows(schema);
  const std::vector<std::string> keys = {"", "a", "sixteen bytes..."};
  rows.SetVarChar("id", keys);
  rows.SetFloatVectors("v", {1, 2, 3});
  const std::string payload = PayloadOf(rows, WriteKind::kUpsert);
  const auto record = Decode(schema, payload);
  ASSERT_OK(record);
  EXPECT_EQ(record->rows.ToJson(), rows.ToJson());
}

TEST(WriteRecordTest, DeletedKeysOfBothTypesComeBack) {
  const std::vector<int64_t> numbers = {5, INT64_MIN, 5};
  auto record = Decode(SmallSchema(), DeletePayload(numbers));
  ASSERT_OK(record);
  const schema::KeyColumn found = schema::KeysOf(record->rows);
  ASSERT_EQ(found.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(found[i].int64(), numbers[i]);
  const std::vector<std::string> texts = {"", "long enough to be on the heap", "z"};
  record = Decode(SmallSchema(DataType::kVarChar), DeletePayload(texts));
  ASSERT_OK(record);
  const schema::KeyColumn keys = schema::KeysOf(record->rows);
  ASSERT_EQ(keys.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(keys[i].varchar(), texts[i]);
}

TEST(WriteRecordTest, LargeDeletesAreCompressed) {
  std::vector<int64_t> keys(1000);
  for (size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<int64_t>(i);
  const std::string payload = DeletePayload(keys);
  EXPECT_TRUE(IsCompressed(payload));
  EXPECT_LT(payload.size(), 8000u);
  const auto record = Decode(SmallSchema(), payload);
  ASSERT_OK(record);
  EXPECT_EQ(schema::KeysOf(record->rows)[999].int64(), 999);
}

TEST(WriteRecordTest, BatchThatNearlyVanishesWhenCompressedCanBeRead) {
  const std::vector<int64_t> keys(1'000'000, 7);
  const auto record = Decode(SmallSchema(), DeletePayload(keys));
  ASSERT_OK(record);
  EXPECT_EQ(schema::KeysOf(record->rows).size(), keys.size());
}

TEST(WriteRecordTest, VectorsAreBorrowedFromThePayloadAndAligned) {
  for (size_t text_bytes = 0; text_bytes < 9; ++text_bytes) {
    const std::string payload = PayloadOf(AllTypesRows(text_bytes));
    const auto record = Decode(AllTypes(), payload);
    ASSERT_OK(record);
    for (const char* field : {"v", "w"}) {
      const float* vectors = record->rows.column(field)->vectors().data();
      const auto at = reinterpret_cast<const char*>(vectors) - payload.data();
      EXPECT_TRUE(at > 0 && at < static_cast<ptrdiff_t>(payload.size()));
      EXPECT_EQ(at % 8, 0);
    }
  }
}

TEST(WriteRecordTest, FrontIsLeftForTheFrameAndTheEndIsPadded) {
  uint64_t payload_bytes = 0;
  const std::string bytes =
      EncodeRows(WriteKind::kInsert, SmallRows({1}), {}, 5, kLogFrameBytes, &payload_bytes);
  EXPECT_EQ(bytes.size(), LogRecordBytes(payload_bytes));
  EXPECT_EQ(bytes.substr(0, kLogFrameBytes), std::string(kLogFrameBytes, '\0'));
  EXPECT_EQ(bytes.substr(kLogFrameBytes), PayloadOf(SmallRows({1}), WriteKind::kInsert, 5));
  const std::string deletes =
      EncodeDelete(schema::KeyColumn(Keys({1})), 5, kLogFrameBytes, &payload_bytes);
  EXPECT_EQ(deletes.size(), LogRecordBytes(payload_bytes));
  EXPECT_EQ(deletes.substr(kLogFrameBytes), DeletePayload({1}, 5));
}

TEST(WriteRecordTest, BufferThatIsUsedAgainLeavesNothingOfWhatItHeld) {
  uint64_t payload_bytes = 0;
  const std::string bytes = EncodeRows(WriteKind::kInsert, AllTypesRows(9), {}, 5, kLogFrameBytes,
                                       &payload_bytes, std::string(5000, 'x'));
  EXPECT_EQ(bytes,
            EncodeRows(WriteKind::kInsert, AllTypesRows(9), {}, 5, kLogFrameBytes, &payload_bytes));
  EXPECT_EQ(bytes.size(), LogRecordBytes(payload_bytes));
}

// ---- hostile payloads

std::vector<std::pair<Schema, std::string>> Samples() {
  return {{AllTypes(), PayloadOf(AllTypesRows(10), WriteKind::kInsert, 77)},
          {AllTypes(), PayloadOf(AllTypesRows(3000), WriteKind::kUpsert)},
          {SmallSchema(), PayloadOf(SmallRows({1, 2, 3}))},
          {SmallSchema(), DeletePayload({1, 2, 3}, 5)},
          {SmallSchema(DataType::kVarChar),
           DeletePayload({std::string("a"), std::string(600, 'b'), std::string("c")})}};
}

TEST(WriteRecordTest, EveryTruncationAndSurplusIsDataLoss) {
  for (const auto& [schema, payload] : Samples()) {
    ASSERT_OK(Decode(schema, payload));
    for (size_t length = 0; length < payload.size(); ++length) {
      EXPECT_EQ(CodeOf(Decode(schema, payload.substr(0, length))), kDataLoss) << length;
    }
    for (const size_t surplus : {1u, 8u, 100u}) {
      EXPECT_EQ(CodeOf(Decode(schema, absl::StrCat(payload, std::string(surplus, '\0')))),
                kDataLoss);
    }
  }
}

TEST(WriteRecordTest, EveryChangedByteIsRefusedOrGivesAValidRecord) {
  for (const auto& [schema, payload] : Samples()) {
    for (size_t at = 0; at < payload.size(); ++at) {
      for (const int change : {0x01, 0x80, 0xff}) {
        std::string bad = payload;
        bad[at] = static_cast<char>(bad[at] ^ change);
        const auto record = Decode(schema, bad);
        if (!record.ok()) {
          EXPECT_TRUE(CodeOf(record) == kDataLoss || CodeOf(record) == kFailedPrecondition)
              << at << ": " << record.status();
        } else if (record->kind != WriteKind::kDelete) {
          // What is read can be written.
          EXPECT_OK(Decode(schema, PayloadOf(record->rows, record->kind)));
        }
      }
    }
  }
}

TEST(WriteRecordTest, PayloadOfAnotherSchemaIsRefusedOrValid) {
  for (const auto& [schema, payload] : Samples()) {
    for (const auto& [other, other_payload] : Samples()) {
      const auto record = Decode(other, payload);
      if (record.ok()) continue;
      EXPECT_EQ(CodeOf(record), kDataLoss);
    }
  }
}

template <typename T>
absl::StatusCode CodeWith(const std::string& payload, size_t at, T value,
                          const Schema& schema = SmallSchema()) {
  std::string bad = payload;
  PutAt(&bad, at, value);
  return CodeOf(Decode(schema, bad));
}

TEST(WriteRecordTest, UnknownKindsAndFlagsAreFailedPrecondition) {
  for (const std::string& payload : {PayloadOf(SmallRows({1})), DeletePayload({1})}) {
    EXPECT_EQ(CodeWith(payload, kKindAt, uint8_t{0}), kFailedPrecondition);
    EXPECT_EQ(CodeWith(payload, kKindAt, uint8_t{4}), kFailedPrecondition);
    EXPECT_EQ(CodeWith(payload, kFlagsAt, uint8_t{4}), kFailedPrecondition);
    EXPECT_EQ(CodeWith(payload, kFlagsAt, uint8_t{128}), kFailedPrecondition);
    EXPECT_EQ(CodeWith(payload, kReservedAt, uint16_t{1}), kFailedPrecondition);
  }
}

TEST(WriteRecordTest, SizesThatCannotBeAreDataLoss) {
  const std::string payload = PayloadOf(SmallRows({1, 2, 3}));
  for (const uint32_t rows : {0u, 2u, 4u, 0x7fffffffu, 0xffffffffu}) {
    EXPECT_EQ(CodeWith(payload, kNumRowsAt, rows), kDataLoss) << rows;
  }
  const auto stored = GetAt<uint64_t>(payload, kStoredBytesAt);
  for (const uint64_t bytes :
       {uint64_t{0}, stored - 1, stored + 1, uint64_t{1} << 63, ~uint64_t{0}}) {
    EXPECT_EQ(CodeWith(payload, kRawBytesAt, bytes), kDataLoss) << bytes;
    EXPECT_EQ(CodeWith(payload, kStoredBytesAt, bytes), kDataLoss) << bytes;
    std::string both = payload;
    PutAt(&both, kRawBytesAt, bytes);
    EXPECT_EQ(CodeWith(both, kStoredBytesAt, bytes), kDataLoss) << bytes;
  }
}

TEST(WriteRecordTest, StringLengthsThatOverflowAreDataLoss) {
  const Schema schema = SmallSchema(DataType::kVarChar);
  const std::string payload = DeletePayload({std::string("abc"), std::string("def")});
  for (const uint32_t length : {0u, 2u, 4u, 0xffffffffu}) {
    EXPECT_EQ(CodeWith(payload, kHeadBytes + 1, length, schema), kDataLoss) << length;
  }
}

TEST(WriteRecordTest, DeleteWithoutKeysIsDataLoss) {
  std::string payload = DeletePayload({1});
  payload.resize(kHeadBytes + 8);
  payload[kHeadBytes] = 0;  // the column is not there
  PutAt(&payload, kRawBytesAt, uint64_t{1});
  PutAt(&payload, kStoredBytesAt, uint64_t{1});
  EXPECT_EQ(CodeOf(Decode(SmallSchema(), payload)), kDataLoss);
}

TEST(WriteRecordTest, RowsThatNoCallerCouldHaveWrittenAreDataLoss) {
  const std::string payload = PayloadOf(AllTypesRows(10));
  // NaN in the last vector.
  EXPECT_EQ(
      CodeWith(payload, payload.size() - 4, std::numeric_limits<float>::quiet_NaN(), AllTypes()),
      kDataLoss);
  // A bool of 2: behind the head and the key column.
  const size_t bool_at = kHeadBytes + 1 + 3 * 8 + 1;
  ASSERT_EQ(payload[bool_at], 1);
  EXPECT_EQ(CodeWith(payload, bool_at, uint8_t{2}, AllTypes()), kDataLoss);
  // A byte that is no UTF-8.
  const size_t text_at = payload.find("xxxxxxxxxx");
  ASSERT_NE(text_at, std::string::npos);
  EXPECT_EQ(CodeWith(payload, text_at, uint8_t{0xff}, AllTypes()), kDataLoss);
}

// The payload of a delete whose keys are `block`, said to unfold to `raw_bytes`.
std::string CompressedDelete(std::string_view block, uint32_t num_rows, uint64_t raw_bytes) {
  base::ByteWriter writer;
  writer.Put(WriteKind::kDelete);
  writer.Put(static_cast<uint8_t>(kCompressed));
  writer.Put(uint16_t{0});
  writer.Put(num_rows);
  writer.Put(uint64_t{0});
  writer.Put(raw_bytes);
  writer.Put(static_cast<uint64_t>(block.size()));
  writer.PutBytes(block);
  writer.PadTo(8);
  return writer.str();
}

TEST(WriteRecordTest, RatioBombIsRefused) {
  // A zstd frame of `raw_bytes` ones: that the column is there, and keys of that byte.
  const uint32_t num_rows = 10000;
  const uint32_t raw_bytes = num_rows * 8 + 1;
  base::ByteWriter block;
  block.Put(uint32_t{0xFD2FB528});
  block.Put(uint8_t{0xA0});  // four bytes of size, in one segment
  block.Put(raw_bytes);
  const uint32_t header = raw_bytes << 3 | 1 << 1 | 1;  // the last block, one byte over and over
  block.Put(static_cast<uint16_t>(header));
  block.Put(static_cast<uint8_t>(header >> 16));
  block.Put(uint8_t{1});
  ASSERT_GT(raw_bytes / block.str().size(), 1000u);
  EXPECT_EQ(CodeOf(Decode(SmallSchema(), CompressedDelete(block.str(), num_rows, raw_bytes))),
            kDataLoss);
}

TEST(WriteRecordTest, ScalarsAboveTheCapAreDataLoss) {
  EXPECT_EQ(CodeOf(Decode(SmallSchema(),
                          CompressedDelete(std::string(1 << 20, 'x'), 1, kMaxLogPayloadBytes + 1))),
            kDataLoss);
}

TEST(WriteRecordTest, CompressedBytesThatAreNoZstdAreDataLoss) {
  EXPECT_EQ(CodeOf(Decode(SmallSchema(), CompressedDelete("no zstd", 1, 9))), kDataLoss);
  EXPECT_EQ(CodeOf(Decode(SmallSchema(), CompressedDelete("", 1, 9))), kDataLoss);
}

TEST(WriteRecordTest, ErrorsNameTheRecord) {
  const std::string payload = PayloadOf(SmallRows({1}));
  EXPECT_EQ(Decode(SmallSchema(), "short").status(),
            absl::DataLossError("log record r: too short"));
  EXPECT_EQ(Decode(SmallSchema(), payload.substr(0, 40)).status(),
            absl::DataLossError("log record r: cut off"));
}

}  // namespace
}  // namespace vecdb::format
