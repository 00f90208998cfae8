// Limits that take long to come to.
#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "api/api_testing.h"
#include "catalog/version_writer.h"
#include "format/manifest.h"

namespace vecdb::support {
namespace {

void PutCatalog(ObjectStore* store, size_t collections) {
  std::vector<format::CatalogEntry> entries;
  for (size_t i = 0; i < collections; ++i) {
    entries.push_back({.name = absl::StrFormat("c%d", i), .id = absl::StrFormat("%032x", i)});
  }
  ASSERT_OK(catalog::VersionWriter::TakeOver(
      {store, PathOf("catalog"), "catalog"},
      [&](const catalog::Version&) { return format::CatalogToJson(entries); }, {}));
}

TEST(LimitTest, MoreThan65536CollectionsAreRefused) {
  TestDatabase db;
  ASSERT_OK(db.TryOpen());
  db.database.reset();
  PutCatalog(db.options.store.get(), 65535);
  EXPECT_OK(db->CreateCollection("last", TaggedSchema()));
  EXPECT_EQ(CodeOf(db->CreateCollection("one_more", TaggedSchema())), Code::kResourceExhausted);
  EXPECT_EQ(db->ListCollections().size(), 65536u);
}

}  // namespace
}  // namespace vecdb::support
