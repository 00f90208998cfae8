#ifndef DOCSEARCH_ANSWER_H_
#define DOCSEARCH_ANSWER_H_

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "docsearch/chunk_table.h"
#include "docsearch/data_folder.h"
#include "docsearch/library.h"
#include "docsearch/lsa.h"

namespace docsearch {

/// A chunk as it is shown.
struct Answer {
  float score = 0;
  std::string place{};  ///< path and line
  std::string source{};
  std::string snippet{};  ///< one line of text, where it fits the question best
  std::string declaration{};
};

/// What answers questions: the library, the model and the table of one finished build.
class Answerer {
 public:
  /// NotFound or DataLoss when a part is missing or damaged: build again.
  static absl::StatusOr<Answerer> Open(const DataFolder& data);

  /// The best `limit` answers; none when the corpus has no word of the question.
  absl::StatusOr<std::vector<Answer>> Ask(std::string_view question, int32_t limit,
                                          std::string_view source) const;

  absl::StatusOr<LibraryStats> Stats() const { return library_->Stats(); }
  absl::StatusOr<std::string> Report() const { return library_->Report(); }
  double open_seconds() const { return open_seconds_; }  ///< how long Open took
  absl::Status Close() { return library_->Close(); }

 private:
  Answerer(std::unique_ptr<Library> library, LsaModel model, ChunkTable table, double open_seconds)
      : library_(std::move(library)),
        model_(std::move(model)),
        table_(std::move(table)),
        open_seconds_(open_seconds) {}

  std::unique_ptr<Library> library_;
  LsaModel model_;
  ChunkTable table_;
  double open_seconds_;
};

/// One line of at most `max_bytes` that begins with the sentence of `text` that shares most terms
/// with the question, the first of several.
std::string Snippet(std::string_view text, std::string_view question, size_t max_bytes);

}  // namespace docsearch

#endif  // DOCSEARCH_ANSWER_H_
