#include "s3/xml_answers.h"

#include <gtest/gtest.h>

#include "support/seeded_random.h"
#include "support/status_testing.h"

namespace vecdb::s3 {
namespace {

using support::CodeOf;

constexpr char kPage[] =
    R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name>
<IsTruncated>true</IsTruncated><NextContinuationToken>next&amp;one</NextContinuationToken>
<Contents><Key>p%2Fa</Key><LastModified>2026-01-02T03:04:05.006Z</LastModified>
<ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>
<Contents><Key>p/b%3D</Key><LastModified>2026-01-02T03:04:05Z</LastModified><Size>0</Size></Contents>
</ListBucketResult>)";

TEST(XmlAnswersTest, PageHasObjectsAndWhereItGoesOn) {
  const auto page = ParseListPage(kPage);
  ASSERT_OK(page);
  ASSERT_EQ(page->objects.size(), 2u);
  EXPECT_EQ(page->objects[0].key, "p/a");
  EXPECT_EQ(page->objects[0].size_bytes, 7u);
  EXPECT_EQ(page->objects[0].modified_ms, 1767323045006);
  EXPECT_EQ(page->objects[1].key, "p/b=");
  EXPECT_EQ(page->next_token, "next&one");
}

TEST(XmlAnswersTest, WhatIsNoPageIsDataLoss) {
  const std::string good = kPage;
  const auto without = [&](const std::string& part, const std::string& instead) {
    std::string text = good;
    text.replace(text.find(part), part.size(), instead);
    return text;
  };
  for (const std::string& bad :
       {std::string(), std::string("x"), std::string("<a/>"), good.substr(0, good.size() - 9),
        without("<Size>7</Size>", ""), without("<Size>7", "<Size>-7"),
        without("<Size>7", "<Size>99999999999999999999"), without("2026-01-02", "yesterday"),
        without("<Key>p%2Fa</Key>", ""), without("next&amp;one", ""),
        without("<IsTruncated>true</IsTruncated>", ""), without(">true<", ">perhaps<"),
        without("next&amp;one", std::string(8193, 't'))}) {
    EXPECT_EQ(CodeOf(ParseListPage(bad)), absl::StatusCode::kDataLoss) << bad;
  }
}

TEST(XmlAnswersTest, EntitiesOfADocumentTypeDoNotExpand) {
  const std::string bomb =
      R"(<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>)"
      R"(<Error><Code>&b;&b;</Code></Error>)";
  EXPECT_EQ(KnownErrorCode(bomb), "");
}

TEST(XmlAnswersTest, DeepNestingIsReadWithoutDanger) {
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "<a>";
  EXPECT_EQ(KnownErrorCode(deep), "");
  std::string closed = deep;
  for (int i = 0; i < 200'000; ++i) closed += "</a>";
  EXPECT_EQ(KnownErrorCode(closed), "");
}

TEST(XmlAnswersTest, OnlyKnownCodesAreTold) {
  EXPECT_EQ(KnownErrorCode("<Error><Code>SlowDown</Code></Error>"), "SlowDown");
  EXPECT_EQ(KnownErrorCode("<Error><Code>my-secret</Code></Error>"), "");
  EXPECT_EQ(KnownErrorCode("SlowDown"), "");
  EXPECT_EQ(KnownErrorCode(""), "");
}

TEST(XmlAnswersTest, UploadsBeginWithAnId) {
  const auto wrap = [](const std::string& id) {
    return "<InitiateMultipartUploadResult><UploadId>" + id +
           "</UploadId></InitiateMultipartUploadResult>";
  };
  EXPECT_EQ(*ParseUploadId(wrap("2~abc")), "2~abc");
  EXPECT_OK(ParseUploadId(wrap(std::string(1024, 'u'))));
  EXPECT_EQ(CodeOf(ParseUploadId(wrap(std::string(1025, 'u')))), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(ParseUploadId(wrap(""))), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOf(ParseUploadId("no")), absl::StatusCode::kDataLoss);
}

TEST(XmlAnswersTest, CompletionIsToldFromAnErrorInItsPlace) {
  EXPECT_TRUE(IsCompleted("<CompleteMultipartUploadResult/>"));
  EXPECT_FALSE(IsCompleted("<Error><Code>InternalError</Code></Error>"));
  EXPECT_FALSE(IsCompleted(""));
}

TEST(XmlAnswersTest, DeletionsTellWhatFailed) {
  const auto failures = ParseDeleteFailures(
      "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code>"
      "</Error><Error><Key>c</Key><Code>odd</Code></Error></DeleteResult>");
  ASSERT_OK(failures);
  ASSERT_EQ(failures->size(), 2u);
  EXPECT_EQ((*failures)[0].key, "b");
  EXPECT_EQ((*failures)[0].code, "AccessDenied");
  EXPECT_EQ((*failures)[1].code, "");
  EXPECT_EQ(CodeOf(ParseDeleteFailures("<x/>")), absl::StatusCode::kDataLoss);
}

// Whatever a server sends is an answer or an error.
TEST(XmlAnswersTest, DamagedAnswersEndInAnError) {
  const uint64_t seed = support::TestSeed("xml_answers");
  SCOPED_TRACE(seed);
  support::SeededRandom random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = kPage;
    const uint64_t changes = 1 + random.Below(4);
    for (uint64_t c = 0; c < changes; ++c) {
      text[random.Below(text.size())] = static_cast<char>(random.Below(256));
    }
    text.resize(1 + random.Below(text.size()));
    const auto page = ParseListPage(text);
    if (page.ok()) {
      EXPECT_LE(page->objects.size(), 2u);
    }
    KnownErrorCode(text);
    ParseUploadId(text).IgnoreError();
    ParseDeleteFailures(text).IgnoreError();
  }
}

}  // namespace
}  // namespace vecdb::s3
