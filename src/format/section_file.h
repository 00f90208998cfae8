#ifndef VECDB_FORMAT_SECTION_FILE_H_
#define VECDB_FORMAT_SECTION_FILE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "format/mapped_sections.h"
#include "vecdb/context.h"
#include "vecdb/object_store.h"

namespace vecdb::format {

// The container of every binary file: tagged sections, each covered by checksums of 64 KiB blocks,
// so that a whole section and a few bytes of it are verified alike. Layout (docs/formats.md has
// every byte):
//
//   header, 64 bytes      magic, format version, file kind
//   sections              each begins at a multiple of 64
//   block checksums       XXH3-64 of each 64 KiB block of each section, in order
//   section table         40 bytes each: tag, version, flags, offset, size, first block checksum
//   footer, 64 bytes      places and counts of the two above, their checksum, its own checksum
//
// The checksum in the footer covers all other checksums, hence every section: it is the checksum of
// the object that a manifest keeps. A section with the critical flag that a reader does not know
// makes the file unreadable to it; one without is skipped.

enum class FileKind : uint32_t { kColumns = 1, kVectors = 2, kIndex = 3, kDeletes = 4 };

/// A section tag: four letters.
constexpr uint32_t Tag(const char (&text)[5]) {
  return static_cast<uint32_t>(static_cast<unsigned char>(text[0])) |
         static_cast<uint32_t>(static_cast<unsigned char>(text[1])) << 8 |
         static_cast<uint32_t>(static_cast<unsigned char>(text[2])) << 16 |
         static_cast<uint32_t>(static_cast<unsigned char>(text[3])) << 24;
}

inline constexpr uint64_t kSectionAlignment = 64;
inline constexpr uint64_t kChecksumBlockBytes = 64 << 10;
inline constexpr uint32_t kMaxSections = 4096;

/// Most rows that a file may be about.
inline constexpr uint64_t kMaxFileRows = 0x7fffffff;

/// Size and checksum of a finished file: what a manifest remembers of it.
struct FileSummary {
  uint64_t size_bytes = 0;
  uint64_t checksum = 0;

  friend bool operator==(const FileSummary&, const FileSummary&) = default;
};

struct SectionInfo {
  uint32_t tag = 0;
  uint16_t version = 0;
  bool critical = false;
  uint64_t offset = 0;
  uint64_t size_bytes = 0;
  uint64_t first_checksum = 0;
};

/// Writes one section file, front to back, in a single pass. For one thread at a time.
///
///     VECDB_ASSIGN_OR_RETURN(auto writer, SectionWriter::Create(store, path, FileKind::kIndex,
///     context)); VECDB_RETURN_IF_ERROR(writer->AddSection(Tag("META"), meta, context));
///     VECDB_ASSIGN_OR_RETURN(FileSummary summary, writer->Finish(context));
class SectionWriter {
 public:
  static absl::StatusOr<std::unique_ptr<SectionWriter>> Create(ObjectStore& store,
                                                               const ObjectPath& path,
                                                               FileKind kind,
                                                               const Context& context);

  /// Starts a section, ending the one before. Tags must differ.
  absl::Status BeginSection(uint32_t tag, const Context& context, uint16_t version = 1,
                            bool critical = true);
  /// Adds bytes to the section that was begun.
  absl::Status Append(std::span<const std::byte> bytes, const Context& context);
  /// A whole section in one call.
  absl::Status AddSection(uint32_t tag, std::span<const std::byte> bytes, const Context& context);

  /// Where in the file the next byte that is appended will lie, in a section that was begun.
  uint64_t offset() const { return offset_; }

  /// Writes table and footer and makes the object visible and durable.
  absl::StatusOr<FileSummary> Finish(const Context& context);

 private:
  SectionWriter(std::unique_ptr<ObjectWriter> object, FileKind kind);
  absl::Status WriteRaw(std::span<const std::byte> bytes, const Context& context);
  absl::Status EndSection(const Context& context);

  std::unique_ptr<ObjectWriter> object_;
  FileKind kind_;
  uint64_t offset_ = 0;
  bool in_section_ = false;
  std::vector<SectionInfo> sections_;
  std::vector<uint64_t> checksums_;
  std::vector<std::byte> open_block_;  // the unfinished 64 KiB block of the section
};

/// Which blocks of one section were checked already. Thread-safe.
class CheckedBlocks {
 public:
  explicit CheckedBlocks(uint64_t section_bytes)
      : words_((section_bytes / kChecksumBlockBytes + 64) / 64) {}

  bool Has(uint64_t block) const {
    return ((words_[block / 64].load(std::memory_order_relaxed) >> (block % 64)) & 1) != 0;
  }
  void Add(uint64_t block) {
    words_[block / 64].fetch_or(uint64_t{1} << (block % 64), std::memory_order_relaxed);
  }

 private:
  std::vector<std::atomic<uint64_t>> words_;
};

/// What the bytes of a large section are to whoever uses them.
enum class SectionUse {
  kNumbers,  ///< row numbers, links, places: wrong ones lead out of bounds
  kContent,  ///< vectors, norms, codes: wrong ones give wrong distances and nothing worse
  kCopies,   ///< kContent of which few bytes are read at a time
};

/// How large sections come into memory, and what is told of it. Borrows everything.
struct SectionReading {
  /// Not null: sections are mapped where the store can, and noted here. kNumbers are checked at
  /// once all the same; checking others is left to MappedSections::Check.
  MappedSections* mapped = nullptr;
  /// Not null: grows by the bytes of the file as they are read or mapped.
  std::atomic<uint64_t>* bytes_done = nullptr;
  bool maps_copies_alone = false;  ///< sections of other uses are read
};

/// An open section file. Everything it returns has been checked against its checksum. Thread-safe.
class SectionFile {
 public:
  /// Reads and checks header, footer, table and block checksums. DataLoss for a damaged file, a
  /// foreign one, or one that differs from `expected`; FailedPrecondition for a newer format.
  static absl::StatusOr<std::unique_ptr<SectionFile>> Open(
      ObjectStore& store, const ObjectPath& path, FileKind kind,
      const std::optional<FileSummary>& expected, const Context& context);

  /// The same file, for one load. The errors of mapping, but for Unimplemented: it reads then.
  absl::StatusOr<std::unique_ptr<SectionFile>> WithReading(const SectionReading& reading) const;

  /// FailedPrecondition when there is a critical section whose tag is not in `known`, or one of a
  /// version above 1. For readers that know every section of their file.
  absl::Status CheckKnown(std::span<const uint32_t> known) const;

  bool Has(uint32_t tag) const { return FindOrNull(tag) != nullptr; }
  /// DataLoss, naming the tag, when the section is missing.
  absl::StatusOr<SectionInfo> Find(uint32_t tag) const;

  /// Reads a whole section, whose size must be that of `out`, or DataLoss.
  absl::Status Read(uint32_t tag, std::span<std::byte> out, const Context& context) const;
  /// Reads a whole section of at most `max_bytes` into a string; for small ones.
  absl::StatusOr<std::string> ReadSmall(uint32_t tag, uint64_t max_bytes,
                                        const Context& context) const;
  /// Reads a whole section of exactly `size_bytes` straight into memory of the host's, in parallel
  /// on its executor, or maps it. `check` looks at every piece of the section, from several
  /// threads; of kContent that is mapped when Check does.
  absl::StatusOr<base::LargeBuffer> ReadLarge(uint32_t tag, uint64_t size_bytes, const Host& host,
                                              MemoryUse memory_use, std::string_view what,
                                              const Context& context,
                                              SectionUse use = SectionUse::kNumbers,
                                              const PieceCheck& check = nullptr) const;
  /// Reads a part of a section, and as much around it as checking needs.
  absl::Status ReadRange(uint32_t tag, uint64_t offset, std::span<std::byte> out,
                         const Context& context) const;
  /// The same for a reader of many small parts: a block that `checked` has, because an earlier call
  /// with it read and checked that block, is not checked anew, so that no more than `out` is read.
  absl::Status ReadPart(uint32_t tag, uint64_t offset, std::span<std::byte> out,
                        CheckedBlocks* checked, const Context& context) const;
  /// Reads and checks every section.
  absl::Status Verify(const Context& context) const;

  /// The object itself, for those who read parts that have checksums of their own.
  const std::shared_ptr<const ObjectReader>& object() const { return object_; }

  const std::string& path() const { return path_; }
  const FileSummary& summary() const { return summary_; }
  std::span<const SectionInfo> sections() const { return sections_; }

  /// So much of it is to be read at a time, a deadline being looked at in between: what the store
  /// prefers, and at least what is checked while the core has it in its cache.
  uint64_t piece_bytes() const;

  /// DataLoss naming this file: for readers that find its contents impossible.
  absl::Status Damaged(std::string_view why) const;

 private:
  SectionFile() = default;
  SectionFile(const SectionFile&) = default;
  absl::Status ReadFooter(FileKind kind, const Context& context);
  absl::Status ParseTable(std::span<const std::byte> table, uint32_t count, uint64_t data_end);
  const SectionInfo* FindOrNull(uint32_t tag) const;
  absl::Status ReadBlocks(const SectionInfo& section, uint64_t offset, std::span<std::byte> out,
                          const Context& context) const;
  absl::StatusOr<base::LargeBuffer> MapLarge(const SectionInfo& section, const Host& host,
                                             const Context& context, SectionUse use,
                                             const PieceCheck& check) const;
  std::span<const uint64_t> ChecksumsOf(const SectionInfo& section) const;
  void CountDone(uint64_t bytes) const;

  std::string path_;
  std::shared_ptr<const ObjectReader> object_;
  SectionReading reading_;
  std::shared_ptr<const MappedBytes> map_;  // null: sections are read
  FileSummary summary_;
  std::vector<SectionInfo> sections_;
  std::vector<uint64_t> checksums_;
};

}  // namespace vecdb::format

#endif  // VECDB_FORMAT_SECTION_FILE_H_
