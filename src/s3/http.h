#ifndef VECDB_S3_HTTP_H_
#define VECDB_S3_HTTP_H_

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vecdb::s3 {

enum class Method { kGet, kHead, kPut, kPost, kDelete };

inline std::string_view NameOf(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kPut:
      return "PUT";
    case Method::kPost:
      return "POST";
    case Method::kDelete:
      return "DELETE";
  }
  return "?";
}

/// Name and value.
using Header = std::pair<std::string, std::string>;

/// What is kept of an answer that is no object.
inline constexpr size_t kMaxAnswerBytes = size_t{64} << 10;

/// One request, without what signs it.
struct HttpRequest {
  Method method = Method::kGet;
  std::string url{};
  std::vector<Header> headers{};
  std::span<const std::byte> body{};  ///< borrowed until the request has ended
  /// Where the body of a 2xx answer goes, borrowed likewise; where it is empty the body is kept in
  /// HttpAnswer::body.
  std::span<std::byte> sink{};
  size_t max_body_bytes = kMaxAnswerBytes;  ///< of HttpAnswer::body
};

/// What came back. Bytes of a stranger: nothing here has been checked but its length.
struct HttpAnswer {
  int status = 0;                                ///< 0: none came
  std::map<std::string, std::string> headers{};  ///< of the few that are used, in lower case
  std::string body{};
  size_t sink_bytes = 0;  ///< how much of the sink is filled

  bool is_success() const { return status >= 200 && status < 300; }

  /// "" for a header that did not come.
  std::string_view header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string_view() : std::string_view(found->second);
  }
};

}  // namespace vecdb::s3

#endif  // VECDB_S3_HTTP_H_
