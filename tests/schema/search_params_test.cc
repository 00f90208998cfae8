#include "schema/search_params.h"

#include <gtest/gtest.h>

#include "schema/schema_testing.h"

namespace vecdb::schema {
namespace {

const IndexSpec kFlat = {.params = FlatParams{}};
const IndexSpec kHnsw = {.params = HnswParams{}};

TEST(SearchParamsTest, DefaultsFitEveryIndex) {
  EXPECT_OK(ValidateSearchParams(kFlat, {}, 1));
  EXPECT_OK(ValidateSearchParams(kHnsw, {}, 16384));
}

TEST(SearchParamsTest, EfRunsFromKTo65536) {
  const struct {
    int32_t ef;
    int32_t k;
    bool ok;
  } cases[] = {{0, 100, true}, {100, 100, true},     {99, 100, false},   {1, 1, true},
               {-1, 1, false}, {65536, 10, true},    {65537, 10, false}, {16384, 16384, true},
               {1, 2, false},  {16383, 16384, false}};
  for (const auto& c : cases) {
    const absl::Status status = ValidateSearchParams(kHnsw, HnswSearchParams{.ef = c.ef}, c.k);
    if (c.ok) {
      EXPECT_OK(status) << c.ef;
    } else {
      EXPECT_TRUE(
          IsInvalid(status, {"ef is " + std::to_string(c.ef), std::to_string(c.k) + " to 65536"}));
    }
  }
}

TEST(SearchParamsTest, RefusesParametersOfAnotherIndex) {
  EXPECT_TRUE(IsInvalid(ValidateSearchParams(kFlat, HnswSearchParams{}, 1), {"HNSW", "FLAT"}));
}

TEST(SearchParamsTest, TheDefaultEfIs64OrK) {
  EXPECT_EQ(EffectiveEf({}, 10), 64);
  EXPECT_EQ(EffectiveEf({}, 64), 64);
  EXPECT_EQ(EffectiveEf({}, 65), 65);
  EXPECT_EQ(EffectiveEf(HnswSearchParams{}, 100), 100);
  EXPECT_EQ(EffectiveEf(HnswSearchParams{.ef = 12}, 10), 12);
}

}  // namespace
}  // namespace vecdb::schema
