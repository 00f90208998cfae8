#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "format/manifest.h"
#include "format/sealed_json.h"
#include "support/store_testing.h"
#include "support/test_database.h"

namespace vecdb::support {
namespace {

TEST(DatabaseSlowTest, NumberOfCollectionsHasALimit) {
  std::vector<format::CatalogEntry> entries;
  for (size_t i = 0; i < 65535; ++i) {
    entries.push_back({.name = absl::StrFormat("c%d", i), .id = absl::StrFormat("%032x", i)});
  }
  TestDatabase db;
  ASSERT_OK(db->Close());
  ASSERT_OK(PutObject(*db.options.store, PathOf("catalog/00000000000000000002.json"),
                      format::SealJson("catalog", "test", format::CatalogToJson(entries))));
  db.Crash();
  EXPECT_EQ(db->ListCollections().size(), 65535u);
  EXPECT_OK(db->CreateCollection("the_last", TaggedSchema()));
  EXPECT_EQ(CodeOf(db->CreateCollection("one_more", TaggedSchema())),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace vecdb::support
