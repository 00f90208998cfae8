#include "fuzz/fuzz_support.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/checksum.h"
#include "format/log_file.h"

namespace vecdb::fuzz {
namespace {

constexpr size_t kRecordBytes = 64;  // header and footer of a section file
constexpr size_t kSealAt = 56;
constexpr size_t kTableEntryBytes = 40;
constexpr uint64_t kHeaderMagic = 0x3142444345560a89;
constexpr uint64_t kFooterMagic = 0x31444e4542444356;

template <typename T>
T GetAt(std::string_view bytes, size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void PutAt(std::string* bytes, size_t offset, T value) {
  std::memcpy(bytes->data() + offset, &value, sizeof(T));
}

template <typename T>
void Put(std::string* bytes, T value) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

void Seal(std::string* file, size_t record) {
  PutAt(file, record + kSealAt, base::Xxh3(std::string_view(*file).substr(record, kSealAt)));
}

// The checksums of the blocks of one section, whose entry in the table is at `entry`.
void FixBlocks(std::string* file, size_t entry, uint64_t checksums, uint64_t num_checksums) {
  const auto offset = GetAt<uint64_t>(*file, entry + 8);
  const auto size = GetAt<uint64_t>(*file, entry + 16);
  const auto first = GetAt<uint64_t>(*file, entry + 24);
  if (offset > checksums || size > checksums - offset) return;
  for (uint64_t done = 0, number = first; done < size; ++number) {
    const uint64_t block = std::min(size - done, format::kChecksumBlockBytes);
    if (number >= num_checksums) return;
    PutAt(file, checksums + number * sizeof(uint64_t),
          base::Xxh3(std::string_view(*file).substr(offset + done, block)));
    done += block;
  }
}

class SpanReader final : public ObjectReader {
 public:
  explicit SpanReader(std::string_view bytes) : bytes_(bytes) {}

  uint64_t size() const override { return bytes_.size(); }
  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out, const Context&) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return absl::OutOfRangeError("past the end");
    }
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return absl::OkStatus();
  }

 private:
  std::string_view bytes_;
};

std::shared_ptr<const Schema> MakeSchema(bool varchar_key) {
  const FieldSpec number{.name = "key", .type = DataType::kInt64, .primary_key = true};
  const FieldSpec text{
      .name = "key", .type = DataType::kVarChar, .primary_key = true, .max_length = 16};
  return std::make_shared<const Schema>(
      Schema{.fields = {varchar_key ? text : number,
                        {.name = "vector", .type = DataType::kFloatVector, .dim = kRichDim},
                        {.name = "bool", .type = DataType::kBool},
                        {.name = "int8", .type = DataType::kInt8},
                        {.name = "int16", .type = DataType::kInt16},
                        {.name = "int32", .type = DataType::kInt32},
                        {.name = "float", .type = DataType::kFloat},
                        {.name = "double", .type = DataType::kDouble},
                        {.name = "text", .type = DataType::kVarChar, .max_length = 16},
                        {.name = "json", .type = DataType::kJson}},
             .enable_dynamic_field = true});
}

}  // namespace

Shape ShapeOf(uint8_t mode) { return static_cast<Shape>(std::min(mode & 3, 2)); }

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

uint8_t Input::Byte() {
  const std::string_view byte = Bytes(1);
  return byte.empty() ? uint8_t{0} : static_cast<uint8_t>(byte[0]);
}

uint32_t Input::Word() {
  const uint32_t low = Byte();
  return low | uint32_t{Byte()} << 8;
}

std::string_view Input::Bytes(size_t count) {
  const std::string_view bytes = rest_.substr(0, std::min(count, rest_.size()));
  rest_.remove_prefix(bytes.size());
  return bytes;
}

absl::StatusOr<std::unique_ptr<ObjectReader>> OneObjectStore::Open(const ObjectPath&,
                                                                   const Context&) {
  return std::make_unique<SpanReader>(bytes_);
}
absl::StatusOr<std::unique_ptr<ObjectWriter>> OneObjectStore::Create(const ObjectPath&,
                                                                     const Context&) {
  return absl::UnimplementedError("read only");
}
absl::Status OneObjectStore::Delete(const ObjectPath&, const Context&) {
  return absl::UnimplementedError("read only");
}
absl::StatusOr<std::vector<ObjectInfo>> OneObjectStore::List(const ObjectPath&, const Context&) {
  return absl::UnimplementedError("read only");
}
absl::StatusOr<std::unique_ptr<StoreLock>> OneObjectStore::Lock(const Context&) {
  return absl::UnimplementedError("read only");
}

const ObjectPath& ObjectName() {
  static const ObjectPath* const kName = new ObjectPath(*ObjectPath::Parse("fuzz"));
  return *kName;
}

void FixSectionFile(std::string* file) {
  if (file->size() < 2 * kRecordBytes) return;
  const size_t footer = file->size() - kRecordBytes;
  const auto checksums = GetAt<uint64_t>(*file, footer + 16);
  const auto num_checksums = GetAt<uint64_t>(*file, footer + 24);
  const auto num_sections = GetAt<uint32_t>(*file, footer + 32);
  if (checksums <= footer && num_checksums <= (footer - checksums) / sizeof(uint64_t)) {
    size_t entry = checksums + num_checksums * sizeof(uint64_t);
    for (uint32_t i = 0; i < num_sections && entry + kTableEntryBytes <= footer; ++i) {
      FixBlocks(file, entry, checksums, num_checksums);
      entry += kTableEntryBytes;
    }
  }
  if (checksums <= footer) {
    PutAt(file, footer + 40,
          base::Xxh3(std::string_view(*file).substr(checksums, footer - checksums)));
  }
  Seal(file, 0);
  Seal(file, footer);
}

std::string SectionFileOf(format::FileKind kind, std::string_view parts) {
  std::string file;
  Put(&file, kHeaderMagic);
  Put(&file, uint32_t{1});
  Put(&file, kind);
  file.resize(kRecordBytes);
  std::string table;
  uint64_t num_checksums = 0;
  uint32_t num_sections = 0;
  for (; parts.size() >= 6 && num_sections < 64; ++num_sections) {
    const auto tag = GetAt<uint32_t>(parts, 0);
    const size_t size = std::min<size_t>(GetAt<uint16_t>(parts, 4), parts.size() - 6);
    Put(&table, tag);
    Put(&table, uint16_t{1});  // version
    Put(&table, uint16_t{1});  // critical
    Put(&table, uint64_t{file.size()});
    Put(&table, uint64_t{size});
    Put(&table, num_checksums);
    Put(&table, uint64_t{0});
    file.append(parts.substr(6, size));
    file.resize((file.size() + 63) / 64 * 64);
    num_checksums += size > 0 ? 1 : 0;
    parts.remove_prefix(6 + size);
  }
  const uint64_t checksums = file.size();
  file.append(num_checksums * sizeof(uint64_t), '\0');
  file.append(table);
  Put(&file, kFooterMagic);
  Put(&file, uint32_t{1});
  Put(&file, kind);
  Put(&file, checksums);
  Put(&file, num_checksums);
  Put(&file, num_sections);
  file.resize(checksums + num_checksums * sizeof(uint64_t) + table.size() + kRecordBytes);
  FixSectionFile(&file);
  return file;
}

std::string MakeSectionFile(uint8_t mode, format::FileKind kind, std::string_view input) {
  const Shape shape = ShapeOf(mode);
  if (shape == Shape::kFramed) return SectionFileOf(kind, input);
  std::string file(input);
  if (shape == Shape::kFixed) FixSectionFile(&file);
  return file;
}

void FixLogFile(std::string* file) {
  constexpr size_t kHeaderChecksumAt = format::kLogHeaderBytes - sizeof(uint64_t);
  if (file->size() < format::kLogHeaderBytes) return;
  const uint64_t header = base::Xxh3(std::string_view(*file).substr(0, kHeaderChecksumAt));
  PutAt(file, kHeaderChecksumAt, header);
  for (uint64_t at = format::kLogHeaderBytes; file->size() - at >= format::kLogFrameBytes;) {
    const auto payload_bytes = GetAt<uint32_t>(*file, at);
    const uint64_t record = format::LogRecordBytes(payload_bytes);
    const bool fits = record <= file->size() - at;
    if (fits) {
      PutAt(file, at + 24,
            base::Xxh3(std::string_view(*file).substr(at + format::kLogFrameBytes, payload_bytes)));
    }
    std::string covered;
    Put(&covered, header);
    Put(&covered, at);
    covered.append(*file, at, 32);
    PutAt(file, at + 32, base::Xxh3(std::string_view(covered)));
    if (!fits) return;
    at += record;
  }
}

void FixSealedJson(std::string* document) {
  constexpr std::string_view kPrefix = "{\"checksum\":\"";
  constexpr size_t kCoveredFrom = kPrefix.size() + 18;
  if (document->size() < kCoveredFrom || !document->starts_with(kPrefix)) return;
  const uint64_t checksum = base::Xxh3(std::string_view(*document).substr(kCoveredFrom));
  document->replace(kPrefix.size(), 18, absl::StrFormat("%016x\",", checksum));
}

std::shared_ptr<const Schema> RichSchema(bool varchar_key) {
  static const auto* const kNumbers = new std::shared_ptr<const Schema>(MakeSchema(false));
  static const auto* const kTexts = new std::shared_ptr<const Schema>(MakeSchema(true));
  return varchar_key ? *kTexts : *kNumbers;
}

}  // namespace vecdb::fuzz
