#include "s3/transfer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "base/out_of_memory.h"
#include "base/status_macros.h"
#include "base/str_format.h"
#include "s3/digest.h"

namespace vecdb::s3 {
namespace {

constexpr size_t kMaxHeaderBytes = 1024;
constexpr uint64_t kMaxIgnoredBytes = uint64_t{1} << 20;

constexpr std::string_view kKeptHeaders[] = {
    "content-range",        "etag",           "retry-after",         "x-amz-bucket-region",
    "x-amz-request-id",     "content-length", "x-amz-meta-vecdb-id", "x-amz-meta-vecdb-pending",
    "x-amz-meta-vecdb-xxh3"};

// Sets options until one fails.
class EasyOptions {
 public:
  explicit EasyOptions(CURL* easy) : easy_(easy) {}

  template <typename Value>
  void Set(CURLoption option, Value value) {
    if (result_ == CURLE_OK) result_ = curl_easy_setopt(easy_, option, value);
  }

  CURLcode result() const { return result_; }

 private:
  CURL* const easy_;
  CURLcode result_ = CURLE_OK;
};

absl::Status CurlError(CURLcode code) {
  if (code == CURLE_OK) return absl::OkStatus();
  if (code == CURLE_OUT_OF_MEMORY) return base::OutOfMemory();
  return absl::InternalError(
      base::StrFormat("libcurl takes no such option: %s", curl_easy_strerror(code)));
}

long ToMillis(absl::Duration duration) {
  return static_cast<long>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(duration), 1, int64_t{1} << 30));
}

}  // namespace

absl::StatusOr<std::shared_ptr<Transfer>> Transfer::Make(
    HttpRequest request, const S3Options& options,
    std::shared_ptr<const IssuedCredentials> credentials) {
  std::shared_ptr<Transfer> transfer(new Transfer(std::move(request), std::move(credentials)));
  VECDB_RETURN_IF_ERROR(transfer->SetUp(options));
  return transfer;
}

absl::Status Transfer::SetUp(const S3Options& options) {
  easy_.reset(curl_easy_init());
  if (easy_ == nullptr) return base::OutOfMemory();
  VECDB_RETURN_IF_ERROR(AddHeaders());
  VECDB_RETURN_IF_ERROR(CurlError(SetRequest()));
  VECDB_RETURN_IF_ERROR(CurlError(SetConnection(options)));
  VECDB_RETURN_IF_ERROR(CurlError(SetSignature(options)));
  return CurlError(SetCallbacks());
}

// libcurl signs every header that is given here. Found out with 7.88: without x-amz-content-sha256
// it signs what servers do not accept; with a header that takes one of its own away ("Expect:"),
// too; a given x-amz-date it sends twice.
absl::Status Transfer::AddHeaders() {
  VECDB_ASSIGN_OR_RETURN(const std::string sha256, Sha256Hex(request_.body));
  bool added = AddHeader("x-amz-content-sha256: " + sha256);
  const std::string& token = credentials_->credentials.session_token.Reveal();
  if (!token.empty()) added = added && AddHeader("x-amz-security-token: " + token);
  for (const auto& [name, value] : request_.headers) {
    added = added && AddHeader(name + ": " + value);
  }
  if (!request_.body.empty()) added = added && AddHeader("Content-Type: application/octet-stream");
  return added ? absl::OkStatus() : base::OutOfMemory();
}

bool Transfer::AddHeader(const std::string& line) {
  curl_slist* longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) return false;
  if (headers_ == nullptr) headers_.reset(longer);
  return true;
}

CURLcode Transfer::SetRequest() {
  EasyOptions options(easy_.get());
  options.Set(CURLOPT_URL, request_.url.c_str());
  options.Set(CURLOPT_HTTPHEADER, headers_.get());
  switch (request_.method) {
    case Method::kGet:
      options.Set(CURLOPT_HTTPGET, 1L);
      break;
    case Method::kHead:
      options.Set(CURLOPT_NOBODY, 1L);
      break;
    case Method::kDelete:
      options.Set(CURLOPT_CUSTOMREQUEST, "DELETE");
      break;
    case Method::kPut:
      options.Set(CURLOPT_CUSTOMREQUEST, "PUT");
      [[fallthrough]];
    case Method::kPost:
      options.Set(CURLOPT_POST, 1L);
      options.Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      options.Set(CURLOPT_POSTFIELDS,
                  request_.body.empty() ? "" : reinterpret_cast<const char*>(request_.body.data()));
      break;
  }
  return options.result();
}

CURLcode Transfer::SetConnection(const S3Options& s3) {
  EasyOptions options(easy_.get());
  options.Set(CURLOPT_PROTOCOLS_STR, "http,https");
  options.Set(CURLOPT_FOLLOWLOCATION, 0L);
  options.Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  options.Set(CURLOPT_PROXY, s3.proxy.c_str());  // "" also turns the environment's off
  options.Set(CURLOPT_NOSIGNAL, 1L);
  options.Set(CURLOPT_QUICK_EXIT, 1L);  // a call that is cancelled waits for no name look-up
  options.Set(CURLOPT_CONNECTTIMEOUT_MS, ToMillis(s3.connect_timeout));
  options.Set(CURLOPT_TCP_KEEPALIVE, 1L);
  options.Set(CURLOPT_EXPECT_100_TIMEOUT_MS, 100L);  // for servers that never say 100
  options.Set(CURLOPT_USERAGENT, "vecdb");
  options.Set(CURLOPT_BUFFERSIZE, 256L << 10);
  options.Set(CURLOPT_UPLOAD_BUFFERSIZE, 256L << 10);
  options.Set(CURLOPT_SSL_VERIFYPEER, s3.i_accept_any_certificate ? 0L : 1L);
  options.Set(CURLOPT_SSL_VERIFYHOST, s3.i_accept_any_certificate ? 0L : 2L);
  if (!s3.ca_file.empty()) {
    options.Set(CURLOPT_CAINFO, s3.ca_file.c_str());
    options.Set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  }
  if (!s3.connect_to.empty()) {
    connect_to_.reset(curl_slist_append(nullptr, ("::" + s3.connect_to).c_str()));
    if (connect_to_ == nullptr) return CURLE_OUT_OF_MEMORY;
    options.Set(CURLOPT_CONNECT_TO, connect_to_.get());
  }
  return options.result();
}

CURLcode Transfer::SetSignature(const S3Options& s3) {
  EasyOptions options(easy_.get());
  options.Set(CURLOPT_AWS_SIGV4, ("aws:amz:" + s3.region + ":s3").c_str());
  options.Set(CURLOPT_USERNAME, credentials_->credentials.access_key_id.c_str());
  options.Set(CURLOPT_PASSWORD, credentials_->credentials.secret_access_key.Reveal().c_str());
  return options.result();
}

CURLcode Transfer::SetCallbacks() {
  EasyOptions options(easy_.get());
  options.Set(CURLOPT_PRIVATE, static_cast<void*>(this));
  options.Set(CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  options.Set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  options.Set(CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
  options.Set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  options.Set(CURLOPT_NOPROGRESS, 0L);
  options.Set(CURLOPT_XFERINFOFUNCTION, &Transfer::OnProgress);
  options.Set(CURLOPT_XFERINFODATA, static_cast<void*>(this));
  return options.result();
}

size_t Transfer::OnHeader(char* bytes, size_t one, size_t count, void* self) {
  const size_t size = one * count;
  const absl::Status taken = base::OrOutOfMemory(
      [&] { static_cast<Transfer*>(self)->TakeHeader(std::string_view(bytes, size)); });
  return taken.ok() ? size : 0;
}

size_t Transfer::OnBody(char* bytes, size_t one, size_t count, void* self) {
  const size_t size = one * count;
  bool taken = false;
  const absl::Status status = base::OrOutOfMemory(
      [&] { taken = static_cast<Transfer*>(self)->TakeBody(std::string_view(bytes, size)); });
  return status.ok() && taken ? size : 0;
}

int Transfer::OnProgress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
  auto* transfer = static_cast<Transfer*>(self);
  const auto received_bytes = static_cast<uint64_t>(received);
  const auto sent_bytes = static_cast<uint64_t>(sent);
  if (received_bytes == transfer->received_bytes_ && sent_bytes == transfer->sent_bytes_) return 0;
  transfer->received_bytes_ = received_bytes;
  transfer->sent_bytes_ = sent_bytes;
  transfer->last_progress_ = std::chrono::steady_clock::now();
  return 0;
}

// libcurl may try again on a new connection by itself: what came before counts no more then.
void Transfer::TakeHeader(std::string_view line) {
  last_progress_ = std::chrono::steady_clock::now();
  if (line == "\r\n") has_headers_ = true;
  if (line.starts_with("HTTP/")) {
    attempt_.answer = {};
    return;
  }
  const size_t colon = line.find(':');
  if (colon == line.npos || line.size() > kMaxHeaderBytes) return;
  std::string name(line.substr(0, colon));
  absl::AsciiStrToLower(&name);
  if (std::find(std::begin(kKeptHeaders), std::end(kKeptHeaders), name) == std::end(kKeptHeaders)) {
    return;
  }
  std::string value(line.substr(colon + 1));
  absl::StripAsciiWhitespace(&value);
  attempt_.answer.headers[std::move(name)] = std::move(value);
}

// False when there is no place for it, which ends the transfer.
bool Transfer::TakeBody(std::string_view bytes) {
  HttpAnswer& answer = attempt_.answer;
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  const bool is_success = status >= 200 && status < 300;
  if (is_success && !request_.sink.empty()) {
    attempt_.has_overflowed = bytes.size() > request_.sink.size() - answer.sink_bytes;
    if (attempt_.has_overflowed) return false;
    std::memcpy(request_.sink.data() + answer.sink_bytes, bytes.data(), bytes.size());
    answer.sink_bytes += bytes.size();
    return true;
  }
  const size_t limit = is_success ? request_.max_body_bytes : kMaxAnswerBytes;
  const size_t kept = std::min(bytes.size(), limit - answer.body.size());
  answer.body.append(bytes.substr(0, kept));
  if (kept == bytes.size()) return true;
  ignored_bytes_ += bytes.size() - kept;
  attempt_.has_overflowed = is_success || ignored_bytes_ > kMaxIgnoredBytes;
  return !attempt_.has_overflowed;
}

void Transfer::NoteResult(CURLcode result) {
  attempt_.result = result;
  long status = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &status);
  attempt_.answer.status = static_cast<int>(status);
  long request_bytes = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &request_bytes);
  attempt_.was_sent = request_bytes > 0;
}

}  // namespace vecdb::s3
