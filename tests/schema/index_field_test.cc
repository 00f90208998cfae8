#include "schema/index_field.h"

#include <gtest/gtest.h>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

constexpr DataType kNumbersAndTexts[] = {DataType::kInt8,   DataType::kInt16, DataType::kInt32,
                                         DataType::kInt64,  DataType::kFloat, DataType::kDouble,
                                         DataType::kVarChar};

absl::Status Check(DataType type, const IndexParams& params) {
  return CheckIndexField({.name = "f", .type = type, .dim = 8}, {.params = params});
}

TEST(IndexFieldTest, EachKindOfFieldHasItsIndexes) {
  EXPECT_OK(Check(DataType::kFloatVector, FlatParams{}));
  EXPECT_OK(Check(DataType::kFloatVector, HnswParams{}));
  EXPECT_OK(Check(DataType::kFloatVector, IvfFlatParams{}));
  EXPECT_OK(Check(DataType::kFloatVector, IvfSq8Params{}));
  EXPECT_OK(Check(DataType::kFloatVector, IvfPqParams{}));
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
       "field \"f\" is FloatVector; INVERTED is an index of scalar fields; vectors have FLAT, "
       "HNSW, IVF_FLAT, IVF_SQ8, IVF_PQ or DISKANN"},
      {DataType::kFloatVector, SortedParams{},
       "field \"f\" is FloatVector; SORTED is an index of scalar fields; vectors have FLAT, "
       "HNSW, IVF_FLAT, IVF_SQ8, IVF_PQ or DISKANN"},
      {DataType::kInt64, FlatParams{},
       "field \"f\" is Int64; FLAT is an index of FloatVector fields; scalar ones have INVERTED"},
      {DataType::kBool, IvfFlatParams{},
       "field \"f\" is Bool; IVF_FLAT is an index of FloatVector fields; scalar ones have "
       "INVERTED"},
      {DataType::kVarChar, IvfSq8Params{},
       "field \"f\" is VarChar; IVF_SQ8 is an index of FloatVector fields; scalar ones have "
       "INVERTED"},
      {DataType::kInt8, IvfPqParams{.m = 7},
       "field \"f\" is Int8; IVF_PQ is an index of FloatVector fields; scalar ones have INVERTED"},
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

TEST(IndexFieldTest, SpecsAreCheckedAgainstTheDim) {
  EXPECT_OK(Check(DataType::kFloatVector, IvfPqParams{.m = 4}));
  EXPECT_EQ(Check(DataType::kFloatVector, IvfPqParams{.m = 3}),
            absl::InvalidArgumentError("m is 3; it must divide dim, which is 8"));
  EXPECT_EQ(Check(DataType::kFloatVector, IvfPqParams{.m = 16}),
            absl::InvalidArgumentError("m is 16; it must divide dim, which is 8"));
  EXPECT_TRUE(IsInvalid(Check(DataType::kFloatVector, HnswParams{.m = 1}), {"M is 1;"}));
  EXPECT_TRUE(IsInvalid(CheckIndexField({.name = "f", .type = DataType::kFloatVector, .dim = 8},
                                        {.metric = static_cast<Metric>(9)}),
                        {"metric is 9;"}));
}

}  // namespace
}  // namespace vecdb::schema
