#include "faiss/ivf_exchange.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/invlists/InvertedLists.h>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "codec/fast_scan.h"
#include "faiss/list_codes.h"
#include "faiss/row_ids.h"
#include "index/ivf_index.h"
#include "index/ivf_terms.h"
#include "index/row_checks.h"

namespace vecdb::faiss {
namespace {

using ::faiss::IndexIVF;
using ::faiss::InvertedLists;

constexpr size_t kNprobe = 8;  // of IvfSearchParams

// The codes of lists in the order of ours, unpacked.
void StoreCodes(const uint8_t* codes, size_t count, size_t list, index::IvfLists* lists) {
  const size_t code_bytes = lists->codec->code_bytes();
  const uint64_t begin = lists->layout.code_begins[list];
  uint8_t* out = reinterpret_cast<uint8_t*>(lists->codes.data()) + begin;
  const uint64_t room = lists->layout.code_begins[list + 1] - begin;
  if (lists->packed) {
    codec::PackFastScan(codes, count, code_bytes, out);
  } else {
    std::memcpy(out, codes, count * code_bytes);
    std::fill(out + count * code_bytes, out + room, uint8_t{0});
  }
}

// One code, unpacked.
void CopyCode(const index::IvfLists& lists, size_t list, size_t place, uint8_t* code) {
  const size_t code_bytes = lists.codec->code_bytes();
  if (lists.packed) {
    codec::UnpackFastScan(lists.codes_of(list), place, code_bytes, code);
  } else {
    std::memcpy(code, lists.codes_of(list) + place * code_bytes, code_bytes);
  }
}

class IvfImport {
 public:
  IvfImport(const IndexIVF& ivf, const ImportCall& call, index::IndexState* state)
      : ivf_(ivf), call_(call), state_(*state), dim_(static_cast<size_t>(ivf.d)) {}

  absl::Status Run(bool ids_are_rows, std::vector<int64_t>* ids) {
    VECDB_RETURN_IF_ERROR(CheckParts());
    VECDB_ASSIGN_OR_RETURN(ListCoding coding, CodingOf(ivf_));
    VECDB_RETURN_IF_ERROR(CheckArrays());
    VECDB_RETURN_IF_ERROR(CheckCount());
    spec_ = coding.spec;
    lists_.codec = std::move(coding.codec);
    lists_.residuals = coding.residuals;
    lists_.packed = index::IvfIsPacked(lists_.codec->spec());
    VECDB_RETURN_IF_ERROR(TakeCentroids());
    VECDB_RETURN_IF_ERROR(lists_.ReserveSmallParts(call_.host));
    VECDB_ASSIGN_OR_RETURN(ListedIds listed,
                           ListedIds::Make(*ivf_.invlists, state_.view.num_rows, ids_are_rows,
                                           call_.host, call_.context));
    VECDB_RETURN_IF_ERROR(MakeRoom());
    for (size_t list = 0; list < ivf_.nlist; ++list) {
      VECDB_RETURN_IF_ERROR(TakeList(list, listed));
    }
    VECDB_RETURN_IF_ERROR(FinishRows());
    if (index::IvfHasTerms(lists_)) {
      VECDB_RETURN_IF_ERROR(index::ComputeTerms(&lists_, call_.host, call_.context));
    }
    VECDB_RETURN_IF_ERROR(
        index::BuildListGraph(spec_.metric, 0, call_.host, call_.context, &lists_));
    state_.index = std::make_unique<index::IvfIndex>(state_.view, spec_, std::move(lists_),
                                                     std::nullopt, call_.host);
    *ids = std::move(listed).TakeIds();
    return absl::OkStatus();
  }

 private:
  bool views_rows() const { return !call_.options.rows.empty(); }

  // What the index knows of a row beyond its code.
  bool has_floats() const { return lists_.codec->spec().kind == codec::CodecKind::kFloat32; }

  absl::Status CheckParts() const {
    if (ivf_.invlists == nullptr || ivf_.quantizer == nullptr ||
        ivf_.invlists->nlist != ivf_.nlist) {
      return absl::InvalidArgumentError(
          base::StrFormat("%s has no inverted lists, no quantizer, or not %d of the former",
                          ClassOf(ivf_), ivf_.nlist));
    }
    return absl::OkStatus();
  }

  absl::Status CheckCount() const {
    uint64_t sum = 0;
    for (size_t list = 0; list < ivf_.nlist; ++list) sum += ivf_.invlists->list_size(list);
    if (sum == state_.view.num_rows) return absl::OkStatus();
    return absl::InvalidArgumentError(base::StrFormat("%s holds %d vectors in its lists, not %d",
                                                      ClassOf(ivf_), sum, state_.view.num_rows));
  }

  // Lists in arrays, as they are by default, say their sizes twice.
  absl::Status CheckArrays() const {
    const auto* arrays = dynamic_cast<const ::faiss::ArrayInvertedLists*>(ivf_.invlists);
    if (arrays == nullptr) return absl::OkStatus();
    if (arrays->ids.size() != ivf_.nlist || arrays->codes.size() != ivf_.nlist) {
      return absl::InvalidArgumentError(
          base::StrFormat("%s has arrays for %d and %d lists, not for %d", ClassOf(ivf_),
                          arrays->ids.size(), arrays->codes.size(), ivf_.nlist));
    }
    for (size_t list = 0; list < ivf_.nlist; ++list) {
      const size_t ids = arrays->ids[list].size();
      if (arrays->codes[list].size() == ids * ivf_.code_size) continue;
      return absl::InvalidArgumentError(
          base::StrFormat("list %d of %s has %d ids, and %d bytes of codes", list, ClassOf(ivf_),
                          ids, arrays->codes[list].size()));
    }
    return absl::OkStatus();
  }

  absl::Status TakeCentroids() {
    const ::faiss::Index* quantizer = ivf_.quantizer;
    if (const auto* hnsw = dynamic_cast<const ::faiss::IndexHNSWFlat*>(quantizer)) {
      quantizer = hnsw->storage;
    }
    if (quantizer == nullptr || quantizer->ntotal != static_cast<int64_t>(ivf_.nlist) ||
        quantizer->d != ivf_.d || quantizer->metric_type != ivf_.metric_type) {
      return absl::InvalidArgumentError(base::StrFormat(
          "the quantizer of %s is about other than %d vectors of its dim and metric", ClassOf(ivf_),
          ivf_.nlist));
    }
    VECDB_ASSIGN_OR_RETURN(const std::span<const float> vectors, FlatRows(*quantizer));
    VECDB_RETURN_IF_ERROR(index::CheckFinite(vectors, ivf_.d, "centroid", call_.context));
    lists_.centroids = codec::Centroids::Centred({vectors.begin(), vectors.end()}, dim_,
                                                 index::IvfNearness(spec_.metric));
    return absl::OkStatus();
  }

  absl::Status MakeRoom() {
    std::vector<uint32_t> sizes;
    for (size_t list = 0; list < ivf_.nlist; ++list) {
      sizes.push_back(static_cast<uint32_t>(ivf_.invlists->list_size(list)));
    }
    const uint64_t num_rows = state_.view.num_rows;
    lists_.layout = index::IvfLayout(sizes, lists_.codec->code_bytes(),
                                     index::IvfBlockRows(lists_.codec->spec()));
    VECDB_ASSIGN_OR_RETURN(lists_.rows,
                           base::LargeBuffer::Make(num_rows * sizeof(uint32_t), call_.host,
                                                   "the rows of lists", MemoryUse::kIndexes));
    VECDB_ASSIGN_OR_RETURN(lists_.codes,
                           base::LargeBuffer::Make(lists_.layout.code_bytes(), call_.host,
                                                   "the codes of lists", MemoryUse::kIndexes));
    if (views_rows()) return CheckViewedRows();
    VECDB_ASSIGN_OR_RETURN(state_.rows,
                           base::LargeBuffer::Make(num_rows * dim_ * sizeof(float), call_.host,
                                                   "rows of an index", MemoryUse::kVectors));
    state_.view.rows = state_.rows.as<float>().data();
    return absl::OkStatus();
  }

  absl::Status CheckViewedRows() {
    const std::span<const float> rows = call_.options.rows;
    if (rows.size() != state_.view.num_rows * dim_) {
      return absl::InvalidArgumentError(base::StrFormat("rows: %d floats are not %d rows of dim %d",
                                                        rows.size(), state_.view.num_rows, dim_));
    }
    state_.view.rows = rows.data();
    return index::CheckFinite(rows, ivf_.d, "row", call_.context);
  }

  // Rows of a list in their order, and where FAISS has them.
  struct Entry {
    uint32_t row = 0;
    uint32_t place = 0;
  };
  std::vector<Entry> EntriesOf(size_t list, const ListedIds& listed) const {
    std::vector<Entry> entries(lists_.layout.size(list));
    const InvertedLists::ScopedIds ids(ivf_.invlists, list);
    for (uint32_t place = 0; place < entries.size(); ++place) {
      entries[place] = {listed.RowOf(ids[place]), place};
    }
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.row < b.row; });
    return entries;
  }

  absl::Status TakeList(size_t list, const ListedIds& listed) {
    VECDB_RETURN_IF_ERROR(call_.context.Check());
    const std::vector<Entry> entries = EntriesOf(list, listed);
    if (entries.empty()) return absl::OkStatus();
    const size_t code_bytes = lists_.codec->code_bytes();
    std::vector<uint8_t> codes(entries.size() * code_bytes);
    uint32_t* rows = lists_.rows.as<uint32_t>().data() + lists_.layout.row_begins[list];
    InvertedLists::ScopedCodes theirs(ivf_.invlists, list);
    for (size_t i = 0; i < entries.size(); ++i) {
      rows[i] = entries[i].row;
      uint8_t* code = &codes[i * code_bytes];
      CodeFromFaiss(*lists_.codec, theirs.get() + entries[i].place * ivf_.code_size, code);
      VECDB_RETURN_IF_ERROR(TakeRow(list, entries[i].row, code));
    }
    StoreCodes(codes.data(), entries.size(), list, &lists_);
    return absl::OkStatus();
  }

  // The row of a code becomes one of ours, or is compared with the host's.
  absl::Status TakeRow(size_t list, uint32_t row, const uint8_t* code) {
    const size_t row_bytes = dim_ * sizeof(float);
    if (views_rows()) {
      if (!has_floats() || std::memcmp(state_.view.row(row), code, row_bytes) == 0) {
        return absl::OkStatus();
      }
      return absl::InvalidArgumentError(
          base::StrFormat("rows: row %d differs from the vector in list %d", row, list));
    }
    float* out = state_.rows.as<float>().data() + row * dim_;
    lists_.codec->Decode(code, 1, out);
    if (!lists_.residuals) return absl::OkStatus();
    const float* centroid = lists_.centroids.vector(list);
    for (size_t d = 0; d < dim_; ++d) out[d] += centroid[d];
    return absl::OkStatus();
  }

  // Sums of a centroid and a residual may be beyond float, and floats in lists anything.
  absl::Status FinishRows() const {
    if (views_rows()) return absl::OkStatus();
    return index::CheckFinite({state_.view.rows, state_.view.num_rows * dim_}, ivf_.d, "row",
                              call_.context);
  }

  const IndexIVF& ivf_;
  const ImportCall& call_;
  index::IndexState& state_;
  const size_t dim_;
  IndexSpec spec_;
  index::IvfLists lists_;
};

void FillList(const index::IvfLists& lists, size_t list, IndexIVF* ivf) {
  const std::span<const uint32_t> rows = lists.rows_of(list);
  const std::vector<int64_t> ids(rows.begin(), rows.end());
  std::vector<uint8_t> code(lists.codec->code_bytes());
  std::vector<uint8_t> codes(rows.size() * ivf->code_size);
  for (size_t i = 0; i < rows.size(); ++i) {
    CopyCode(lists, list, i, code.data());
    CodeToFaiss(*lists.codec, code.data(), &codes[i * ivf->code_size]);
  }
  ivf->invlists->add_entries(list, ids.size(), ids.data(), codes.data());
}

}  // namespace

absl::Status IvfFromFaiss(const IndexIVF& ivf, bool ids_are_rows, const ImportCall& call,
                          index::IndexState* state, std::vector<int64_t>* ids) {
  return IvfImport(ivf, call, state).Run(ids_are_rows, ids);
}

absl::StatusOr<std::unique_ptr<::faiss::Index>> IvfToFaiss(const index::IvfLists& lists,
                                                           const IndexSpec& spec,
                                                           const Context& context) {
  std::unique_ptr<IndexIVF> ivf = NewIvf(lists, spec);
  for (size_t list = 0; list < lists.layout.num_lists(); ++list) {
    VECDB_RETURN_IF_ERROR(context.Check());
    FillList(lists, list, ivf.get());
  }
  ivf->ntotal = static_cast<int64_t>(lists.layout.row_begins.back());
  ivf->nprobe = kNprobe;
  // As FAISS does when it has read one from a file.
  if (auto* pq = dynamic_cast<::faiss::IndexIVFPQ*>(ivf.get()); pq != nullptr && pq->by_residual) {
    pq->precompute_table();
  }
  return ivf;
}

}  // namespace vecdb::faiss
