#ifndef VECDB_S3_TRANSFER_H_
#define VECDB_S3_TRANSFER_H_

#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "s3/credentials.h"
#include "s3/http.h"
#include "s3/judge.h"
#include "vecdb/s3.h"

namespace vecdb::s3 {

/// One try of a request as libcurl sees it: signed, with what takes in its answer. Made by one
/// thread, then given to Transfers, and read by whoever sees that it is done.
class Transfer {
 public:
  /// Signs `request` as of now, by the system's clock. ResourceExhausted when libcurl has no
  /// memory, Internal when it knows an option not.
  static absl::StatusOr<std::shared_ptr<Transfer>> Make(
      HttpRequest request, const S3Options& options,
      std::shared_ptr<const IssuedCredentials> credentials);

  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  bool is_done() const { return is_done_.load(std::memory_order_acquire); }

  /// What became of it, once it is done.
  const Try& attempt() const { return attempt_; }
  Try& attempt() { return attempt_; }

  const HttpRequest& request() const { return request_; }
  const IssuedCredentials& credentials() const { return *credentials_; }
  uint64_t sent_bytes() const { return sent_bytes_; }
  uint64_t received_bytes() const { return received_bytes_; }

 private:
  friend class Transfers;
  using Time = std::chrono::steady_clock::time_point;

  struct EasyDeleter {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  Transfer(HttpRequest request, std::shared_ptr<const IssuedCredentials> credentials)
      : request_(std::move(request)), credentials_(std::move(credentials)) {}

  absl::Status SetUp(const S3Options& options);
  absl::Status AddHeaders();
  bool AddHeader(const std::string& line);
  CURLcode SetRequest();
  CURLcode SetConnection(const S3Options& options);
  CURLcode SetSignature(const S3Options& options);
  CURLcode SetCallbacks();

  // What libcurl calls back, and the bodies, which may run out of memory.
  static size_t OnHeader(char* bytes, size_t one, size_t count, void* self);
  static size_t OnBody(char* bytes, size_t one, size_t count, void* self);
  static int OnProgress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent);
  void TakeHeader(std::string_view line);
  bool TakeBody(std::string_view bytes);

  // By Transfers, while it is with it.
  void NoteResult(CURLcode result);

  const HttpRequest request_;
  const std::shared_ptr<const IssuedCredentials> credentials_;
  std::unique_ptr<CURL, EasyDeleter> easy_;
  std::unique_ptr<curl_slist, ListDeleter> headers_;
  std::unique_ptr<curl_slist, ListDeleter> connect_to_;
  Try attempt_;
  uint64_t sent_bytes_ = 0;
  uint64_t received_bytes_ = 0;
  uint64_t ignored_bytes_ = 0;  // of an error that is longer than what is kept
  Time last_progress_{};
  bool has_headers_ = false;              // since Transfers has looked
  bool is_behind_ = false;                // nobody waits for it yet
  std::atomic<bool> is_stopped_ = false;  // relaxed: looked at by whoever drives
  std::atomic<bool> is_done_ = false;     // release and acquire: publishes attempt_
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_TRANSFER_H_
