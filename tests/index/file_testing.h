#ifndef VECDB_TESTS_INDEX_FILE_TESTING_H_
#define VECDB_TESTS_INDEX_FILE_TESTING_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_io.h"
#include "format/section_file.h"
#include "index/vector_index.h"
#include "support/status_testing.h"
#include "vecdb/object_store.h"

namespace vecdb::index {

// The sections of an index file, to be changed and written again with checksums that fit.
using Sections = std::map<uint32_t, std::string>;

inline const ObjectPath& TestPath() {
  static const ObjectPath* const path = new ObjectPath(*ObjectPath::Parse("test.idx"));
  return *path;
}

inline std::unique_ptr<format::SectionFile> OpenFile(ObjectStore& store) {
  auto file =
      format::SectionFile::Open(store, TestPath(), format::FileKind::kIndex, std::nullopt, {});
  EXPECT_OK(file);
  return *std::move(file);
}

inline std::shared_ptr<ObjectStore> WriteFile(const VectorIndex& index) {
  const auto store = MakeMemoryObjectStore();
  auto writer = format::SectionWriter::Create(*store, TestPath(), format::FileKind::kIndex, {});
  EXPECT_OK(writer);
  EXPECT_OK(index.Write(**writer, {}));
  EXPECT_OK((*writer)->Finish({}));
  return store;
}

inline std::shared_ptr<ObjectStore> WriteFile(const Sections& sections) {
  const auto store = MakeMemoryObjectStore();
  auto writer = format::SectionWriter::Create(*store, TestPath(), format::FileKind::kIndex, {});
  EXPECT_OK(writer);
  for (const auto& [tag, bytes] : sections) {
    EXPECT_OK((*writer)->AddSection(tag, base::AsBytes(bytes), {}));
  }
  EXPECT_OK((*writer)->Finish({}));
  return store;
}

inline Sections ReadSections(ObjectStore& store) {
  const auto file = OpenFile(store);
  Sections sections;
  for (const format::SectionInfo& info : file->sections()) {
    auto bytes = file->ReadSmall(info.tag, info.size_bytes, {});
    EXPECT_OK(bytes);
    sections[info.tag] = *std::move(bytes);
  }
  return sections;
}

inline absl::StatusOr<std::unique_ptr<VectorIndex>> LoadSections(const Sections& sections,
                                                                 const VectorView& view) {
  const auto store = WriteFile(sections);
  return LoadVectorIndex(*OpenFile(*store), view, {}, {});
}

}  // namespace vecdb::index

#endif  // VECDB_TESTS_INDEX_FILE_TESTING_H_
