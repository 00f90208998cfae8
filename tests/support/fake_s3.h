#ifndef VECDB_SUPPORT_FAKE_S3_H_
#define VECDB_SUPPORT_FAKE_S3_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/quirky_object_store.h"
#include "vecdb/s3.h"

namespace vecdb::support {

/// A request that a FakeS3 has got.
struct FakeS3Request {
  std::string method{};
  std::string target{};                          // path and query as they came
  std::map<std::string, std::string> headers{};  // names in lower case
  size_t body_bytes = 0;
};

/// What a FakeS3 answers to some requests instead of the right thing.
struct FakeS3Fault {
  std::string method{};  // "" for any
  std::string target{};  // a part of the target
  int status = 500;
  std::string code{};
  std::string retry_after{};
  int after = 0;  // so many that match are let through first
  int times = 1;
  bool applies = false;  // the request is carried out before the wrong answer
  int delay_ms = 0;
};

/// A server on loopback that speaks as S3 does, from memory. It checks who asks, when, for which
/// region, and the SHA-256 of each body, but not the signature. Its errors hold all that it was
/// sent, as the worst of servers might. Thread-safe.
class FakeS3 {
 public:
  struct Config {
    StoreQuirk quirk = StoreQuirk::kNone;
    std::string access_key = "FAKEACCESSKEY";
    std::string session_token{};  // "" asks for none; another one has expired
    std::string region = "us-east-1";
    int64_t clock_offset_ms = 0;
    bool knows_ranges = true;
    bool knows_if_match = true;
    bool echoes_in_request_id = false;
    int lagging_lists = 0;    // so many lists do not show the newest object
    size_t page_size = 1000;  // of lists
    size_t quota_bytes = ~size_t{0};
    bool completes_with_error = false;  // the first completion answers 200 and an error
    bool ends_never = false;            // lists
  };

  /// With `with_tls` it has a certificate for 127.0.0.1 that it has signed itself.
  explicit FakeS3(bool with_tls = false);
  ~FakeS3();

  FakeS3(const FakeS3&) = delete;
  FakeS3& operator=(const FakeS3&) = delete;

  int port() const;
  std::string endpoint() const;

  /// The certificate as PEM; "" without TLS.
  std::string certificate() const;

  void Configure(const Config& config);
  void Add(FakeS3Fault fault);
  void ForgetFaults();

  /// Bucket "bucket": objects by their keys.
  std::map<std::string, std::string> objects() const;
  size_t num_uploads() const;  // begun, neither completed nor aborted
  std::vector<FakeS3Request> requests() const;
  size_t CountRequests(const std::string& method) const;
  void ForgetRequests();

  /// Does to an object what nobody should.
  void Put(const std::string& key, const std::string& bytes);
  void Remove(const std::string& key);
  void Cut(const std::string& key, size_t bytes);
  void FlipByte(const std::string& key, size_t at);

 private:
  class Server;
  const std::unique_ptr<Server> server_;
};

inline constexpr char kFakeSecret[] = "fake-secret-that-nobody-may-see";

/// Options for a store in a FakeS3, with short waits.
S3Options OptionsFor(const FakeS3& server);

}  // namespace vecdb::support

#endif  // VECDB_SUPPORT_FAKE_S3_H_
