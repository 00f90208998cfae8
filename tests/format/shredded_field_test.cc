#include "format/shredded_field.h"

#include <gtest/gtest.h>

#include <functional>

#include "format/format_testing.h"

namespace vecdb::format {
namespace {

std::vector<ShreddedField> Fields() {
  return {{.json_field_id = 2,
           .path = {"a"},
           .type = DataType::kInt64,
           .states_field_id = 1000,
           .values_field_id = 1001},
          {.json_field_id = 100,
           .path = {"", "\xc3\xa9", std::string(1024, 'k'), "d"},
           .type = DataType::kVarChar,
           .states_field_id = 65534,
           .values_field_id = 65535}};
}

bool Refused(const std::vector<ShreddedField>& fields) {
  return !DecodeShredded(EncodeShredded(fields)).has_value();
}

TEST(ShreddedFieldTest, FieldsComeBack) {
  EXPECT_EQ(DecodeShredded(EncodeShredded(Fields())), Fields());
  EXPECT_EQ(DecodeShredded(EncodeShredded({})), std::vector<ShreddedField>());
}

TEST(ShreddedFieldTest, ImpossibleFieldsAreRefused) {
  const std::vector<std::function<void(ShreddedField*)>> edits = {
      [](ShreddedField* f) { f->json_field_id = 1; },
      [](ShreddedField* f) { f->json_field_id = 99; },
      [](ShreddedField* f) { f->json_field_id = 1000; },
      [](ShreddedField* f) { f->json_field_id = -1; },
      [](ShreddedField* f) { f->type = DataType::kInt32; },
      [](ShreddedField* f) { f->type = DataType::kJson; },
      [](ShreddedField* f) { f->type = static_cast<DataType>(-1); },
      [](ShreddedField* f) { f->states_field_id = 999; },
      [](ShreddedField* f) { f->values_field_id = 65536; },
      [](ShreddedField* f) { f->states_field_id = f->values_field_id; },
      [](ShreddedField* f) { f->states_field_id = 65535; },
      [](ShreddedField* f) { f->path = {}; },
      [](ShreddedField* f) {
        f->path = {"a", "b", "c", "d", "e"};
      },
      [](ShreddedField* f) { f->path = {std::string(1025, 'k')}; },
      [](ShreddedField* f) { f->path = {"\xff"}; },
  };
  for (size_t i = 0; i < edits.size(); ++i) {
    std::vector<ShreddedField> fields = Fields();
    edits[i](&fields[0]);
    EXPECT_TRUE(Refused(fields)) << i;
  }
  std::vector<ShreddedField> twice = Fields();
  twice[0].json_field_id = twice[1].json_field_id;
  EXPECT_FALSE(Refused(twice));
  twice[0].path = twice[1].path;
  EXPECT_TRUE(Refused(twice));
}

TEST(ShreddedFieldTest, ListsAreReadToTheirEndAndNoFurther) {
  const std::string good = EncodeShredded(Fields());
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(DecodeShredded(good.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeShredded(good + '\0').has_value());
  for (const uint32_t count : {0u, 1u, 3u, 513u, ~0u}) {
    std::string bad = good;
    PutAt(&bad, 0, count);
    EXPECT_FALSE(DecodeShredded(bad).has_value()) << count;
  }
}

TEST(ShreddedFieldTest, AFileHasFiveHundredTwelvePathsAtMost) {
  std::vector<ShreddedField> fields;
  for (int32_t i = 0; i < 513; ++i) {
    fields.push_back({.json_field_id = 2,
                      .path = {std::to_string(i)},
                      .type = DataType::kBool,
                      .states_field_id = 1000 + 2 * i,
                      .values_field_id = 1001 + 2 * i});
  }
  EXPECT_TRUE(Refused(fields));
  fields.pop_back();
  EXPECT_FALSE(Refused(fields));
  EXPECT_LE(EncodeShredded(fields).size(), MaxShreddedBytes());
}

}  // namespace
}  // namespace vecdb::format
