#ifndef VECDB_INDEX_DISKANN_PAGES_H_
#define VECDB_INDEX_DISKANN_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "absl/status/statusor.h"
#include "base/large_buffer.h"
#include "index/diskann_layout.h"
#include "index/hnsw_graph.h"
#include "index/vector_view.h"
#include "store/page_file.h"
#include "store/read_queue.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/object_store.h"

namespace vecdb::index {

/// Where the pages of an index are. Immutable, thread-safe.
class DiskannPages {
 public:
  virtual ~DiskannPages() = default;

  /// A queue that reads pages: page p at begin() + p * page_bytes. ResourceExhausted.
  virtual absl::StatusOr<std::unique_ptr<store::ReadQueue>> MakeQueue(size_t slots) const = 0;

  virtual uint64_t begin() const = 0;

  /// Bytes of memory held.
  virtual uint64_t bytes() const = 0;
};

/// In an object.
class StoredPages final : public DiskannPages {
 public:
  StoredPages(std::shared_ptr<const ObjectReader> object, uint64_t begin, uint32_t page_bytes,
              const Host& host)
      : file_(store::PageFile::Open(std::move(object), host)),
        begin_(begin),
        page_bytes_(page_bytes) {}

  absl::StatusOr<std::unique_ptr<store::ReadQueue>> MakeQueue(size_t slots) const override {
    return file_->MakeQueue(slots, page_bytes_);
  }
  uint64_t begin() const override { return begin_; }
  uint64_t bytes() const override { return 0; }

 private:
  const std::unique_ptr<store::PageFile> file_;
  const uint64_t begin_;
  const uint32_t page_bytes_;
};

/// The links of the nodes of an index that was built. Immutable, thread-safe.
class LinksOfRows {
 public:
  virtual ~LinksOfRows() = default;

  /// Those of `rows` one after the other, layout.degree each, padded with kNoRow. What a store
  /// returns, for those that are not in memory.
  virtual absl::Status Read(std::span<const uint32_t> rows, uint32_t* out,
                            const Context& context) const = 0;

  /// Bytes of memory held.
  virtual uint64_t bytes() const = 0;
};

/// In memory.
class GraphLinks final : public LinksOfRows {
 public:
  explicit GraphLinks(HnswGraph graph) : graph_(std::move(graph)) {}

  absl::Status Read(std::span<const uint32_t> rows, uint32_t* out,
                    const Context& context) const override;
  uint64_t bytes() const override { return graph_.bytes(); }

 private:
  const HnswGraph graph_;
};

/// Of an index that was built and not yet written: each page is made when it is read. Borrows the
/// rows of the view.
class BuiltPages final : public DiskannPages {
 public:
  /// `rows` by place.
  BuiltPages(const DiskannLayout& layout, std::unique_ptr<const LinksOfRows> links,
             base::LargeBuffer rows, const VectorView& view, const Host& host)
      : layout_(layout),
        links_(std::move(links)),
        rows_(std::move(rows)),
        view_(view),
        host_(host) {}

  absl::StatusOr<std::unique_ptr<store::ReadQueue>> MakeQueue(size_t slots) const override;
  uint64_t begin() const override { return 0; }
  uint64_t bytes() const override { return links_->bytes() + rows_.size(); }

  const base::LargeBuffer& rows() const { return rows_; }

  /// Gives the pages other numbers: page i from now on is what order[i] was. The last one stays,
  /// which may not be full. Nobody reads meanwhile. ResourceExhausted.
  absl::Status Renumber(std::span<const uint32_t> order);

 private:
  class Queue;

  std::span<const uint32_t> RowsOf(uint32_t page) const {
    return rows_.as<const uint32_t>().subspan(size_t{page} * layout_.nodes_per_page,
                                              layout_.NodesOf(page));
  }

  const DiskannLayout layout_;
  const std::unique_ptr<const LinksOfRows> links_;
  base::LargeBuffer rows_;
  const VectorView view_;
  const Host host_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_DISKANN_PAGES_H_
