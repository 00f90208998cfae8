#include "catalog/version_document.h"

#include <gtest/gtest.h>

#include "absl/strings/str_format.h"
#include "base/checksum.h"
#include "format/sealed_json.h"
#include "support/status_testing.h"

namespace vecdb::catalog {
namespace {

using support::CodeOf;

Version Sample() {
  return {.number = 7,
          .epoch = 3,
          .commit_id = "c7",
          .base_id = "c6",
          .body = R"({"a":[1,{"b":"x"}]})"};
}

absl::Status ReadBody(std::string_view body, std::string_view id = "c7") {
  return FromDocument("o", "manifest", 7, format::SealJson("manifest", id, body)).status();
}

TEST(VersionDocumentTest, RoundTripKeepsEveryMember) {
  const auto document = ToDocument("manifest", Sample());
  ASSERT_OK(document);
  const auto version = FromDocument("o", "manifest", 7, *document);
  ASSERT_OK(version);
  EXPECT_EQ(version->number, 7u);
  EXPECT_EQ(version->epoch, 3u);
  EXPECT_EQ(version->commit_id, "c7");
  EXPECT_EQ(version->base_id, "c6");
  EXPECT_EQ(version->body, Sample().body);
}

TEST(VersionDocumentTest, FirstAndLastNumberAreReadable) {
  for (const uint64_t number : {uint64_t{1}, ~uint64_t{0}}) {
    const auto document =
        ToDocument("manifest", {.number = number, .epoch = number, .commit_id = "c", .body = "{}"});
    ASSERT_OK(document);
    const auto version = FromDocument("o", "manifest", number, *document);
    ASSERT_OK(version);
    EXPECT_EQ(version->number, number);
    EXPECT_EQ(version->epoch, number);
    EXPECT_EQ(version->base_id, "");
  }
}

TEST(VersionDocumentTest, VersionUnderAnotherNumberIsDataLossThatNamesIt) {
  const auto document = ToDocument("manifest", Sample());
  ASSERT_OK(document);
  const auto version = FromDocument("o", "manifest", 8, *document);
  EXPECT_EQ(CodeOf(version), absl::StatusCode::kDataLoss);
  EXPECT_NE(std::string(version.status().message()).find("version 7"), std::string::npos)
      << version.status();
}

TEST(VersionDocumentTest, AnotherKindIsDataLoss) {
  const auto document = ToDocument("catalog", Sample());
  ASSERT_OK(document);
  EXPECT_EQ(CodeOf(FromDocument("o", "manifest", 7, *document)), absl::StatusCode::kDataLoss);
}

TEST(VersionDocumentTest, NewerLibraryIsFailedPrecondition) {
  const std::string covered = R"("format":2,"kind":"manifest","id":"1","features":[],"body":{}})";
  const std::string document =
      absl::StrFormat("{\"checksum\":\"%016x\",%s", base::Xxh3(covered), covered);
  EXPECT_EQ(CodeOf(FromDocument("o", "manifest", 7, document)),
            absl::StatusCode::kFailedPrecondition);
}

TEST(VersionDocumentTest, ImpossibleBodiesAreDataLoss) {
  constexpr char kGood[] = R"({"number":7,"base":6,"base_id":"c6","epoch":3,"state":{}})";
  ASSERT_OK(ReadBody(kGood));
  for (const char* body : {
           R"({})",
           R"({"base":6,"base_id":"c6","epoch":3,"state":{}})",
           R"({"number":7,"base_id":"c6","epoch":3,"state":{}})",
           R"({"number":7,"base":6,"epoch":3,"state":{}})",
           R"({"number":7,"base":6,"base_id":"c6","state":{}})",
           R"({"number":7,"base":6,"base_id":"c6","epoch":3})",
           R"({"number":7,"base":6,"base_id":"c6","epoch":3,"state":[]})",
           R"({"number":7,"base":5,"base_id":"c6","epoch":3,"state":{}})",
           R"({"number":7,"base":6,"base_id":"c6","epoch":0,"state":{}})",
           R"({"number":7,"base":6,"base_id":"c6","epoch":8,"state":{}})",
           R"({"number":7,"base":6,"base_id":"c6","epoch":-1,"state":{}})",
           R"({"number":7,"base":6,"base_id":"c6","epoch":3.5,"state":{}})",
           R"({"number":7,"base":6,"base_id":6,"epoch":3,"state":{}})",
           R"({"number":7,"base":6,"base_id":"c\"6","epoch":3,"state":{}})",
           R"({"number":"7","base":6,"base_id":"c6","epoch":3,"state":{}})",
       }) {
    EXPECT_EQ(CodeOf(ReadBody(body)), absl::StatusCode::kDataLoss) << body;
  }
  EXPECT_EQ(CodeOf(ReadBody(kGood, "")), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(ReadBody(kGood, "a-b")), absl::StatusCode::kDataLoss);
  EXPECT_OK(ReadBody(kGood, std::string(64, 'a')));
  EXPECT_EQ(CodeOf(ReadBody(kGood, std::string(65, 'a'))), absl::StatusCode::kDataLoss);
}

TEST(VersionDocumentTest, NumberZeroIsDataLoss) {
  const std::string body = R"({"number":0,"base":0,"base_id":"","epoch":0,"state":{}})";
  EXPECT_EQ(CodeOf(FromDocument("o", "manifest", 0, format::SealJson("manifest", "c", body))),
            absl::StatusCode::kDataLoss);
}

TEST(VersionDocumentTest, DocumentTooLargeToBeReadIsInvalidArgument) {
  Version version = Sample();
  version.body.assign(format::kMaxSealedJsonBytes - 4095, ' ');
  EXPECT_EQ(CodeOf(ToDocument("manifest", version)), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace vecdb::catalog
