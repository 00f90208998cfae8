#ifndef VECDB_PROMETHEUS_H_
#define VECDB_PROMETHEUS_H_

/// The metrics of a database for prometheus-cpp. Not part of vecdb.h: a component of its own, which
/// brings prometheus-cpp's core along.
///
///     find_package(vecdb CONFIG REQUIRED COMPONENTS metrics)
///     target_link_libraries(app PRIVATE vecdb::metrics prometheus-cpp::pull)
///
///     std::shared_ptr<vecdb::Database> db = *vecdb::Database::Open({.path = "/var/lib/app"});
///     const auto metrics = vecdb::MetricsOf(db);
///     prometheus::Exposer exposer("127.0.0.1:9464");
///     exposer.RegisterCollectable(metrics);
///
/// A host without prometheus-cpp serves Database::MetricsText() itself.

#include <memory>

#include "vecdb/database.h"

namespace prometheus {
class Collectable;
}

namespace vecdb {

/// What collects the metrics of a database each time it is asked. The host keeps it: exposers hold
/// it weakly. It does not keep the database open; of one that is gone it collects nothing.
/// Thread-safe.
std::shared_ptr<prometheus::Collectable> MetricsOf(const std::shared_ptr<Database>& database);

}  // namespace vecdb

#endif  // VECDB_PROMETHEUS_H_
