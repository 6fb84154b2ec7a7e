// The way of a message: for each recipient the decision, the reply, its submission, its record.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "cache/reply_cache.hpp"
#include "decision/decision.hpp"
#include "delivery/log_line.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/envelope.hpp"
#include "inforeply/sender.hpp"
#include "inforeply/settings.hpp"
#include "mail/message.hpp"
#include "mailer/mailer.hpp"
#include "responder/responder_lookup.hpp"

namespace inforeply {

/// The longest time for a submission, and for waiting while another process works on this delivery.
inline constexpr std::chrono::seconds kStepTimeLimit{60};

/// All that a delivery touches of the world. Cache and mailer are opened only when the first reply
/// is due: most mail needs neither.
struct World {
  const Clock& clock;
  const ResponderSource& responders;
  Log& log;                                              ///< for trouble that is nobody's alone
  std::function<void(Severity, const LogLine&)> report;  ///< takes what came of each recipient
  std::function<std::unique_ptr<ReplyCache>(ReplyMode)> open_cache;  ///< that mode's memory
  std::function<std::unique_ptr<Mailer>()> make_mailer;
  const Settings& settings;
  std::chrono::steady_clock::time_point deadline;  ///< of the whole run
};

enum class DeliveryStatus { kDone, kDeferred };

enum class Explanation { kOmit, kInclude };  ///< of every rule
enum class PreviewForm { kMessage, kView };  ///< the message as it is sent, or as a reader sees it

/// The address, or what it stands for in an autoreply domain. nullopt if it is no address.
std::optional<Address> real_recipient(const std::string& text, const Settings& settings);

class Delivery {
 public:
  Delivery(World world, const Message& message, Envelope envelope);

  /// Handles each recipient in turn, with a log line for each. kDeferred if any has to be tried
  /// again; replies that were sent are not sent again then. Does not throw.
  DeliveryStatus run();

  /// Decides and composes without cache and mailer: the text that `--dry-run` prints. Throws Error.
  [[nodiscard]] std::string preview(Explanation explanation,
                                    PreviewForm form = PreviewForm::kMessage) const;

  /// What the first recipient's reply would be, or why there is none. Throws Error.
  struct Answer {
    std::optional<Reason> suppressed;
    std::string reply{};
    std::string envelope_sender{};  ///< empty: the null sender
    std::string responder{};        ///< the address that has it
  };
  [[nodiscard]] Answer composed_answer() const;

 private:
  struct RecipientCase;  // the decision on a recipient, and what a reply needs
  struct LogEntry;       // what the log line says

  [[nodiscard]] RecipientCase examine(const Recipient& recipient) const;
  [[nodiscard]] std::string composed(const RecipientCase& examined) const;
  [[nodiscard]] std::vector<CountedLimit> limits_of(const RecipientCase& examined) const;
  /// Reserves, submits and settles the reply. Throws Error if the delivery is to be tried again.
  void answer(const RecipientCase& examined, LogEntry& entry);
  [[nodiscard]] ReplyKey key_of(const RecipientCase& examined) const;
  /// Without a reservation if the cache grants no reply; the log entry says why.
  [[nodiscard]] ReserveResult reserve(const RecipientCase& examined, LogEntry& entry);
  [[nodiscard]] ReserveResult ask_cache(ReplyCache& cache, const ReservationRequest& request) const;
  [[nodiscard]] Submission submit(const RecipientCase& examined, const Address& recipient,
                                  const std::string& reply);
  void make_copies(const RecipientCase& examined, const std::string& reply, LogEntry& entry);
  void settle(Reservation& reservation, const Submission& submission, LogEntry& entry) const;
  void release(Reservation& reservation) const;
  [[nodiscard]] std::chrono::steady_clock::time_point step_deadline() const;
  /// Every address for which a responder was looked for, for the log; empty if none was valid.
  [[nodiscard]] std::string tried_addresses(const Recipient& recipient) const;
  /// The same with every file that was looked for, one a line.
  [[nodiscard]] std::string explain_lookup(const Recipient& recipient) const;
  /// As much of an address as the log may show: only its domain if `log-addresses` is no.
  [[nodiscard]] std::string in_log(std::string_view address) const;
  void write_log(const Recipient& recipient, LogEntry entry) const;
  /// Whether anything names the envelope sender, be it the null one.
  [[nodiscard]] bool is_sender_known() const { return envelope_.sender || message_.return_path; }

  World world_;
  const Message& message_;
  Envelope envelope_;
  Sender sender_;
  std::map<ReplyMode, std::unique_ptr<ReplyCache>> caches_;
  std::vector<ReplyKey> answered_;  // in this run
  std::vector<ReplyKey> unknown_;   // the same; only the next run may send them once more
  std::unique_ptr<Mailer> mailer_;  // one for all replies: it may keep a connection
  std::chrono::steady_clock::time_point start_;
};

}  // namespace inforeply
