#ifndef VECDB_FORMAT_FORMAT_TESTING_H_
#define VECDB_FORMAT_FORMAT_TESTING_H_

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/byte_io.h"
#include "base/checksum.h"
#include "format/section_file.h"
#include "support/status_testing.h"
#include "support/store_testing.h"
#include "vecdb/object_store.h"

namespace vecdb::format {

using support::CodeOf;
using support::PathOf;

inline std::string BytesOf(ObjectStore& store, const ObjectPath& path) {
  return GetObject(store, path, support::kNoLimit).value();
}

/// Puts `bytes` in the place of an object, as damage or an attacker would.
inline void Replace(ObjectStore& store, const ObjectPath& path, std::string_view bytes) {
  ASSERT_OK(store.Delete(path));
  ASSERT_OK(PutObject(store, path, bytes));
}

inline std::string RandomBytes(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::string bytes(count, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

template <typename T>
void PutAt(std::string* bytes, size_t offset, T value) {
  ASSERT_LE(offset + sizeof(T), bytes->size());
  std::memcpy(bytes->data() + offset, &value, sizeof(T));
}

template <typename T>
T GetAt(std::string_view bytes, size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

/// Offsets within a section file, as docs/formats.md gives them.
constexpr size_t kRecordBytes = 64;  // header and footer
constexpr size_t kSealAt = 56;
constexpr size_t kVersionAt = 8;
constexpr size_t kChecksumsOffsetAt = 16;
constexpr size_t kNumChecksumsAt = 24;
constexpr size_t kNumSectionsAt = 32;
constexpr size_t kTableChecksumAt = 40;
constexpr size_t kTableEntryBytes = 40;

inline size_t FooterAt(std::string_view file) { return file.size() - kRecordBytes; }

/// Makes the checksums of a section file right again after an edit of header, table or footer. A
/// table that the footer places outside the file is left alone.
inline void Reseal(std::string* file) {
  const size_t footer = FooterAt(*file);
  const auto table = GetAt<uint64_t>(*file, footer + kChecksumsOffsetAt);
  if (table <= footer) {
    const std::string_view covered = std::string_view(*file).substr(table, footer - table);
    PutAt(file, footer + kTableChecksumAt, base::Xxh3(covered));
  }
  for (const size_t record : {size_t{0}, footer}) {
    PutAt(file, record + kSealAt, base::Xxh3(std::string_view(*file).substr(record, kSealAt)));
  }
}

/// The bytes of every section by tag, read and checked.
inline std::map<uint32_t, std::string> SectionsOf(const SectionFile& file) {
  std::map<uint32_t, std::string> sections;
  for (const SectionInfo& section : file.sections()) {
    sections[section.tag] = file.ReadSmall(section.tag, section.size_bytes, {}).value();
  }
  return sections;
}

/// Writes a section file again with one section changed by `edit` (or added, when there is none)
/// and every checksum right.
inline void RewriteSection(ObjectStore& store, const ObjectPath& path, FileKind kind, uint32_t tag,
                           const std::function<void(std::string*)>& edit) {
  auto file = SectionFile::Open(store, path, kind, std::nullopt, {});
  ASSERT_OK(file);
  std::map<uint32_t, std::string> sections = SectionsOf(**file);
  edit(&sections[tag]);
  ASSERT_OK(store.Delete(path));
  auto writer = SectionWriter::Create(store, path, kind, {});
  ASSERT_OK(writer);
  for (const auto& [section_tag, bytes] : sections) {
    ASSERT_OK((*writer)->AddSection(section_tag, base::AsBytes(bytes), {}));
  }
  ASSERT_OK((*writer)->Finish({}));
}

/// The summary of the file that lies there now.
inline FileSummary SummaryOf(ObjectStore& store, const ObjectPath& path, FileKind kind) {
  return (*SectionFile::Open(store, path, kind, std::nullopt, {}))->summary();
}

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_FORMAT_TESTING_H_
