#include "progress.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "terminal.hpp"

namespace inforeply {
namespace {

constexpr std::chrono::milliseconds kBetweenDrawings{100};
constexpr std::size_t kBarWidth = 24;
constexpr const char* kBeginOfLine = "\r";
constexpr const char* kClearToEnd = "\x1b[K";
constexpr const char* kGreen = "\x1b[32m";
constexpr const char* kNoColour = "\x1b[0m";

std::FILE* find_terminal() {
  const auto kind = environment_variable("TERM");
  if (kind.empty() || kind == "dumb") return nullptr;
  if (terminal_columns(stderr)) return stderr;
  return terminal_columns(stdout) ? stdout : nullptr;
}

template <typename... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), format, arguments...);
  return text.data();
}

}  // namespace

// A colour is no information here: without one the bar is the same (https://no-color.org).
Progress::Progress(Audience audience)
    : terminal_(audience == Audience::kTerminal ? find_terminal() : nullptr),
      coloured_(environment_variable("NO_COLOR").empty()) {}

void Progress::begin(std::string what, std::size_t total) {
  clear();
  what_ = std::move(what);
  total_ = total;
  began_ = Clock::now();
  drawn_ = {};
  tell(0);
}

void Progress::tell(std::size_t done) {
  const auto now = Clock::now();
  if (!is_shown() || now - drawn_ < kBetweenDrawings) return;
  drawn_ = now;
  if (total_ == 0) {
    draw(what_ + (done == 0 ? "" : "  " + std::to_string(done)));
    return;
  }
  const double part = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
  std::string text = what_ + "  " + bar(part) + formatted(" %3.0f%%  ", 100 * part) +
                     std::to_string(done) + " of " + std::to_string(total_);
  const double seconds = std::chrono::duration<double>(now - began_).count();
  if (done > 0 && seconds > 0) {
    text += formatted("  %.0f/s  ", static_cast<double>(done) / seconds) +
            format_duration(std::chrono::duration<double>(seconds * (1 - part) / part)) + " left";
  }
  draw(text);
}

void Progress::clear() {
  if (is_drawn_) {
    std::fprintf(terminal_, "%s%s", kBeginOfLine, kClearToEnd);
    std::fflush(terminal_);
  }
  is_drawn_ = false;
}

/// A line that went on in the next one could not be cleared.
void Progress::draw(const std::string& text) {
  const std::string cut = text.substr(0, terminal_columns(terminal_).value_or(1) - 1);
  const auto open = cut.find('[');
  const auto close = cut.find(']');
  std::string line = cut;
  if (coloured_ && close != std::string::npos) {
    line.insert(close, kNoColour);
    line.insert(open + 1, kGreen);
  }
  std::fprintf(terminal_, "%s%s%s", kBeginOfLine, line.c_str(), kClearToEnd);
  std::fflush(terminal_);
  is_drawn_ = true;
}

std::string Progress::bar(double part) {
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBarWidth));
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "]";
}

std::string format_duration(std::chrono::duration<double> duration) {
  const double seconds = duration.count();
  if (seconds < 10) return formatted("%.1f s", seconds);
  const auto whole = static_cast<long long>(seconds);
  if (whole < 60) return formatted("%lld s", whole);
  if (whole < 3600) return formatted("%lld min %lld s", whole / 60, whole % 60);
  return formatted("%lld h %lld min", whole / 3600, whole / 60 % 60);
}

std::string format_octets(unsigned long long octets) {
  constexpr std::array<const char*, 5> kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB"};
  if (octets < 1024) return formatted("%llu bytes", octets);
  auto size = static_cast<double>(octets) / 1024;
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit)
    size /= 1024;
  return formatted("%.1f %s", size, kUnits.at(unit));
}

}  // namespace inforeply
