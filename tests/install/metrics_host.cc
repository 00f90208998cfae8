// A host program against an installed vecdb with the component metrics: prometheus-cpp gets what
// the database has counted.
#include <vecdb/prometheus.h>
#include <vecdb/vecdb.h>

#include <iostream>
#include <memory>
#include <utility>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

int main() {
  auto opened = vecdb::Database::Open({.store = vecdb::MakeMemoryObjectStore()});
  if (!opened.ok()) {
    std::cerr << opened.status() << "\n";
    return 1;
  }
  const std::shared_ptr<vecdb::Database> db = *std::move(opened);
  for (const prometheus::MetricFamily& family : vecdb::MetricsOf(db)->Collect()) {
    if (family.name != "vecdb_collections") continue;
    std::cout << family.name << " " << family.metric.at(0).gauge.value << "\n";
    return 0;
  }
  return 1;
}
