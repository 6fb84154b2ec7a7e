#include "progress.hpp"

#include <algorithm>
#include <utility>

#include "figures.hpp"
#include "terminal.hpp"

namespace inforeply {
namespace {

constexpr std::chrono::milliseconds kBetweenDrawings{100};
constexpr std::size_t kBarWidth = 24;
constexpr const char* kBeginOfLine = "\r";
constexpr const char* kClearToEnd = "\x1b[K";

std::FILE* find_audience() {
  for (std::FILE* stream : {stderr, stdout}) {
    const auto terminal = find_terminal(stream);
    if (terminal) return terminal->takes_sequences ? stream : nullptr;
  }
  return nullptr;
}

}  // namespace

Progress::Progress(Audience audience)
    : terminal_(audience == Audience::kTerminal ? find_audience() : nullptr) {}

void Progress::begin(std::string what, std::size_t total) {
  clear();
  what_ = std::move(what);
  total_ = total;
  began_ = Clock::now();
  drawn_ = {};
  report(0);
}

void Progress::report(std::size_t done) {
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

void Progress::draw(const std::string& text) {
  const auto terminal = find_terminal(terminal_).value_or(Terminal{});
  // Cut, as a line that goes on in the next one could not be cleared.
  std::string line = text.substr(0, terminal.columns - 1);
  const auto open = line.find('[') + 1;
  const auto close = line.find(']');
  if (close != std::string::npos) {
    line.replace(open, close - open,
                 terminal.styled(line.substr(open, close - open), Style::kGreen));
  }
  std::fprintf(terminal_, "%s%s%s", kBeginOfLine, line.c_str(), kClearToEnd);
  std::fflush(terminal_);
  is_drawn_ = true;
}

std::string Progress::bar(double part) {
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(kBarWidth));
  return "[" + std::string(filled, '#') + std::string(kBarWidth - filled, '-') + "]";
}

}  // namespace inforeply
