#ifndef DOCSEARCH_LSA_H_
#define DOCSEARCH_LSA_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "docsearch/svd.h"
#include "docsearch/vocabulary.h"

namespace docsearch {

/// Latent semantic analysis (Deerwester et al., 1990): turns a text into a vector, such that texts
/// that use the words of one topic lie close together, even without a word in common. Learnt from
/// the texts themselves. A text's vector is the sum of its terms' vectors, each by its tf-idf
/// weight. Immutable, thread-safe.
class LsaModel {
 public:
  /// Learns from the texts. Vectors have `dim` numbers; those past the rank of a small corpus are
  /// 0.
  static LsaModel Fit(std::span<const std::string> texts, int dim, uint64_t seed,
                      const std::function<void(double)>& on_step = {});

  /// The model that Pack wrote. DataLoss when `bytes` is something else.
  static absl::StatusOr<LsaModel> Unpack(std::string_view bytes);
  std::string Pack() const;

  /// The vector of a text, of length 1; all 0 when the text has no known term.
  std::vector<float> Embed(std::string_view text) const;

  int dim() const { return static_cast<int>(projection_.cols()); }
  size_t num_terms() const { return vocabulary_.size(); }

 private:
  LsaModel(Vocabulary vocabulary, DenseMatrix projection);

  Vocabulary vocabulary_;
  DenseMatrix projection_;  // a row of dim() numbers per term
};

}  // namespace docsearch

#endif  // DOCSEARCH_LSA_H_
