// The container of every binary file, and the file of deletes.
//
// mode: bits 0-1 shape, bits 2-3 kind of the file, bit 4: checks against the summary of the file
#include <algorithm>

#include "format/delete_file.h"
#include "fuzz/fuzz_support.h"

namespace vecdb::fuzz {
namespace {

using format::FileKind;
using format::SectionFile;
using format::SectionInfo;

constexpr uint64_t kRows = 100;

void UseSection(const SectionFile& file, const SectionInfo& section, uint64_t end) {
  Require(section.offset % format::kSectionAlignment == 0 && section.offset <= end &&
              section.size_bytes <= end - section.offset,
          "a section lies in its file");
  const auto bytes = file.ReadSmall(section.tag, section.size_bytes, {});
  if (!bytes.ok()) return;
  Require(bytes->size() == section.size_bytes, "a section has its size");
  const uint64_t half = section.size_bytes / 2;
  std::string part(section.size_bytes - half, '\0');
  Require(file.ReadRange(section.tag, half, std::as_writable_bytes(std::span(part)), {}).ok(),
          "a part of a sound section is sound");
  Require(part == bytes->substr(half), "a part is a part of the whole");
  Require(
      !file.ReadRange(
               section.tag, section.size_bytes,
               std::as_writable_bytes(std::span(part)).first(std::min<size_t>(1, part.size())), {})
              .ok() ||
          part.empty(),
      "nothing is read behind a section");
}

void UseSections(const SectionFile& file, uint64_t size) {
  Require(file.summary().size_bytes == size, "a file has its size");
  bool sound = true;
  for (const SectionInfo& section : file.sections()) {
    UseSection(file, section, size);
    sound = sound && file.ReadSmall(section.tag, section.size_bytes, {}).ok();
  }
  Require(file.Verify({}).ok() == sound, "a file is sound when its sections are");
  const std::vector<uint32_t> known = {format::Tag("META"), format::Tag("ROWS")};
  file.CheckKnown(known).IgnoreError();
}

void UseDeletes(ObjectStore& store) {
  const auto deletes = format::ReadDeleteFile(store, ObjectName(), std::nullopt, kRows, {});
  if (!deletes.ok()) return;
  uint64_t next = 0;
  for (const format::RowDelete& deleted : *deletes) {
    Require(deleted.row >= next && deleted.row < kRows && deleted.timestamp > 0,
            "deletes are of rows in order, with a time");
    next = uint64_t{deleted.row} + 1;
  }
}

}  // namespace
}  // namespace vecdb::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using vecdb::format::FileKind;
  using vecdb::format::SectionFile;
  vecdb::fuzz::Input input(data, size);
  const uint8_t mode = input.Byte();
  const auto kind = static_cast<FileKind>(1 + (mode >> 2 & 3));
  const std::string bytes = vecdb::fuzz::MakeSectionFile(mode, kind, input.rest());
  vecdb::fuzz::OneObjectStore store(bytes);
  const auto& name = vecdb::fuzz::ObjectName();
  const auto file = SectionFile::Open(store, name, kind, std::nullopt, {});
  if (file.ok()) {
    vecdb::fuzz::UseSections(**file, bytes.size());
    vecdb::format::FileSummary other = (*file)->summary();
    other.checksum ^= mode & 16;
    vecdb::fuzz::Require(SectionFile::Open(store, name, kind, other, {}).ok() == ((mode & 16) == 0),
                         "a file is that of its summary alone");
  }
  if (kind == FileKind::kDeletes) vecdb::fuzz::UseDeletes(store);
  return 0;
}
