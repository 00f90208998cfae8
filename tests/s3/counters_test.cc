#include "s3/counters.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace vecdb::s3 {
namespace {

TEST(CountersTest, UsageSumsByPrice) {
  Counters counters;
  for (size_t i = 0; i < kNumOperations; ++i) counters.CountTry(static_cast<Operation>(i), i == 0);
  counters.CountEnd(Operation::kPut, absl::OkStatus(), 10, 1);
  counters.CountEnd(Operation::kGet, absl::UnavailableError("x"), 0, 20);
  EXPECT_EQ(counters.Usage(), (S3Usage{.write_requests = 6,
                                       .read_requests = 2,
                                       .delete_requests = 2,
                                       .repeated_requests = 1,
                                       .sent_bytes = 10,
                                       .received_bytes = 21}));
}

TEST(CountersTest, MetricsTellOperationPriceAndCode) {
  Counters counters;
  counters.CountTry(Operation::kPutPart, false);
  counters.CountEnd(Operation::kPutPart, absl::UnavailableError("x"), 7, 0);
  const std::string text = MetricsText(counters.Collect());
  for (const char* line :
       {"vecdb_s3_requests_total{operation=\"put_part\",price=\"write\"} 1",
        "vecdb_s3_repeated_requests_total{operation=\"put_part\"} 0",
        "vecdb_s3_sent_bytes_total{operation=\"put_part\"} 7",
        "vecdb_s3_received_bytes_total{operation=\"put_part\"} 0",
        "vecdb_s3_failures_total{operation=\"put_part\",code=\"unavailable\"} 1"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(CountersTest, EachMetricIsDocumented) {
  std::ifstream file(std::string(VECDB_SOURCE_DIR) + "/docs/s3.md");
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  for (const MetricFamily& family : Counters().Collect()) {
    EXPECT_NE(page.find("| `" + family.name + "` |"), std::string::npos) << family.name;
  }
  for (size_t i = 0; i < kNumOperations; ++i) {
    const std::string name(NameOf(static_cast<Operation>(i)));
    EXPECT_NE(page.find("`" + name + "`"), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace vecdb::s3
