#ifndef VECDB_TESTS_INDEX_IVF_TESTING_H_
#define VECDB_TESTS_INDEX_IVF_TESTING_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "index/ivf_index.h"
#include "index/vector_index.h"
#include "support/status_testing.h"

namespace vecdb::index {

// Every kind of list, under every metric.
inline std::vector<IndexSpec> IvfSpecs(int32_t nlist) {
  std::vector<IndexSpec> specs;
  for (const Metric metric : {Metric::kL2, Metric::kIp, Metric::kCosine}) {
    specs.push_back({.metric = metric, .params = IvfFlatParams{.nlist = nlist}});
    specs.push_back({.metric = metric, .params = IvfSq8Params{.nlist = nlist}});
    for (const int32_t nbits : {3, 4, 6, 8}) {
      specs.push_back(
          {.metric = metric, .params = IvfPqParams{.nlist = nlist, .m = 4, .nbits = nbits}});
    }
  }
  return specs;
}

inline std::string IvfName(const IndexSpec& spec) { return spec.ToJson(); }

inline std::unique_ptr<VectorIndex> BuildIvfIndex(const VectorView& view, const IndexSpec& spec,
                                                  const Host& host = {}) {
  auto built = BuildVectorIndex(view, spec, host, {});
  EXPECT_OK(built) << IvfName(spec);
  return *std::move(built);
}

// Reads every list and looks at every candidate again.
inline IvfSearchParams Exhaustive() { return {.nprobe = 65536, .refine_k = 1000}; }

}  // namespace vecdb::index

#endif  // VECDB_TESTS_INDEX_IVF_TESTING_H_
