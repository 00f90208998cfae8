#ifndef VECDB_BENCHMARKS_ANN_FAISS_IVF_H_
#define VECDB_BENCHMARKS_ANN_FAISS_IVF_H_

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexRefine.h>

#include <memory>
#include <string_view>

#include "ann/engine.h"
#include "ann/ivf_params.h"
#include "data/matrix.h"

namespace vecdb::bench {

/// The IVF index of FAISS that matches one of vecdb, as FAISS sets it up by default: IndexIVFFlat;
/// IndexIVFScalarQuantizer with QT_8bit; IndexIVFPQFastScan for codes of 4 bits, IndexIVFPQ for
/// others. The coarse quantizer is an IndexFlat; an IndexRefineFlat stands in front where refine is
/// asked for. Everything may throw what FAISS throws.
class FaissIvf {
 public:
  FaissIvf(std::string_view index, const IvfBuild& build, size_t dim, faiss::MetricType metric);

  /// Trains with the rows and adds them.
  void Add(const Matrix& rows);

  /// Sets the effort of the searches that follow.
  void Configure(int nprobe, float refine_k);

  /// What to search in.
  const faiss::Index& index() const;

  /// Counts the bytes held beside float32 rows.
  void Describe(BuildReport* report) const;

 private:
  std::unique_ptr<faiss::IndexFlat> quantizer_;
  std::unique_ptr<faiss::IndexIVF> lists_;          // borrows the quantizer
  std::unique_ptr<faiss::IndexRefineFlat> refine_;  // borrows the lists; nullptr without refine
};

}  // namespace vecdb::bench

#endif  // VECDB_BENCHMARKS_ANN_FAISS_IVF_H_
