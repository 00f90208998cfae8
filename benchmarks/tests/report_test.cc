#include "ann/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/test_files.h"

namespace vecdb::bench {
namespace {

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() {
    options_.index = "HNSW";
    options_.metric = Metric::kL2;
    options_.build = {{"M", "16"}, {"efConstruction", "200"}};
    options_.compare_at = {0.9, 0.99};
    dataset_ = {.name = "tiny",
                .base = MatrixOf(2, 3, {1, 2, 3, 4, 5, 6}),
                .queries = MatrixOf(1, 3, {1, 2, 3})};
    AddEngine(
        "vecdb", {.seconds = 1.5, .bytes_beyond_rows = 20, .note = "a note"},
        {.search = "ef=10", .recall = 0.9, .qps = 300, .wall_qps = 200, .p50_us = 3, .p99_us = 4});
    AddEngine("peer", {.seconds = 3}, {.search = "ef=10", .recall = 0.99, .qps = 100});
  }

  void AddEngine(const std::string& name, const BuildReport& build, const PointResult& point) {
    EngineResult& result = results_.emplace_back();
    result.name = name;
    result.build = build;
    result.points.push_back(point);
  }

  Options options_;
  Dataset dataset_;
  std::vector<EngineResult> results_;
};

TEST_F(ReportTest, JsonHasTheFieldsOfTheReadmeAndNoOthers) {
  const std::string text = JsonReport({options_, dataset_, results_});
  nlohmann::json json = nlohmann::json::parse(text);
  EXPECT_FALSE(json["cpu"].get<std::string>().empty());
  json.erase("cpu");
  const nlohmann::json want = nlohmann::json::parse(R"({
    "dataset": "tiny", "metric": "l2", "rows": 2, "dim": 3, "queries": 1, "k": 10,
    "threads": 1, "build_threads": 2,
    "engines": [
      {"engine": "vecdb", "index": "HNSW", "build": "M=16,efConstruction=200",
       "build_seconds": 1.5, "bytes_per_vector": 22.0, "index_bytes_per_vector": 10.0,
       "points": [{"search": "ef=10", "recall": 0.9, "qps": 300.0, "wall_qps": 200.0,
                   "p50_us": 3.0, "p99_us": 4.0}]},
      {"engine": "peer", "index": "HNSW", "build": "M=16,efConstruction=200",
       "build_seconds": 3.0, "bytes_per_vector": 12.0, "index_bytes_per_vector": 0.0,
       "points": [{"search": "ef=10", "recall": 0.99, "qps": 100.0, "wall_qps": 0.0,
                   "p50_us": 0.0, "p99_us": 0.0}]}],
    "ratios": [{"against": "peer", "recall": 0.9, "qps_ratio": 3.0},
               {"against": "peer", "recall": 0.99, "qps_ratio": null}]})");
  EXPECT_EQ(json, want) << text;
}

TEST_F(ReportTest, RowsThatAnIndexDoesNotNeedAreNotCounted) {
  results_[0].build.needs_rows = false;
  const Report report{options_, dataset_, results_};
  const nlohmann::json json = nlohmann::json::parse(JsonReport(report));
  EXPECT_EQ(json["engines"][0]["bytes_per_vector"], 10.0);
  EXPECT_EQ(json["engines"][0]["index_bytes_per_vector"], 10.0);
  EXPECT_EQ(json["engines"][1]["bytes_per_vector"], 12.0);
  EXPECT_NE(BuildText(report).find("|      10.0      10.0"), std::string::npos)
      << BuildText(report);
}

TEST_F(ReportTest, LongSettingsMoveNoColumn) {
  results_[0].points[0].search = "nprobe=1,refine_k=4";
  results_[1].points[0].search = "nprobe=1,refine_k=4";
  const std::string text = SearchText({options_, dataset_, results_});
  EXPECT_NE(text.find("\nsearch              engine "), std::string::npos) << text;
  EXPECT_NE(text.find("\nnprobe=1,refine_k=4 vecdb "), std::string::npos) << text;
  EXPECT_NE(text.find("\nnprobe=1,refine_k=4 peer "), std::string::npos) << text;
}

TEST_F(ReportTest, AFilterIsNamedWithItsRows) {
  RowFilter filter{.text = "label=1", .rows = RowSet(2)};
  filter.rows.Insert(1);
  const Report report{options_, dataset_, results_, &filter};
  EXPECT_NE(SearchText(report).find("filter label=1: 1 of 2 rows"), std::string::npos);
  const nlohmann::json json = nlohmann::json::parse(JsonReport(report));
  EXPECT_EQ(json["filter"], nlohmann::json::parse(R"({"text": "label=1", "rows": 1})"));
}

TEST_F(ReportTest, TextNamesEveryEnginePointNoteAndRatio) {
  const Report report{options_, dataset_, results_};
  const std::string text = BuildText(report) + SearchText(report);
  for (const char* part : {"tiny: 2 x 3, l2", "vecdb: a note", "peer", "ef=10", "0.9900",
                           "0.900: 3.00 times against peer", "0.990: not reached"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  }
}

}  // namespace
}  // namespace vecdb::bench
