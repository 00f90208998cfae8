// Row C2: every place where a version is committed, with every way in which the store's answer can
// leave open whether it was.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "catalog/ambiguous_store.h"
#include "catalog/catalog_testing.h"
#include "support/seeded_random.h"

namespace vecdb::catalog {
namespace {

using support::SeededRandom;

constexpr int kSeeds = 20;

std::set<std::string> LogOf(const std::string& body) {
  return nlohmann::json::parse(body)["log"].get<std::set<std::string>>();
}
// Every body holds the names of all commits up to it.
std::string BodyBehind(const std::string& body, const std::string& name) {
  std::set<std::string> log = LogOf(body);
  log.insert(name);
  return nlohmann::json{{"log", log}}.dump();
}
VersionWriter::NextBody Adding(const std::string& name) {
  return [name](const Version& newest) -> absl::StatusOr<std::string> {
    return BodyBehind(newest.body, name);
  };
}

/// One case: a document, the commit that becomes ambiguous, which is called "target", and others.
class Scene {
 public:
  explicit Scene(AmbiguousStore::Plan plan) : plan_(std::move(plan)) {}

  // The writer whose calls meet the plan once it is armed, and a rival whose calls do not.
  absl::Status CreateFirst(const std::string& name) {
    return Keep(VersionWriter::CreateFirst(VersionsOf(store_), BodyBehind(kEmpty, name), {}), name);
  }
  absl::Status TakeOver(const std::string& name) {
    return Keep(VersionWriter::TakeOver(VersionsOf(store_), Adding(name), {}), name);
  }
  absl::Status Commit(const std::string& name) {
    const absl::Status status = writer_->Commit(BodyBehind(writer_->current().body, name), {});
    if (status.ok()) acked_.insert(name);
    return status;
  }
  void RivalCreates() {
    if (VersionWriter::CreateFirst(VersionsOf(*base_), BodyBehind(kEmpty, "rival"), {}).ok()) {
      acked_.insert("rival");
    }
  }
  void RivalTakesOver() {
    const auto rival = VersionWriter::TakeOver(VersionsOf(*base_), Adding("rival"), {});
    if (absl::IsNotFound(rival.status())) return;  // the put that it waits for was lost
    ASSERT_OK(rival);
    acked_.insert("rival");
    ASSERT_OK((*rival)->Commit(BodyBehind((*rival)->current().body, "rival2"), {}));
    acked_.insert("rival2");
  }

  AmbiguousStore::Plan& plan() { return plan_; }
  void Arm() { store_.Arm(plan_); }

  // After `target` was answered with `status`: nothing that was acknowledged is lost, nothing that
  // was said to have failed is there, and whoever opens it next can go on.
  void Check(const absl::Status& status, bool reopen_before_late_puts) {
    CheckStopped(status);
    if (reopen_before_late_puts) Reopen("early");
    store_.Heal();
    Reopen("late");
    const std::set<std::string> log = LogOf((*VersionsOf(*base_).ReadNewest({}))->body);
    for (const std::string& name : acked_) EXPECT_TRUE(log.contains(name)) << name << status;
    if (!status.ok() && !absl::IsUnknown(status)) {
      EXPECT_FALSE(log.contains("target")) << status;
    }
    EXPECT_FALSE(log.contains("after it was stopped"));
    CheckChain();
  }

 private:
  static constexpr char kEmpty[] = R"({"log":[]})";

  absl::Status Keep(absl::StatusOr<std::unique_ptr<VersionWriter>> made, const std::string& name) {
    writer_.reset();
    if (!made.ok()) return made.status();
    writer_ = *std::move(made);
    acked_.insert(name);
    return absl::OkStatus();
  }

  void CheckStopped(const absl::Status& status) {
    if (status.ok() || writer_ == nullptr) return;
    EXPECT_TRUE(absl::IsUnknown(status) || absl::IsFailedPrecondition(status)) << status;
    for (int i = 0; i < 2; ++i) {
      EXPECT_TRUE(absl::IsFailedPrecondition(Commit("after it was stopped")));
    }
  }

  void Reopen(const std::string& name) {
    const VersionStore versions = VersionsOf(*base_);
    const auto newest = versions.ReadNewest({});
    ASSERT_OK(newest);
    const auto next = newest->has_value()
                          ? VersionWriter::TakeOver(versions, Adding(name), {})
                          : VersionWriter::CreateFirst(versions, BodyBehind(kEmpty, name), {});
    ASSERT_OK(next);
    acked_.insert(name);
  }

  void CheckChain() {
    const VersionStore versions = VersionsOf(*base_);
    const auto newest = versions.ReadNewest({});
    std::string base_id;
    for (uint64_t number = 1; number <= (*newest)->number; ++number) {
      const auto version = versions.Read(number, {});
      ASSERT_OK(version);
      EXPECT_EQ(version->base_id, base_id);
      base_id = version->commit_id;
    }
  }

  const std::shared_ptr<ObjectStore> base_ = MakeMemoryObjectStore();
  AmbiguousStore store_{base_};
  AmbiguousStore::Plan plan_;
  std::unique_ptr<VersionWriter> writer_;
  std::set<std::string> acked_;
};

struct Site {
  const char* name;
  std::function<absl::Status(Scene&)> target;
};

absl::Status TakeOverOfAnother(Scene& scene) {
  scene.CreateFirst("first").IgnoreError();
  scene.Arm();
  return scene.TakeOver("target");
}

const Site kSites[] = {
    {"first version",
     [](Scene& scene) {
       scene.Arm();
       return scene.CreateFirst("target");
     }},
    {"first version beside a rival",
     [](Scene& scene) {
       scene.plan().before_put = [&] { scene.RivalCreates(); };
       scene.Arm();
       return scene.CreateFirst("target");
     }},
    {"first version, then a rival",
     [](Scene& scene) {
       scene.plan().after_put = [&] { scene.RivalTakesOver(); };
       scene.Arm();
       return scene.CreateFirst("target");
     }},
    {"take-over", TakeOverOfAnother},
    {"take-over beside a rival",
     [](Scene& scene) {
       scene.plan().before_put = [&] { scene.RivalTakesOver(); };
       return TakeOverOfAnother(scene);
     }},
    {"take-over, then a rival",
     [](Scene& scene) {
       scene.plan().after_put = [&] { scene.RivalTakesOver(); };
       return TakeOverOfAnother(scene);
     }},
    {"commit behind the first version",
     [](Scene& scene) {
       scene.CreateFirst("first").IgnoreError();
       scene.Arm();
       return scene.Commit("target");
     }},
    {"commit behind a take-over",
     [](Scene& scene) {
       scene.plan().nth_put = 2;
       EXPECT_OK(scene.CreateFirst("first"));
       scene.Arm();
       EXPECT_OK(scene.TakeOver("over"));
       return scene.Commit("target");
     }},
    {"fourth commit",
     [](Scene& scene) {
       EXPECT_OK(scene.CreateFirst("first"));
       for (const char* name : {"1", "2", "3"}) EXPECT_OK(scene.Commit(name));
       scene.Arm();
       return scene.Commit("target");
     }},
    {"commit beside a rival",
     [](Scene& scene) {
       EXPECT_OK(scene.CreateFirst("first"));
       scene.plan().before_put = [&] { scene.RivalTakesOver(); };
       scene.Arm();
       return scene.Commit("target");
     }},
    {"commit, then a rival",
     [](Scene& scene) {
       EXPECT_OK(scene.CreateFirst("first"));
       scene.plan().after_put = [&] { scene.RivalTakesOver(); };
       scene.Arm();
       return scene.Commit("target");
     }},
    {"commit of a fenced writer",
     [](Scene& scene) {
       EXPECT_OK(scene.CreateFirst("first"));
       scene.RivalTakesOver();
       scene.Arm();
       return scene.Commit("target");
     }},
};

TEST(AmbiguousCommitTest, NothingIsLostAndNothingComesBackAtAnySite) {
  const uint64_t base_seed = support::TestSeed("AmbiguousCommit");
  const int seeds = support::ScaledCount(kSeeds);
  int num_cases = 0;
  int num_ok = 0;
  int num_unknown = 0;
  for (const Site& site : kSites) {
    for (const Ambiguity ambiguity : kAmbiguities) {
      for (int i = 0; i < seeds; ++i, ++num_cases) {
        const uint64_t seed = base_seed + static_cast<uint64_t>(i);
        SCOPED_TRACE(absl::StrFormat("%s, ambiguity %d, VECDB_TEST_SEED=%d", site.name,
                                     static_cast<int>(ambiguity), seed));
        SeededRandom random(seed);
        Scene scene({.ambiguity = ambiguity,
                     .error = RandomAmbiguousError(random),
                     .delay_calls = static_cast<int>(random.Below(10)) - 1,
                     .failing_calls = 1 + static_cast<int>(random.Below(8))});
        const absl::Status status = site.target(scene);
        num_ok += status.ok();
        num_unknown += absl::IsUnknown(status);
        scene.Check(status, random.OneIn(2));
        if (::testing::Test::HasFailure()) return;
      }
    }
  }
  std::printf("%d cases: %d committed, %d unknown\n", num_cases, num_ok, num_unknown);
  EXPECT_EQ(std::size(kSites), 12u);
  EXPECT_GT(num_ok, num_cases / 4);
  EXPECT_GT(num_unknown, num_cases / 20);
}

}  // namespace
}  // namespace vecdb::catalog
