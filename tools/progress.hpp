// How far a long run has come, for a person who watches it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace inforeply {

/// One line that is drawn anew, on standard error or, where that is no terminal, on standard
/// output. Nothing at all where neither is one, or where it is one that cannot go back in a line
/// (TERM=dumb, or none).
class Progress {
 public:
  enum class Audience { kTerminal, kNobody };
  explicit Progress(Audience audience);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  /// Whether there is anybody to watch; else there is no need to count first.
  [[nodiscard]] bool is_shown() const { return terminal_ != nullptr; }

  /// A stage begins: what is done in it, and how many there will be. Zero: not known.
  void begin(std::string what, std::size_t total = 0);
  /// May be told as often as it pleases: it draws ten times a second at most.
  void tell(std::size_t done);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void draw(const std::string& text);
  [[nodiscard]] static std::string bar(double part);

  std::FILE* terminal_;
  bool coloured_;
  std::string what_;
  std::size_t total_ = 0;
  Clock::time_point began_;
  Clock::time_point drawn_;
  bool is_drawn_ = false;
};

/// "0.4 s", "42 s", "3 min 20 s", "2 h 5 min".
std::string format_duration(std::chrono::duration<double> duration);
/// "812 bytes", "1.7 GiB".
std::string format_octets(unsigned long long octets);

}  // namespace inforeply
