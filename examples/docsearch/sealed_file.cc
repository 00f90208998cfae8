#include "docsearch/sealed_file.h"

#include <filesystem>
#include <fstream>
#include <system_error>

#include "docsearch/hash.h"
#include "docsearch/pack.h"

namespace docsearch {
namespace {

namespace fs = std::filesystem;

// Then follow the length and the checksum of the contents, and the contents.
constexpr std::string_view kMagic = "docsrch1";
constexpr size_t kHeaderBytes = 24;

absl::Status CannotWrite(const std::string& path) {
  return absl::UnavailableError("cannot write " + path);
}

}  // namespace

absl::Status WriteSealedFile(const std::string& path, std::string_view contents) {
  Packer header;
  header.AddNumber(contents.size());
  header.AddNumber(HashBytes(contents));

  const std::string unfinished = path + ".new";
  std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
  file << kMagic << header.Take() << contents;
  file.close();
  if (!file) return CannotWrite(unfinished);

  std::error_code error;
  fs::rename(unfinished, path, error);
  return error ? CannotWrite(path) : absl::OkStatus();
}

absl::StatusOr<std::string> ReadSealedFile(const std::string& path) {
  std::error_code error;
  const uint64_t size = fs::file_size(path, error);
  if (error) return absl::NotFoundError("there is no " + path);

  std::ifstream file(path, std::ios::binary);
  std::string header(kHeaderBytes, '\0');
  file.read(header.data(), kHeaderBytes);
  Unpacker unpacker(std::string_view(header).substr(kMagic.size()));
  const uint64_t length = unpacker.Number();
  const uint64_t checksum = unpacker.Number();
  if (!file || !header.starts_with(kMagic) || length != size - kHeaderBytes) {
    return absl::DataLossError(path + " is damaged");
  }

  std::string contents(length, '\0');
  file.read(contents.data(), static_cast<std::streamsize>(length));
  if (!file || HashBytes(contents) != checksum) return absl::DataLossError(path + " is damaged");
  return contents;
}

}  // namespace docsearch
