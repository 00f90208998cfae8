#ifndef VECDB_FAISS_LIST_CODES_H_
#define VECDB_FAISS_LIST_CODES_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include <faiss/IndexIVF.h>

#include "absl/status/statusor.h"
#include "codec/codec.h"
#include "index/ivf_lists.h"
#include "vecdb/index_spec.h"

namespace vecdb::faiss {

// What the lists of an IVF index hold, in both libraries:
//
//   IVF_FLAT  the floats of the row, the same bytes.
//   IVF_SQ8   a byte a dimension. FAISS decodes byte c to vmin + vdiff * (c + 0.5) / 255, vecdb to
//             lower + step * c: step is vdiff / 255, lower is vmin + step / 2. Under L2 vecdb adds
//             4 bytes that follow from the others.
//   IVF_PQ    the numbers of code words. FAISS packs their bits one behind the other, the first
//   part
//             in the lowest bits; vecdb gives a part a byte, with up to 4 bits half of one. vecdb
//             takes a mean away first, which FAISS has as a part of each word.

/// The codes of one kind of list.
struct ListCoding {
  IndexSpec spec{};
  std::unique_ptr<codec::Codec> codec{};
  bool residuals = false;
};

/// How `ivf` codes. InvalidArgument for a class, a type of codes, bounds or words that cannot be
/// taken over, and for codes of another size than these have.
absl::StatusOr<ListCoding> CodingOf(const ::faiss::IndexIVF& ivf);

/// An index without lists' contents that codes as `lists`, of an index of `spec`, do. It owns its
/// quantizer, which holds the centroids.
std::unique_ptr<::faiss::IndexIVF> NewIvf(const index::IvfLists& lists, const IndexSpec& spec);

/// Bytes of a code in FAISS.
size_t FaissCodeBytes(const codec::Codec& codec);

/// Rewrites one code. Neither looks at a value: each stands for something.
void CodeFromFaiss(const codec::Codec& codec, const uint8_t* theirs, uint8_t* ours);
void CodeToFaiss(const codec::Codec& codec, const uint8_t* ours, uint8_t* theirs);

}  // namespace vecdb::faiss

#endif  // VECDB_FAISS_LIST_CODES_H_
