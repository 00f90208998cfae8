#include "format/sealed_json.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "base/checksum.h"
#include "support/status_testing.h"

namespace vecdb::format {
namespace {

using support::CodeOf;

constexpr std::string_view kBody = R"({"a":[1,2.5,"x"],"b":{"c":18446744073709551615}})";

// Any text behind a right checksum.
std::string Sealed(std::string_view covered) {
  return absl::StrFormat("{\"checksum\":\"%016x\",%s", base::Xxh3(covered), covered);
}

absl::StatusCode CodeOfCovered(std::string_view covered) {
  return CodeOf(UnsealJson("o", "k", Sealed(covered)));
}

TEST(SealedJsonTest, DocumentComesBack) {
  const std::string document = SealJson("manifest", "0123abcd", kBody);
  EXPECT_EQ(document.back(), '\n');
  const auto unsealed = UnsealJson("o", "manifest", document);
  ASSERT_OK(unsealed);
  EXPECT_EQ(unsealed->id, "0123abcd");
  EXPECT_EQ(unsealed->body, kBody);
}

TEST(SealedJsonTest, DocumentHasTheTextThatFilesHave) {
  EXPECT_EQ(SealJson("k", "1f", "{}").substr(31),
            "\"format\":1,\"kind\":\"k\",\"id\":\"1f\",\"features\":[],\"body\":{}}\n");
  EXPECT_EQ(SealJson("k", "1f", "{}"), Sealed(SealJson("k", "1f", "{}").substr(31)));
}

TEST(SealedJsonTest, EveryDamagedByteIsDataLoss) {
  const std::string good = SealJson("manifest", "0123abcd", kBody);
  for (size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      EXPECT_EQ(CodeOf(UnsealJson("o", "manifest", bad)), absl::StatusCode::kDataLoss) << at;
    }
  }
}

TEST(SealedJsonTest, EveryOtherLengthIsDataLoss) {
  const std::string good = SealJson("manifest", "0123abcd", kBody);
  for (size_t length = 0; length < good.size(); ++length) {
    EXPECT_EQ(CodeOf(UnsealJson("o", "manifest", good.substr(0, length))),
              absl::StatusCode::kDataLoss);
  }
  EXPECT_EQ(CodeOf(UnsealJson("o", "manifest", good + " ")), absl::StatusCode::kDataLoss);
}

TEST(SealedJsonTest, DocumentOfAnotherKindIsDataLossThatNamesIt) {
  const auto unsealed = UnsealJson("catalog/1.json", "catalog", SealJson("manifest", "1", "{}"));
  EXPECT_EQ(unsealed.status(),
            absl::DataLossError("object catalog/1.json: a document of another kind"));
}

TEST(SealedJsonTest, MembersMissingOrOfAnotherTypeAreDataLoss) {
  constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
  const std::string good = R"("format":1,"kind":"k","id":"1","features":[],"body":{}})";
  EXPECT_EQ(CodeOfCovered(good), absl::StatusCode::kOk);
  for (const char* bad : {R"("kind":"k","id":"1","features":[],"body":{}})",
                          R"("format":1,"id":"1","features":[],"body":{}})",
                          R"("format":1,"kind":"k","features":[],"body":{}})",
                          R"("format":1,"kind":"k","id":"1","body":{}})",
                          R"("format":1,"kind":"k","id":"1","features":[]})",
                          R"("format":"1","kind":"k","id":"1","features":[],"body":{}})",
                          R"("format":1.0,"kind":"k","id":"1","features":[],"body":{}})",
                          R"("format":-1,"kind":"k","id":"1","features":[],"body":{}})",
                          R"("format":1,"kind":1,"id":"1","features":[],"body":{}})",
                          R"("format":1,"kind":"k","id":null,"features":[],"body":{}})",
                          R"("format":1,"kind":"k","id":"1","features":{},"body":{}})",
                          R"("format":1,"kind":"k","id":"1","features":[],"body":[]})",
                          R"("format":1,"kind":"k","id":"1","features":[],"body":"{}"})",
                          R"("format":1,"kind":"k","id":"1","features":[],"body":{}} {})",
                          R"("format":1,"kind":"k","id":"1","features":[],"body":{})",
                          R"("format":1e999,"kind":"k","id":"1","features":[],"body":{}})",
                          "\xff\xfe",
                          "",
                          "}",
                          "null"}) {
    EXPECT_EQ(CodeOfCovered(bad), kDataLoss) << bad;
  }
  EXPECT_EQ(CodeOfCovered(good + '\0'), kDataLoss);
}

TEST(SealedJsonTest, DeepDocumentIsDataLoss) {
  const auto deep = [](size_t depth) {
    return R"("format":1,"kind":"k","id":"1","features":[],"body":{"a":)" +
           std::string(depth, '[') + std::string(depth, ']') + "}}";
  };
  EXPECT_EQ(CodeOfCovered(deep(30)), absl::StatusCode::kOk);
  EXPECT_EQ(CodeOfCovered(deep(31)), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOfCovered(deep(1000000)), absl::StatusCode::kDataLoss);
}

TEST(SealedJsonTest, WhatANewerLibraryWroteIsFailedPrecondition) {
  for (const char* version : {"2", "4294967297", "9223372036854775808", "18446744073709551615"}) {
    EXPECT_EQ(CodeOfCovered(absl::StrFormat(
                  R"("format":%s,"kind":"k","id":"1","features":[],"body":{}})", version)),
              absl::StatusCode::kFailedPrecondition)
        << version;
  }
  const auto with_feature =
      UnsealJson("o", "k", Sealed(R"("format":1,"kind":"k","id":"1","features":["x"],"body":{}})"));
  EXPECT_EQ(with_feature.status(),
            absl::FailedPreconditionError(
                "object o: needs the feature \"x\", which this library does not have"));
}

}  // namespace
}  // namespace vecdb::format
