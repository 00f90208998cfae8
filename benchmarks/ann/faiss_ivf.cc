#include "ann/faiss_ivf.h"

#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/invlists/BlockInvertedLists.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_format.h"

namespace vecdb::bench {
namespace {

constexpr int kFastScanBits = 4;

std::unique_ptr<faiss::IndexIVF> MakeLists(std::string_view index, const IvfBuild& build,
                                           faiss::IndexFlat* quantizer) {
  const auto dim = static_cast<size_t>(quantizer->d);
  const auto nlist = static_cast<size_t>(build.nlist);
  const auto num_parts = static_cast<size_t>(build.num_parts);
  const auto num_bits = static_cast<size_t>(build.num_bits);
  const faiss::MetricType metric = quantizer->metric_type;
  if (index == "IVF_FLAT") {
    return std::make_unique<faiss::IndexIVFFlat>(quantizer, dim, nlist, metric);
  }
  if (index == "IVF_SQ8") {
    return std::make_unique<faiss::IndexIVFScalarQuantizer>(
        quantizer, dim, nlist, faiss::ScalarQuantizer::QT_8bit, metric);
  }
  if (build.num_bits == kFastScanBits) {
    return std::make_unique<faiss::IndexIVFPQFastScan>(quantizer, dim, nlist, num_parts, num_bits,
                                                       metric);
  }
  return std::make_unique<faiss::IndexIVFPQ>(quantizer, dim, nlist, num_parts, num_bits, metric);
}

// Bytes held beside the rows, by what they are for.
struct IvfBytes {
  uint64_t codes = 0;
  uint64_t ids = 0;
  uint64_t centroids = 0;
  uint64_t codebooks = 0;
  uint64_t tables = 0;  // of distances between centroids and codewords

  uint64_t total() const { return codes + ids + centroids + codebooks + tables; }
};

// The codes of FastScan lie in blocks, the last of each list padded.
void CountLists(const faiss::IndexIVF& lists, IvfBytes* bytes) {
  const auto* blocks = dynamic_cast<const faiss::BlockInvertedLists*>(lists.invlists);
  for (size_t list = 0; list < lists.nlist; ++list) {
    const size_t num_rows = lists.invlists->list_size(list);
    bytes->codes += blocks ? blocks->codes[list].nbytes() : num_rows * lists.code_size;
    bytes->ids += num_rows * sizeof(faiss::Index::idx_t);
  }
}

uint64_t CodebookBytes(const faiss::ProductQuantizer& quantizer) {
  return (quantizer.centroids.size() + quantizer.transposed_centroids.size() +
          quantizer.centroids_sq_lengths.size()) *
         sizeof(float);
}

IvfBytes CountIvfBytes(const faiss::IndexFlat& quantizer, const faiss::IndexIVF& lists) {
  IvfBytes bytes{.centroids = quantizer.codes.size()};
  CountLists(lists, &bytes);
  if (const auto* sq = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(&lists)) {
    bytes.codebooks = sq->sq.trained.size() * sizeof(float);
  } else if (const auto* pq = dynamic_cast<const faiss::IndexIVFPQ*>(&lists)) {
    bytes.codebooks = CodebookBytes(pq->pq);
    bytes.tables = pq->precomputed_table.nbytes();
  } else if (const auto* fast = dynamic_cast<const faiss::IndexIVFPQFastScan*>(&lists)) {
    bytes.codebooks = CodebookBytes(fast->pq);
    bytes.tables = fast->precomputed_table.nbytes();
  }
  return bytes;
}

std::string_view ListsName(const faiss::IndexIVF& lists) {
  if (dynamic_cast<const faiss::IndexIVFFlat*>(&lists)) return "IndexIVFFlat";
  if (dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(&lists)) return "IndexIVFScalarQuantizer";
  if (dynamic_cast<const faiss::IndexIVFPQ*>(&lists)) return "IndexIVFPQ";
  return "IndexIVFPQFastScan";
}

}  // namespace

FaissIvf::FaissIvf(std::string_view index, const IvfBuild& build, size_t dim,
                   faiss::MetricType metric)
    : quantizer_(std::make_unique<faiss::IndexFlat>(static_cast<faiss::Index::idx_t>(dim), metric)),
      lists_(MakeLists(index, build, quantizer_.get())) {
  if (build.refine) refine_ = std::make_unique<faiss::IndexRefineFlat>(lists_.get());
}

void FaissIvf::Add(const Matrix& rows) {
  faiss::Index& all = refine_ ? static_cast<faiss::Index&>(*refine_) : *lists_;
  const auto num_rows = static_cast<faiss::Index::idx_t>(rows.num_rows());
  all.train(num_rows, rows.values().data());
  all.add(num_rows, rows.values().data());
}

void FaissIvf::Configure(int nprobe, float refine_k) {
  lists_->nprobe = std::min(static_cast<size_t>(nprobe), lists_->nlist);
  if (refine_) refine_->k_factor = refine_k;
}

const faiss::Index& FaissIvf::index() const {
  return refine_ ? static_cast<const faiss::Index&>(*refine_) : *lists_;
}

void FaissIvf::Describe(BuildReport* report) const {
  const IvfBytes bytes = CountIvfBytes(*quantizer_, *lists_);
  const auto num_rows = static_cast<double>(lists_->ntotal);
  const auto per_row = [num_rows](uint64_t count) { return static_cast<double>(count) / num_rows; };
  report->bytes_beyond_rows = bytes.total();
  report->holds_rows = refine_ != nullptr;
  report->needs_rows = refine_ != nullptr;
  report->note = absl::StrFormat(
      "%s, nlist %d%s; bytes per row: codes %.1f, ids %.1f, centroids %.1f, codebooks %.1f, "
      "precomputed tables %.1f",
      ListsName(*lists_), lists_->nlist, refine_ ? ", IndexRefineFlat" : "", per_row(bytes.codes),
      per_row(bytes.ids), per_row(bytes.centroids), per_row(bytes.codebooks),
      per_row(bytes.tables));
}

}  // namespace vecdb::bench
