// How far a long run has come, for a person at a terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace inforeply {

/// A line that is drawn again and again on standard error or, if that is no terminal, on standard
/// output. Draws nothing if neither is a terminal, or if the terminal takes no escape sequences.
class Progress {
 public:
  enum class Audience { kTerminal, kNobody };
  explicit Progress(Audience audience);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  /// False if nobody watches: the total is then not needed.
  [[nodiscard]] bool is_shown() const { return terminal_ != nullptr; }

  /// Begins a stage that is called `what` and has `total` steps, 0 if that is not known.
  void begin(std::string what, std::size_t total = 0);
  /// May be called any number of times: it draws at most ten times a second.
  void report(std::size_t done);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void draw(const std::string& text);
  [[nodiscard]] static std::string bar(double part);

  std::FILE* terminal_;  // null if nothing is drawn
  std::string what_;
  std::size_t total_ = 0;
  Clock::time_point began_;
  Clock::time_point drawn_;
  bool is_drawn_ = false;
};

}  // namespace inforeply
