#include "faiss/parts.h"

#include <cxxabi.h>

#include <cstdlib>
#include <typeinfo>

#include "base/str_format.h"
#include "index/vector_view.h"
#include "vecdb/schema.h"

namespace vecdb::faiss {

std::string ClassOf(const ::faiss::Index& index) {
  const char* const name = typeid(index).name();
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> readable(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return readable == nullptr ? name : readable.get();
}

absl::StatusOr<Metric> MetricOf(const ::faiss::Index& index) {
  if (index.metric_type == ::faiss::METRIC_L2) return Metric::kL2;
  if (index.metric_type == ::faiss::METRIC_INNER_PRODUCT) return Metric::kIp;
  return absl::InvalidArgumentError(
      base::StrFormat("%s has metric_type %d; METRIC_L2 and METRIC_INNER_PRODUCT can be taken over",
                      ClassOf(index), static_cast<int>(index.metric_type)));
}

::faiss::MetricType FaissMetricOf(Metric metric) {
  return metric == Metric::kL2 ? ::faiss::METRIC_L2 : ::faiss::METRIC_INNER_PRODUCT;
}

absl::Status CheckHead(const ::faiss::Index& index) {
  if (index.d < 1 || index.d > kMaxDim) {
    return absl::InvalidArgumentError(
        base::StrFormat("%s has dim %d; the range is 1 to %d", ClassOf(index), index.d, kMaxDim));
  }
  if (index.ntotal < 0 || index.ntotal > int64_t{index::kMaxRows}) {
    return absl::InvalidArgumentError(base::StrFormat(
        "%s has %d vectors; the range is 0 to %d", ClassOf(index), index.ntotal, index::kMaxRows));
  }
  if (index.is_trained) return absl::OkStatus();
  return absl::FailedPreconditionError(
      base::StrFormat("%s is not trained: train it first", ClassOf(index)));
}

absl::StatusOr<std::span<const float>> FlatRows(const ::faiss::Index& index) {
  const auto& type = typeid(index);
  if (type != typeid(::faiss::IndexFlat) && type != typeid(::faiss::IndexFlatL2) &&
      type != typeid(::faiss::IndexFlatIP)) {
    return absl::InvalidArgumentError(
        base::StrFormat("%s cannot be taken over here; IndexFlat, IndexFlatL2 and IndexFlatIP can",
                        ClassOf(index)));
  }
  const auto& flat = static_cast<const ::faiss::IndexFlat&>(index);
  const size_t floats = static_cast<size_t>(flat.ntotal) * static_cast<size_t>(flat.d);
  if (flat.codes.size() != floats * sizeof(float)) {
    return absl::InvalidArgumentError(
        base::StrFormat("%s holds %d bytes, which are not %d vectors of dim %d", ClassOf(index),
                        flat.codes.size(), flat.ntotal, flat.d));
  }
  return std::span(flat.get_xb(), floats);
}

std::unique_ptr<::faiss::IndexFlat> NewFlat(int32_t dim, Metric metric) {
  if (metric == Metric::kL2) return std::make_unique<::faiss::IndexFlatL2>(dim);
  return std::make_unique<::faiss::IndexFlatIP>(dim);
}

float* MakeRoom(uint64_t num_rows, ::faiss::IndexFlat* flat) {
  flat->codes.resize(num_rows * flat->code_size);
  flat->ntotal = static_cast<int64_t>(num_rows);
  return flat->get_xb();
}

}  // namespace vecdb::faiss
