// What came of a replay, counted, and as a page of HTML.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "figures.hpp"
#include "frequency.hpp"
#include "inforeply/replay.hpp"
#include "replay_table.hpp"

namespace inforeply {

/// In bounded memory, but for one number a day.
class ReplayFigures {
 public:
  void add(const ReplayedMessage& replayed);

  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t replies() const { return replies_; }
  [[nodiscard]] std::uint64_t deferred() const { return deferred_; }
  [[nodiscard]] const std::string& first_trouble() const { return first_trouble_; }

  /// The replies by section, then the reasons of what is not answered, the most frequent first.
  [[nodiscard]] std::vector<Figure> results() const;

  /// `people`: how many were answered.
  [[nodiscard]] std::string html(std::uint64_t people) const;

 private:
  struct Answered {
    Time date;
    std::string sender;
    std::string recipient;
    std::string what;
  };

  std::uint64_t messages_ = 0;
  std::uint64_t replies_ = 0;
  std::uint64_t deferred_ = 0;
  std::string first_trouble_;  // of what was deferred
  std::map<std::string, std::uint64_t> replies_by_section_;
  std::map<std::string, std::uint64_t> reasons_;
  std::map<std::chrono::sys_days, std::uint64_t> replies_by_day_;
  FrequencyCounter domains_{100'000};
  std::vector<Answered> answered_;  // the first ones
};

}  // namespace inforeply
