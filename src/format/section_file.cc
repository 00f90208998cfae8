#include "format/section_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/byte_io.h"
#include "base/checksum.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::format {
namespace {

constexpr uint64_t kHeaderMagic =
    0x3142444345560a89;  // "\x89\nVECDB1", so that text tools see binary
constexpr uint64_t kFooterMagic = 0x31444e4542444356;  // "VCDBEND1"
constexpr uint32_t kSectionFormatVersion = 1;
constexpr uint64_t kHeaderBytes = 64;
constexpr uint64_t kFooterBytes = 64;
constexpr uint64_t kTableEntryBytes = 40;
constexpr uint16_t kCriticalFlag = 1;
constexpr uint64_t kMaxFileBytes = 1ULL << 46;
// A multiple of the checksum block. Reads of 4 MiB of a local file, whose bytes have left the cache
// of the core when they are checked, are half as fast.
constexpr uint64_t kReadChunkBytes = 512 << 10;
constexpr uint64_t kMaxPieceBytes = 64 << 20;
constexpr uint64_t kMaxVerifiedBytes = 2 << 20;  // at a time, of memory that nobody has reserved

static_assert(kReadChunkBytes % kChecksumBlockBytes == 0);

uint64_t BlockCount(uint64_t size_bytes) {
  return (size_bytes + kChecksumBlockBytes - 1) / kChecksumBlockBytes;
}

// Fields of a 64-byte record, zeros up to its checksum in the last eight bytes.
std::string Seal(base::ByteWriter record, uint64_t record_bytes) {
  record.PadTo(record_bytes - sizeof(uint64_t));
  record.Put(base::Xxh3(std::string_view(record.str())));
  return record.str();
}

bool SealHolds(std::span<const std::byte> record) {
  const auto body = record.first(record.size() - sizeof(uint64_t));
  return base::ByteReader(record.subspan(body.size())).Get<uint64_t>() == base::Xxh3(body);
}

std::string HeaderBytes(FileKind kind) {
  base::ByteWriter header;
  header.Put(kHeaderMagic);
  header.Put(kSectionFormatVersion);
  header.Put(kind);
  return Seal(std::move(header), kHeaderBytes);
}

std::string TagText(uint32_t tag) {
  std::string text;
  for (int i = 0; i < 4; ++i) text.push_back(static_cast<char>(tag >> (8 * i) & 0x7f));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

struct Footer {
  uint32_t version = 0;
  uint32_t kind = 0;
  uint64_t checksums_offset = 0;
  uint64_t num_checksums = 0;
  uint32_t num_sections = 0;
  uint64_t checksum = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SectionWriter>> SectionWriter::Create(ObjectStore& store,
                                                                     const ObjectPath& path,
                                                                     FileKind kind,
                                                                     const Context& context) {
  VECDB_ASSIGN_OR_RETURN(auto object, store.Create(path, context));
  std::unique_ptr<SectionWriter> writer(new SectionWriter(std::move(object), kind));
  VECDB_RETURN_IF_ERROR(writer->WriteRaw(base::AsBytes(HeaderBytes(kind)), context));
  return writer;
}

SectionWriter::SectionWriter(std::unique_ptr<ObjectWriter> object, FileKind kind)
    : object_(std::move(object)), kind_(kind) {
  open_block_.reserve(kChecksumBlockBytes);
}

absl::Status SectionWriter::WriteRaw(std::span<const std::byte> bytes, const Context& context) {
  offset_ += bytes.size();
  return object_->Append(bytes, context);
}

absl::Status SectionWriter::BeginSection(uint32_t tag, const Context& context, uint16_t version,
                                         bool critical) {
  VECDB_RETURN_IF_ERROR(EndSection(context));
  const auto same_tag = [tag](const SectionInfo& section) { return section.tag == tag; };
  if (std::any_of(sections_.begin(), sections_.end(), same_tag) ||
      sections_.size() >= kMaxSections) {
    return absl::InternalError(base::StrFormat("section %s twice, or too many", TagText(tag)));
  }
  sections_.push_back({.tag = tag,
                       .version = version,
                       .critical = critical,
                       .offset = offset_,
                       .first_checksum = checksums_.size()});
  in_section_ = true;
  return absl::OkStatus();
}

absl::Status SectionWriter::Append(std::span<const std::byte> bytes, const Context& context) {
  if (!in_section_) return absl::InternalError("Append outside a section");
  sections_.back().size_bytes += bytes.size();
  // Whole blocks are hashed where they lie; only what straddles two calls is copied.
  std::span<const std::byte> rest = bytes;
  while (!rest.empty()) {
    if (open_block_.empty() && rest.size() >= kChecksumBlockBytes) {
      checksums_.push_back(base::Xxh3(rest.first(kChecksumBlockBytes)));
      rest = rest.subspan(kChecksumBlockBytes);
      continue;
    }
    const size_t take = std::min<size_t>(rest.size(), kChecksumBlockBytes - open_block_.size());
    open_block_.insert(open_block_.end(), rest.begin(),
                       rest.begin() + static_cast<ptrdiff_t>(take));
    rest = rest.subspan(take);
    if (open_block_.size() == kChecksumBlockBytes) {
      checksums_.push_back(base::Xxh3(std::span<const std::byte>(open_block_)));
      open_block_.clear();
    }
  }
  return WriteRaw(bytes, context);
}

absl::Status SectionWriter::AddSection(uint32_t tag, std::span<const std::byte> bytes,
                                       const Context& context) {
  VECDB_RETURN_IF_ERROR(BeginSection(tag, context));
  return Append(bytes, context);
}

absl::Status SectionWriter::EndSection(const Context& context) {
  if (in_section_ && !open_block_.empty()) {
    checksums_.push_back(base::Xxh3(std::span<const std::byte>(open_block_)));
    open_block_.clear();
  }
  in_section_ = false;
  const uint64_t padding = (kSectionAlignment - offset_ % kSectionAlignment) % kSectionAlignment;
  const std::array<std::byte, kSectionAlignment> zeros = {};
  return WriteRaw(std::span(zeros).first(static_cast<size_t>(padding)), context);
}

absl::StatusOr<FileSummary> SectionWriter::Finish(const Context& context) {
  VECDB_RETURN_IF_ERROR(EndSection(context));
  base::ByteWriter tail;
  for (uint64_t checksum : checksums_) tail.Put(checksum);
  for (const SectionInfo& section : sections_) {
    tail.Put(section.tag);
    tail.Put(section.version);
    tail.Put(static_cast<uint16_t>(section.critical ? kCriticalFlag : 0));
    tail.Put(section.offset);
    tail.Put(section.size_bytes);
    tail.Put(section.first_checksum);
    tail.Put(uint64_t{0});  // reserved
  }
  const uint64_t checksum = base::Xxh3(std::string_view(tail.str()));
  base::ByteWriter footer;
  footer.Put(kFooterMagic);
  footer.Put(kSectionFormatVersion);
  footer.Put(kind_);
  footer.Put(offset_);
  footer.Put(static_cast<uint64_t>(checksums_.size()));
  footer.Put(static_cast<uint32_t>(sections_.size()));
  footer.Put(uint32_t{0});  // reserved
  footer.Put(checksum);
  VECDB_RETURN_IF_ERROR(WriteRaw(base::AsBytes(tail.str()), context));
  VECDB_RETURN_IF_ERROR(WriteRaw(base::AsBytes(Seal(std::move(footer), kFooterBytes)), context));
  VECDB_RETURN_IF_ERROR(object_->Finish(context));
  return FileSummary{.size_bytes = offset_, .checksum = checksum};
}

absl::StatusOr<std::unique_ptr<SectionFile>> SectionFile::Open(
    ObjectStore& store, const ObjectPath& path, FileKind kind,
    const std::optional<FileSummary>& expected, const Context& context) {
  std::unique_ptr<SectionFile> file(new SectionFile());
  file->path_ = path.str();
  VECDB_ASSIGN_OR_RETURN(file->object_, store.Open(path, context));
  VECDB_RETURN_IF_ERROR(file->ReadFooter(kind, context));
  if (expected.has_value() && *expected != file->summary_) {
    return file->Damaged(base::StrFormat(
        "size %d and checksum %016x, but the manifest says %d and %016x", file->summary_.size_bytes,
        file->summary_.checksum, expected->size_bytes, expected->checksum));
  }
  return file;
}

absl::Status SectionFile::Damaged(std::string_view why) const {
  return absl::DataLossError(base::StrFormat("object %s: %s", path_, why));
}

absl::Status SectionFile::ReadFooter(FileKind kind, const Context& context) {
  const uint64_t size = object_->size();
  summary_.size_bytes = size;
  if (size < kHeaderBytes + kFooterBytes || size > kMaxFileBytes) {
    return Damaged(base::StrFormat("%d bytes cannot be a vecdb file", size));
  }
  std::array<std::byte, kHeaderBytes> header;
  std::array<std::byte, kFooterBytes> raw_footer;
  VECDB_RETURN_IF_ERROR(object_->ReadAt(0, header, context));
  VECDB_RETURN_IF_ERROR(object_->ReadAt(size - kFooterBytes, raw_footer, context));
  base::ByteReader head(header);
  if (head.Get<uint64_t>() != kHeaderMagic) return Damaged("not a vecdb file");
  if (!SealHolds(header)) return Damaged("header checksum differs, at offset 0");
  if (const auto version = head.Get<uint32_t>(); version > kSectionFormatVersion) {
    return absl::FailedPreconditionError(
        base::StrFormat("object %s: format version %d; this library reads up to %d", path_, version,
                        kSectionFormatVersion));
  }
  if (head.Get<uint32_t>() != static_cast<uint32_t>(kind)) return Damaged("a file of another kind");
  base::ByteReader tail(raw_footer);
  if (tail.Get<uint64_t>() != kFooterMagic || !SealHolds(raw_footer)) {
    return Damaged(base::StrFormat("footer damaged or cut off, at offset %d", size - kFooterBytes));
  }
  Footer footer;
  footer.version = tail.Get<uint32_t>();
  footer.kind = tail.Get<uint32_t>();
  footer.checksums_offset = tail.Get<uint64_t>();
  footer.num_checksums = tail.Get<uint64_t>();
  footer.num_sections = tail.Get<uint32_t>();
  tail.Get<uint32_t>();
  footer.checksum = tail.Get<uint64_t>();
  const uint64_t data_end = size - kFooterBytes;
  const uint64_t table_bytes = footer.num_sections * kTableEntryBytes;
  // Each section ends with one block that may be short, so checksums are few beside the bytes that
  // they cover: what is read here stays small, whatever the footer says.
  const uint64_t most_checksums = footer.checksums_offset / kChecksumBlockBytes + kMaxSections;
  if (footer.version != kSectionFormatVersion || footer.kind != static_cast<uint32_t>(kind) ||
      footer.num_sections > kMaxSections || footer.num_checksums > most_checksums ||
      footer.checksums_offset < kHeaderBytes || footer.checksums_offset > data_end ||
      footer.num_checksums > (data_end - footer.checksums_offset) / sizeof(uint64_t) ||
      footer.num_checksums * sizeof(uint64_t) + table_bytes != data_end - footer.checksums_offset) {
    return Damaged("footer is impossible");
  }
  std::vector<std::byte> index(static_cast<size_t>(data_end - footer.checksums_offset));
  VECDB_RETURN_IF_ERROR(object_->ReadAt(footer.checksums_offset, index, context));
  if (base::Xxh3(std::span<const std::byte>(index)) != footer.checksum) {
    return Damaged(
        base::StrFormat("section table checksum differs, at offset %d", footer.checksums_offset));
  }
  summary_.checksum = footer.checksum;
  base::ByteReader reader(index);
  checksums_.resize(static_cast<size_t>(footer.num_checksums));
  for (uint64_t& checksum : checksums_) checksum = reader.Get<uint64_t>();
  return ParseTable(reader.GetBytes(table_bytes), footer.num_sections, footer.checksums_offset);
}

absl::Status SectionFile::ParseTable(std::span<const std::byte> table, uint32_t count,
                                     uint64_t data_end) {
  base::ByteReader reader(table);
  uint64_t offset = kHeaderBytes;
  uint64_t next_checksum = 0;
  for (uint32_t i = 0; i < count; ++i) {
    SectionInfo section;
    section.tag = reader.Get<uint32_t>();
    section.version = reader.Get<uint16_t>();
    section.critical = (reader.Get<uint16_t>() & kCriticalFlag) != 0;
    section.offset = reader.Get<uint64_t>();
    section.size_bytes = reader.Get<uint64_t>();
    section.first_checksum = reader.Get<uint64_t>();
    reader.Get<uint64_t>();
    if (section.offset < offset || section.offset % kSectionAlignment != 0 ||
        section.offset > data_end || section.size_bytes > data_end - section.offset ||
        section.first_checksum != next_checksum ||
        BlockCount(section.size_bytes) > checksums_.size() - next_checksum ||
        FindOrNull(section.tag) != nullptr) {
      return Damaged(base::StrFormat("section %s is impossible", TagText(section.tag)));
    }
    offset = section.offset + section.size_bytes;
    next_checksum += BlockCount(section.size_bytes);
    sections_.push_back(section);
  }
  if (next_checksum != checksums_.size()) return Damaged("checksums without a section");
  return absl::OkStatus();
}

absl::Status SectionFile::CheckKnown(std::span<const uint32_t> known) const {
  for (const SectionInfo& section : sections_) {
    const bool is_known = std::find(known.begin(), known.end(), section.tag) != known.end();
    if (section.critical && (!is_known || section.version > 1)) {
      return absl::FailedPreconditionError(
          base::StrFormat("object %s: section %s version %d is not known to this library", path_,
                          TagText(section.tag), section.version));
    }
  }
  return absl::OkStatus();
}

const SectionInfo* SectionFile::FindOrNull(uint32_t tag) const {
  for (const SectionInfo& section : sections_) {
    if (section.tag == tag) return &section;
  }
  return nullptr;
}

absl::StatusOr<SectionInfo> SectionFile::Find(uint32_t tag) const {
  const SectionInfo* section = FindOrNull(tag);
  if (section == nullptr) return Damaged(base::StrFormat("section %s is missing", TagText(tag)));
  return *section;
}

uint64_t SectionFile::piece_bytes() const {
  const uint64_t preferred = std::min(object_->preferred_read_bytes(), kMaxPieceBytes);
  return std::max(preferred / kReadChunkBytes, uint64_t{1}) * kReadChunkBytes;
}

// Reads whole checksum blocks, `offset` being the start of one within the section.
absl::Status SectionFile::ReadBlocks(const SectionInfo& section, uint64_t offset,
                                     std::span<std::byte> out, const Context& context) const {
  const uint64_t at_once = piece_bytes();
  for (size_t done = 0; done < out.size();) {
    VECDB_RETURN_IF_ERROR(context.Check());
    const auto chunk = out.subspan(done, std::min<size_t>(out.size() - done, at_once));
    VECDB_RETURN_IF_ERROR(object_->ReadAt(section.offset + offset + done, chunk, context));
    VECDB_RETURN_IF_ERROR(
        CheckBlocks(path_, TagText(section.tag), section.offset + offset + done, chunk,
                    ChecksumsOf(section).subspan((offset + done) / kChecksumBlockBytes)));
    CountDone(chunk.size());
    done += chunk.size();
  }
  return absl::OkStatus();
}

absl::Status SectionFile::Read(uint32_t tag, std::span<std::byte> out,
                               const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, Find(tag));
  if (section.size_bytes != out.size()) {
    return Damaged(base::StrFormat("section %s has %d bytes, not %d", TagText(tag),
                                   section.size_bytes, out.size()));
  }
  return ReadBlocks(section, 0, out, context);
}

absl::StatusOr<std::string> SectionFile::ReadSmall(uint32_t tag, uint64_t max_bytes,
                                                   const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, Find(tag));
  if (section.size_bytes > max_bytes) {
    return Damaged(base::StrFormat("section %s has %d bytes; at most %d are possible", TagText(tag),
                                   section.size_bytes, max_bytes));
  }
  std::string bytes(static_cast<size_t>(section.size_bytes), '\0');
  VECDB_RETURN_IF_ERROR(ReadBlocks(section, 0, std::as_writable_bytes(std::span(bytes)), context));
  return bytes;
}

absl::StatusOr<base::LargeBuffer> SectionFile::ReadLarge(uint32_t tag, uint64_t size_bytes,
                                                         const Host& host, MemoryUse memory_use,
                                                         std::string_view what,
                                                         const Context& context, SectionUse use,
                                                         const PieceCheck& check) const {
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, Find(tag));
  if (section.size_bytes != size_bytes) {
    return Damaged(base::StrFormat("section %s has %d bytes, not %d", TagText(tag),
                                   section.size_bytes, size_bytes));
  }
  const bool is_wanted = use == SectionUse::kCopies || !reading_.maps_copies_alone;
  if (map_ != nullptr && is_wanted && size_bytes > 0) {
    return MapLarge(section, host, context, use, check);
  }
  VECDB_ASSIGN_OR_RETURN(auto buffer, base::LargeBuffer::Make(size_bytes, host, what, memory_use));
  const uint64_t at_once = piece_bytes();
  const uint64_t pieces = (size_bytes + at_once - 1) / at_once;
  const absl::Status read =
      base::ParallelFor(host.executor, Priority::kFlush, static_cast<size_t>(pieces), context,
                        [&](size_t piece, size_t) -> absl::Status {
                          const uint64_t begin = piece * at_once;
                          const auto part = buffer.bytes().subspan(
                              begin, static_cast<size_t>(std::min(size_bytes - begin, at_once)));
                          VECDB_RETURN_IF_ERROR(ReadBlocks(section, begin, part, context));
                          return check == nullptr ? absl::OkStatus() : check(begin, part);
                        });
  VECDB_RETURN_IF_ERROR(read);
  return buffer;
}

absl::StatusOr<base::LargeBuffer> SectionFile::MapLarge(const SectionInfo& section,
                                                        const Host& host, const Context& context,
                                                        SectionUse use,
                                                        const PieceCheck& check) const {
  const auto checksums = ChecksumsOf(section);
  UncheckedSection mapped{.path = path_,
                          .tag = TagText(section.tag),
                          .offset = section.offset,
                          .size_bytes = section.size_bytes,
                          .checksums = {checksums.begin(), checksums.end()},
                          .map = map_,
                          .check = check};
  reading_.mapped->Add(section.size_bytes);
  if (use != SectionUse::kNumbers) {
    reading_.mapped->AddUnchecked(std::move(mapped));
  } else {
    VECDB_RETURN_IF_ERROR(mapped.Check(host.executor, Priority::kFlush, context));
  }
  CountDone(section.size_bytes);
  return base::LargeBuffer::OfMap(map_, section.offset, section.size_bytes);
}

std::span<const uint64_t> SectionFile::ChecksumsOf(const SectionInfo& section) const {
  return std::span(checksums_)
      .subspan(static_cast<size_t>(section.first_checksum),
               static_cast<size_t>(BlockCount(section.size_bytes)));
}

void SectionFile::CountDone(uint64_t bytes) const {
  if (reading_.bytes_done != nullptr) {
    reading_.bytes_done->fetch_add(bytes, std::memory_order_relaxed);
  }
}

absl::StatusOr<std::unique_ptr<SectionFile>> SectionFile::WithReading(
    const SectionReading& reading) const {
  std::unique_ptr<SectionFile> file(new SectionFile(*this));
  file->reading_ = reading;
  file->map_ = nullptr;
  if (reading.mapped == nullptr) return file;
  auto map = object_->Map();
  if (absl::IsUnimplemented(map.status())) return file;
  VECDB_RETURN_IF_ERROR(map.status());
  if ((*map)->bytes().size() < summary_.size_bytes) return Damaged("its map ends before it does");
  file->map_ = *std::move(map);
  return file;
}

absl::Status SectionFile::ReadRange(uint32_t tag, uint64_t offset, std::span<std::byte> out,
                                    const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, Find(tag));
  if (offset > section.size_bytes || out.size() > section.size_bytes - offset) {
    return Damaged(base::StrFormat("section %s ends at %d, before %d + %d", TagText(tag),
                                   section.size_bytes, offset, out.size()));
  }
  if (out.empty()) return absl::OkStatus();
  const uint64_t begin = offset / kChecksumBlockBytes * kChecksumBlockBytes;
  const uint64_t end =
      std::min(section.size_bytes, BlockCount(offset + out.size()) * kChecksumBlockBytes);
  std::vector<std::byte> blocks(static_cast<size_t>(end - begin));
  VECDB_RETURN_IF_ERROR(ReadBlocks(section, begin, blocks, context));
  const auto from = std::span(blocks).subspan(static_cast<size_t>(offset - begin), out.size());
  std::copy(from.begin(), from.end(), out.begin());
  return absl::OkStatus();
}

absl::Status SectionFile::ReadPart(uint32_t tag, uint64_t offset, std::span<std::byte> out,
                                   CheckedBlocks* checked, const Context& context) const {
  VECDB_ASSIGN_OR_RETURN(const SectionInfo section, Find(tag));
  const bool within =
      offset <= section.size_bytes && out.size() <= section.size_bytes - offset && !out.empty();
  const uint64_t begin = offset / kChecksumBlockBytes;
  const uint64_t end = within ? BlockCount(offset + out.size()) : begin;
  bool all_checked = within;
  for (uint64_t block = begin; block < end; ++block) all_checked &= checked->Has(block);
  if (all_checked) return object_->ReadAt(section.offset + offset, out, context);
  VECDB_RETURN_IF_ERROR(ReadRange(tag, offset, out, context));
  for (uint64_t block = begin; block < end; ++block) checked->Add(block);
  return absl::OkStatus();
}

absl::Status SectionFile::Verify(const Context& context) const {
  uint64_t largest = 0;
  for (const SectionInfo& section : sections_) largest = std::max(largest, section.size_bytes);
  const uint64_t at_once = std::min(piece_bytes(), kMaxVerifiedBytes);
  std::vector<std::byte> chunk(static_cast<size_t>(std::min(largest, at_once)));
  for (const SectionInfo& section : sections_) {
    for (uint64_t offset = 0; offset < section.size_bytes; offset += at_once) {
      const uint64_t size = std::min(section.size_bytes - offset, at_once);
      VECDB_RETURN_IF_ERROR(
          ReadBlocks(section, offset, std::span(chunk).first(static_cast<size_t>(size)), context));
    }
  }
  return absl::OkStatus();
}

}  // namespace vecdb::format
