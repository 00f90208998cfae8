#include "engine/verify.h"

#include <string>

#include "base/status_macros.h"
#include "base/str_format.h"
#include "engine/journal_setup.h"
#include "engine/segment_objects.h"
#include "format/section_file.h"

namespace vecdb::engine {
namespace {

// Notes damage; other errors stay errors.
absl::Status Note(const absl::Status& status, const std::string& name, VerifyReport* report) {
  if (absl::IsDataLoss(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status)) {
    report->damage.push_back(base::StrFormat("%s: %s", name, std::string(status.message())));
    return absl::OkStatus();
  }
  return status;
}

absl::Status VerifyObject(ObjectStore& store, const SegmentObject& object, const Context& context) {
  VECDB_ASSIGN_OR_RETURN(const ObjectPath path, ObjectPath::Parse(object.name));
  VECDB_ASSIGN_OR_RETURN(const auto file, format::SectionFile::Open(store, path, object.kind,
                                                                    object.summary, context));
  return file->Verify(context);
}

absl::Status VerifySegment(ObjectStore& store, const SegmentInfo& info, VerifyReport* report,
                           const Context& context) {
  for (const SegmentObject& object : ObjectsOf(info)) {
    ++report->num_objects;
    report->bytes += object.summary.size_bytes;
    VECDB_RETURN_IF_ERROR(Note(VerifyObject(store, object, context), object.name, report));
  }
  VECDB_ASSIGN_OR_RETURN(const ObjectPath folder, ObjectPath::Parse(info.folder));
  ++report->num_objects;
  return Note(SegmentInfo::Read(store, folder, context).status(), info.folder + "/segment.json",
              report);
}

}  // namespace

absl::Status VerifyCollection(CollectionCore* core, VerifyReport* report, const Context& context) {
  format::Manifest manifest;
  {
    VECDB_ASSIGN_OR_RETURN(const auto pass, core->maintenance_gate().Enter(context));
    manifest = core->manifest();
  }
  const CollectionCore::Job job(core);  // keeps what is young
  for (const format::ManifestSegment& segment : manifest.segments) {
    VECDB_RETURN_IF_ERROR(VerifySegment(*core->store(), segment.info, report, context));
  }
  VECDB_ASSIGN_OR_RETURN(const auto maintenance, core->maintenance_gate().Enter(context));
  VECDB_ASSIGN_OR_RETURN(const auto writers, core->write_gate().Enter(context));
  const absl::Status journal = VerifyJournal(core, report, context);
  return Note(journal, "journal of collection " + core->name(), report);
}

}  // namespace vecdb::engine
