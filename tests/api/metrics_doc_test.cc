// What a database exposes, docs/metrics.md and examples/monitoring say the same.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "api/metrics_testing.h"

namespace vecdb::support {
namespace {

struct DocumentedMetric {
  std::string type{};
  std::set<std::string> labels{};

  friend bool operator==(const DocumentedMetric&, const DocumentedMetric&) = default;
};

std::ostream& operator<<(std::ostream& out, const DocumentedMetric& one) {
  return out << one.type << " {" << absl::StrJoin(one.labels, ", ") << "}";
}

std::string ReadText(const std::filesystem::path& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::filesystem::path SourceDir() { return VECDB_SOURCE_DIR; }

// "`a`" is a; anything else nothing.
std::string Quoted(std::string_view cell) {
  const std::string text(absl::StripAsciiWhitespace(absl::string_view(cell.data(), cell.size())));
  if (text.size() < 3 || text.front() != '`' || text.back() != '`') return "";
  return text.substr(1, text.size() - 2);
}

// Rows of tables whose first cell is a name: | `name` | type | unit | `label`, `label` | ...
std::map<std::string, DocumentedMetric> ReadTable() {
  std::map<std::string, DocumentedMetric> table;
  const std::string text = ReadText(SourceDir() / "docs" / "metrics.md");
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    if (cells.size() < 7 || Quoted(cells[1]).empty()) continue;
    DocumentedMetric row{.type = std::string(absl::StripAsciiWhitespace(cells[2]))};
    for (const std::string& label : std::vector<std::string>(absl::StrSplit(cells[4], ','))) {
      if (!Quoted(label).empty()) row.labels.insert(Quoted(label));
    }
    EXPECT_TRUE(table.emplace(Quoted(cells[1]), row).second) << "twice: " << line;
  }
  return table;
}

std::string TypeText(MetricType type) {
  return type == MetricType::kCounter ? "counter"
         : type == MetricType::kGauge ? "gauge"
                                      : "histogram";
}

void AddExposed(const Database& database, std::map<std::string, DocumentedMetric>* exposed) {
  for (const MetricFamily& family : database.CollectMetrics()) {
    DocumentedMetric& one = (*exposed)[family.name];
    one.type = TypeText(family.type);
    for (const MetricSample& sample : family.samples) {
      for (const auto& label : sample.labels) one.labels.insert(label.first);
    }
  }
}

// By a writer, and by a reader beside it.
std::map<std::string, DocumentedMetric> ReadExposed() {
  TestDatabase db;
  DoEverything(db);
  std::map<std::string, DocumentedMetric> exposed;
  AddExposed(*db, &exposed);
  TestDatabase reader(db.options.store);
  reader.options.read_only = true;
  const auto read = reader->OpenCollection(reader->ListCollections().front());
  EXPECT_OK(read);
  EXPECT_OK((*read)->Refresh());
  AddExposed(*reader, &exposed);
  return exposed;
}

TEST(MetricsDocTest, EachMetricIsDocumentedWithTypeAndLabelsAndEachDocumentedOneIsThere) {
  const auto documented = ReadTable();
  const auto exposed = ReadExposed();
  EXPECT_GT(exposed.size(), 50u);
  for (const auto& [name, one] : exposed) {
    ASSERT_TRUE(documented.contains(name)) << name << " is not in docs/metrics.md";
    EXPECT_EQ(documented.at(name), one) << name;
  }
  for (const auto& [name, one] : documented) {
    EXPECT_TRUE(exposed.contains(name)) << name << " is in docs/metrics.md and not exposed";
  }
}

TEST(MetricsDocTest, RulesAndDashboardNameWhatIsExposed) {
  const auto exposed = ReadExposed();
  const std::regex pattern("\\b(vecdb_[a-z_]+|process_[a-z_]+)\\b");
  size_t found = 0;
  for (const char* name : {"alerts.yml", "milvus.yml", "dashboard.json"}) {
    const std::string text = ReadText(SourceDir() / "examples" / "monitoring" / name);
    for (auto at = std::sregex_iterator(text.begin(), text.end(), pattern);
         at != std::sregex_iterator(); ++at) {
      std::string metric = at->str();
      ++found;
      for (const char* suffix : {"_bucket", "_sum", "_count"}) {
        const std::string stem = metric.substr(0, metric.size() - std::string(suffix).size());
        if (metric.ends_with(suffix) && exposed.contains(stem)) metric = stem;
      }
      EXPECT_TRUE(exposed.contains(metric)) << name << " names " << metric;
    }
  }
  EXPECT_GT(found, 50u);
}

}  // namespace
}  // namespace vecdb::support
