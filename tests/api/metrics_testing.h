#ifndef VECDB_TESTS_API_METRICS_TESTING_H_
#define VECDB_TESTS_API_METRICS_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/test_database.h"
#include "vecdb/vecdb.h"

namespace vecdb::support {

using MetricLabels = std::map<std::string, std::string>;

/// What a database says at one moment.
class Metrics {
 public:
  explicit Metrics(const Database& db) : families_(db.CollectMetrics()) {}

  const std::vector<MetricFamily>& families() const { return families_; }

  const MetricFamily* Find(std::string_view name) const {
    const auto found = std::find_if(families_.begin(), families_.end(),
                                    [name](const auto& family) { return family.name == name; });
    return found == families_.end() ? nullptr : &*found;
  }

  /// The figure with exactly these labels.
  std::optional<MetricSample> Sample(std::string_view name, const MetricLabels& labels) const {
    const MetricFamily* family = Find(name);
    if (family == nullptr) return std::nullopt;
    for (const MetricSample& sample : family->samples) {
      if (MetricLabels(sample.labels.begin(), sample.labels.end()) == labels) return sample;
    }
    return std::nullopt;
  }

  /// Of a counter or a gauge; 0 of one that is not there.
  double Value(std::string_view name, const MetricLabels& labels = {}) const {
    const auto sample = Sample(name, labels);
    return sample.has_value() ? sample->value : 0;
  }
  /// The same of collection "c".
  double Of(std::string_view name, MetricLabels labels = {}) const {
    labels.emplace("collection", "c");
    return Value(name, labels);
  }
  /// How many a histogram of collection "c" has counted.
  uint64_t Count(std::string_view name, MetricLabels labels = {}) const {
    labels.emplace("collection", "c");
    const auto sample = Sample(name, labels);
    return sample.has_value() ? sample->count() : 0;
  }
  double Calls(const std::string& operation, const std::string& code = "OK") const {
    return Of("vecdb_operations_total", {{"operation", operation}, {"code", code}});
  }

 private:
  const std::vector<MetricFamily> families_;
};

/// Does once whatever has a figure of its own: writes, flushes, builds, a load, a compaction,
/// searches. Of collection "c".
inline void DoEverything(TestDatabase& db) {
  db.options.recall_sample_every = 1;
  const Schema schema = TaggedSchema();
  auto c = *db->CreateCollection("c", schema);
  EXPECT_OK(c->CreateIndex("v", Hnsw()));
  EXPECT_OK(c->Insert(TaggedRows(schema, Ids(0, 1500), "a")));
  EXPECT_OK(c->Flush());
  EXPECT_OK(c->WaitForIndex("v"));
  EXPECT_OK(c->Insert(TaggedRows(schema, Ids(2000, 20), "b")));
  EXPECT_OK(c->Flush());
  const auto compaction = c->Compact();
  EXPECT_OK(compaction);
  EXPECT_OK(c->WaitForCompaction(*compaction));
  EXPECT_OK(c->Release());
  EXPECT_OK(c->Load());
  const std::vector<float> query = {1, 2, 3, 0};
  EXPECT_OK(c->Search({.field = "v", .vectors = query, .filter = "tag == \"a\""}));
  db.executor.RunAll();  // the same search, exactly
  EXPECT_OK(c->AlterIndex("v", {.metric = Metric::kL2, .params = DiskannParams{}}));
  EXPECT_OK(c->WaitForIndex("v"));
  EXPECT_OK(c->Search({.field = "v", .vectors = query}));
}

}  // namespace vecdb::support

#endif  // VECDB_TESTS_API_METRICS_TESTING_H_
