#include "index/diskann_file.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_io.h"
#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "index/diskann_page.h"
#include "schema/index_params.h"

namespace vecdb::index {
namespace {

constexpr uint64_t kDiskannHeadBytes = 7 * sizeof(uint32_t);
constexpr size_t kPagesAtOnce = 32;
constexpr uint32_t kPlacesBetweenLooks = 1 << 18;

uint64_t UpToPage(uint64_t offset) {
  return (offset + store::kPageBytes - 1) / store::kPageBytes * store::kPageBytes;
}

absl::Status ReadDiskannHead(const format::SectionFile& file, const IndexMeta& meta,
                             const Context& context, codec::CodecSpec* codec, DiskannParts* parts) {
  VECDB_ASSIGN_OR_RETURN(const std::string bytes,
                         file.ReadSmall(kDiskannHeadTag, kDiskannHeadBytes, context));
  base::ByteReader reader(bytes);
  DiskannLayout layout{.num_rows = meta.num_rows, .dim = static_cast<uint32_t>(meta.dim)};
  layout.degree = reader.Get<uint32_t>();
  layout.nodes_per_page = reader.Get<uint32_t>();
  layout.page_bytes = reader.Get<uint32_t>();
  const auto num_pages = reader.Get<uint32_t>();
  parts->entry_row = reader.Get<uint32_t>();
  const auto pq_m = reader.Get<int32_t>();
  const auto pq_bits = reader.Get<int32_t>();
  if (!reader.ok() || reader.remaining() != 0) return file.Damaged("DSKH has a wrong length");
  parts->layout = DiskannLayout::Of(meta.num_rows, meta.dim,
                                    DiskannDegree(std::get<DiskannParams>(meta.spec.params)));
  if (layout != parts->layout || num_pages != layout.num_pages()) {
    return file.Damaged(
        base::StrFormat("DSKH tells of %d pages of %d bytes and %d nodes of %d links", num_pages,
                        layout.page_bytes, layout.nodes_per_page, layout.degree));
  }
  const bool has_entry = parts->entry_row < meta.num_rows;
  if (meta.num_rows == 0 ? parts->entry_row != kNoRow : !has_entry) {
    return file.Damaged(
        base::StrFormat("the entry is row %d of %d", parts->entry_row, meta.num_rows));
  }
  if (pq_m != codec->pq_m || pq_bits < 1 || pq_bits > codec->pq_bits) {
    return file.Damaged(base::StrFormat("codes of %d parts of %d bits", pq_m, pq_bits));
  }
  codec->pq_bits = pq_bits;
  return absl::OkStatus();
}

// Every place once.
absl::Status CheckPlaces(const format::SectionFile& file, std::span<const uint32_t> places,
                         const Host& host, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const base::Reservation bits,
                         base::Reservation::Make(host.budget, places.size() / 8 + 1,
                                                 "a bit for each row", MemoryUse::kBuilds));
  std::vector<bool> met(places.size());
  for (size_t row = 0; row < places.size(); ++row) {
    if (row % kPlacesBetweenLooks == 0) VECDB_RETURN_IF_ERROR(context.Check());
    if (places[row] >= places.size() || met[places[row]]) {
      return file.Damaged(
          base::StrFormat("row %d has place %d, twice or of %d", row, places[row], places.size()));
    }
    met[places[row]] = true;
  }
  return absl::OkStatus();
}

absl::Status FindPages(const format::SectionFile& file, const Host& host, DiskannParts* parts) {
  VECDB_ASSIGN_OR_RETURN(const format::SectionInfo section, file.Find(kDiskannPagesTag));
  const uint64_t begin = UpToPage(section.offset);
  const uint64_t expected = begin - section.offset + parts->layout.file_bytes();
  if (section.size_bytes != expected) {
    return file.Damaged(base::StrFormat("DSKG has %d bytes, not %d", section.size_bytes, expected));
  }
  parts->pages =
      std::make_shared<StoredPages>(file.object(), begin, parts->layout.page_bytes, host);
  return absl::OkStatus();
}

// Many pages at a time: of a store in the network each read costs a round trip.
absl::Status ReadFirstPages(const format::SectionFile& file, const Host& host,
                            const Context& context, DiskannParts* parts) {
  const std::span<std::byte> cache = parts->cache.bytes();
  const size_t page_bytes = parts->layout.page_bytes;
  const std::span<const uint32_t> places = parts->places.as<const uint32_t>();
  const size_t bytes_at_once = std::max<size_t>(file.piece_bytes() / page_bytes, 1) * page_bytes;
  const size_t pieces = (cache.size() + bytes_at_once - 1) / bytes_at_once;
  return base::ParallelFor(
      host.executor, Priority::kFlush, pieces, context, [&](size_t piece, size_t) -> absl::Status {
        const size_t begin = piece * bytes_at_once;
        const auto pages = cache.subspan(begin, std::min(bytes_at_once, cache.size() - begin));
        VECDB_RETURN_IF_ERROR(file.object()->ReadAt(parts->pages->begin() + begin, pages, context));
        for (size_t at = 0; at < pages.size(); at += page_bytes) {
          const auto page = static_cast<uint32_t>((begin + at) / page_bytes);
          VECDB_RETURN_IF_ERROR(CheckPage(parts->layout, page, places, pages.data() + at));
        }
        return absl::OkStatus();
      });
}

absl::Status ReadCache(const format::SectionFile& file, uint32_t num_pages, const Host& host,
                       const Context& context, DiskannParts* parts) {
  VECDB_ASSIGN_OR_RETURN(parts->cache, base::LargeBuffer::Make(
                                           uint64_t{num_pages} * parts->layout.page_bytes, host,
                                           "cached pages of a DISKANN index", MemoryUse::kIndexes));
  const absl::Status status = ReadFirstPages(file, host, context, parts);
  if (!absl::IsDataLoss(status)) return status;
  return file.Damaged(std::string(status.message()));
}

}  // namespace

absl::Status ReadPagesInOrder(
    const DiskannParts& parts, uint32_t count, const Context& context,
    const std::function<absl::Status(uint32_t page, const std::byte* bytes)>& use) {
  if (count == 0) return absl::OkStatus();
  const size_t slots = std::min<size_t>(kPagesAtOnce, count);
  VECDB_ASSIGN_OR_RETURN(const std::unique_ptr<store::ReadQueue> queue,
                         parts.pages->MakeQueue(slots));
  uint32_t begun = 0;
  for (uint32_t page = 0; page < count; ++page) {
    for (; begun < count && begun < page + slots; ++begun) {
      queue->Start(begun % slots, parts.pages->begin() + uint64_t{begun} * parts.layout.page_bytes);
    }
    VECDB_RETURN_IF_ERROR(queue->Submit());
    VECDB_RETURN_IF_ERROR(queue->Wait(page % slots, context));
    const std::byte* const bytes = queue->buffer(page % slots);
    VECDB_RETURN_IF_ERROR(CheckPage(parts.layout, page, parts.places.as<const uint32_t>(), bytes));
    VECDB_RETURN_IF_ERROR(use(page, bytes));
  }
  return absl::OkStatus();
}

uint32_t DiskannDegree(const DiskannParams& params) {
  return static_cast<uint32_t>((params.max_degree + 1) / 2 * 2);
}

codec::CodecSpec DiskannCodecSpec(const IndexSpec& spec, int32_t dim) {
  const auto& params = std::get<DiskannParams>(spec.params);
  return {.kind = codec::CodecKind::kPq,
          .metric = spec.metric,
          .dim = dim,
          .pq_m = schema::EffectiveCodeParts(params, dim),
          .seed = params.seed};
}

uint32_t NumCachedPages(const DiskannParams& params, const DiskannLayout& layout) {
  const double vectors = static_cast<double>(layout.num_rows) * layout.dim * sizeof(float);
  const double pages = params.search_cache_budget * vectors / layout.page_bytes;
  return std::min(layout.num_pages(), static_cast<uint32_t>(pages));
}

absl::Status WriteDiskann(const DiskannParts& parts, format::SectionWriter& writer,
                          const Context& context) {
  const DiskannLayout& layout = parts.layout;
  base::ByteWriter head;
  head.Put(layout.degree);
  head.Put(layout.nodes_per_page);
  head.Put(layout.page_bytes);
  head.Put(layout.num_pages());
  head.Put(parts.entry_row);
  head.Put(parts.codes.codec().spec().pq_m);
  head.Put(parts.codes.codec().spec().pq_bits);
  VECDB_RETURN_IF_ERROR(writer.AddSection(kDiskannHeadTag, base::AsBytes(head.str()), context));
  VECDB_RETURN_IF_ERROR(writer.AddSection(kDiskannPlacesTag, parts.places.bytes(), context));
  VECDB_RETURN_IF_ERROR(parts.codes.Write(kWalkCodesTags, writer, context));
  VECDB_RETURN_IF_ERROR(parts.bounds.Write(writer, context));
  VECDB_RETURN_IF_ERROR(writer.BeginSection(kDiskannPagesTag, context));
  const std::array<std::byte, store::kPageBytes> zeros = {};
  const uint64_t padding = UpToPage(writer.offset()) - writer.offset();
  VECDB_RETURN_IF_ERROR(
      writer.Append(std::span(zeros).first(static_cast<size_t>(padding)), context));
  return ReadPagesInOrder(parts, layout.num_pages(), context, [&](uint32_t, const std::byte* page) {
    return writer.Append({page, layout.page_bytes}, context);
  });
}

absl::StatusOr<DiskannParts> ReadDiskann(const format::SectionFile& file, const IndexMeta& meta,
                                         const Host& host, const Context& context) {
  DiskannParts parts;
  codec::CodecSpec codec = DiskannCodecSpec(meta.spec, meta.dim);
  VECDB_RETURN_IF_ERROR(ReadDiskannHead(file, meta, context, &codec, &parts));
  VECDB_ASSIGN_OR_RETURN(
      parts.places,
      file.ReadLarge(kDiskannPlacesTag, uint64_t{meta.num_rows} * sizeof(uint32_t), host,
                     MemoryUse::kIndexes, "the places of rows in pages", context));
  VECDB_RETURN_IF_ERROR(CheckPlaces(file, parts.places.as<const uint32_t>(), host, context));
  VECDB_ASSIGN_OR_RETURN(parts.codes,
                         RowCodes::Read(file, kWalkCodesTags, codec, meta.num_rows, host, context));
  VECDB_ASSIGN_OR_RETURN(parts.bounds, CodeBounds::Read(file, meta.num_rows, host, context));
  VECDB_RETURN_IF_ERROR(FindPages(file, host, &parts));
  const auto& params = std::get<DiskannParams>(meta.spec.params);
  VECDB_RETURN_IF_ERROR(
      ReadCache(file, NumCachedPages(params, parts.layout), host, context, &parts));
  return parts;
}

}  // namespace vecdb::index
