#include "index/build_scratch.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/checksum.h"
#include "base/out_of_memory.h"
#include "base/random_id.h"
#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb::index {
namespace {

constexpr size_t kRecordsAtOnce = 1024;
constexpr absl::Duration kScratchDeleteLimit = absl::Seconds(10);

uint32_t ChecksumOf(std::span<const uint32_t> record) {
  return static_cast<uint32_t>(base::Xxh3(std::as_bytes(record)));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScratchObject>> ScratchObject::Create(const BuildScratch& scratch,
                                                                     std::string_view what,
                                                                     size_t words,
                                                                     const Context& context) {
  const std::string name = base::StrFormat("build-%s-%s.tmp", base::RandomId().substr(0, 16), what);
  VECDB_ASSIGN_OR_RETURN(ObjectPath path, scratch.folder.Join(name));
  std::unique_ptr<ScratchObject> object(new ScratchObject(scratch.store, std::move(path), words));
  VECDB_ASSIGN_OR_RETURN(object->writer_, scratch.store->Create(object->path_, context));
  return object;
}

// What cannot be deleted is garbage that is collected.
ScratchObject::~ScratchObject() {
  writer_ = nullptr;
  reader_ = nullptr;
  base::OrOutOfMemory([&] {
    return store_->Delete(path_, Context::WithTimeout(kScratchDeleteLimit));
  }).IgnoreError();
}

absl::Status ScratchObject::Append(std::span<const uint32_t> records, const Context& context) {
  std::vector<uint32_t> out;
  out.reserve(std::min(records.size() / words_, kRecordsAtOnce) * (words_ + 1));
  for (size_t at = 0; at < records.size();) {
    out.clear();
    for (size_t i = 0; i < kRecordsAtOnce && at < records.size(); ++i, at += words_) {
      const std::span<const uint32_t> record = records.subspan(at, words_);
      out.insert(out.end(), record.begin(), record.end());
      out.push_back(ChecksumOf(record));
    }
    VECDB_RETURN_IF_ERROR(writer_->Append(std::as_bytes(std::span(out)), context));
  }
  return absl::OkStatus();
}

absl::Status ScratchObject::Finish(const Context& context) {
  VECDB_RETURN_IF_ERROR(writer_->Finish(context));
  writer_ = nullptr;
  VECDB_ASSIGN_OR_RETURN(reader_, store_->Open(path_, context));
  return absl::OkStatus();
}

absl::Status ScratchObject::Read(uint64_t first, std::span<uint32_t> out,
                                 const Context& context) const {
  std::vector<uint32_t> read;
  for (size_t at = 0; at < out.size();) {
    const size_t count = std::min(kRecordsAtOnce, (out.size() - at) / words_);
    read.resize(count * (words_ + 1));
    const uint64_t offset = (first + at / words_) * (words_ + 1) * sizeof(uint32_t);
    VECDB_RETURN_IF_ERROR(
        reader_->ReadAt(offset, std::as_writable_bytes(std::span(read)), context));
    for (size_t i = 0; i < count; ++i, at += words_) {
      const std::span<const uint32_t> record = std::span(read).subspan(i * (words_ + 1), words_);
      if (ChecksumOf(record) != read[i * (words_ + 1) + words_]) {
        return absl::DataLossError(base::StrFormat("%s: record %d, which a build wrote, is damaged",
                                                   path_.str(), first + at / words_));
      }
      std::copy(record.begin(), record.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  return absl::OkStatus();
}

}  // namespace vecdb::index
