#include "cli/subprocess.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace deadrelu {
namespace {

// Where the program's streams go.
struct Streams {
  posix_spawn_file_actions_t actions;
  explicit Streams(int output) {
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  }
  ~Streams() { posix_spawn_file_actions_destroy(&actions); }
  Streams(const Streams&) = delete;
};

std::string read_to_end(int file) {
  std::string text;
  char block[4096];
  for (;;) {
    const ssize_t count = read(file, block, sizeof(block));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(block, static_cast<std::size_t>(count));
  }
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& command) {
  ProgramResult result;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return result;
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const Streams streams(ends[1]);
  pid_t child = 0;
  result.started =
      posix_spawnp(&child, arguments[0], &streams.actions, nullptr, arguments.data(), environ) == 0;
  close(ends[1]);
  if (result.started) {
    result.output = read_to_end(ends[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  close(ends[0]);
  return result;
}

}  // namespace deadrelu
