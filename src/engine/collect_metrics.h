#ifndef VECDB_ENGINE_COLLECT_METRICS_H_
#define VECDB_ENGINE_COLLECT_METRICS_H_

#include "engine/collection_engine.h"
#include "engine/database_metrics.h"
#include "engine/metrics_builder.h"
#include "vecdb/memory_budget.h"

namespace vecdb::engine {

/// Adds the figures of a database: its calls, its memory, that of the process.
void AddDatabaseMetrics(const DatabaseMetrics& metrics, const MemoryBudget& budget,
                        MetricsBuilder* out);

/// Adds the figures of a collection: what it has counted, and what there is now unless it is
/// closed.
void AddCollectionMetrics(CollectionEngine* collection, MetricsBuilder* out);

}  // namespace vecdb::engine

#endif  // VECDB_ENGINE_COLLECT_METRICS_H_
