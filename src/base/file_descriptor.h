#ifndef VECDB_BASE_FILE_DESCRIPTOR_H_
#define VECDB_BASE_FILE_DESCRIPTOR_H_

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace vecdb::base {

/// Owns a descriptor of the operating system. Thread-compatible.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  ~FileDescriptor() { Close(); }

  FileDescriptor(FileDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      Close();
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }

  int get() const { return descriptor_; }
  bool is_open() const { return descriptor_ >= 0; }

  /// Gives the descriptor away.
  int Release() { return std::exchange(descriptor_, -1); }

 private:
  // The result is not looked at: what must not be lost has been synced before. Linux closes the
  // descriptor even when it answers EINTR. errno stays that of the call that failed before.
  void Close() {
    if (descriptor_ < 0) return;
    const int error = errno;
    ::close(descriptor_);
    errno = error;
  }

  int descriptor_ = -1;
};

/// Repeats a system call for as long as a signal interrupts it.
template <typename Call>
auto RetryOnInterrupt(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

}  // namespace vecdb::base

#endif  // VECDB_BASE_FILE_DESCRIPTOR_H_
