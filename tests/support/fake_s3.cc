#include "support/fake_s3.h"

#include <httplib.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "s3/address.h"
#include "s3/digest.h"

namespace vecdb::support {
namespace {

constexpr char kBucket[] = "bucket";

struct FakeObject {
  std::string bytes;
  std::string etag;
  httplib::Headers meta;
  absl::Time modified;
  uint64_t number = 0;  // of its making
};

struct FakeUpload {
  std::string key;
  httplib::Headers meta;
  std::map<int, std::string> parts;
};

httplib::Headers MetaOf(const httplib::Request& request) {
  httplib::Headers meta;
  for (const auto& [name, value] : request.headers) {
    if (absl::AsciiStrToLower(name).rfind("x-amz-meta-", 0) == 0) meta.emplace(name, value);
  }
  return meta;
}

std::span<const std::byte> BytesIn(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

// Every text between <Key> and </Key>.
std::vector<std::string> KeysIn(const std::string& xml) {
  std::vector<std::string> keys;
  for (size_t at = xml.find("<Key>"); at != xml.npos; at = xml.find("<Key>", at + 1)) {
    const size_t begin = at + 5;
    keys.push_back(xml.substr(begin, xml.find("</Key>", begin) - begin));
  }
  return keys;
}

// A key, and a certificate for 127.0.0.1 that is signed with it.
class SelfSigned {
 public:
  SelfSigned() : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* name = X509_get_subject_name(certificate_);
    const auto* text = reinterpret_cast<const unsigned char*>("FakeS3");
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(certificate_, name);
    X509_EXTENSION* address =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate_, address, -1);
    X509_EXTENSION_free(address);
    X509_sign(certificate_, key_, EVP_sha256());
  }
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;
  ~SelfSigned() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }

  X509* certificate() const { return certificate_; }
  EVP_PKEY* key() const { return key_; }

  std::string Pem() const {
    BIO* memory = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(memory, certificate_);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(memory, &bytes);
    std::string pem(bytes, static_cast<size_t>(size));
    BIO_free(memory);
    return pem;
  }

 private:
  EVP_PKEY* const key_;
  X509* const certificate_;
};

bool Matches(const FakeS3Fault& fault, const httplib::Request& request) {
  return fault.times > 0 && (fault.method.empty() || fault.method == request.method) &&
         request.target.find(fault.target) != std::string::npos;
}

}  // namespace

class FakeS3::Server {
 public:
  explicit Server(bool with_tls)
      : certificate_(with_tls ? std::make_unique<SelfSigned>() : nullptr),
        owned_(with_tls ? std::make_unique<httplib::SSLServer>(certificate_->certificate(),
                                                               certificate_->key())
                        : std::make_unique<httplib::Server>()),
        server_(*owned_) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(64); };
    server_.set_keep_alive_max_count(100000);
    server_.set_tcp_nodelay(true);
    const auto handle = [this](const httplib::Request& request, httplib::Response& answer) {
      Handle(request, answer);
    };
    server_.Get(".*", handle);
    server_.Put(".*", handle);
    server_.Post(".*", handle);
    server_.Delete(".*", handle);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }

  ~Server() {
    server_.stop();
    thread_.join();
  }

  int port() const { return port_; }
  bool has_tls() const { return certificate_ != nullptr; }
  std::string certificate() const { return has_tls() ? certificate_->Pem() : ""; }

  // What the tests look at and change.
  mutable std::mutex mutex;
  Config config;
  std::vector<FakeS3Fault> faults;
  std::map<std::string, FakeObject> objects;
  std::map<std::string, FakeUpload> uploads;
  std::vector<FakeS3Request> requests;

  void Store(const std::string& key, std::string bytes, httplib::Headers meta) {
    const uint64_t number = ++last_number_;
    objects[key] = {.bytes = std::move(bytes),
                    .etag = absl::StrFormat("\"etag-%d\"", number),
                    .meta = std::move(meta),
                    .modified = absl::Now(),
                    .number = number};
  }

 private:
  void Handle(const httplib::Request& request, httplib::Response& answer) {
    // httplib would cut the body by itself.
    const_cast<httplib::Request&>(request).ranges.clear();
    std::unique_lock lock(mutex);
    Note(request);
    FakeS3Fault fault;
    const bool is_faulty = TakeFault(request, fault);
    if (!is_faulty || fault.applies) Answer(request, answer);
    lock.unlock();
    if (!is_faulty) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(fault.delay_ms));
    if (fault.status == 0) return;
    answer.headers.clear();
    Fail(request, answer, fault.status, fault.code);
    if (!fault.retry_after.empty()) answer.set_header("Retry-After", fault.retry_after);
  }

  void Note(const httplib::Request& request) {
    FakeS3Request note{
        .method = request.method, .target = request.target, .body_bytes = request.body.size()};
    for (const auto& [name, value] : request.headers) {
      note.headers[absl::AsciiStrToLower(name)] = value;
    }
    requests.push_back(std::move(note));
  }

  bool TakeFault(const httplib::Request& request, FakeS3Fault& taken) {
    for (FakeS3Fault& fault : faults) {
      if (!Matches(fault, request) || fault.after-- > 0) continue;
      --fault.times;
      taken = fault;
      return true;
    }
    return false;
  }

  void Fail(const httplib::Request& request, httplib::Response& answer, int status,
            const std::string& code) const {
    std::string echo;
    for (const auto& [name, value] : request.headers) echo += name + ": " + value + "\n";
    answer.status = status;
    answer.set_header("x-amz-request-id", config.echoes_in_request_id
                                              ? request.get_header_value("x-amz-security-token")
                                              : std::string("fake-request-1"));
    answer.set_content(absl::StrFormat("<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s"
                                       "</Message></Error>",
                                       code, Escaped(echo)),
                       "application/xml");
  }

  // False when it has answered with an error.
  bool CheckWhoAsks(const httplib::Request& request, httplib::Response& answer) const {
    const auto refuse = [&](int status, const char* code) {
      Fail(request, answer, status, code);
      return false;
    };
    const std::string authorization = request.get_header_value("Authorization");
    const std::string credential = "AWS4-HMAC-SHA256 Credential=";
    if (authorization.rfind(credential, 0) != 0) return refuse(403, "AccessDenied");
    if (authorization.rfind(credential + config.access_key + "/", 0) != 0) {
      return refuse(403, "InvalidAccessKeyId");
    }
    if (authorization.find("/" + config.region + "/s3/aws4_request") == std::string::npos) {
      answer.set_header("x-amz-bucket-region", config.region);
      return refuse(400, "AuthorizationHeaderMalformed");
    }
    if (!IsOnTime(request)) return refuse(403, "RequestTimeTooSkewed");
    if (request.get_header_value("x-amz-security-token") != config.session_token) {
      return refuse(400, "ExpiredToken");
    }
    if (request.get_header_value("x-amz-content-sha256") !=
        s3::Sha256Hex(BytesIn(request.body)).value()) {
      return refuse(400, "XAmzContentSHA256Mismatch");
    }
    return true;
  }

  bool IsOnTime(const httplib::Request& request) const {
    std::string text = request.get_header_value("x-amz-date");
    if (text.size() != 16) return false;
    text.insert(6, "-").insert(4, "-");  // or the year would take all digits
    absl::Time date;
    std::string error;
    const absl::Time now = absl::Now() + absl::Milliseconds(config.clock_offset_ms);
    return absl::ParseTime("%Y-%m-%dT%H%M%SZ", text, &date, &error) &&
           absl::AbsDuration(now - date) < absl::Minutes(15);
  }

  void Answer(const httplib::Request& request, httplib::Response& answer) {
    if (!CheckWhoAsks(request, answer)) return;
    std::string path = request.path;
    if (request.get_header_value("Host").rfind(std::string(kBucket) + ".", 0) == 0) {
      path = std::string("/") + kBucket + path;
    }
    const std::string root = std::string("/") + kBucket;
    if (path != root && path.rfind(root + "/", 0) != 0) {
      return Fail(request, answer, 404, "NoSuchBucket");
    }
    const std::string key = path.size() > root.size() ? path.substr(root.size() + 1) : "";
    answer.status = 200;
    if (key.empty()) return AnswerForBucket(request, answer);
    if (request.method == "GET" || request.method == "HEAD") return Get(request, key, answer);
    if (request.method == "PUT") return PutAny(request, key, answer);
    if (request.method == "POST") return Post(request, key, answer);
    Delete(request, key, answer);
  }

  void AnswerForBucket(const httplib::Request& request, httplib::Response& answer) {
    if (request.method == "POST" && request.has_param("delete")) return DeleteMany(request, answer);
    if (request.method == "GET" && request.get_param_value("list-type") == "2") {
      return List(request, answer);
    }
    Fail(request, answer, 501, "NotImplemented");
  }

  void Get(const httplib::Request& request, const std::string& key, httplib::Response& answer) {
    const auto found = objects.find(key);
    if (found == objects.end()) return Fail(request, answer, 404, "NoSuchKey");
    const FakeObject& object = found->second;
    if (config.knows_if_match && request.has_header("If-Match") &&
        request.get_header_value("If-Match") != object.etag) {
      return Fail(request, answer, 412, "PreconditionFailed");
    }
    for (const auto& [name, value] : object.meta) answer.set_header(name, value);
    answer.set_header("ETag", object.etag);
    size_t first = 0;
    size_t last = 0;
    const std::string range = request.get_header_value("Range");
    if (!config.knows_ranges || sscanf(range.c_str(), "bytes=%zu-%zu", &first, &last) != 2) {
      answer.set_content(object.bytes, "application/octet-stream");
      return;
    }
    if (first >= object.bytes.size()) return Fail(request, answer, 416, "InvalidRange");
    last = std::min(last, object.bytes.size() - 1);
    answer.status = 206;
    answer.set_header("Content-Range",
                      absl::StrFormat("bytes %d-%d/%d", first, last, object.bytes.size()));
    answer.set_content(object.bytes.substr(first, last - first + 1), "application/octet-stream");
  }

  size_t UsedBytes() const {
    size_t bytes = 0;
    for (const auto& [key, object] : objects) bytes += object.bytes.size();
    for (const auto& [id, upload] : uploads) {
      for (const auto& [number, part] : upload.parts) bytes += part.size();
    }
    return bytes;
  }

  void PutAny(const httplib::Request& request, const std::string& key, httplib::Response& answer) {
    if (UsedBytes() + request.body.size() > config.quota_bytes) {
      return Fail(request, answer, 403, "QuotaExceeded");
    }
    if (request.has_param("uploadId")) return PutPart(request, answer);
    const bool taken = request.get_header_value("If-None-Match") == "*" && objects.contains(key);
    if (request.has_header("If-None-Match") && config.quirk == StoreQuirk::kRefusesConditions) {
      return Fail(request, answer, 501, "NotImplemented");
    }
    if (taken && config.quirk == StoreQuirk::kNone) {
      return Fail(request, answer, 412, "PreconditionFailed");
    }
    if (taken && config.quirk == StoreQuirk::kWrongError) {
      return Fail(request, answer, 400, "InvalidRequest");
    }
    if (taken && config.quirk == StoreQuirk::kAnswersOkAnyway) return;
    Store(key, request.body, MetaOf(request));
    answer.set_header("ETag", objects[key].etag);
    if (taken && config.quirk == StoreQuirk::kLosesFirst) {
      Fail(request, answer, 412, "PreconditionFailed");
    }
  }

  void PutPart(const httplib::Request& request, httplib::Response& answer) {
    const auto found = uploads.find(request.get_param_value("uploadId"));
    if (found == uploads.end()) return Fail(request, answer, 404, "NoSuchUpload");
    const int number = std::stoi(request.get_param_value("partNumber"));
    found->second.parts[number] = request.body;
    answer.set_header("ETag", absl::StrFormat("\"part-%d\"", number));
  }

  void Post(const httplib::Request& request, const std::string& key, httplib::Response& answer) {
    if (request.has_param("uploads")) {
      const std::string id = absl::StrFormat("upload+%d/=", ++last_number_);
      uploads[id] = {.key = key, .meta = MetaOf(request), .parts = {}};
      answer.set_content("<InitiateMultipartUploadResult><UploadId>" + id +
                             "</UploadId></InitiateMultipartUploadResult>",
                         "application/xml");
      return;
    }
    const auto found = uploads.find(request.get_param_value("uploadId"));
    if (found == uploads.end()) return Fail(request, answer, 404, "NoSuchUpload");
    if (config.completes_with_error) {
      config.completes_with_error = false;
      Fail(request, answer, 200, "InternalError");
      return;
    }
    std::string bytes;
    for (const auto& [number, part] : found->second.parts) {
      const std::string etag =
          absl::StrFormat("<PartNumber>%d</PartNumber><ETag>\"part-%d\"</ETag>", number, number);
      if (request.body.find(etag) == std::string::npos) {
        return Fail(request, answer, 400, "InvalidPart");
      }
      bytes += part;
    }
    Store(key, std::move(bytes), found->second.meta);
    uploads.erase(found);
    answer.set_content("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>",
                       "application/xml");
  }

  void Delete(const httplib::Request& request, const std::string& key, httplib::Response& answer) {
    answer.status = 204;
    if (request.has_param("uploadId")) {
      if (uploads.erase(request.get_param_value("uploadId")) == 0) {
        Fail(request, answer, 404, "NoSuchUpload");
      }
      return;
    }
    objects.erase(key);
  }

  void DeleteMany(const httplib::Request& request, httplib::Response& answer) {
    if (request.get_header_value("Content-MD5") != s3::Md5Base64(BytesIn(request.body)).value()) {
      return Fail(request, answer, 400, "BadDigest");
    }
    std::string errors;
    for (const std::string& key : KeysIn(request.body)) {
      if (key.find("undeletable") != std::string::npos) {
        errors += "<Error><Key>" + key + "</Key><Code>AccessDenied</Code></Error>";
      } else {
        objects.erase(key);
      }
    }
    answer.set_content("<DeleteResult>" + errors + "</DeleteResult>", "application/xml");
  }

  void List(const httplib::Request& request, httplib::Response& answer) {
    const std::string prefix = request.get_param_value("prefix");
    const std::string after = request.get_param_value(
        request.has_param("continuation-token") ? "continuation-token" : "start-after");
    const size_t page = std::min(
        config.page_size, static_cast<size_t>(std::stoi(request.get_param_value("max-keys"))));
    const bool lags = config.lagging_lists > 0;
    if (lags) --config.lagging_lists;
    std::string xml;
    std::string last;
    size_t count = 0;
    bool more = config.ends_never;
    for (auto it = objects.upper_bound(std::max(prefix, after)); it != objects.end(); ++it) {
      if (it->first.rfind(prefix, 0) != 0 || config.quirk == StoreQuirk::kListsNever) continue;
      if (lags && it->second.number == last_number_) continue;
      if (count == page) {
        more = true;
        break;
      }
      ++count;
      last = it->first;
      xml += absl::StrFormat(
          "<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size>"
          "</Contents>",
          s3::PercentEncode(it->first, true),
          absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", it->second.modified, absl::UTCTimeZone()),
          it->second.etag, it->second.bytes.size());
    }
    if (more) {
      xml +=
          "<NextContinuationToken>" + (last.empty() ? "again" : last) + "</NextContinuationToken>";
    }
    answer.set_content(absl::StrFormat("<ListBucketResult><IsTruncated>%s</IsTruncated>%s"
                                       "</ListBucketResult>",
                                       more ? "true" : "false", xml),
                       "application/xml");
  }

  const std::unique_ptr<SelfSigned> certificate_;
  const std::unique_ptr<httplib::Server> owned_;
  httplib::Server& server_;
  std::thread thread_;
  int port_ = 0;
  uint64_t last_number_ = 0;
};

FakeS3::FakeS3(bool with_tls) : server_(std::make_unique<Server>(with_tls)) {}
FakeS3::~FakeS3() = default;

int FakeS3::port() const { return server_->port(); }

std::string FakeS3::endpoint() const {
  return absl::StrFormat("%s://127.0.0.1:%d", server_->has_tls() ? "https" : "http", port());
}

std::string FakeS3::certificate() const { return server_->certificate(); }

void FakeS3::Configure(const Config& config) {
  const std::lock_guard lock(server_->mutex);
  server_->config = config;
}

void FakeS3::Add(FakeS3Fault fault) {
  const std::lock_guard lock(server_->mutex);
  server_->faults.push_back(std::move(fault));
}

void FakeS3::ForgetFaults() {
  const std::lock_guard lock(server_->mutex);
  server_->faults.clear();
}

std::map<std::string, std::string> FakeS3::objects() const {
  const std::lock_guard lock(server_->mutex);
  std::map<std::string, std::string> copies;
  for (const auto& [key, object] : server_->objects) copies[key] = object.bytes;
  return copies;
}

size_t FakeS3::num_uploads() const {
  const std::lock_guard lock(server_->mutex);
  return server_->uploads.size();
}

std::vector<FakeS3Request> FakeS3::requests() const {
  const std::lock_guard lock(server_->mutex);
  return server_->requests;
}

size_t FakeS3::CountRequests(const std::string& method) const {
  size_t count = 0;
  for (const FakeS3Request& request : requests()) count += request.method == method ? 1 : 0;
  return count;
}

void FakeS3::ForgetRequests() {
  const std::lock_guard lock(server_->mutex);
  server_->requests.clear();
}

void FakeS3::Put(const std::string& key, const std::string& bytes) {
  const std::lock_guard lock(server_->mutex);
  server_->Store(key, bytes, {});
}

void FakeS3::Remove(const std::string& key) {
  const std::lock_guard lock(server_->mutex);
  server_->objects.erase(key);
}

void FakeS3::Cut(const std::string& key, size_t bytes) {
  const std::lock_guard lock(server_->mutex);
  server_->objects.at(key).bytes.resize(bytes);
}

void FakeS3::FlipByte(const std::string& key, size_t at) {
  const std::lock_guard lock(server_->mutex);
  server_->objects.at(key).bytes.at(at) ^= 1;
}

S3Options OptionsFor(const FakeS3& server) {
  return {.endpoint = server.endpoint(),
          .bucket = kBucket,
          .prefix = "a/prefix",
          .credentials = StaticS3Credentials(
              {.access_key_id = "FAKEACCESSKEY", .secret_access_key = Secret(kFakeSecret)}),
          .part_bytes = uint64_t{5} << 20,
          .connect_timeout = absl::Seconds(2),
          .stall_timeout = absl::Seconds(5),
          .retry_for = absl::Seconds(10),
          .retry_wait = absl::Milliseconds(2),
          .max_retry_wait = absl::Milliseconds(20)};
}

}  // namespace vecdb::support
