#include "ann/engine.h"

#include "absl/strings/str_format.h"

namespace vecdb::bench {

absl::StatusOr<std::unique_ptr<Engine>> MakeEngine(std::string_view name, const Dataset& dataset,
                                                   const Options& options) {
  const std::string_view vecdb = options.door == Door::kIndex ? "vecdb-index" : "vecdb-collection";
  const std::string_view kind = name == "vecdb" ? vecdb : name;
  if (kind == "vecdb-index") return MakeVecdbIndexEngine(dataset, options);
  if (kind == "vecdb-collection") return MakeVecdbCollectionEngine(dataset, options);
#ifdef VECDB_BENCH_HNSWLIB
  if (kind == "hnswlib") return MakeHnswlibEngine(dataset, options);
#endif
#ifdef VECDB_BENCH_FAISS
  if (kind == "faiss") return MakeFaissEngine(dataset, options);
#endif
  return absl::NotFoundError(
      absl::StrFormat("--engine: \"%s\" is unknown, or was not found at configure time", name));
}

}  // namespace vecdb::bench
