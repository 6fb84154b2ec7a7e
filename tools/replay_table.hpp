// What inforeply-replay prints.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "figures.hpp"
#include "inforeply/replay.hpp"
#include "mail_store.hpp"
#include "terminal.hpp"

namespace inforeply {

/// A message that was replayed.
struct ReplayedMessage {
  const KeptMessage& message;
  std::string sender;
  std::string recipient;
  ReplayResult result;
  std::optional<ReplayResult> other;  ///< of the configuration that it is compared with
};

/// `reply`, `reply [NAME]`, or the reason why not.
std::string describe(const ReplayResult& result);

/// Its place as users name it: `FILE`, or `FILE:N` for the n-th message of an mbox file.
std::string place_of(const KeptMessage& message);

/// A line of the table; its columns are as wide as the terminal lets them be.
std::string table_heading(const std::optional<Terminal>& terminal, bool is_comparison);
std::string table_row(const std::optional<Terminal>& terminal, const ReplayedMessage& replayed);

/// An object a line. Its members are `file`, `message` (of an mbox file, else null), `date`,
/// `sender`, `recipient`, `action` (`reply`, `suppress` or `defer`), `reason`, `section`, `detail`;
/// in a comparison also `against`, with the same four of the other configuration.
std::string json_line(const ReplayedMessage& replayed);

}  // namespace inforeply
