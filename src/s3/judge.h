#ifndef VECDB_S3_JUDGE_H_
#define VECDB_S3_JUDGE_H_

#include <curl/curl.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "s3/http.h"

namespace vecdb::s3 {

/// What became of one try of a request.
struct Try {
  CURLcode result = CURLE_OK;
  bool was_sent = false;        ///< the server may have seen it
  bool has_stalled = false;     ///< given up for want of progress
  bool has_overflowed = false;  ///< cut off, because more came than was asked for
  HttpAnswer answer{};
};

/// What is to be made of it.
struct Verdict {
  absl::Status status{};        ///< OK for a 2xx
  bool may_pass = false;        ///< another try may succeed
  bool may_be_applied = false;  ///< it failed, and the server may have done it all the same
  bool credentials_expired = false;
  absl::Duration retry_after{};  ///< what the server asks for; zero when it does not
  std::string_view code{};       ///< KnownErrorCode of the answer
};

/// `request` and `about` ("PUT", "object 'a' in bucket 'b' at host") are for messages, which repeat
/// nothing of the answer but its status, a known code and a request id that shows no
/// part of the credentials.
Verdict Judge(const Try& attempt, Method method, std::string_view about,
              std::string_view access_key_id, std::string_view session_token);

}  // namespace vecdb::s3

#endif  // VECDB_S3_JUDGE_H_
