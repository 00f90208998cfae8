#ifndef VECDB_SECRET_H_
#define VECDB_SECRET_H_

#include <string>
#include <string_view>
#include <utility>

namespace vecdb {

/// A text that nobody is to see: a key, a token. It has no way into a stream or a formatter but
/// Reveal, and overwrites its bytes when it goes. Thread-compatible.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_(std::move(other.text_)) { other.Clear(); }
  Secret& operator=(const Secret& other) {
    if (this != &other) *this = Secret(other);
    return *this;
  }
  Secret& operator=(Secret&& other) noexcept {
    text_.swap(other.text_);
    other.Clear();
    return *this;
  }
  ~Secret() { Clear(); }

  /// The text itself, for whoever has to send it or sign with it.
  const std::string& Reveal() const { return text_; }

  bool empty() const { return text_.empty(); }

 private:
  // By volatile, or a compiler may leave out what nobody reads.
  void Clear() {
    text_.resize(text_.capacity());  // allocates nothing
    volatile char* bytes = text_.data();
    for (size_t i = 0; i < text_.size(); ++i) bytes[i] = 0;
    text_.clear();
  }

  std::string text_;
};

}  // namespace vecdb

#endif  // VECDB_SECRET_H_
