#ifndef VECDB_CODEC_CODEC_H_
#define VECDB_CODEC_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/byte_io.h"
#include "codec/codec_spec.h"
#include "simd/code_rows.h"
#include "vecdb/context.h"
#include "vecdb/host.h"

namespace vecdb::codec {

/// Distances from one query to coded rows. Borrows its codec. Thread-compatible: one for each
/// thread, used for query after query; nothing is allocated after construction.
///
/// Smaller is nearer, as in index::QueryDistance: kL2 gives the squared distance, kIp and kCosine
/// the negated dot product, of the query and the decoded row, within what the codec states.
class CodeDistance {
 public:
  virtual ~CodeDistance() = default;

  /// `query` holds dim finite floats, which are not needed afterwards.
  virtual void SetQuery(const float* query) = 0;

  /// Makes the query one whose code is `code`, for codecs of which CanCompareCodes(), or, for
  /// kFloat16, the row that `code` stands for.
  virtual void SetCode(const uint8_t* code) { static_cast<void>(code); }

  /// The distances of the rows, one after the other. A row has the same bits in every call for the
  /// same query.
  virtual void Compare(const simd::CodeRows& rows, float* out) const = 0;

  /// The same where rows farther away than `bound` are of no use: such a row may be given any
  /// distance above `bound`, which may spare reading the rest of it.
  virtual void CompareWithin(const simd::CodeRows& rows, float bound, float* out) const {
    static_cast<void>(bound);
    Compare(rows, out);
  }

  float One(const uint8_t* code) const {
    float distance = 0;
    Compare({.codes = code, .count = 1}, &distance);
    return distance;
  }
};

/// How vectors become codes. Immutable, thread-safe.
class Codec {
 public:
  explicit Codec(const CodecSpec& spec) : spec_(spec) {}
  virtual ~Codec() = default;

  const CodecSpec& spec() const { return spec_; }
  size_t dim() const { return static_cast<size_t>(spec_.dim); }

  /// Bytes of the code of one row.
  virtual size_t code_bytes() const = 0;

  /// Codes `count` rows of finite floats, row-major, one code after the other. Under kCosine a row
  /// is scaled to length 1 first; a zero vector stays one.
  virtual void Encode(const float* rows, size_t count, uint8_t* codes) const = 0;

  /// The rows that the codes stand for: of length 1 or so under kCosine.
  virtual void Decode(const uint8_t* codes, size_t count, float* rows) const = 0;

  virtual std::unique_ptr<CodeDistance> MakeDistance() const = 0;

  /// Whether a query is coded as rows are, so that the distance of two coded rows is that of a
  /// query and a row, and a query can be given by its code.
  virtual bool CanCompareCodes() const { return false; }

  /// What was trained; ReadCodec takes it with the same spec.
  virtual void Write(base::ByteWriter* writer) const = 0;

  /// Bytes that the trained parameters hold in memory.
  virtual uint64_t memory_bytes() const = 0;

 private:
  const CodecSpec spec_;
};

/// The rows to learn from: finite floats, row-major; borrowed.
struct TrainingRows {
  const float* rows = nullptr;
  size_t count = 0;
};

/// Trains the codec that `spec` asks for. The same for the same rows and seed, whatever the number
/// of threads of host.executor. With fewer rows than it has code words to learn, a product codec
/// learns fewer: see spec() of what comes back. No rows give a codec for zero vectors, which works
/// and is poor. InvalidArgument for a spec out of range; ResourceExhausted, Cancelled,
/// DeadlineExceeded.
absl::StatusOr<std::unique_ptr<Codec>> TrainCodec(const CodecSpec& spec, const TrainingRows& sample,
                                                  const Host& host, const Context& context);

/// Takes from `reader` what Write put there, and checks it: DataLoss when it cannot be.
absl::StatusOr<std::unique_ptr<Codec>> ReadCodec(const CodecSpec& spec, base::ByteReader& reader);

}  // namespace vecdb::codec

#endif  // VECDB_CODEC_CODEC_H_
