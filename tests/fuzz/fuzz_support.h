#ifndef VECDB_TESTS_FUZZ_FUZZ_SUPPORT_H_
#define VECDB_TESTS_FUZZ_FUZZ_SUPPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "format/section_file.h"
#include "vecdb/object_store.h"
#include "vecdb/schema.h"

namespace vecdb::fuzz {

// What the targets share. The input of each target for files begins with a byte that says what is
// done to the rest; a checksum that a mutation broke is made right, or no mutation would come past
// it.

enum class Shape : uint8_t {
  kRaw = 0,     ///< the rest is a file, as it is
  kFixed = 1,   ///< the same, with its checksums made right
  kFramed = 2,  ///< the rest is the parts of which a file is made; see each target
};

/// The shape that the lowest two bits ask for.
Shape ShapeOf(uint8_t mode);

/// Ends the process unless `holds`: what has to be true of everything that a reader accepts.
void Require(bool holds, const char* what);

/// Takes the parameters of a target from the beginning of its input; zeros behind the end.
class Input {
 public:
  Input(const uint8_t* data, size_t size)
      : rest_(reinterpret_cast<const char*>(data), data == nullptr ? 0 : size) {}

  uint8_t Byte();
  uint32_t Word();
  std::string_view Bytes(size_t count);
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

/// A store of one object, whatever its name, that lies in memory of the caller's. Writes nothing.
class OneObjectStore final : public ObjectStore {
 public:
  explicit OneObjectStore(std::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override;
  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context& context) override;
  absl::Status Delete(const ObjectPath& path, const Context& context) override;
  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override;
  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override;

 private:
  std::string_view bytes_;
};

/// The name of that object in messages.
const ObjectPath& ObjectName();

/// Makes every checksum of a section file right, as far as its footer and table can be followed.
void FixSectionFile(std::string* file);

/// The section file of `parts`: tag u32, length u16, bytes, of one section after another.
std::string SectionFileOf(format::FileKind kind, std::string_view parts);

/// The section file that `input` says in the shape of `mode`.
std::string MakeSectionFile(uint8_t mode, format::FileKind kind, std::string_view input);

/// Makes the checksums of the header and of each record of a log file right, one behind the other.
void FixLogFile(std::string* file);

/// Makes the checksum of a sealed document right, if it begins as one.
void FixSealedJson(std::string* document);

/// A field of every type, and keys in `$meta`; the primary key is a VarChar or an Int64.
std::shared_ptr<const Schema> RichSchema(bool varchar_key);

inline constexpr int32_t kRichDim = 4;

}  // namespace vecdb::fuzz

#endif  // VECDB_TESTS_FUZZ_FUZZ_SUPPORT_H_
