#include "codec/codec.h"

#include "base/status_macros.h"
#include "codec/float_codec.h"
#include "codec/product_codec.h"
#include "codec/rabitq_codec.h"
#include "codec/scalar_codec.h"

namespace vecdb::codec {

absl::StatusOr<std::unique_ptr<Codec>> TrainCodec(const CodecSpec& spec, const TrainingRows& sample,
                                                  const Host& host, const Context& context) {
  VECDB_RETURN_IF_ERROR(spec.Validate());
  VECDB_RETURN_IF_ERROR(context.Check());
  switch (spec.kind) {
    case CodecKind::kFloat32:
      return MakeFloat32Codec(spec);
    case CodecKind::kFloat16:
      return TrainFloat16Codec(spec, sample);
    case CodecKind::kSq8:
    case CodecKind::kSq4:
      return TrainScalarCodec(spec, sample, host, context);
    case CodecKind::kPq:
      return TrainProductCodec(spec, sample, host, context);
    case CodecKind::kRabitq:
      return TrainRabitqCodec(spec, sample, host, context);
  }
  return absl::InternalError("a codec without a trainer");
}

absl::StatusOr<std::unique_ptr<Codec>> ReadCodec(const CodecSpec& spec, base::ByteReader& reader) {
  VECDB_RETURN_IF_ERROR(spec.Validate());
  switch (spec.kind) {
    case CodecKind::kFloat32:
      return MakeFloat32Codec(spec);
    case CodecKind::kFloat16:
      return ReadFloat16Codec(spec, reader);
    case CodecKind::kSq8:
    case CodecKind::kSq4:
      return ReadScalarCodec(spec, reader);
    case CodecKind::kPq:
      return ReadProductCodec(spec, reader);
    case CodecKind::kRabitq:
      return ReadRabitqCodec(spec, reader);
  }
  return absl::InternalError("a codec without a reader");
}

}  // namespace vecdb::codec
