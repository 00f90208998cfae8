#include "s3/judge.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "base/str_format.h"
#include "s3/xml_answers.h"

namespace vecdb::s3 {
namespace {

constexpr size_t kMaxRequestIdBytes = 96;
constexpr size_t kMaxRegionBytes = 32;
constexpr size_t kTellingBytes = 6;

struct CodeMeaning {
  std::string_view code;
  absl::StatusCode status;
  std::string_view hint;
};

// Codes that say more than their status does.
constexpr CodeMeaning kMeanings[] = {
    {"NoSuchBucket", absl::StatusCode::kFailedPrecondition, "the bucket does not exist"},
    {"AuthorizationHeaderMalformed", absl::StatusCode::kFailedPrecondition,
     "S3Options::region is not that of the bucket"},
    {"PermanentRedirect", absl::StatusCode::kFailedPrecondition,
     "S3Options::endpoint is not that of the bucket"},
    {"IllegalLocationConstraintException", absl::StatusCode::kFailedPrecondition,
     "S3Options::region is not that of the bucket"},
    {"RequestTimeTooSkewed", absl::StatusCode::kPermissionDenied,
     "the clock here differs too much from that of the server"},
    {"SignatureDoesNotMatch", absl::StatusCode::kPermissionDenied,
     "the secret access key is not the right one, or something changed the request"},
    {"InvalidAccessKeyId", absl::StatusCode::kPermissionDenied,
     "the server does not know the access key id"},
    {"ExpiredToken", absl::StatusCode::kPermissionDenied, "the credentials have expired"},
    {"InvalidToken", absl::StatusCode::kPermissionDenied, "the session token is not valid"},
    {"TokenRefreshRequired", absl::StatusCode::kPermissionDenied, "the credentials have expired"},
    {"QuotaExceeded", absl::StatusCode::kResourceExhausted, "a quota is used up"},
    {"InsufficientStorage", absl::StatusCode::kResourceExhausted, "the server is full"},
    {"StorageFull", absl::StatusCode::kResourceExhausted, "the server is full"},
    {"XMinioStorageFull", absl::StatusCode::kResourceExhausted, "the server is full"},
    {"InsufficientCapacity", absl::StatusCode::kResourceExhausted, "the server is full"},
    {"BadDigest", absl::StatusCode::kUnavailable, "the bytes were damaged on their way"},
    {"XAmzContentSHA256Mismatch", absl::StatusCode::kUnavailable,
     "the bytes were damaged on their way"},
    {"IncompleteBody", absl::StatusCode::kUnavailable, "the bytes were cut on their way"},
    {"RequestTimeout", absl::StatusCode::kUnavailable, "the bytes came too slowly"},
    {"ConditionalRequestConflict", absl::StatusCode::kUnavailable, "another put was under way"},
    {"OperationAborted", absl::StatusCode::kUnavailable, "another request was under way"},
};

// Codes by which a server says that it has not begun with the request.
constexpr std::string_view kNotBegun[] = {"SlowDown",
                                          "ServiceUnavailable",
                                          "TooManyRequests",
                                          "ConditionalRequestConflict",
                                          "RequestTimeout",
                                          "BadDigest",
                                          "XAmzContentSHA256Mismatch",
                                          "OperationAborted",
                                          "IncompleteBody"};

const CodeMeaning* MeaningOf(std::string_view code) {
  const auto found = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                  [&](const CodeMeaning& m) { return m.code == code; });
  return found == std::end(kMeanings) ? nullptr : &*found;
}

absl::StatusCode StatusCodeOf(int status) {
  switch (status) {
    case 401:
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 408:
    case 429:
      return absl::StatusCode::kUnavailable;
    case 412:
      return absl::StatusCode::kAlreadyExists;
    case 416:
      return absl::StatusCode::kOutOfRange;
    case 507:
      return absl::StatusCode::kResourceExhausted;
    case 501:
    case 505:
      return absl::StatusCode::kFailedPrecondition;
    default:
      return status >= 500 ? absl::StatusCode::kUnavailable : absl::StatusCode::kFailedPrecondition;
  }
}

bool IsAlnumOr(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           others.find(c) != others.npos;
  });
}

// Whether `id` shows a part of `secret` that is worth something: as much of it as could be guessed
// anyway may be there by chance.
bool Shows(std::string_view id, std::string_view secret) {
  const size_t part = std::min({kTellingBytes, id.size(), secret.size()});
  if (part == 0) return false;
  for (size_t at = 0; at + part <= id.size(); ++at) {
    if (secret.find(id.substr(at, part)) != secret.npos) return true;
  }
  return false;
}

// What a server may not show in our messages.
struct SecretTexts {
  std::string_view access_key_id;
  std::string_view session_token;
};

// A header that the server chooses: a name for something, or what it would like to see in our log.
std::string_view SafeHeader(const HttpAnswer& answer, const std::string& name, size_t max_bytes,
                            const SecretTexts& secrets) {
  const std::string_view text = answer.header(name);
  if (text.size() > max_bytes || !IsAlnumOr(text, "-_.")) return {};
  const bool shows = Shows(text, secrets.session_token) || Shows(text, secrets.access_key_id);
  return shows ? std::string_view() : text;
}

std::string RequestIdText(const HttpAnswer& answer, const SecretTexts& secrets) {
  const auto id = SafeHeader(answer, "x-amz-request-id", kMaxRequestIdBytes, secrets);
  return id.empty() ? "" : base::StrFormat(" (request %s)", id);
}

std::string RegionText(const HttpAnswer& answer, const SecretTexts& secrets) {
  const auto region = SafeHeader(answer, "x-amz-bucket-region", kMaxRegionBytes, secrets);
  return region.empty() ? "" : base::StrFormat("; the bucket is in region %s", region);
}

absl::Duration RetryAfter(const HttpAnswer& answer) {
  uint32_t seconds = 0;
  return absl::SimpleAtoi(std::string(answer.header("retry-after")), &seconds)
             ? absl::Seconds(seconds)
             : absl::ZeroDuration();
}

Verdict JudgeAnswer(const Try& attempt, std::string_view what, const SecretTexts& secrets) {
  const HttpAnswer& answer = attempt.answer;
  Verdict verdict{.retry_after = RetryAfter(answer), .code = KnownErrorCode(answer.body)};
  const CodeMeaning* meaning = MeaningOf(verdict.code);
  const absl::StatusCode status =
      meaning != nullptr ? meaning->status : StatusCodeOf(answer.status);
  verdict.may_pass = status == absl::StatusCode::kUnavailable;
  const bool not_begun =
      answer.status == 429 ||
      std::find(std::begin(kNotBegun), std::end(kNotBegun), verdict.code) != std::end(kNotBegun);
  verdict.may_be_applied = verdict.may_pass && !not_begun;
  verdict.credentials_expired =
      verdict.code == "ExpiredToken" || verdict.code == "TokenRefreshRequired";
  const bool elsewhere = answer.status >= 300 && answer.status < 400;
  std::string text = base::StrFormat("%s: the server answered %d%s%s%s", what, answer.status,
                                     verdict.code.empty() ? "" : " ", verdict.code,
                                     RequestIdText(answer, secrets));
  if (meaning != nullptr) base::StrAppendFormat(&text, ": %s", meaning->hint);
  if (meaning == nullptr && elsewhere) text += ": it is not the server of the bucket";
  text += RegionText(answer, secrets);
  verdict.status = absl::Status(status, text);
  return verdict;
}

Verdict Failed(absl::StatusCode code, std::string_view what, std::string_view why) {
  return {.status = absl::Status(code, base::StrFormat("%s: %s", what, why))};
}

// No answer came, or not all of one.
Verdict JudgeFailure(const Try& attempt, std::string_view what) {
  switch (attempt.result) {
    case CURLE_PEER_FAILED_VERIFICATION:
      return Failed(absl::StatusCode::kFailedPrecondition, what,
                    "the certificate of the server is not trusted: see S3Options::ca_file");
    case CURLE_SSL_CACERT_BADFILE:
      return Failed(absl::StatusCode::kFailedPrecondition, what,
                    "S3Options::ca_file cannot be read as certificates");
    case CURLE_OUT_OF_MEMORY:
      return Failed(absl::StatusCode::kResourceExhausted, what, "there is no memory for it");
    default:
      break;
  }
  Verdict verdict =
      Failed(absl::StatusCode::kUnavailable, what,
             attempt.has_stalled ? "no byte came or went within S3Options::stall_timeout"
                                 : curl_easy_strerror(attempt.result));
  verdict.may_pass = true;
  verdict.may_be_applied = attempt.was_sent;
  return verdict;
}

}  // namespace

Verdict Judge(const Try& attempt, Method method, std::string_view about,
              std::string_view access_key_id, std::string_view session_token) {
  const std::string what = base::StrFormat("%s of %s", NameOf(method), about);
  const bool is_answered = attempt.answer.status >= 100;
  if (is_answered && !attempt.answer.is_success()) {
    return JudgeAnswer(attempt, what,
                       {.access_key_id = access_key_id, .session_token = session_token});
  }
  if (attempt.has_overflowed) {
    Verdict verdict = Failed(absl::StatusCode::kDataLoss, what,
                             "the server sent more than was asked for, as if it knew no ranges");
    verdict.may_be_applied = true;
    return verdict;
  }
  if (attempt.result == CURLE_OK && is_answered) return {};
  return JudgeFailure(attempt, what);
}

}  // namespace vecdb::s3
