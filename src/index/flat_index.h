#ifndef VECDB_INDEX_FLAT_INDEX_H_
#define VECDB_INDEX_FLAT_INDEX_H_

#include <vector>

#include "index/vector_index.h"

namespace vecdb::index {

/// No index: every search compares every row that may be returned. Immutable, thread-safe.
class FlatIndex final : public VectorIndex {
 public:
  FlatIndex(const VectorView& view, const IndexSpec& spec) : view_(view), spec_(spec) {}

  absl::Status Search(const RowQuery& query, const Context& context,
                      std::vector<Candidate>* out) const override;
  absl::Status Write(format::SectionWriter& writer, const Context& context) const override;
  const IndexSpec& spec() const override { return spec_; }
  uint64_t index_bytes() const override { return 0; }

 private:
  const VectorView view_;
  const IndexSpec spec_;
};

}  // namespace vecdb::index

#endif  // VECDB_INDEX_FLAT_INDEX_H_
