#include "docsearch/data_folder.h"

#include <bit>
#include <filesystem>
#include <system_error>

#include "docsearch/pack.h"
#include "docsearch/sealed_file.h"

namespace docsearch {
namespace {

namespace fs = std::filesystem;

absl::Status RemoveAll(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? absl::UnavailableError("cannot remove " + path) : absl::OkStatus();
}

}  // namespace

absl::StatusOr<DataFolder> DataFolder::Open(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    return absl::UnavailableError("cannot make the folder " + path + ": " + error.message());
  return DataFolder(path);
}

std::optional<BuildRecord> DataFolder::ReadRecord() const {
  const auto bytes = ReadSealedFile(path_ + "/record");
  if (!bytes.ok()) return std::nullopt;
  Unpacker unpacker(*bytes);
  const uint64_t fingerprint = unpacker.Number();
  const auto seconds = std::bit_cast<double>(unpacker.Number());
  return unpacker.ok() ? std::optional(BuildRecord{fingerprint, seconds}) : std::nullopt;
}

absl::Status DataFolder::WriteRecord(const BuildRecord& record) const {
  Packer packer;
  packer.AddNumber(record.fingerprint);
  packer.AddNumber(std::bit_cast<uint64_t>(record.seconds));
  return WriteSealedFile(path_ + "/record", packer.Take());
}

absl::Status DataFolder::BeginBuild() const { return RemoveAll(path_ + "/record"); }

absl::Status DataFolder::RemoveDatabase() const { return RemoveAll(database_path()); }

absl::Status DataFolder::WriteModel(const LsaModel& model) const {
  return WriteSealedFile(path_ + "/model", model.Pack());
}

absl::Status DataFolder::WriteTable(std::span<const Chunk> chunks) const {
  return WriteSealedFile(path_ + "/chunks", ChunkTable::Pack(chunks));
}

absl::StatusOr<LsaModel> DataFolder::ReadModel() const {
  const auto bytes = ReadSealedFile(path_ + "/model");
  if (!bytes.ok()) return bytes.status();
  return LsaModel::Unpack(*bytes);
}

absl::StatusOr<ChunkTable> DataFolder::ReadTable() const {
  auto bytes = ReadSealedFile(path_ + "/chunks");
  if (!bytes.ok()) return bytes.status();
  return ChunkTable::Unpack(*std::move(bytes));
}

}  // namespace docsearch
