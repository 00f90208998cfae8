#ifndef VECDB_SCHEMA_ROW_READER_H_
#define VECDB_SCHEMA_ROW_READER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "schema/json_copier.h"
#include "schema/json_number.h"
#include "vecdb/row_batch.h"
#include "vecdb/schema.h"

namespace vecdb::schema {

/// Makes columns of rows from the events of a JSON parser: an array of objects, or `{"rows":
/// [...]}`. Values go to their columns at once; there is no tree. Each event returns false when the
/// text is no good, and says why in status(); no event may follow. Borrows the schema, which must
/// be valid. Single-threaded.
class RowReader {
 public:
  explicit RowReader(const Schema& schema);

  bool OnNull();
  bool OnBool(bool value);
  bool OnNumber(const JsonNumber& number);
  bool OnString(std::string_view text);
  bool OnOpen(char bracket);
  bool OnClose(char bracket);
  bool OnKey(std::string_view key);
  /// The parser gave up at this byte; `overflow` when it met a number beyond the range of double.
  bool OnParseError(size_t byte, bool overflow);

  const absl::Status& status() const { return status_; }

  /// The rows, once the text has ended and every event returned true.
  absl::StatusOr<RowBatch> TakeBatch();

 private:
  enum class At { kTop, kWrapper, kRows, kAfterRows, kRow, kValue, kVector, kTree, kEnd };

  /// One field, or `$meta`, and its values so far.
  struct Sink {
    std::string name{};
    const FieldSpec* spec = nullptr;  // nullptr for `$meta`
    DataType type = DataType::kNone;
    Column::Values values{};
    size_t num_rows = 0;
  };

  bool OpenRow();
  bool CloseRow();
  bool OpenVector(bool array);
  bool CloseVector();
  bool BeginField(Sink& sink);
  bool BeginDynamic(std::string_view key);
  void BeginTree(JsonCopier& copier);
  bool EndTreeIfWhole();
  template <typename T>
  bool AddIntegerAs(const JsonNumber& number);
  template <typename T>
  bool AddRealAs(const JsonNumber& number);
  bool AddVectorNumber(const JsonNumber& number);

  bool Fail(std::string_view reason);
  bool FailStructure();
  bool FailType(std::string_view got);
  bool FailNumber(const JsonNumber& number);

  const Schema& schema_;
  std::vector<Sink> sinks_;  // in the order of the schema, then `$meta`
  At at_ = At::kTop;
  bool wrapped_ = false;           // the rows are in {"rows": ...}
  bool wrapper_key_seen_ = false;  // the key "rows"
  size_t row_ = 0;
  Sink* sink_ = nullptr;  // of the value that is being read
  size_t vector_size_ = 0;
  std::optional<JsonCopier> json_;                // into the Json field that is being read
  std::optional<JsonCopier> dynamic_;             // into `$meta`, open for the whole row
  JsonCopier* tree_ = nullptr;                    // the one of the two that takes events
  int tree_base_depth_ = 0;                       // depth of tree_ before the value
  std::unordered_set<std::string> dynamic_keys_;  // of this row
  absl::Status status_;
};

}  // namespace vecdb::schema

#endif  // VECDB_SCHEMA_ROW_READER_H_
