#ifndef VECDB_INDEX_GOLDEN_TESTING_H_
#define VECDB_INDEX_GOLDEN_TESTING_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

#include "index/file_testing.h"
#include "index/vector_index.h"

namespace vecdb::index {

/// The index in a golden file. With VECDB_WRITE_GOLDEN the file is written anew first, by an index
/// of `spec` over the rows.
inline absl::StatusOr<std::unique_ptr<VectorIndex>> LoadGoldenIndex(std::string_view name,
                                                                    const IndexSpec& spec,
                                                                    const VectorView& view) {
  const auto path = std::filesystem::path(VECDB_GOLDEN_DIR) / "vector_index" / name;
  if (std::getenv("VECDB_WRITE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    const auto store = WriteFile(**BuildVectorIndex(view, spec, {}, {}));
    std::ofstream(path, std::ios::binary) << *GetObject(*store, TestPath(), 1 << 20);
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  const auto store = MakeMemoryObjectStore();
  EXPECT_OK(PutObject(*store, TestPath(), bytes));
  return LoadVectorIndex(*OpenFile(*store), view, {}, {});
}

}  // namespace vecdb::index

#endif  // VECDB_INDEX_GOLDEN_TESTING_H_
