#ifndef VECDB_TESTS_SUPPORT_COLUMN_DAMAGE_H_
#define VECDB_TESTS_SUPPORT_COLUMN_DAMAGE_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "format/section_file.h"
#include "support/status_testing.h"
#include "support/store_testing.h"

namespace vecdb::support {

/// Flips a bit among the values of one column of a columns.vseg: the file still opens and its other
/// columns can be read.
inline void DamageColumn(ObjectStore& store, const std::string& path, int32_t field_id) {
  const auto file =
      format::SectionFile::Open(store, PathOf(path), format::FileKind::kColumns, std::nullopt, {});
  ASSERT_OK(file);
  const auto section = (*file)->Find(0x80010000U | static_cast<uint32_t>(field_id));
  ASSERT_OK(section);
  ASSERT_GT(section->size_bytes, 0u);
  std::string bytes = *GetObject(store, PathOf(path), kNoLimit);
  char& byte = bytes.at(section->offset);
  byte = static_cast<char>(byte ^ 0x10);
  ASSERT_OK(store.Delete(PathOf(path)));
  ASSERT_OK(PutObject(store, PathOf(path), bytes));
}

}  // namespace vecdb::support

#endif  // VECDB_TESTS_SUPPORT_COLUMN_DAMAGE_H_
