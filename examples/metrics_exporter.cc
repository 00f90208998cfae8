// A database that can be watched: fills a collection, searches it, writes to it, and lets
// Prometheus have the metrics.
//
//     metrics_exporter [port [seconds]]
//
// Serves http://127.0.0.1:<port>/metrics, 9464 unless told otherwise; port 0 takes one that is
// free, and the first line says which. Ends after `seconds`, or never. examples/monitoring has what
// Prometheus and Grafana need to show it.

#include <prometheus/exposer.h>
#include <vecdb/prometheus.h>
#include <vecdb/vecdb.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

constexpr int32_t kDim = 32;
constexpr int64_t kFirstRows = 5000;
constexpr int64_t kRowsPerRound = 20;
constexpr int kSearchesPerRound = 50;

vecdb::Schema PointsSchema() {
  return {.description = "points at random",
          .fields = {{.name = "id", .type = vecdb::DataType::kInt64, .primary_key = true},
                     {.name = "color", .type = vecdb::DataType::kVarChar, .max_length = 16},
                     {.name = "place", .type = vecdb::DataType::kFloatVector, .dim = kDim}}};
}

class Points {
 public:
  explicit Points(std::unique_ptr<vecdb::Collection> collection)
      : collection_(std::move(collection)) {}

  absl::Status Fill() {
    if (absl::Status status = Insert(kFirstRows); !status.ok()) return status;
    if (absl::Status status = collection_->Flush(); !status.ok()) return status;
    const vecdb::IndexSpec spec{.metric = vecdb::Metric::kL2, .params = vecdb::HnswParams{.m = 8}};
    if (absl::Status status = collection_->CreateIndex("place", spec); !status.ok()) return status;
    return collection_->WaitForIndex("place");
  }

  // What a busy program does, errors included.
  absl::Status Round() {
    for (int i = 0; i < kSearchesPerRound; ++i) {
      const std::vector<float> query = Vector();
      const auto found = collection_->Search({.field = "place",
                                              .vectors = query,
                                              .filter = i % 5 == 0 ? "color == \"red\"" : "",
                                              .output_fields = {"color"}});
      if (!found.ok()) return found.status();
    }
    const auto refused = collection_->Query({.filter = "colour == \"red\""});
    if (refused.ok()) return absl::InternalError("a field that is not there was found");
    const auto deleted = collection_->Delete({next_id_ - kRowsPerRound, next_id_ - 1});
    if (!deleted.ok()) return deleted.status();
    return Insert(kRowsPerRound);
  }

 private:
  std::vector<float> Vector() {
    std::vector<float> vector(kDim);
    for (float& value : vector) value = normal_(random_);
    return vector;
  }

  absl::Status Insert(int64_t count) {
    std::vector<int64_t> ids;
    std::vector<std::string> colors;
    std::vector<float> places;
    for (int64_t i = 0; i < count; ++i) {
      ids.push_back(next_id_++);
      colors.emplace_back(random_() % 3 == 0 ? "red" : "blue");
      const std::vector<float> vector = Vector();
      places.insert(places.end(), vector.begin(), vector.end());
    }
    vecdb::RowBatch rows(PointsSchema());
    rows.SetInt64("id", ids);
    rows.SetVarChar("color", colors);
    rows.SetFloatVectors("place", std::move(places));
    return collection_->Insert(rows).status();
  }

  const std::unique_ptr<vecdb::Collection> collection_;
  int64_t next_id_ = 0;
  std::mt19937 random_{1};
  std::normal_distribution<float> normal_;
};

absl::Status Run(const std::string& port, std::chrono::seconds length) {
  auto opened = vecdb::Database::Open({.store = vecdb::MakeMemoryObjectStore()});
  if (!opened.ok()) return opened.status();
  const std::shared_ptr<vecdb::Database> db = *std::move(opened);
  auto collection = db->CreateCollection("points", PointsSchema());
  if (!collection.ok()) return collection.status();

  const auto metrics = vecdb::MetricsOf(db);
  prometheus::Exposer exposer("127.0.0.1:" + port);
  exposer.RegisterCollectable(metrics);
  std::cout << "http://127.0.0.1:" << exposer.GetListeningPorts().at(0) << "/metrics" << std::endl;

  Points points(*std::move(collection));
  absl::Status status = points.Fill();
  const auto end = std::chrono::steady_clock::now() + length;
  while (status.ok() && (length.count() == 0 || std::chrono::steady_clock::now() < end)) {
    status = points.Round();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return status.ok() ? db->Close() : status;
}

}  // namespace

int main(int argc, char** argv) {
  // prometheus-cpp says by exceptions that it cannot listen.
  try {
    const absl::Status status =
        Run(argc > 1 ? argv[1] : "9464", std::chrono::seconds(argc > 2 ? std::atoi(argv[2]) : 0));
    if (status.ok()) return 0;
    std::cerr << status << "\n";
  } catch (const std::exception& error) {
    std::cerr << "cannot serve metrics: " << error.what() << "\n";
  }
  return 1;
}
