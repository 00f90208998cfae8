#ifndef SHARDED_SERVICE_ANSWER_CODEC_H_
#define SHARDED_SERVICE_ANSWER_CODEC_H_

#include <vecdb/search.h>

#include "absl/status/statusor.h"
#include "sharded_service.pb.h"

namespace sharded_service {

/// A result as a message.
Answer ToMessage(const vecdb::SearchResult& result);

/// The result that a message holds; it owns its values. InvalidArgument for one that holds none.
absl::StatusOr<vecdb::SearchResult> FromMessage(const Answer& answer);

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_ANSWER_CODEC_H_
