#ifndef VECDB_CATALOG_MODEL_WORLD_H_
#define VECDB_CATALOG_MODEL_WORLD_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/checksum.h"
#include "catalog/catalog_testing.h"

namespace vecdb::catalog {

// A store and the actors that use it, in which every interleaving of their store calls can be
// tried. An actor is a deterministic function of the answers that it gets. To take one step of it,
// it is run from its beginning: the calls of earlier runs get their answers from a log, the first
// new call is done, and the one after it ends the run. So a world can be copied and taken in
// several directions, without threads.
//
// Steps are the calls by which actors can see or change each other: Open, Finish, List and Delete.

using Text = std::shared_ptr<const std::string>;

struct Answer {
  absl::StatusCode code = absl::StatusCode::kOk;
  Text text{};
  std::vector<ObjectInfo> list{};
};

/// What may become of a put.
enum class PutFate { kPlain, kLostBefore, kLostAfter, kDelayed, kTwice };
inline constexpr PutFate kFaultyFates[] = {PutFate::kLostBefore, PutFate::kLostAfter,
                                           PutFate::kDelayed, PutFate::kTwice};

/// One commit or take-over that came to an end.
struct Operation {
  std::vector<std::string> ids{};  // tried, in their order
  absl::StatusCode code = absl::StatusCode::kOk;
};

struct Actor {
  std::vector<std::shared_ptr<const Answer>> log{};
  uint64_t history = 0;  // a hash of the answers
  std::vector<Operation> operations{};
  bool done = false;
};

struct World {
  std::map<std::string, Text> objects{};
  std::vector<std::pair<std::string, Text>> delayed{};  // puts on their way
  std::map<std::string, std::string> base_of{};         // of every commit that ever landed, by id
  int faults_left = 0;
  std::vector<Actor> actors{};

  /// Creates an object if it is absent, as a store does.
  absl::StatusCode Create(const std::string& path, const Text& text) {
    if (!objects.try_emplace(path, text).second) return absl::StatusCode::kAlreadyExists;
    const std::string name = path.substr(path.find('/') + 1);
    if (!name.starts_with("boundary")) {
      const auto version = FromDocument(path, "manifest", std::stoull(name), *text);
      EXPECT_OK(version);
      base_of[version->commit_id] = version->base_id;
    }
    return absl::StatusCode::kOk;
  }

  std::string Describe() const {
    std::string text;
    for (const auto& [path, object] : objects) absl::StrAppend(&text, path, " ", *object);
    return text;
  }

  /// A hash of all that decides what can still happen.
  uint64_t Key() const {
    std::string key = absl::StrCat(faults_left);
    for (const auto& [path, text] : objects) absl::StrAppend(&key, path, *text);
    for (const auto& [path, text] : delayed) absl::StrAppend(&key, "~", path, *text);
    for (const auto& [id, base] : base_of) absl::StrAppend(&key, "^", id, base);
    for (const Actor& actor : actors) absl::StrAppend(&key, "|", actor.history);
    return base::Xxh3(key);
  }
};

/// The store as one actor sees it in one run.
class ModelStore : public ObjectStore {
 public:
  ModelStore(World* world, Actor* actor, PutFate fate)
      : world_(world), actor_(actor), fate_(fate) {}

  bool paused() const { return paused_; }
  bool has_put() const { return has_put_; }  ///< the new step was a put

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context&) override;
  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context&) override;
  absl::Status Delete(const ObjectPath& path, const Context&) override {
    return Step([&] {
             world_->objects.erase(path.str());
             return Answer{};
           })
        .status();
  }
  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix, const Context&) override;
  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context&) override {
    return absl::UnimplementedError("no locks");
  }

  absl::Status Put(const std::string& path, const Text& text) {
    return Step([&] {
             has_put_ = true;
             return Answer{.code = Land(path, text)};
           })
        .status();
  }

 private:
  // Gives the answer of an earlier run, or does the one new step of this run.
  template <typename Body>
  absl::StatusOr<Answer> Step(Body body) {
    if (next_ == actor_->log.size()) {
      if (has_stepped_) {
        paused_ = true;
        return absl::UnavailableError("the run ends here");
      }
      has_stepped_ = true;
      Answer answer = body();
      std::string history = absl::StrCat(actor_->history, ";", static_cast<int>(answer.code), ";");
      if (answer.text != nullptr) history += *answer.text;
      for (const ObjectInfo& info : answer.list) absl::StrAppend(&history, info.path.str(), ",");
      actor_->history = base::Xxh3(history);
      actor_->log.push_back(std::make_shared<const Answer>(std::move(answer)));
    }
    const Answer& answer = *actor_->log[next_++];
    if (answer.code == absl::StatusCode::kOk) return answer;
    return absl::Status(answer.code, "of the model");
  }

  absl::StatusCode Land(const std::string& path, const Text& text) {
    switch (fate_) {
      case PutFate::kPlain:
        return world_->Create(path, text);
      case PutFate::kLostBefore:
        return absl::StatusCode::kUnavailable;
      case PutFate::kLostAfter:
        world_->Create(path, text);
        return absl::StatusCode::kUnavailable;
      case PutFate::kDelayed:
        world_->delayed.emplace_back(path, text);
        return absl::StatusCode::kDeadlineExceeded;
      case PutFate::kTwice:
        world_->delayed.emplace_back(path, text);
        return world_->Create(path, text);
    }
    return absl::StatusCode::kInternal;
  }

  World* const world_;
  Actor* const actor_;
  const PutFate fate_;
  size_t next_ = 0;
  bool has_stepped_ = false;
  bool paused_ = false;
  bool has_put_ = false;
};

class ModelReader : public ObjectReader {
 public:
  explicit ModelReader(Text text) : text_(std::move(text)) {}
  uint64_t size() const override { return text_->size(); }
  absl::Status ReadAt(uint64_t offset, std::span<std::byte> out, const Context&) const override {
    const auto bytes = std::as_bytes(std::span(*text_)).subspan(offset, out.size());
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return absl::OkStatus();
  }

 private:
  const Text text_;
};

class ModelWriter : public ObjectWriter {
 public:
  ModelWriter(ModelStore* store, std::string path) : store_(store), path_(std::move(path)) {}
  absl::Status Append(std::span<const std::byte> bytes, const Context&) override {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  }
  absl::Status Finish(const Context&) override {
    return store_->Put(path_, std::make_shared<const std::string>(text_));
  }

 private:
  ModelStore* const store_;
  const std::string path_;
  std::string text_;
};

inline absl::StatusOr<std::unique_ptr<ObjectReader>> ModelStore::Open(const ObjectPath& path,
                                                                      const Context&) {
  const auto answer = Step([&] {
    const auto found = world_->objects.find(path.str());
    if (found == world_->objects.end()) return Answer{.code = absl::StatusCode::kNotFound};
    return Answer{.text = found->second};
  });
  if (!answer.ok()) return answer.status();
  return std::make_unique<ModelReader>(answer->text);
}

inline absl::StatusOr<std::unique_ptr<ObjectWriter>> ModelStore::Create(const ObjectPath& path,
                                                                        const Context&) {
  return std::make_unique<ModelWriter>(this, path.str());
}

inline absl::StatusOr<std::vector<ObjectInfo>> ModelStore::List(const ObjectPath& prefix,
                                                                const Context&) {
  const auto answer = Step([&] {
    Answer found;
    for (const auto& [path, text] : world_->objects) {
      if (!path.starts_with(absl::StrCat(prefix.str(), "/"))) continue;
      found.list.push_back({.path = support::PathOf(path), .size_bytes = text->size()});
    }
    return found;
  });
  if (!answer.ok()) return answer.status();
  return answer->list;
}

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_MODEL_WORLD_H_
