#ifndef VECDB_TESTS_INDEX_DISKANN_TESTING_H_
#define VECDB_TESTS_INDEX_DISKANN_TESTING_H_

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "index/diskann_index.h"
#include "index/file_testing.h"
#include "index/index_testing.h"
#include "index/vector_index.h"
#include "support/status_testing.h"

namespace vecdb::index {

inline IndexSpec DiskannSpec(Metric metric, int32_t max_degree = 16) {
  return {.metric = metric,
          .params = DiskannParams{.max_degree = max_degree,
                                  .search_list_size = 40,
                                  .pq_code_budget = 0.25,
                                  .search_cache_budget = 0}};
}

inline std::unique_ptr<VectorIndex> BuildDiskannIndex(const VectorView& view, const IndexSpec& spec,
                                                      const Host& host = {}) {
  auto built = BuildVectorIndex(view, spec, host, {});
  EXPECT_OK(built);
  return *std::move(built);
}

inline const DiskannParts& PartsOf(const VectorIndex& index) {
  return static_cast<const DiskannIndex&>(index).parts();
}

// What an index sees whose rows are nowhere but in its pages.
inline VectorView OnlyInPages(const VectorView& view) {
  return {.num_rows = view.num_rows, .dim = view.dim};
}

}  // namespace vecdb::index

#endif  // VECDB_TESTS_INDEX_DISKANN_TESTING_H_
