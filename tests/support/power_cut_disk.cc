#include "support/power_cut_disk.h"

#include <algorithm>
#include <utility>

#include "support/seeded_random.h"

namespace vecdb::support {
namespace {

constexpr uint64_t kSectorBytes = 512;
constexpr size_t kRecentFiles = 64;

void Extend(uint64_t end, DiskBytes& bytes) {
  if (bytes.size() < end) bytes.resize(end);
}

void Put(uint64_t offset, std::span<const std::byte> added, DiskBytes& bytes) {
  Extend(offset + added.size(), bytes);
  std::copy(added.begin(), added.end(), bytes.begin() + static_cast<ptrdiff_t>(offset));
}

void Apply(const DiskFile::Change& change, DiskBytes& bytes) {
  Put(change.offset, change.bytes, bytes);
  Extend(change.end, bytes);
}

void Apply(const DiskDirectory::Change& change, DiskNames& names) {
  if (change.entry.has_value()) {
    names[change.name] = *change.entry;
  } else {
    names.erase(change.name);
  }
}

// A part of a write that lies in one sector of the file.
struct Piece {
  uint64_t offset = 0;
  std::span<const std::byte> bytes{};
};

std::vector<Piece> PiecesOf(const DiskFile::Change& write) {
  std::vector<Piece> pieces;
  std::span<const std::byte> left(write.bytes);
  for (uint64_t offset = write.offset; !left.empty();) {
    const uint64_t to_boundary = kSectorBytes - offset % kSectorBytes;
    const size_t count = std::min<uint64_t>(to_boundary, left.size());
    pieces.push_back({.offset = offset, .bytes = left.first(count)});
    left = left.subspan(count);
    offset += count;
  }
  return pieces;
}

enum class Fate { kKept, kDropped, kTorn, kTrashed };

// Makes the image of one disk. The same seed and the same history give the same image.
class Imager {
 public:
  Imager(const Disk& disk, CutRule rule, uint64_t seed) : disk_(disk), rule_(rule), random_(seed) {}

  Disk Make() && {
    image_.root = Image(*disk_.root);
    return std::move(image_);
  }

 private:
  // Most writes of some files survive, so that damage far behind the first is reached too.
  void DrawOdds() {
    constexpr uint64_t kDamagedOfEight[] = {1, 4, 6};
    damaged_of_eight_ = kDamagedOfEight[random_.Below(std::size(kDamagedOfEight))];
  }

  Fate DrawFate() {
    if (rule_ == CutRule::kDropAll) return Fate::kDropped;
    if (rule_ == CutRule::kKeepAll) return Fate::kKept;
    if (random_.Below(8) >= damaged_of_eight_) return Fate::kKept;
    constexpr Fate kDamages[] = {Fate::kDropped, Fate::kTorn, Fate::kTrashed};
    return kDamages[random_.Below(std::size(kDamages))];
  }

  std::shared_ptr<DiskDirectory> Image(const DiskDirectory& directory) {
    DrawOdds();
    DiskNames names = directory.durable;
    for (const DiskDirectory::Change& change : directory.pending) {
      if (DrawFate() == Fate::kKept) Apply(change, names);
    }
    auto image = std::make_shared<DiskDirectory>();
    for (const auto& [name, entry] : names) {
      image->names[name] = entry.directory != nullptr
                               ? DiskEntry{.directory = Image(*entry.directory)}
                               : DiskEntry{.file = ImageOnce(entry.file.get())};
    }
    image->durable = image->names;
    return image;
  }

  // All names of a file have one image of it.
  std::shared_ptr<DiskFile> ImageOnce(const DiskFile* file) {
    std::shared_ptr<DiskFile>& image = images_[file];
    if (image == nullptr) image_.Remember(image = Image(*file));
    return image;
  }

  std::shared_ptr<DiskFile> Image(const DiskFile& file) {
    DrawOdds();
    auto image = std::make_shared<DiskFile>();
    image->bytes = file.durable;
    for (const DiskFile::Change& change : file.pending) {
      change.bytes.empty() ? ApplyGrowth(change, image->bytes) : ApplyWrite(change, image->bytes);
    }
    image->durable = image->bytes;
    image->modified_ms = file.modified_ms;
    return image;
  }

  void ApplyGrowth(const DiskFile::Change& growth, DiskBytes& bytes) {
    const Fate fate = DrawFate();
    if (fate == Fate::kKept) Extend(growth.end, bytes);
    if (fate == Fate::kTorn) {
      Extend(growth.offset + random_.Below(growth.end - growth.offset), bytes);
    }
  }

  void ApplyWrite(const DiskFile::Change& write, DiskBytes& bytes) {
    const Fate fate = DrawFate();
    if (fate == Fate::kKept) Apply(write, bytes);
    if (fate == Fate::kTorn) Tear(write, bytes);
    if (fate == Fate::kTrashed) Trash(write, bytes);
    // The new size may reach the disk without the bytes.
    if (rule_ == CutRule::kSeeded && random_.OneIn(2)) Extend(write.end, bytes);
  }

  void Tear(const DiskFile::Change& write, DiskBytes& bytes) {
    const std::vector<Piece> pieces = PiecesOf(write);
    if (pieces.size() == 1 || random_.OneIn(2)) {
      const size_t count = random_.Below(write.bytes.size());
      Put(write.offset, std::span(write.bytes).first(count), bytes);
      return;
    }
    for (const Piece& piece : pieces) {
      if (random_.OneIn(2)) Put(piece.offset, piece.bytes, bytes);
    }
  }

  void Trash(const DiskFile::Change& write, DiskBytes& bytes) {
    const std::vector<Piece> pieces = PiecesOf(write);
    const size_t trashed = random_.Below(pieces.size());
    for (size_t i = 0; i < pieces.size(); ++i) {
      const uint64_t choice = i == trashed ? 0 : random_.Below(3);
      if (choice == 0) Put(pieces[i].offset, GarbageFor(pieces[i]), bytes);
      if (choice == 1) Put(pieces[i].offset, pieces[i].bytes, bytes);
    }
  }

  // Noise, or what some file had in some sector: of this one, of a log that was deleted.
  DiskBytes GarbageFor(const Piece& piece) {
    DiskBytes garbage(piece.bytes.size());
    for (std::byte& byte : garbage) byte = static_cast<std::byte>(random_.Next() >> 56);
    if (disk_.recent_files.empty() || random_.OneIn(2)) return garbage;
    const DiskBytes& stale = disk_.recent_files[random_.Below(disk_.recent_files.size())]->bytes;
    const uint64_t sector = random_.Below(stale.size() / kSectorBytes + 1);
    const size_t from = sector * kSectorBytes + piece.offset % kSectorBytes;
    for (size_t i = 0; i < garbage.size() && from + i < stale.size(); ++i) {
      garbage[i] = stale[from + i];
    }
    return garbage;
  }

  const Disk& disk_;
  const CutRule rule_;
  SeededRandom random_;
  uint64_t damaged_of_eight_ = 0;
  Disk image_;
  std::map<const DiskFile*, std::shared_ptr<DiskFile>> images_;  // looked up, never walked
};

}  // namespace

void DiskFile::Write(uint64_t offset, std::span<const std::byte> added, int64_t now_ms) {
  if (added.empty()) return;
  pending.push_back({.offset = offset,
                     .end = offset + added.size(),
                     .bytes = DiskBytes(added.begin(), added.end())});
  Apply(pending.back(), bytes);
  modified_ms = now_ms;
}

void DiskFile::Grow(uint64_t end, int64_t now_ms) {
  if (end <= bytes.size()) return;
  pending.push_back({.offset = bytes.size(), .end = end});
  Apply(pending.back(), bytes);
  modified_ms = now_ms;
}

void DiskFile::Sync() {
  for (const Change& change : pending) Apply(change, durable);
  pending.clear();
}

void DiskDirectory::Set(const std::string& name, DiskEntry entry) {
  pending.push_back({.name = name, .entry = std::move(entry)});
  Apply(pending.back(), names);
}

void DiskDirectory::Remove(const std::string& name) {
  pending.push_back({.name = name});
  Apply(pending.back(), names);
}

void DiskDirectory::Sync() {
  for (const Change& change : pending) Apply(change, durable);
  pending.clear();
}

void Disk::Remember(std::shared_ptr<DiskFile> file) {
  if (recent_files.size() == kRecentFiles) recent_files.erase(recent_files.begin());
  recent_files.push_back(std::move(file));
}

Disk ImageOf(const Disk& disk, CutRule rule, uint64_t seed) {
  return Imager(disk, rule, seed).Make();
}

}  // namespace vecdb::support
