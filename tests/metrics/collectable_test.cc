#include <gtest/gtest.h>
#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>

#include <memory>
#include <set>
#include <sstream>
#include <string>

#include "support/test_database.h"
#include "vecdb/prometheus.h"

namespace vecdb::metrics {
namespace {

using support::Ids;
using support::TaggedRows;
using support::TaggedSchema;

// The lines that are figures, without those of memory, which change by themselves.
std::set<std::string> FiguresOf(const std::string& text) {
  std::set<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("#") && !line.starts_with("process_")) lines.insert(line);
  }
  return lines;
}

class CollectableTest : public ::testing::Test {
 protected:
  CollectableTest() {
    support::ManualExecutor* const executor = &executor_;
    auto opened =
        Database::Open({.store = MakeMemoryObjectStore(), .host = {.executor = executor}});
    EXPECT_OK(opened);
    db_ = *std::move(opened);
    const auto c = *db_->CreateCollection("c", TaggedSchema());
    EXPECT_OK(c->CreateIndex("v", support::Flat()));
    EXPECT_OK(c->Insert(TaggedRows(TaggedSchema(), Ids(0, 10), "t")));
    const std::vector<float> query = {1, 2, 3, 4};
    EXPECT_OK(c->Search({.vectors = query}));
  }

  support::ManualExecutor executor_;
  std::shared_ptr<Database> db_;
};

// Rules name edges by their text, so that both writers have to agree on it.
TEST_F(CollectableTest, PrometheusCppWritesWhatTheLibraryWrites) {
  const auto families = MetricsOf(db_)->Collect();
  const std::string theirs = prometheus::TextSerializer().Serialize(families);
  const std::string ours = db_->MetricsText();
  EXPECT_EQ(FiguresOf(theirs).size(), FiguresOf(ours).size());
  for (const char* line :
       {"vecdb_rows{collection=\"c\"} 10", "vecdb_memory_free_bytes +Inf",
        "vecdb_operations_total{collection=\"c\",operation=\"search\",code=\"OK\"} 1"}) {
    EXPECT_TRUE(FiguresOf(theirs).contains(line)) << line;
    EXPECT_TRUE(FiguresOf(ours).contains(line)) << line;
  }
  size_t edges = 0;
  for (const std::string& line : FiguresOf(ours)) {
    if (line.find("_bucket{") == std::string::npos) continue;
    EXPECT_TRUE(FiguresOf(theirs).contains(line)) << line;
    ++edges;
  }
  EXPECT_GT(edges, 200u);
}

TEST_F(CollectableTest, HelpAndTypesGoAlong) {
  for (const prometheus::MetricFamily& family : MetricsOf(db_)->Collect()) {
    EXPECT_FALSE(family.help.empty()) << family.name;
    EXPECT_EQ(family.type == prometheus::MetricType::Counter, family.name.ends_with("_total"))
        << family.name;
    EXPECT_EQ(family.type == prometheus::MetricType::Histogram, family.name.ends_with("_seconds"))
        << family.name;
  }
}

TEST_F(CollectableTest, DatabaseIsNotKeptOpen) {
  const auto collectable = MetricsOf(db_);
  EXPECT_FALSE(collectable->Collect().empty());
  db_.reset();
  EXPECT_TRUE(collectable->Collect().empty());
  EXPECT_TRUE(MetricsOf(nullptr)->Collect().empty());
}

}  // namespace
}  // namespace vecdb::metrics
