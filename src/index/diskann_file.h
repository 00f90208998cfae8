#ifndef VECDB_INDEX_DISKANN_FILE_H_
#define VECDB_INDEX_DISKANN_FILE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "codec/codec_spec.h"
#include "format/section_file.h"
#include "index/code_bounds.h"
#include "index/diskann_layout.h"
#include "index/diskann_pages.h"
#include "index/index_meta.h"
#include "index/row_codes.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index_spec.h"

namespace vecdb::index {

// Sections of a DISKANN index, beside META, the codes of rows (kWalkCodesTags) and their errors
// (kCodeBoundsTag; files from before there were such have none).
//
//   DSKH  room for links u32, nodes per page u32, bytes per page u32, pages u32, row of the entry
//         u32 (kNoRow without rows), parts and bits of PQ i32
//   DSKP  the place of each row, u32
//   DSKG  zeros up to the next multiple of 4096 in the file, then the pages (diskann_layout.h)

inline constexpr uint32_t kDiskannHeadTag = format::Tag("DSKH");
inline constexpr uint32_t kDiskannPlacesTag = format::Tag("DSKP");
inline constexpr uint32_t kDiskannPagesTag = format::Tag("DSKG");

/// What a search needs, the pages at their place.
struct DiskannParts {
  DiskannLayout layout{};
  uint32_t entry_row = kNoRow;
  base::LargeBuffer places;  ///< by row
  RowCodes codes;            ///< by row
  CodeBounds bounds;         ///< of these; may be empty
  std::shared_ptr<const DiskannPages> pages;
  base::LargeBuffer cache;  ///< the first pages, which are read most often; checked

  uint64_t bytes() const {
    return places.size() + codes.bytes() + bounds.bytes() + pages->bytes() + cache.size();
  }
};

/// Room for links that each node has.
uint32_t DiskannDegree(const DiskannParams& params);

/// What rows of `dim` are coded by for the walk.
codec::CodecSpec DiskannCodecSpec(const IndexSpec& spec, int32_t dim);

/// Pages of an index of `spec` that are to be kept in memory.
uint32_t NumCachedPages(const DiskannParams& params, const DiskannLayout& layout);

/// Calls `use(page, bytes)` for pages 0 to `count` - 1, one after the other and checked, several
/// being read at a time. DataLoss for a damaged one; what the store and `use` return.
absl::Status ReadPagesInOrder(
    const DiskannParts& parts, uint32_t count, const Context& context,
    const std::function<absl::Status(uint32_t page, const std::byte* bytes)>& use);

absl::Status WriteDiskann(const DiskannParts& parts, format::SectionWriter& writer,
                          const Context& context);

/// Reads all but the pages of an index that `meta`, checked, describes; of these, those to be
/// cached. Others are checked when a search reads them. DataLoss for what cannot be;
/// ResourceExhausted.
absl::StatusOr<DiskannParts> ReadDiskann(const format::SectionFile& file, const IndexMeta& meta,
                                         const Host& host, const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_FILE_H_
