#include "index/ivf_terms.h"

#include <algorithm>
#include <vector>

#include "base/parallel_for.h"
#include "base/status_macros.h"
#include "codec/fast_scan.h"
#include "codec/held.h"
#include "codec/product_codec.h"

namespace vecdb::index {
namespace {

constexpr size_t kRowsBetweenTermPolls = 256;

double AsDouble(float value) { return static_cast<double>(value); }

// The terms of one list.
class ListTerms {
 public:
  ListTerms(const IvfLists& lists, size_t list)
      : lists_(lists),
        list_(list),
        codec_(static_cast<const codec::ProductCodec&>(*lists.codec)),
        code_(codec_.code_bytes()),
        decoded_(codec_.dim()),
        beyond_middle_(codec_.dim()) {
    const float* centroid = lists.centroids.vector(list);
    for (size_t d = 0; d < decoded_.size(); ++d) {
      const double mean = AsDouble(codec_.mean()[d]);
      beyond_middle_[d] = AsDouble(centroid[d]) + mean - AsDouble(lists.middle[d]);
      of_list_ += (2 * AsDouble(centroid[d]) + mean) * mean;
    }
  }

  absl::Status Compute(const Context& context, float* out) {
    const uint8_t* codes = lists_.codes_of(list_);
    const size_t block_bytes = codec::FastScanBlockBytes(code_.size());
    for (size_t i = 0; i < lists_.layout.size(list_); ++i) {
      if (i % kRowsBetweenTermPolls == 0) VECDB_RETURN_IF_ERROR(context.Check());
      const uint8_t* block = codes + i / simd::kBlockRows * block_bytes;
      codec::UnpackFastScan(block, i % simd::kBlockRows, code_.size(), code_.data());
      codec_.Decode(code_.data(), 1, decoded_.data());
      double with_words = 0;
      for (size_t d = 0; d < decoded_.size(); ++d) {
        const double words = AsDouble(decoded_[d]) - AsDouble(codec_.mean()[d]);
        with_words += beyond_middle_[d] * words;
      }
      out[i] = codec::HeldToFloat(of_list_ + 2 * with_words);
    }
    return absl::OkStatus();
  }

 private:
  const IvfLists& lists_;
  const size_t list_;
  const codec::ProductCodec& codec_;
  std::vector<uint8_t> code_;
  std::vector<float> decoded_;
  std::vector<double> beyond_middle_;
  double of_list_ = 0;
};

}  // namespace

bool IvfHasTerms(const IvfLists& lists) {
  return lists.residuals && lists.packed && lists.codec->spec().metric == Metric::kL2;
}

void SetMiddle(IvfLists* lists) {
  const codec::Centroids& centroids = lists->centroids;
  std::vector<double> sums(centroids.dim());
  for (size_t list = 0; list < centroids.count(); ++list) {
    for (size_t d = 0; d < sums.size(); ++d) sums[d] += AsDouble(centroids.vector(list)[d]);
  }
  lists->middle.resize(sums.size());
  for (size_t d = 0; d < sums.size(); ++d) {
    lists->middle[d] = static_cast<float>(sums[d] / static_cast<double>(centroids.count()));
  }
}

absl::Status ComputeTerms(IvfLists* lists, const Host& host, const Context& context) {
  SetMiddle(lists);
  const uint64_t num_rows = lists->layout.row_begins.back();
  VECDB_ASSIGN_OR_RETURN(
      lists->terms, base::LargeBuffer::Make((num_rows + simd::kBlockRows) * sizeof(float), host,
                                            "the terms of rows", MemoryUse::kIndexes));
  float* const terms = lists->terms.as<float>().data();
  std::fill_n(terms + num_rows, simd::kBlockRows, 0.0f);
  return base::ParallelFor(
      host.executor, Priority::kBackground, lists->layout.num_lists(), context,
      [&](size_t list, size_t) {
        return ListTerms(*lists, list).Compute(context, terms + lists->layout.row_begins[list]);
      });
}

}  // namespace vecdb::index
