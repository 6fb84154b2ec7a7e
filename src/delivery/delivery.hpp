// The way of a message: for each recipient the decision, the reply, its submission and its memory.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "cache/reply_cache.hpp"
#include "decision/decision.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/envelope.hpp"
#include "inforeply/settings.hpp"
#include "mail/message.hpp"
#include "mailer/mailer.hpp"
#include "responder/responder_source.hpp"

namespace inforeply {

/// At most this long for one submission, and for another process at work on the same delivery.
inline constexpr std::chrono::seconds kStepTimeLimit{60};

/// All that a delivery touches of the world. Cache and mailer are opened when a reply is due, not
/// before: most mail needs neither.
struct World {
  const Clock& clock;
  const ResponderSource& responders;
  Log& log;
  std::function<std::unique_ptr<ReplyCache>()> open_cache;
  std::function<std::unique_ptr<Mailer>()> make_mailer;
  const Settings& settings;
  std::chrono::steady_clock::time_point deadline;  ///< of the whole run
};

enum class DeliveryStatus { kDone, kDeferred };

enum class PreviewForm { kMessage, kView };  ///< the message as it is sent, or as a reader sees it

class Delivery {
 public:
  Delivery(World world, const Message& message, Envelope envelope);

  /// Every recipient in turn, a log line each. kDeferred where any of them has to be tried again:
  /// those that were answered are not answered again then. Does not throw.
  DeliveryStatus run();

  /// Decides and composes, touching neither cache nor mailer: the text that `--dry-run` prints.
  /// Throws Error.
  [[nodiscard]] std::string preview(bool with_explanation,
                                    PreviewForm form = PreviewForm::kMessage) const;

 private:
  struct Case;      // one recipient's decision, and what a reply to it needs
  struct LogEntry;  // what the log line says

  /// Of an address in an autoreply domain, the one that it stands for. Nothing where it is none.
  [[nodiscard]] std::optional<Address> real_recipient(const std::string& text) const;
  [[nodiscard]] Case examine(const Recipient& recipient) const;
  [[nodiscard]] std::string composed(const Case& one) const;
  [[nodiscard]] std::vector<CountedLimit> limits_of(const Case& one) const;
  void answer(const Case& one, LogEntry& entry);
  [[nodiscard]] Reservation reserve(ReservationRequest& request);
  void release(const ReservationRequest& request) const;
  [[nodiscard]] Submission submit(const Case& one, const Address& recipient,
                                  const std::string& reply) const;
  void submit_copy(const Case& one, const std::string& reply, LogEntry& entry) const;
  [[nodiscard]] std::chrono::steady_clock::time_point step_deadline() const;
  /// Every address that a responder was looked for by, for the log; empty where the recipient has
  /// none that is valid.
  [[nodiscard]] std::string tried_addresses(const Recipient& recipient) const;
  /// The same with every file looked for, a line each.
  [[nodiscard]] std::string explain_lookup(const Recipient& recipient) const;
  /// Of an address only its domain, where `log-addresses` is no.
  [[nodiscard]] std::string in_log(std::string_view address) const;
  void write_log(const Recipient& recipient, const LogEntry& entry) const;

  World world_;
  const Message& message_;
  Envelope envelope_;
  std::string sender_;  // empty for the null sender
  std::optional<Address> sender_address_;
  std::unique_ptr<ReplyCache> cache_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace inforeply
