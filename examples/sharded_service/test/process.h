#ifndef SHARDED_SERVICE_TEST_PROCESS_H_
#define SHARDED_SERVICE_TEST_PROCESS_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

namespace sharded_service {

/// A program that serves somewhere on this machine, until it is killed or this goes.
class Process {
 public:
  /// Starts it.
  explicit Process(std::vector<std::string> command) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ), 0)
        << command[0];
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    output_ = ends[0];
  }
  ~Process() {
    Kill();
    close(output_);
  }

  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// "host:port", once it has said "listening on host:port".
  const std::string& address() {
    if (!address_.empty()) return address_;
    const std::string line = ReadLine(output_);
    const std::string expected = "listening on ";
    EXPECT_TRUE(line.starts_with(expected)) << "it said: " << line;
    address_ = line.substr(std::min(line.size(), expected.size()));
    return address_;
  }

  void Signal(int signal) const { EXPECT_EQ(kill(pid_, signal), 0); }

  /// Ends it, as a crash would.
  void Kill() {
    if (pid_ <= 0) return;
    Signal(SIGKILL);
    EXPECT_GT(waitpid(std::exchange(pid_, 0), nullptr, 0), 0);
  }

  /// Asks it to end, and returns with what it did: 0 when all is well.
  int Stop() {
    Signal(SIGTERM);
    int status = -1;
    EXPECT_GT(waitpid(std::exchange(pid_, 0), &status, 0), 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  static std::string ReadLine(int descriptor) {
    std::string line;
    char letter = 0;
    while (read(descriptor, &letter, 1) == 1 && letter != '\n') line += letter;
    return line;
  }

  pid_t pid_ = 0;
  int output_ = -1;
  std::string address_;
};

}  // namespace sharded_service

#endif  // SHARDED_SERVICE_TEST_PROCESS_H_
