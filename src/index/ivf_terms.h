#ifndef VECDB_INDEX_IVF_TERMS_H_
#define VECDB_INDEX_IVF_TERMS_H_

#include "absl/status/status.h"
#include "index/ivf_lists.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::index {

// How lists of packed residuals are scanned under kL2 with tables of the query alone, instead of
// tables of the query and each list, whose making takes as long as reading a list. (FAISS keeps
// what depends on list and code word in a table, and adds it up for each list: "precomputed
// tables".)
//
// A row is about c + d + w: the centroid of its list, the mean of the codec, and its code words.
// With the middle m of all centroids, the squared distance from a query q is the sum of
//
//   |q - c|^2 - 2 q.d               what the query and the list give
//   |w|^2 - 2 (q - m).w             the table entries of the words, for the query q - m
//   (2 c + d).d + 2 (c + d - m).w   the term of the row

/// Whether lists of such codes have terms.
bool IvfHasTerms(const IvfLists& lists);

/// Computes the middle of the centroids.
void SetMiddle(IvfLists* lists);

/// Computes the middle and, from the codes, the terms of all rows, on the threads of host.executor.
/// The same for any number of them. ResourceExhausted, Cancelled, DeadlineExceeded.
absl::Status ComputeTerms(IvfLists* lists, const Host& host, const Context& context);

}  // namespace vecdb::index

#endif  // VECDB_INDEX_IVF_TERMS_H_
