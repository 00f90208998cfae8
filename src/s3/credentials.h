#ifndef VECDB_S3_CREDENTIALS_H_
#define VECDB_S3_CREDENTIALS_H_

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "base/gate.h"
#include "base/mutex.h"
#include "vecdb/clock.h"
#include "vecdb/s3.h"

namespace vecdb::s3 {

/// Credentials and which ones they are, so that only those that a server refused are replaced.
struct IssuedCredentials {
  S3Credentials credentials{};
  uint64_t number = 0;
};

/// Keeps the credentials of a provider until they expire. Thread-safe.
class CredentialsCache {
 public:
  /// `clock` must outlive it.
  CredentialsCache(std::shared_ptr<S3CredentialsProvider> provider, const Clock& clock)
      : provider_(std::move(provider)), clock_(clock) {}

  /// Those of now. The provider's error; PermissionDenied when what it gives has expired already,
  /// InvalidArgument when it lacks a key or holds what no header may.
  absl::StatusOr<std::shared_ptr<const IssuedCredentials>> Get(const Context& context);

  /// The server says that those of this number have expired: the next Get asks the provider.
  void Expire(uint64_t number);

 private:
  std::shared_ptr<const IssuedCredentials> Kept();
  absl::StatusOr<std::shared_ptr<const IssuedCredentials>> Ask(const Context& context);

  const std::shared_ptr<S3CredentialsProvider> provider_;
  const Clock& clock_;
  base::Gate asking_;  // one call of the provider at a time
  base::Mutex mutex_;  // a leaf
  std::shared_ptr<const IssuedCredentials> kept_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_CREDENTIALS_H_
