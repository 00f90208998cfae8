#include "format/mapped_sections.h"

#include <algorithm>
#include <utility>

#include "base/checksum.h"
#include "base/out_of_memory.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "format/section_file.h"

namespace vecdb::format {
namespace {

constexpr uint64_t kCheckedPieceBytes = 1 << 20;  // a multiple of the checksum block

static_assert(kCheckedPieceBytes % kChecksumBlockBytes == 0);

}  // namespace

absl::Status CheckBlocks(const std::string& path, const std::string& tag, uint64_t offset,
                         std::span<const std::byte> bytes, std::span<const uint64_t> checksums) {
  for (size_t at = 0; at < bytes.size(); at += kChecksumBlockBytes) {
    const auto block = bytes.subspan(at, std::min<size_t>(bytes.size() - at, kChecksumBlockBytes));
    if (base::Xxh3(block) == checksums[at / kChecksumBlockBytes]) continue;
    return absl::DataLossError(base::StrFormat(
        "object %s: checksum of section %s differs, at offset %d", path, tag, offset + at));
  }
  return absl::OkStatus();
}

absl::Status UncheckedSection::Check(Executor* executor, Priority priority,
                                     const Context& context) const {
  const uint64_t pieces = (size_bytes + kCheckedPieceBytes - 1) / kCheckedPieceBytes;
  const auto bytes =
      map->bytes().subspan(static_cast<size_t>(offset), static_cast<size_t>(size_bytes));
  return base::ParallelFor(
      executor, priority, static_cast<size_t>(pieces), context,
      [&](size_t piece, size_t) -> absl::Status {
        const size_t begin = piece * kCheckedPieceBytes;
        const auto part =
            bytes.subspan(begin, std::min<size_t>(bytes.size() - begin, kCheckedPieceBytes));
        const auto sums = std::span(checksums).subspan(begin / kChecksumBlockBytes);
        VECDB_RETURN_IF_ERROR(CheckBlocks(path, tag, offset + begin, part, sums));
        return check == nullptr ? absl::OkStatus() : check(begin, part);
      });
}

void MappedSections::AddUnchecked(UncheckedSection section) {
  const uint64_t size_bytes = section.size_bytes;
  unchecked_.push_back(std::move(section));
  unchecked_bytes_ += size_bytes;
}

absl::Status MappedSections::Check(Executor* executor, const Context& context) {
  while (next_ < unchecked_.size()) {
    const UncheckedSection& section = unchecked_[next_];
    const absl::Status checked = base::OrOutOfMemory(
        [&] { return section.Check(executor, Priority::kBackground, context); });
    if (absl::IsDataLoss(checked)) {
      base::MutexLock lock(&mutex_);
      damage_ = checked;
    } else if (!checked.ok()) {
      claimed_ = false;
    }
    VECDB_RETURN_IF_ERROR(checked);
    unchecked_bytes_ -= section.size_bytes;
    ++next_;
  }
  return absl::OkStatus();
}

absl::Status MappedSections::damage() const {
  base::MutexLock lock(&mutex_);
  return damage_;
}

}  // namespace vecdb::format
