#include "index/ivf_search.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/status_macros.h"
#include "codec/held.h"
#include "simd/select.h"

namespace vecdb::index {
namespace {

constexpr size_t kCodesAtOnce = 256;
constexpr size_t kWordBits = 64;
constexpr size_t kBlocksAtOnce = kCodesAtOnce / simd::kBlockRows;
constexpr size_t kRowsLookedAt = 4096;  // between two looks at the deadline
constexpr size_t kFloatsPerLook = 16;   // read in the time that a look at the mask takes
// Blocks of fewer bytes are summed in less time than looking up all their rows may take.
constexpr size_t kLeastSkippedBytes = 1024;
constexpr float kFarthest = std::numeric_limits<float>::infinity();

}  // namespace

void ListOrder::Reset(const codec::Centroids& centroids, const float* query, size_t wanted) {
  centroids_ = &centroids;
  query_ = query;
  CompareAll();
  order_.resize(centroids.count());
  for (uint32_t list = 0; list < order_.size(); ++list) {
    order_[list] = PackCandidate(distances_[list], list);
  }
  num_sorted_ = 0;
  SortTo(std::min(wanted, order_.size()));
}

void ListOrder::Reset(const codec::Centroids& centroids, const float* query,
                      const std::vector<Candidate>& nearest) {
  centroids_ = &centroids;
  query_ = query;
  order_.clear();
  for (const Candidate& list : nearest) order_.push_back(PackCandidate(list.distance, list.row));
  num_sorted_ = order_.size();
}

void ListOrder::CompareAll() {
  distances_.resize(centroids_->count());
  centroids_->Compare(query_, distances_.data());
  for (float& distance : distances_) {
    if (distance != distance) distance = kFarthest;  // beyond float
  }
}

void ListOrder::AddTheOthers() {
  std::vector<bool> met(centroids_->count());
  for (const PackedCandidate list : order_) met[UnpackCandidate(list).row] = true;
  CompareAll();
  for (uint32_t list = 0; list < met.size(); ++list) {
    if (!met[list]) order_.push_back(PackCandidate(distances_[list], list));
  }
}

void ListOrder::SortMore() {
  if (order_.size() < centroids_->count()) AddTheOthers();
  SortTo(std::min(order_.size(), 2 * num_sorted_ + 1));
}

void ListOrder::SortTo(size_t end) {
  const size_t wanted = end - num_sorted_;
  const size_t left = order_.size() - num_sorted_;
  PackedCandidate* const begin = order_.data() + num_sorted_;
  if (wanted > 0 && wanted < left) SelectSmallest(begin, left, wanted, wanted);
  std::sort(begin, begin + wanted);
  num_sorted_ = end;
}

ListScanner::ListScanner(const IvfLists& lists, const IndexSpec& spec)
    : lists_(lists),
      metric_(spec.metric),
      residuals_(lists.residuals),
      distances_(kCodesAtOnce),
      places_(kCodesAtOnce),
      sums_(kCodesAtOnce),
      masks_(kBlocksAtOnce),
      near_(kCodesAtOnce / kWordBits) {
  if (lists.packed) {
    packed_.emplace(static_cast<const codec::ProductCodec&>(*lists.codec));
  } else {
    distance_ = lists.codec->MakeDistance();
  }
  if (!residuals_) return;
  residual_.resize(lists.centroids.dim());
  const auto* product = dynamic_cast<const codec::ProductCodec*>(lists.codec.get());
  floats_per_list_ = (product == nullptr ? 1 : product->table_words()) * residual_.size();
}

void ListScanner::SetQuery(const float* query) {
  query_ = query;
  if (changes_with_list()) return;
  if (has_terms()) return SetQueryOfTerms();
  if (packed_.has_value()) {
    packed_->SetQuery(query);
  } else {
    distance_->SetQuery(query);
  }
}

// See ivf_terms.h. The codec takes its mean from a query.
void ListScanner::SetQueryOfTerms() {
  const auto& codec = static_cast<const codec::ProductCodec&>(*lists_.codec);
  of_mean_ = 0;
  for (size_t d = 0; d < residual_.size(); ++d) {
    residual_[d] = query_[d] - lists_.middle[d] + codec.mean()[d];
    of_mean_ -= 2 * static_cast<double>(query_[d]) * static_cast<double>(codec.mean()[d]);
  }
  packed_->SetQueryLessSquare(residual_.data());
}

// |query - (centroid + residual)| is that of query - centroid and the residual; of dot products
// those with centroid and residual are added.
absl::Status ListScanner::EnterList(uint32_t list, float centroid_distance, Poller* poller) {
  if (!residuals_) return absl::OkStatus();
  if (!changes_with_list()) {
    above_ = centroid_distance;
    if (packed_.has_value()) {
      packed_->AddToAll(codec::HeldToFloat(static_cast<double>(centroid_distance) + of_mean_));
    }
    return absl::OkStatus();
  }
  VECDB_RETURN_IF_ERROR(poller->Spend(floats_per_list_));
  const float* centroid = lists_.centroids.vector(list);
  constexpr float kMost = std::numeric_limits<float>::max();
  for (size_t d = 0; d < residual_.size(); ++d) {
    residual_[d] = std::clamp(query_[d] - centroid[d], -kMost, kMost);
  }
  if (packed_.has_value()) {
    packed_->SetQuery(residual_.data());
  } else {
    distance_->SetQuery(residual_.data());
  }
  return absl::OkStatus();
}

absl::Status ListScanner::Scan(uint32_t list, float centroid_distance, const base::RowMask& mask,
                               Reservoir* nearest, Poller* poller) {
  VECDB_RETURN_IF_ERROR(poller->Read(0));
  if (lists_.layout.size(list) == 0) return absl::OkStatus();
  VECDB_RETURN_IF_ERROR(EnterList(list, centroid_distance, poller));
  if (packed_.has_value()) return ScanPacked(list, mask, nearest, poller);
  return mask.all() ? ScanAll(list, nearest, poller) : ScanMasked(list, mask, nearest, poller);
}

// The sums of the blocks of `rows`. Those of a block in which no row is allowed are as far as can
// be, and its codes are not read, unless reading them costs less than looking the rows up.
void ListScanner::SumBlocks(const uint8_t* blocks, std::span<const uint32_t> rows,
                            const base::RowMask& mask) {
  const size_t num_blocks = codec::FastScanBlocks(rows.size());
  const size_t block_bytes = codec::FastScanBlockBytes(lists_.codec->code_bytes());
  if (mask.all() || block_bytes < kLeastSkippedBytes) {
    packed_->Sum(blocks, num_blocks, sums_.data());
    return;
  }
  for (size_t b = 0; b < num_blocks; ++b) {
    const size_t begin = b * simd::kBlockRows;
    const auto of_block = rows.subspan(begin, std::min(simd::kBlockRows, rows.size() - begin));
    uint16_t* const sums = sums_.data() + begin;
    if (std::any_of(of_block.begin(), of_block.end(),
                    [&mask](uint32_t row) { return mask.Contains(row); })) {
      packed_->Sum(blocks + b * block_bytes, 1, sums);
    } else {
      std::fill_n(sums, simd::kBlockRows, std::numeric_limits<uint16_t>::max());
    }
  }
}

absl::Status ListScanner::ScanPacked(uint32_t list, const base::RowMask& mask, Reservoir* nearest,
                                     Poller* poller) {
  const std::span<const uint32_t> rows = lists_.rows_of(list);
  const size_t block_bytes = codec::FastScanBlockBytes(lists_.codec->code_bytes());
  const bool all = mask.all();
  const uint8_t* blocks = lists_.codes_of(list);
  const float* const terms = has_terms() ? lists_.terms_of(list) : nullptr;
  for (size_t first = 0; first < rows.size(); first += kCodesAtOnce) {
    const size_t count = std::min(kCodesAtOnce, rows.size() - first);
    const size_t num_blocks = codec::FastScanBlocks(count);
    VECDB_RETURN_IF_ERROR(poller->Read(count, 0));
    const std::optional<uint16_t> limit =
        terms == nullptr ? packed_->SumOf(nearest->worst()) : std::optional<uint16_t>(0);
    if (!limit.has_value()) break;  // not even the nearest code words are near enough
    SumBlocks(blocks + first / simd::kBlockRows * block_bytes, rows.subspan(first, count), mask);
    if (terms == nullptr) {
      simd::SumsAtMost(sums_.data(), num_blocks, *limit, masks_.data());
    } else {
      simd::SumsWithin(sums_.data(), terms + first, num_blocks, packed_->step(),
                       nearest->worst() - packed_->base(), masks_.data());
    }
    for (size_t b = 0; b < num_blocks; ++b) {
      for (uint32_t bits = masks_[b]; bits != 0; bits &= bits - 1) {
        const size_t place = b * simd::kBlockRows + static_cast<size_t>(std::countr_zero(bits));
        if (place >= count) break;  // what fills up the last block
        const uint32_t row = rows[first + place];
        if (!all && !mask.Contains(row)) continue;
        const float term = terms == nullptr ? 0 : terms[first + place];
        nearest->Offer(packed_->DistanceOf(sums_[place]) + term, row);
      }
    }
  }
  return absl::OkStatus();
}

// Offers the first `count` of distances_, of which few are near enough: these are found first.
template <class RowAt>
void ListScanner::OfferNear(size_t count, Reservoir* nearest, const RowAt& row_at) {
  for (size_t i = 0; i < count; ++i) distances_[i] = Above(distances_[i]);
  simd::InRange(distances_.data(), count, -kFarthest, nearest->worst(), near_.data());
  for (size_t word = 0; word * kWordBits < count; ++word) {
    for (uint64_t bits = near_[word]; bits != 0; bits &= bits - 1) {
      const size_t i = word * kWordBits + static_cast<size_t>(std::countr_zero(bits));
      nearest->Offer(distances_[i], row_at(i));
    }
  }
}

absl::Status ListScanner::ScanAll(uint32_t list, Reservoir* nearest, Poller* poller) {
  const std::span<const uint32_t> rows = lists_.rows_of(list);
  const size_t code_bytes = lists_.codec->code_bytes();
  const uint8_t* codes = lists_.codes_of(list);
  for (size_t first = 0; first < rows.size(); first += kCodesAtOnce) {
    const size_t count = std::min(kCodesAtOnce, rows.size() - first);
    VECDB_RETURN_IF_ERROR(poller->Read(count, 0));
    distance_->CompareWithin({codes + first * code_bytes, code_bytes, nullptr, count},
                             nearest->worst() - above_, distances_.data());
    OfferNear(count, nearest, [&rows, first](size_t i) { return rows[first + i]; });
  }
  return absl::OkStatus();
}

// Reads the codes of allowed rows alone.
absl::Status ListScanner::ScanMasked(uint32_t list, const base::RowMask& mask, Reservoir* nearest,
                                     Poller* poller) {
  const std::span<const uint32_t> rows = lists_.rows_of(list);
  const simd::CodeRows codes{
      .codes = lists_.codes_of(list), .stride = lists_.codec->code_bytes(), .ids = places_.data()};
  for (size_t next = 0; next < rows.size();) {
    simd::CodeRows allowed = codes;
    const size_t end = std::min(rows.size(), next + kRowsLookedAt);
    VECDB_RETURN_IF_ERROR(poller->Spend((end - next) * kFloatsPerLook));
    for (; next < end && allowed.count < kCodesAtOnce; ++next) {
      places_[allowed.count] = static_cast<uint32_t>(next);
      allowed.count += mask.Contains(rows[next]);
    }
    VECDB_RETURN_IF_ERROR(poller->Read(allowed.count, 0));
    distance_->CompareWithin(allowed, nearest->worst() - above_, distances_.data());
    OfferNear(allowed.count, nearest, [&](size_t i) { return rows[places_[i]]; });
  }
  return absl::OkStatus();
}

absl::Status ScanListExactly(const IvfLists& lists, uint32_t list, const base::RowMask& mask,
                             AnswerDistance* distance, TopRows* top, Poller* poller) {
  VECDB_RETURN_IF_ERROR(poller->Read(0));
  std::array<uint32_t, kCodesAtOnce> ids;
  std::array<float, kCodesAtOnce> distances;
  const std::span<const uint32_t> rows = lists.rows_of(list);
  for (size_t next = 0; next < rows.size();) {
    size_t count = 0;
    const size_t end = std::min(rows.size(), next + kRowsLookedAt);
    VECDB_RETURN_IF_ERROR(poller->Spend((end - next) * kFloatsPerLook));
    for (; next < end && count < kCodesAtOnce; ++next) {
      ids[count] = rows[next];
      count += mask.Contains(rows[next]);
    }
    VECDB_RETURN_IF_ERROR(poller->Read(count, 0));
    VECDB_RETURN_IF_ERROR(distance->Gather(ids.data(), count, top->worst(), distances.data()));
    for (size_t i = 0; i < count; ++i) top->Offer(distances[i], ids[i]);
  }
  return absl::OkStatus();
}

}  // namespace vecdb::index
