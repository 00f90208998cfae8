#include "s3/counters.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"

namespace vecdb::s3 {
namespace {

enum class Price { kWrite, kRead, kDelete };

struct OperationText {
  std::string_view name;
  Price price;
};

constexpr OperationText kTexts[kNumOperations] = {{"get", Price::kRead},
                                                  {"head", Price::kRead},
                                                  {"put", Price::kWrite},
                                                  {"list", Price::kWrite},
                                                  {"delete", Price::kDelete},
                                                  {"delete_many", Price::kWrite},
                                                  {"begin_upload", Price::kWrite},
                                                  {"put_part", Price::kWrite},
                                                  {"complete_upload", Price::kWrite},
                                                  {"abort_upload", Price::kDelete}};

std::string_view NameOfPrice(Price price) {
  switch (price) {
    case Price::kWrite:
      return "write";
    case Price::kRead:
      return "read";
    case Price::kDelete:
      return "delete";
  }
  return "?";
}

uint64_t Load(const std::atomic<uint64_t>& count) { return count.load(std::memory_order_relaxed); }

void Add(std::atomic<uint64_t>& count, uint64_t by) {
  count.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace

std::string_view NameOf(Operation operation) { return kTexts[static_cast<size_t>(operation)].name; }

void Counters::CountTry(Operation operation, bool is_repeated) {
  OfOperation& counts = operations_[static_cast<size_t>(operation)];
  Add(counts.requests, 1);
  if (is_repeated) Add(counts.repeated, 1);
}

void Counters::CountEnd(Operation operation, const absl::Status& status, uint64_t sent_bytes,
                        uint64_t received_bytes) {
  OfOperation& counts = operations_[static_cast<size_t>(operation)];
  Add(counts.sent_bytes, sent_bytes);
  Add(counts.received_bytes, received_bytes);
  const auto code = static_cast<size_t>(status.code());
  if (!status.ok() && code < kNumCodes) Add(counts.failures[code], 1);
}

uint64_t Counters::Sum(std::atomic<uint64_t> OfOperation::*count) const {
  uint64_t sum = 0;
  for (const OfOperation& counts : operations_) sum += Load(counts.*count);
  return sum;
}

S3Usage Counters::Usage() const {
  std::array<uint64_t, 3> of_price{};
  for (size_t i = 0; i < kNumOperations; ++i) {
    of_price[static_cast<size_t>(kTexts[i].price)] += Load(operations_[i].requests);
  }
  return {.write_requests = of_price[static_cast<size_t>(Price::kWrite)],
          .read_requests = of_price[static_cast<size_t>(Price::kRead)],
          .delete_requests = of_price[static_cast<size_t>(Price::kDelete)],
          .repeated_requests = Sum(&OfOperation::repeated),
          .sent_bytes = Sum(&OfOperation::sent_bytes),
          .received_bytes = Sum(&OfOperation::received_bytes)};
}

MetricFamily Counters::Family(std::string_view name, std::string_view help,
                              std::atomic<uint64_t> OfOperation::*count) const {
  MetricFamily family{
      .name = std::string(name), .help = std::string(help), .type = MetricType::kCounter};
  for (size_t i = 0; i < kNumOperations; ++i) {
    family.samples.push_back({.labels = {{"operation", std::string(kTexts[i].name)}},
                              .value = static_cast<double>(Load(operations_[i].*count))});
  }
  return family;
}

MetricFamily Counters::Requests() const {
  MetricFamily family =
      Family("vecdb_s3_requests_total", "Requests sent, by operation and class of price.",
             &OfOperation::requests);
  for (size_t i = 0; i < kNumOperations; ++i) {
    family.samples[i].labels.emplace_back("price", NameOfPrice(kTexts[i].price));
  }
  return family;
}

MetricFamily Counters::Failures() const {
  MetricFamily family{.name = "vecdb_s3_failures_total",
                      .help = "Tries of requests that failed, by operation and code.",
                      .type = MetricType::kCounter};
  for (size_t i = 0; i < kNumOperations; ++i) {
    for (size_t code = 0; code < kNumCodes; ++code) {
      const uint64_t count = Load(operations_[i].failures[code]);
      if (count == 0) continue;
      const std::string name =
          absl::AsciiStrToLower(absl::StatusCodeToString(static_cast<absl::StatusCode>(code)));
      family.samples.push_back(
          {.labels = {{"operation", std::string(kTexts[i].name)}, {"code", name}},
           .value = static_cast<double>(count)});
    }
  }
  return family;
}

std::vector<MetricFamily> Counters::Collect() const {
  return {Requests(),
          Family("vecdb_s3_repeated_requests_total", "Requests that repeat a failed one.",
                 &OfOperation::repeated),
          Family("vecdb_s3_sent_bytes_total", "Bytes sent in bodies.", &OfOperation::sent_bytes),
          Family("vecdb_s3_received_bytes_total", "Bytes received in bodies.",
                 &OfOperation::received_bytes),
          Failures()};
}

}  // namespace vecdb::s3
