#ifndef VECDB_CATALOG_AMBIGUOUS_STORE_H_
#define VECDB_CATALOG_AMBIGUOUS_STORE_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/seeded_random.h"
#include "vecdb/object_store.h"

namespace vecdb::catalog {

/// What happens to a put whose answer does not tell.
enum class Ambiguity {
  kFailAfter,   // it lands, and an error comes back
  kFailBefore,  // it is lost, and an error comes back
  kDuplicate,   // it is delivered twice: the answer is that of the second time
  kDelayed,     // an error comes back, and it lands later
  kUnreadable,  // it lands, an error comes back, and the next reads fail
  kUnlistable,  // it lands, and the next lists fail
  kNone,
};
inline constexpr Ambiguity kAmbiguities[] = {Ambiguity::kFailAfter,  Ambiguity::kFailBefore,
                                             Ambiguity::kDuplicate,  Ambiguity::kDelayed,
                                             Ambiguity::kUnreadable, Ambiguity::kUnlistable};

inline absl::Status RandomAmbiguousError(support::SeededRandom& random) {
  const absl::Status errors[] = {
      absl::UnknownError("reset"),    absl::UnavailableError("503"),
      absl::AbortedError("409"),      absl::DeadlineExceededError("late"),
      absl::InternalError("500"),     absl::CancelledError("cancelled"),
      absl::OutOfRangeError("range"), absl::UnimplementedError("501"),
  };
  return errors[random.Below(std::size(errors))];
}

/// A store one of whose puts becomes ambiguous. For one thread at a time.
class AmbiguousStore : public ObjectStore {
 public:
  struct Plan {
    int nth_put = 1;  ///< from Arm on
    Ambiguity ambiguity = Ambiguity::kNone;
    absl::Status error = absl::UnknownError("reset");
    int delay_calls = 0;    ///< after which a delayed put lands; never by itself when negative
    int failing_calls = 0;  ///< reads or lists that fail
    std::function<void()> before_put{};
    std::function<void()> after_put{};
  };

  explicit AmbiguousStore(std::shared_ptr<ObjectStore> base) : base_(std::move(base)) {}

  void Arm(Plan plan) { plan_ = std::move(plan); }

  /// Lets what is delayed land, and ends all faults.
  void Heal() {
    plan_.reset();
    failing_reads_ = failing_lists_ = 0;
    Deliver();
  }

  absl::StatusOr<std::unique_ptr<ObjectReader>> Open(const ObjectPath& path,
                                                     const Context& context) override {
    Tick();
    if (failing_reads_ > 0 && failing_reads_-- > 0) return absl::UnavailableError("cannot read");
    return base_->Open(path, context);
  }
  absl::StatusOr<std::unique_ptr<ObjectWriter>> Create(const ObjectPath& path,
                                                       const Context&) override {
    Tick();
    return std::make_unique<Writer>(this, path);
  }
  absl::Status Delete(const ObjectPath& path, const Context& context) override {
    Tick();
    return base_->Delete(path, context);
  }
  absl::StatusOr<std::vector<ObjectInfo>> List(const ObjectPath& prefix,
                                               const Context& context) override {
    Tick();
    if (failing_lists_ > 0 && failing_lists_-- > 0) return absl::UnavailableError("cannot list");
    return base_->List(prefix, context);
  }
  absl::StatusOr<std::unique_ptr<StoreLock>> Lock(const Context& context) override {
    return base_->Lock(context);
  }

 private:
  class Writer : public ObjectWriter {
   public:
    Writer(AmbiguousStore* store, ObjectPath path) : store_(store), path_(std::move(path)) {}
    absl::Status Append(std::span<const std::byte> bytes, const Context&) override {
      text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return absl::OkStatus();
    }
    absl::Status Finish(const Context&) override { return store_->Put(path_, text_); }

   private:
    AmbiguousStore* const store_;
    const ObjectPath path_;
    std::string text_;
  };

  absl::Status Put(const ObjectPath& path, const std::string& text) {
    if (!plan_.has_value() || --plan_->nth_put != 0) return PutObject(*base_, path, text);
    const Plan plan = *std::exchange(plan_, std::nullopt);
    if (plan.before_put) plan.before_put();
    const absl::Status answer = PutAmbiguously(plan, path, text);
    if (plan.after_put) plan.after_put();
    return answer;
  }

  absl::Status PutAmbiguously(const Plan& plan, const ObjectPath& path, const std::string& text) {
    if (plan.ambiguity == Ambiguity::kFailBefore) return plan.error;
    if (plan.ambiguity == Ambiguity::kDelayed) {
      delayed_ = {path, text};
      delay_calls_ = plan.delay_calls;
      return plan.error;
    }
    absl::Status put = PutObject(*base_, path, text);
    if (plan.ambiguity == Ambiguity::kNone) return put;
    if (plan.ambiguity == Ambiguity::kDuplicate) return PutObject(*base_, path, text);
    if (plan.ambiguity == Ambiguity::kUnreadable) failing_reads_ = plan.failing_calls;
    if (plan.ambiguity == Ambiguity::kUnlistable) {
      failing_lists_ = plan.failing_calls;
      return put;
    }
    return plan.error;
  }

  void Tick() {
    if (delayed_.has_value() && delay_calls_-- == 0) Deliver();
  }

  void Deliver() {
    if (!delayed_.has_value()) return;
    const auto [path, text] = *std::exchange(delayed_, std::nullopt);
    PutObject(*base_, path, text).IgnoreError();
  }

  const std::shared_ptr<ObjectStore> base_;
  std::optional<Plan> plan_;
  std::optional<std::pair<ObjectPath, std::string>> delayed_;
  int delay_calls_ = 0;
  int failing_reads_ = 0;
  int failing_lists_ = 0;
};

}  // namespace vecdb::catalog

#endif  // VECDB_CATALOG_AMBIGUOUS_STORE_H_
