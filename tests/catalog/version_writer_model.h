#ifndef VECDB_CATALOG_VERSION_WRITER_MODEL_H_
#define VECDB_CATALOG_VERSION_WRITER_MODEL_H_

#include <gtest/gtest.h>

#include <cstdio>

#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/strings/str_format.h"
#include "catalog/catalog_testing.h"
#include "catalog/garbage_collector.h"
#include "catalog/model_world.h"

namespace vecdb::catalog {

/// What an actor does: a number of operations one after the other.
struct Program {
  enum class Kind { kCreate, kTakeOver, kCollect } kind = Kind::kTakeOver;
  int num_commits = 0;  // behind it
};

/// One run of an actor from its beginning.
class ActorRun {
 public:
  ActorRun(World* world, size_t actor, PutFate fate)
      : index_(actor), actor_(&world->actors[actor]), store_(world, actor_, fate) {}

  /// True when the new step was a put.
  bool Do(const Program& program) {
    actor_->operations.clear();
    if (program.kind == Program::Kind::kCollect) {
      Collect();
    } else {
      Write(program);
    }
    actor_->done = !store_.paused();
    return store_.has_put();
  }

 private:
  VersionStore Versions() {
    return VersionsOf(store_, {.pause = [](int) {}, .new_id = [this] { return NextId(); }});
  }
  std::string NextId() {
    ids_.push_back(absl::StrFormat("a%dn%d", index_, next_id_++));
    return ids_.back();
  }

  // Notes the end of an operation; false when the run is at its end.
  bool Note(const absl::Status& status) {
    if (store_.paused()) return false;
    actor_->operations.push_back({.ids = std::exchange(ids_, {}), .code = status.code()});
    return true;
  }

  void Write(const Program& program) {
    const bool creates = program.kind == Program::Kind::kCreate;
    auto writer = creates ? VersionWriter::CreateFirst(Versions(), "{}", {})
                          : VersionWriter::TakeOver(Versions(), SameBody, {});
    if (!Note(writer.status()) || !writer.ok()) return;
    for (int i = 0; i < program.num_commits; ++i) {
      const bool was_stopped = !(*writer)->stopped().ok();
      const absl::Status status = (*writer)->Commit("{}", {});
      EXPECT_FALSE(was_stopped && !absl::IsFailedPrecondition(status));
      EXPECT_FALSE(was_stopped && !ids_.empty()) << "a stopped writer tried to commit";
      if (!Note(status)) return;
    }
  }

  void Collect() {
    const auto none = [](const Version&) -> absl::StatusOr<std::vector<std::string>> {
      return std::vector<std::string>();
    };
    // Without a grace period, which is harder than what happens.
    CollectGarbage(store_, Versions(), support::PathOf("d"), none, nullptr, {.grace_ms = 0}, {})
        .status()
        .IgnoreError();
  }

  const size_t index_;
  Actor* const actor_;
  ModelStore store_;
  std::vector<std::string> ids_;
  int next_id_ = 0;
};

/// The commits that the newest version stands on, and its own.
inline std::set<std::string> HistoryOf(const World& world) {
  std::string newest;
  for (const auto& [path, text] : world.objects) {
    if (path.find("boundary") != std::string::npos) continue;
    newest = FromDocument(path, "manifest", std::stoull(path.substr(2)), *text)->commit_id;
  }
  std::set<std::string> history;
  for (std::string id = newest; !id.empty(); id = world.base_of.at(id)) history.insert(id);
  return history;
}

/// Row C1: tries every interleaving of the store calls of some actors, and every fate of some puts.
class VersionWriterModel : public ::testing::Test {
 protected:
  // Runs the first operation of the first actor alone, then everything.
  void ExploreAll(std::vector<Program> programs, int faults, double min_interleavings) {
    programs_ = std::move(programs);
    World world;
    world.actors.resize(programs_.size());
    while (world.actors[0].operations.empty())
      ActorRun(&world, 0, PutFate::kPlain).Do(programs_[0]);
    world.faults_left = faults;
    const double interleavings = Explore(world);
    std::printf("%.4g interleavings through %zu states, %zu of them ends\n", interleavings,
                seen_.size(), num_ends_);
    EXPECT_GE(interleavings, min_interleavings);
    EXPECT_GT(num_ok_, 0u);
    EXPECT_GT(num_fenced_, 0u);
  }

  size_t num_unknown() const { return num_unknown_; }

 private:
  // The number of interleavings from here on. What follows a state depends on nothing but the
  // state, so each is looked at once however many ways lead to it.
  double Explore(const World& world) {
    const uint64_t key = world.Key();
    const auto [known, is_new] = seen_.try_emplace(key, 0);
    if (!is_new || HasFailure()) return known->second;
    double interleavings = 0;
    bool all_done = true;
    for (size_t actor = 0; actor < programs_.size(); ++actor) {
      if (world.actors[actor].done) continue;
      all_done = false;
      interleavings += ExploreStep(world, actor);
    }
    for (size_t put = 0; put < world.delayed.size(); ++put) {
      World next = world;
      next.Create(next.delayed[put].first, next.delayed[put].second);
      next.delayed.erase(next.delayed.begin() + static_cast<ptrdiff_t>(put));
      interleavings += Explore(next);
    }
    if (all_done) {
      CheckEnd(world);
      ++num_ends_;
      ++interleavings;
    }
    return seen_[key] = interleavings;
  }

  double ExploreStep(const World& world, size_t actor) {
    World next = world;
    const bool was_put = ActorRun(&next, actor, PutFate::kPlain).Do(programs_[actor]);
    double interleavings = Explore(next);
    if (!was_put || world.faults_left == 0) return interleavings;
    for (const PutFate fate : kFaultyFates) {
      World faulty = world;
      --faulty.faults_left;
      ActorRun(&faulty, actor, fate).Do(programs_[actor]);
      interleavings += Explore(faulty);
    }
    return interleavings;
  }

  void CheckEnd(const World& world) {
    const std::set<std::string> history = HistoryOf(world);
    for (size_t i = 0; i < world.actors.size(); ++i) {
      for (const Operation& operation : world.actors[i].operations) {
        CheckOperation(world, history, operation);
      }
    }
  }

  void CheckOperation(const World& world, const std::set<std::string>& history,
                      const Operation& operation) {
    const bool ok = operation.code == absl::StatusCode::kOk;
    const bool unknown = operation.code == absl::StatusCode::kUnknown;
    const bool fenced = operation.code == absl::StatusCode::kFailedPrecondition;
    num_ok_ += ok;
    num_unknown_ += unknown;
    num_fenced_ += fenced;
    EXPECT_TRUE(ok || unknown || fenced) << static_cast<int>(operation.code);
    for (const std::string& id : operation.ids) {
      const bool is_last = id == operation.ids.back();
      const bool committed = history.contains(id);
      // What is acknowledged stays, and what is said to have failed never comes.
      if (ok && is_last) {
        EXPECT_TRUE(committed) << id << "\n" << world.Describe();
      } else if (!unknown || !is_last) {
        EXPECT_FALSE(committed) << id << "\n" << world.Describe();
      }
    }
  }

  std::vector<Program> programs_;
  std::unordered_map<uint64_t, double> seen_;
  size_t num_ends_ = 0;
  size_t num_ok_ = 0;
  size_t num_unknown_ = 0;
  size_t num_fenced_ = 0;
};

inline constexpr auto kCreate = Program::Kind::kCreate;
inline constexpr auto kTakeOver = Program::Kind::kTakeOver;
inline constexpr auto kCollect = Program::Kind::kCollect;

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_VERSION_WRITER_MODEL_H_
