#include "schema/index_field.h"

#include <gtest/gtest.h>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

constexpr DataType kNumbersAndTexts[] = {DataType::kInt8,   DataType::kInt16, DataType::kInt32,
                                         DataType::kInt64,  DataType::kFloat, DataType::kDouble,
                                         DataType::kVarChar};

absl::Status Check(DataType type, const IndexParams& params) {
  return CheckIndexField({.name = "f", .type = type}, {.params = params});
}

TEST(IndexFieldTest, EachKindOfFieldHasItsIndexes) {
  EXPECT_OK(Check(DataType::kFloatVector, FlatParams{}));
  EXPECT_OK(Check(DataType::kFloatVector, HnswParams{}));
  EXPECT_OK(Check(DataType::kBool, InvertedParams{}));
  for (const DataType type : kNumbersAndTexts) {
    EXPECT_OK(Check(type, InvertedParams{}));
    EXPECT_OK(Check(type, SortedParams{}));
  }
}

TEST(IndexFieldTest, OthersAreRefusedByFieldAndType) {
  const struct {
    DataType type;
    IndexParams params;
    const char* message;
  } cases[] = {
      {DataType::kFloatVector, InvertedParams{},
       "field \"f\" is FloatVector; INVERTED is an index of scalar fields; vectors have FLAT or "
       "HNSW"},
      {DataType::kFloatVector, SortedParams{},
       "field \"f\" is FloatVector; SORTED is an index of scalar fields; vectors have FLAT or "
       "HNSW"},
      {DataType::kInt64, FlatParams{},
       "field \"f\" is Int64; FLAT is an index of FloatVector fields; scalar ones have INVERTED"},
      {DataType::kJson, HnswParams{},
       "field \"f\" is Json; HNSW is an index of FloatVector fields; scalar ones have INVERTED"},
      {DataType::kJson, InvertedParams{},
       "field \"f\" is Json; INVERTED is an index of Bool, integer, Float, Double and VarChar "
       "fields"},
      {DataType::kJson, SortedParams{},
       "field \"f\" is Json; SORTED is an index of Bool, integer, Float, Double and VarChar "
       "fields"},
      {DataType::kBool, SortedParams{},
       "field \"f\" is Bool; SORTED is for ranges, and two values have none; use INVERTED"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Check(c.type, c.params), absl::InvalidArgumentError(c.message));
  }
}

}  // namespace
}  // namespace vecdb::schema
