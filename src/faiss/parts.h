#ifndef VECDB_FAISS_PARTS_H_
#define VECDB_FAISS_PARTS_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <faiss/Index.h>
#include <faiss/IndexFlat.h>

#include "absl/status/statusor.h"
#include "vecdb/context.h"
#include "vecdb/faiss.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::faiss {

/// What FromFaiss was called with.
struct ImportCall {
  const FromFaissOptions& options;
  const Host& host;
  const Context& context;
};

/// The class of an index, for messages.
std::string ClassOf(const ::faiss::Index& index);

/// kL2 or kIp; InvalidArgument for another.
absl::StatusOr<Metric> MetricOf(const ::faiss::Index& index);

/// What FAISS calls it: kCosine is the inner product of rows scaled to length 1.
::faiss::MetricType FaissMetricOf(Metric metric);

/// InvalidArgument or FailedPrecondition unless dim, count and training of an index allow to go on.
absl::Status CheckHead(const ::faiss::Index& index);

/// The vectors of an index that keeps nothing else. InvalidArgument when it is of another class, or
/// has not as many floats as its head says.
absl::StatusOr<std::span<const float>> FlatRows(const ::faiss::Index& index);

/// A new, empty IndexFlatL2 or IndexFlatIP.
std::unique_ptr<::faiss::IndexFlat> NewFlat(int32_t dim, Metric metric);

/// Makes an empty IndexFlat one of `num_rows` vectors, which the caller writes to what comes back.
float* MakeRoom(uint64_t num_rows, ::faiss::IndexFlat* flat);

}  // namespace vecdb::faiss

#endif  // VECDB_FAISS_PARTS_H_
