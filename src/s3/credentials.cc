#include "s3/credentials.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/status_macros.h"
#include "base/str_format.h"

namespace vecdb {
namespace {

class StaticProvider final : public S3CredentialsProvider {
 public:
  explicit StaticProvider(S3Credentials credentials) : credentials_(std::move(credentials)) {}

  absl::StatusOr<S3Credentials> Get(const Context&) override { return credentials_; }

 private:
  const S3Credentials credentials_;
};

// "" for one that is not set.
std::string EnvironmentVariable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

class EnvironmentProvider final : public S3CredentialsProvider {
 public:
  absl::StatusOr<S3Credentials> Get(const Context&) override {
    S3Credentials credentials{
        .access_key_id = EnvironmentVariable("AWS_ACCESS_KEY_ID"),
        .secret_access_key = Secret(EnvironmentVariable("AWS_SECRET_ACCESS_KEY")),
        .session_token = Secret(EnvironmentVariable("AWS_SESSION_TOKEN"))};
    if (credentials.access_key_id.empty()) return Missing("AWS_ACCESS_KEY_ID");
    if (credentials.secret_access_key.empty()) return Missing("AWS_SECRET_ACCESS_KEY");
    return credentials;
  }

 private:
  static absl::Status Missing(const char* name) {
    return absl::FailedPreconditionError(
        base::StrFormat("the environment variable %s is not set", name));
  }
};

class CallbackProvider final : public S3CredentialsProvider {
 public:
  explicit CallbackProvider(std::function<absl::StatusOr<S3Credentials>(const Context&)> get)
      : get_(std::move(get)) {}

  absl::StatusOr<S3Credentials> Get(const Context& context) override {
    if (get_ == nullptr) {
      return absl::InvalidArgumentError("CallbackS3Credentials was given no function");
    }
    return get_(context);
  }

 private:
  const std::function<absl::StatusOr<S3Credentials>(const Context&)> get_;
};

}  // namespace

std::shared_ptr<S3CredentialsProvider> StaticS3Credentials(S3Credentials credentials) {
  return std::make_shared<StaticProvider>(std::move(credentials));
}

std::shared_ptr<S3CredentialsProvider> EnvironmentS3Credentials() {
  return std::make_shared<EnvironmentProvider>();
}

std::shared_ptr<S3CredentialsProvider> CallbackS3Credentials(
    std::function<absl::StatusOr<S3Credentials>(const Context&)> get) {
  return std::make_shared<CallbackProvider>(std::move(get));
}

}  // namespace vecdb

namespace vecdb::s3 {
namespace {

constexpr int64_t kRenewBeforeMs = 60'000;
constexpr size_t kMaxCredentialBytes = 8192;

// Visible ASCII: anything else would end a header or begin another.
bool FitsHeader(std::string_view text) {
  return text.size() <= kMaxCredentialBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

absl::Status CheckCredentials(const S3Credentials& credentials, int64_t now_ms) {
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return absl::InvalidArgumentError(
        "the credentials for S3 lack an access key id or a secret access key");
  }
  if (!FitsHeader(credentials.access_key_id) ||
      !FitsHeader(credentials.secret_access_key.Reveal()) ||
      !FitsHeader(credentials.session_token.Reveal())) {
    return absl::InvalidArgumentError(base::StrFormat(
        "the credentials for S3 hold a blank, a sign that is not ASCII, or more than %d bytes",
        kMaxCredentialBytes));
  }
  if (credentials.expires_ms.has_value() && *credentials.expires_ms <= now_ms) {
    return absl::PermissionDeniedError(
        base::StrFormat("the provider of credentials for S3 gave some that expired %d ms ago",
                        now_ms - *credentials.expires_ms));
  }
  return absl::OkStatus();
}

}  // namespace

std::shared_ptr<const IssuedCredentials> CredentialsCache::Kept() {
  const int64_t now_ms = clock_.NowMillis();
  base::MutexLock lock(&mutex_);
  if (kept_ == nullptr) return nullptr;
  const std::optional<int64_t>& expires_ms = kept_->credentials.expires_ms;
  if (expires_ms.has_value() && *expires_ms - now_ms < kRenewBeforeMs) return nullptr;
  return kept_;
}

absl::StatusOr<std::shared_ptr<const IssuedCredentials>> CredentialsCache::Get(
    const Context& context) {
  if (auto kept = Kept()) return kept;
  VECDB_ASSIGN_OR_RETURN(const auto turn, asking_.Enter(context));
  if (auto kept = Kept()) return kept;  // another call has asked meanwhile
  return Ask(context);
}

absl::StatusOr<std::shared_ptr<const IssuedCredentials>> CredentialsCache::Ask(
    const Context& context) {
  auto issued = std::make_shared<IssuedCredentials>();
  VECDB_ASSIGN_OR_RETURN(issued->credentials, provider_->Get(context));
  VECDB_RETURN_IF_ERROR(CheckCredentials(issued->credentials, clock_.NowMillis()));
  base::MutexLock lock(&mutex_);
  issued->number = ++last_number_;
  kept_ = issued;
  return kept_;
}

void CredentialsCache::Expire(uint64_t number) {
  base::MutexLock lock(&mutex_);
  if (kept_ != nullptr && kept_->number == number) kept_ = nullptr;
}

}  // namespace vecdb::s3
