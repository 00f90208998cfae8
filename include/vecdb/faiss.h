#ifndef VECDB_FAISS_H_
#define VECDB_FAISS_H_

/// Exchange of live indexes with FAISS. Not part of vecdb.h: a component of its own, which brings
/// FAISS, a BLAS and OpenMP along.
///
///     find_package(vecdb CONFIG REQUIRED COMPONENTS faiss)
///     target_link_libraries(app PRIVATE vecdb::faiss)
///
/// | FAISS                        | vecdb    |                                                   |
/// |------------------------------|----------|---------------------------------------------------|
/// | IndexFlat, -L2, -IP          | FLAT     | the same answers                                  |
/// | IndexHNSWFlat                | HNSW     | the same graph; walks differ a little             |
/// | IndexIVFFlat                 | IVF_FLAT | the same lists, the same answers                  |
/// | IndexIVFScalarQuantizer of   | IVF_SQ8  | the same lists and codes                          |
/// | QT_8bit, QT_8bit_uniform     |          |                                                   |
/// | IndexIVFPQ, 1 to 8 bits      | IVF_PQ   | the same lists, codes and code words              |
/// | IndexIDMap, IndexIDMap2      | any      | around each of them                               |
///
/// Metrics are L2 and inner product. Files are a matter between the host and FAISS: the host reads
/// one with FAISS and hands the index over. The index that is handed over is only read, and nothing
/// may change it meanwhile; the result does not depend on it afterwards.
///
/// Every list, id, link, level and code is looked at on the way in, so that an index which was
/// damaged or edited is InvalidArgument, never a crash of a later search.
///
/// The calls themselves run on the calling thread, on those of Host::executor, and, where FAISS
/// precomputes tables for IndexIVFPQ, on those of OpenMP.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/index.h"

namespace faiss {
struct Index;
}

namespace vecdb {

struct FromFaissOptions {
  /// The vectors that the index was made of, row-major, in the order of row numbers, where the host
  /// has them: viewed, so they must stay as they are while the Index lives. Without them the Index
  /// has rows of its own: copies of those in FAISS, or, for IndexIVFScalarQuantizer and IndexIVFPQ,
  /// which keep codes alone, what the codes stand for.
  std::span<const float> rows{};
};

/// An index that came from FAISS. Movable.
struct FromFaissResult {
  std::unique_ptr<Index> index{};
  /// What FAISS calls the rows: row r, as Neighbor::row counts, has the id ids[r]. Empty when the
  /// ids are the row numbers. The rows of an IndexIDMap are those of the index within; an IVF index
  /// whose own ids are not 0 to n-1 has its rows in the order of their ids.
  std::vector<int64_t> ids{};
};

/// Takes over an index of FAISS, of one of the classes above, without building anything again.
/// Metric::kCosine never comes out: FAISS has none.
///
/// At equal parameters (efSearch is ef; nprobe is nprobe) the Index answers as `index` does, but
/// for the last digits of scores and rows whose scores are that near:
///   - IVF_SQ8 and IVF_PQ have Refine::kFloat32: candidates of the codes are looked at again. With
///     rows of their own, which are what the codes stand for, that makes the scores those of FAISS.
///     With FromFaissOptions::rows answers and scores are by the true vectors, hence better.
///   - HNSW walks the same graph, but not step for step: a few rows at the end of an answer may
///     differ, the recall does not.
///   - More lists than 4096 are looked up by a graph of their centroids, which is built here.
///
/// InvalidArgument, with what to do about it: another class, metric, quantizer or type of codes;
/// a quantizer that is not IndexFlat or IndexHNSWFlat of nlist finite vectors and the metric of the
/// index; ids that are negative or occur twice, or, within an IndexIDMap, are not row numbers;
/// lists, codes, links, levels or an entry point that cannot be; NaN or Inf; a dim of 0 or above
/// 32768; `rows` of another count, or which differ from those that FAISS has. FailedPrecondition
/// for an index that is not trained; ResourceExhausted over the budget; Cancelled,
/// DeadlineExceeded.
absl::StatusOr<FromFaissResult> FromFaiss(const ::faiss::Index& index,
                                          const FromFaissOptions& options = {},
                                          const Host& host = {}, const Context& context = {});

/// Makes an index of FAISS that the caller owns with all its parts: an IndexFlat, IndexHNSWFlat,
/// IndexIVFFlat, IndexIVFScalarQuantizer or IndexIVFPQ. It searches with 8 lists, or an efSearch of
/// 64, as vecdb does by default, and takes further vectors with `add`. `index` is only read.
///
/// `ids` are what FAISS is to call the rows, one for each: the result is an IndexIDMap then.
/// Without them the ids are the row numbers.
///
/// FAISS answers by the codes of IVF_SQ8 and IVF_PQ alone: FromFaiss of the result says what that
/// is. The mean that vecdb's PQ takes away, and the steps of its SQ8, go into FAISS's code words
/// and bounds, which rounds each by a last digit. HNSW graphs come with the float32 rows. Under
/// Metric::kCosine the result has METRIC_INNER_PRODUCT over rows scaled to length 1: scale the
/// queries, too, and the scores are the same.
///
/// InvalidArgument for ids of another count, negative ones, and one twice; ResourceExhausted when
/// memory is lacking, which FAISS takes from the system and not from a Host; Cancelled,
/// DeadlineExceeded.
absl::StatusOr<std::unique_ptr<::faiss::Index>> ToFaiss(const Index& index,
                                                        std::span<const int64_t> ids = {},
                                                        const Context& context = {});

}  // namespace vecdb

#endif  // VECDB_FAISS_H_
