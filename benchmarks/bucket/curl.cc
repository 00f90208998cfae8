#include "bucket/curl.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "common/clocks.h"
#include "common/temp_dir.h"

namespace vecdb::bench {
namespace {

// What each transfer of a configuration file begins with: options hold until `next`.
std::string Begin(const Bucket& bucket, const std::string& path) {
  return absl::StrCat("fail\nsilent\nshow-error\naws-sigv4 = \"aws:amz:us-east-1:s3\"\nuser = \"",
                      bucket.access_key, ":", bucket.secret_key,
                      "\"\nheader = \"x-amz-content-sha256: UNSIGNED-PAYLOAD\"\nurl = \"",
                      bucket.UrlOf(path), "\"\noutput = \"/dev/null\"\n");
}

absl::StatusOr<pid_t> StartCurl(const std::string& config) {
  std::string program = "curl";
  std::string flag = "--config";
  std::string file = config;
  char* const arguments[] = {program.data(), flag.data(), file.data(), nullptr};
  pid_t process = 0;
  const int error = posix_spawnp(&process, "curl", nullptr, nullptr, arguments, environ);
  if (error != 0) return absl::ErrnoToStatus(error, "curl");
  return process;
}

absl::Status WaitForCurl(pid_t process) {
  int status = 0;
  if (waitpid(process, &status, 0) != process) return absl::ErrnoToStatus(errno, "waitpid");
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::UnknownError(absl::StrCat("curl has ended with status ", status));
}

// Each process takes every num_processes-th transfer.
absl::StatusOr<double> RunCurl(const std::vector<std::string>& transfers, int num_processes) {
  VECDB_ASSIGN_OR_RETURN(const TempDir directory, TempDir::Make(""));
  const auto step = static_cast<size_t>(num_processes);
  std::vector<std::string> configs;
  for (size_t i = 0; i < step && i < transfers.size(); ++i) {
    configs.push_back((directory.path() / absl::StrCat(i)).string());
    std::ofstream config(configs.back());
    for (size_t k = i; k < transfers.size(); k += step) {
      if (k != i) config << "next\n";
      config << transfers[k];
    }
    if (!config.flush()) return absl::UnknownError(configs.back() + ": cannot be written");
  }
  const double start = WallSeconds();
  std::vector<pid_t> processes;
  absl::Status status;
  for (const std::string& config : configs) {
    const absl::StatusOr<pid_t> process = StartCurl(config);
    status.Update(process.status());
    if (process.ok()) processes.push_back(*process);
  }
  for (const pid_t process : processes) status.Update(WaitForCurl(process));
  const double seconds = WallSeconds() - start;
  VECDB_RETURN_IF_ERROR(status);
  return seconds;
}

}  // namespace

absl::StatusOr<double> UploadByCurl(const Bucket& bucket, const std::string& file,
                                    const std::vector<std::string>& paths, int num_processes) {
  std::vector<std::string> transfers;
  for (const std::string& path : paths) {
    transfers.push_back(absl::StrCat(Begin(bucket, path), "upload-file = \"", file, "\"\n"));
  }
  return RunCurl(transfers, num_processes);
}

absl::StatusOr<double> DownloadByCurl(const Bucket& bucket, const std::vector<Piece>& pieces,
                                      int num_processes) {
  std::vector<std::string> transfers;
  for (const Piece& piece : pieces) {
    transfers.push_back(absl::StrCat(Begin(bucket, piece.path), "range = \"", piece.begin, "-",
                                     piece.begin + piece.size - 1, "\"\n"));
  }
  return RunCurl(transfers, num_processes);
}

}  // namespace vecdb::bench
