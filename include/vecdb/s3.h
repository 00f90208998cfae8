#ifndef VECDB_S3_H_
#define VECDB_S3_H_

/// Objects in a bucket of S3, or of a server that speaks as S3 does (Ceph, MinIO and others). Not
/// part of vecdb.h: a component of its own, which brings libcurl along.
///
///     find_package(vecdb CONFIG REQUIRED COMPONENTS s3)
///     target_link_libraries(app PRIVATE vecdb::s3)
///
///     auto store = vecdb::OpenS3ObjectStore(
///         {.endpoint = "https://s3.eu-central-1.amazonaws.com",
///          .region = "eu-central-1",
///          .bucket = "my-bucket",
///          .prefix = "vecdb",
///          .credentials = vecdb::EnvironmentS3Credentials()});   // StatusOr<shared_ptr<...>>
///     auto db = vecdb::Database::Open({.store = *store});
///
/// Everything the library commits rests on puts that create an object only if it is absent
/// (`If-None-Match: *`). Some servers take the condition and ignore it: opening tries it out and
/// refuses them, see S3Writes.
///
/// docs/s3.md says which requests each call makes, what they cost, and what is done about errors.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "vecdb/context.h"
#include "vecdb/host.h"
#include "vecdb/metrics.h"
#include "vecdb/object_store.h"
#include "vecdb/secret.h"

namespace vecdb {

/// Who asks.
struct S3Credentials {
  std::string access_key_id{};
  Secret secret_access_key{};
  Secret session_token{};               ///< empty when there is none
  std::optional<int64_t> expires_ms{};  ///< in ms since 1970-01-01 UTC; nullopt: they never do
};

/// Where credentials come from. Implementations must be thread-safe.
class S3CredentialsProvider {
 public:
  virtual ~S3CredentialsProvider() = default;

  /// The credentials of now. A store asks when it opens, when what it has expires within a minute,
  /// and when a server says that they have expired; one call at a time and with no lock held. An
  /// error is that of the call that needed them, and the next one asks again; its message is passed
  /// on, so it must hold no secret.
  virtual absl::StatusOr<S3Credentials> Get(const Context& context) = 0;
};

/// The same credentials each time.
std::shared_ptr<S3CredentialsProvider> StaticS3Credentials(S3Credentials credentials);

/// Those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where it is set, AWS_SESSION_TOKEN, read
/// at each Get. FailedPrecondition, naming it, when one of the first two is missing.
std::shared_ptr<S3CredentialsProvider> EnvironmentS3Credentials();

/// Those of a function, which must be thread-safe.
std::shared_ptr<S3CredentialsProvider> CallbackS3Credentials(
    std::function<absl::StatusOr<S3Credentials>(const Context&)> get);

/// How a bucket becomes part of an address.
enum class S3Addressing {
  kPath,         ///< https://host/bucket/key: every server understands it
  kVirtualHost,  ///< https://bucket.host/key: what AWS asks of new buckets
};

/// Whether, and on what ground, objects are created and deleted.
enum class S3Writes {
  /// Opening proves that the server creates objects only if they are absent: it creates a small
  /// object
  /// twice, reads and lists it, and deletes it (6 requests). FailedPrecondition, saying what the
  /// server did, where that is not so.
  kProve,
  /// Nothing is written: Create, Delete and DeleteAll are PermissionDenied. For readers, also of a
  /// server that does not pass.
  kRefuse,
  /// Writes without proof and without the condition, for servers that do not know it. The host
  /// promises that no other process or store writes below the prefix; where one does, versions of a
  /// database replace each other and rows are lost. Two writers of one store object are still told
  /// apart by looking before each put, but not when they finish in the same moment.
  kIPromiseSingleWriter,
};

struct S3Options {
  /// Scheme, host and, where it is not the usual one, port:
  /// "https://s3.eu-central-1.amazonaws.com", "http://127.0.0.1:7480". With http:// nothing is
  /// encrypted; bodies that are sent are signed.
  std::string endpoint{};
  std::string region = "us-east-1";
  std::string bucket{};
  /// An ObjectPath of at most 256 bytes under which all objects lie; "" for the whole bucket.
  std::string prefix{};
  S3Addressing addressing = S3Addressing::kPath;
  std::shared_ptr<S3CredentialsProvider> credentials{};
  S3Writes writes = S3Writes::kProve;

  /// A file of certificates (PEM) to trust instead of those of the system; "" for the system's.
  std::string ca_file{};
  /// Takes the certificate of anybody, who may then read and change everything.
  bool i_accept_any_certificate = false;
  /// An HTTP proxy, as "http://host:port"; "" for none. The environment is not looked at.
  std::string proxy{};
  /// "host:port" to connect to whatever the endpoint says, for private links and gateways without a
  /// name of their own; "" for the endpoint. Name and certificate stay those of the endpoint.
  std::string connect_to{};

  /// Objects above this size are sent in parts of this size, and ranges above it are read in ranges
  /// of this size: 5 MiB (which S3 asks for) to 1 GiB. An object has at most 10,000 parts.
  uint64_t part_bytes = uint64_t{8} << 20;
  /// How many parts or ranges of one object are on their way at a time: 1 to 64. A writer keeps as
  /// many parts in memory, and one more.
  int parallel_parts = 4;
  /// How many connections there are at most: 1 to 1024. What is more waits.
  int max_connections = 32;
  /// How much of an object Open reads along with its size: 1 B to 8 MiB. What lies within is not
  /// read again, so that smaller objects cost one request.
  uint64_t open_bytes = uint64_t{64} << 10;
  /// The most that is sent and received in a second, together and on average over some parts; 0 for
  /// no limit.
  uint64_t max_bytes_per_second = 0;

  /// How long a connection may take to come about.
  absl::Duration connect_timeout = absl::Seconds(10);
  /// How long a request may go on without a byte in either direction.
  absl::Duration stall_timeout = absl::Seconds(30);
  /// For how long after its first failure a request is repeated, when that may pass: lost
  /// connections, 5xx, 429. Then it is Unavailable; Unknown where it may have created an object and
  /// that cannot be found out.
  absl::Duration retry_for = absl::Minutes(2);
  /// The wait before a request is repeated is random, up to this at first, and twice as much each
  /// time up to `max_retry_wait`. A server's Retry-After counts where it is longer, within that.
  absl::Duration retry_wait = absl::Milliseconds(100);
  absl::Duration max_retry_wait = absl::Seconds(10);
};

/// What a store has asked of the server since it was opened, tries that failed included: what a
/// bill is made of.
struct S3Usage {
  uint64_t write_requests = 0;   ///< PUT, POST and LIST, which cost about ten times as much
  uint64_t read_requests = 0;    ///< GET and HEAD
  uint64_t delete_requests = 0;  ///< DELETE and the end of an upload that is given up: free on AWS
  uint64_t repeated_requests = 0;  ///< of all these, those that repeat a failed one
  uint64_t sent_bytes = 0;         ///< in bodies
  uint64_t received_bytes = 0;     ///< in bodies

  friend bool operator==(const S3Usage&, const S3Usage&) = default;
};

/// A store in a bucket of S3; see the top of this file. What it keeps to beyond ObjectStore:
///
///   - A put whose answer is lost is repeated, or looked for: each carries a random id, so the
///     outcome is OK or AlreadyExists wherever the server answers again in time, and Unknown
///     otherwise.
///   - Objects above S3Options::part_bytes hold their name, before they become visible, by a small
///     object that Open does not find and List shows. A process that ends in that moment leaves it:
///     the name is taken until it is deleted. An object must not be deleted before its writer has
///     finished.
///   - A reader of an object that is deleted gets NotFound for what it had not read at Open, and
///     DataLoss where the name has another object by then.
///   - Bodies are sent with their SHA-256, which the server checks. Objects that were sent whole
///     also carry a checksum, which a read of the whole object checks: DataLoss. Ranges are checked
///     for their length; what the library writes has checksums of its own.
///   - Lock excludes other writers through this object, not other processes: Database keeps those
///     apart by itself.
///
/// Errors: InvalidArgument for options; FailedPrecondition for a bucket that does not exist,
/// another region, a certificate that is not trusted; PermissionDenied for credentials, a clock
/// that is far off, and what they may not do; ResourceExhausted for quotas; Unavailable once
/// S3Options::retry_for is over; Unknown and DataLoss as ObjectStore says. Messages name status,
/// code and request id of the server's answer, never its text, and hold no secret.
///
/// Whoever waits for a transfer drives all of them, so nothing depends on an executor; with
/// Host::executor the parts of a writer go on while it is filled. It starts no threads but those of
/// the system's name look-up. Thread-safe.
class S3ObjectStore : public ObjectStore {
 public:
  /// Removes many objects, up to 1,000 with a request. OK when all are gone, also those that did
  /// not exist; otherwise the first error, and some may be gone.
  virtual absl::Status DeleteAll(std::span<const ObjectPath> paths,
                                 const Context& context = {}) = 0;

  virtual S3Usage usage() const = 0;

  /// The same by operation, with failures, as families named vecdb_s3_*; docs/s3.md lists them.
  virtual std::vector<MetricFamily> CollectMetrics() const = 0;
};

/// Opens a store, and proves that it can be written to as S3Options::writes asks. `host`'s clock,
/// by which credentials expire, and executor must outlive it; requests are signed by the clock of
/// the system. InvalidArgument names the option, its value and what is allowed. A server that has
/// never answered is given up after 5 s, or S3Options::retry_for where that is less.
absl::StatusOr<std::shared_ptr<S3ObjectStore>> OpenS3ObjectStore(S3Options options,
                                                                 const Host& host = {},
                                                                 const Context& context = {});

}  // namespace vecdb

#endif  // VECDB_S3_H_
