#include "mailer/smtp_mailer.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "inforeply/text.hpp"

namespace inforeply {
namespace {

using Result = Submission::Result;

constexpr std::size_t kChunkOctets = 65536;  // of a message, held in memory at a time

/// What is done on a connection, in this order; TLS may come before the greeting, too.
enum class Step {
  kConnect,
  kGreeting,
  kHello,
  kStartTls,
  kTls,
  kAuth,
  kReset,
  kMail,
  kRecipient,
  kData,
  kMessage,
  kEndOfMessage
};

struct StepTraits {
  std::string_view name;  // for the log
  std::chrono::seconds limit;
};

/// RFC 5321, 4.5.3.2, asks for minutes; the mail server that runs us tries again sooner than that.
/// The last step may take all the time that is left: if we give up there, nobody knows whether the
/// reply was sent.
constexpr std::array<StepTraits, 12> kSteps = {{
    {"connect", std::chrono::seconds(10)},
    {"greeting", std::chrono::seconds(30)},
    {"EHLO", std::chrono::seconds(30)},
    {"STARTTLS", std::chrono::seconds(30)},
    {"TLS", std::chrono::seconds(30)},
    {"AUTH", std::chrono::seconds(30)},
    {"RSET", std::chrono::seconds(30)},
    {"MAIL FROM", std::chrono::seconds(30)},
    {"RCPT TO", std::chrono::seconds(30)},
    {"DATA", std::chrono::seconds(30)},
    {"message", std::chrono::seconds(30)},
    {"end of message", std::chrono::hours(1)},
}};

const StepTraits& traits(Step step) {
  return kSteps.at(static_cast<std::size_t>(step));
}

std::string describe(Step step, std::string_view what) {
  return std::string(traits(step).name) + ": " + std::string(what);
}

/// Whether a 5xx speaks of us, whatever command it answers: wrong order of commands, a host that
/// takes no mail (RFC 7504), TLS or authentication missing (RFC 3207, RFC 4954).
bool speaks_of_us(int code) {
  constexpr std::array kCodes = {503, 521, 530, 534, 535, 538};
  return std::find(kCodes.begin(), kCodes.end(), code) != kCodes.end();
}

/// What an answer comes to that does not let us go on, or that ends a message.
Result result_of(Step step, const SmtpReply& reply) {
  const bool is_end = step == Step::kEndOfMessage;
  if (is_end && reply.severity() == 2) return Result::kAccepted;
  if (is_end && reply.severity() == 3) return Result::kUnknown;
  if (reply.severity() != 5 || speaks_of_us(reply.code)) return Result::kDeferred;
  switch (step) {
    case Step::kMail:  // its sender is a setting's; only a size is the message's
      return reply.code == 552 ? Result::kRefused : Result::kDeferred;
    case Step::kRecipient:
    case Step::kData:
      // X.7 is policy (RFC 3463): "relay access denied", "client host rejected".
      return reply.lines.front().starts_with("5.7.") ? Result::kDeferred : Result::kRefused;
    default:
      return Result::kRefused;
  }
}

Submission judge(Step step, const SmtpReply& reply) {
  return {result_of(step, reply), describe(step, reply.to_string())};
}

/// The name by which we greet: this machine's, if that is a full one; else our end's address.
std::string own_name(const SmtpConnection& connection) {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return connection.own_address_literal();
  std::string name = buffer.data();
  const bool is_plain = std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.';
  });
  const bool is_full = is_plain && name.find('.') != std::string::npos;
  return is_full ? name : connection.own_address_literal();
}

/// What the server has said it can do.
struct Extensions {
  bool pipelining = false;
  bool eight_bit = false;
  bool size = false;
  bool dsn = false;
  bool utf8 = false;
  bool start_tls = false;
  std::string mechanisms{};  ///< of AUTH, separated by blanks
};

Extensions read_extensions(const SmtpReply& reply) {
  constexpr std::array<std::pair<std::string_view, bool Extensions::*>, 6> kKeywords = {{
      {"PIPELINING", &Extensions::pipelining},
      {"8BITMIME", &Extensions::eight_bit},
      {"SIZE", &Extensions::size},
      {"DSN", &Extensions::dsn},
      {"SMTPUTF8", &Extensions::utf8},
      {"STARTTLS", &Extensions::start_tls},
  }};
  Extensions extensions;
  for (const auto& line : reply.lines) {
    const auto blank = std::min(line.find(' '), line.size());
    const std::string_view keyword = trim(std::string_view(line).substr(0, blank));
    for (const auto& [name, member] : kKeywords) {
      if (equals_ignoring_case(keyword, name)) extensions.*member = true;
    }
    if (equals_ignoring_case(keyword, "AUTH")) extensions.mechanisms = line.substr(blank);
  }
  return extensions;
}

/// For the log, where a server that repeats what it was told must not write the password.
std::string without_secrets(const std::string& text, const SmtpLogin& login,
                            const SaslExchange& exchange) {
  auto secrets = exchange.responses;
  secrets.push_back(to_single_line(trim(login.password)));  // as it would be shown
  const bool has_secret = std::any_of(secrets.begin(), secrets.end(), [&](const auto& secret) {
    return text.find(secret) != std::string::npos;
  });
  return has_secret ? text.substr(0, 3) + " (the rest holds the password)" : text;
}

struct Mail {
  std::string_view sender;
  std::string_view recipient;
  std::string_view message;
  bool needs_utf8 = !is_ascii(sender) || !is_ascii(recipient) ||
                    !is_ascii(message.substr(0, message.find("\n\n")));
  bool needs_eight_bit = !is_ascii(message);

  /// As it is sent, without what dot-stuffing adds (RFC 1870, 6.4).
  [[nodiscard]] std::size_t octets() const {
    return message.size() +
           static_cast<std::size_t>(std::count(message.begin(), message.end(), '\n'));
  }
};

std::string mail_command(const Mail& mail, const Extensions& extensions) {
  std::string command = "MAIL FROM:<" + std::string(mail.sender) + ">";
  if (extensions.size) command += " SIZE=" + std::to_string(mail.octets());
  if (mail.needs_eight_bit) command += " BODY=8BITMIME";
  if (mail.needs_utf8) command += " SMTPUTF8";
  return command + "\r\n";
}

std::string recipient_command(const Mail& mail, const Extensions& extensions) {
  return "RCPT TO:<" + std::string(mail.recipient) + ">" +
         (extensions.dsn ? " NOTIFY=NEVER\r\n" : "\r\n");
}

/// Takes lines off the front of a message and returns them as SMTP sends them: ended by CRLF, a dot
/// at their beginning doubled. A lone CR ends a line, too, as some servers take it for an end.
std::string take_chunk(std::string_view& message) {
  std::string chunk;
  while (!message.empty() && chunk.size() < kChunkOctets) {
    const auto length = std::min(message.find_first_of("\r\n"), message.size());
    if (message.starts_with('.')) chunk += '.';
    chunk.append(message.substr(0, length)).append("\r\n");
    message.remove_prefix(length);
    message.remove_prefix(message.starts_with("\r\n") ? 2
                                                      : std::min<std::size_t>(1, message.size()));
  }
  return chunk;
}

}  // namespace

/// A connection from its greeting on. If something throws ConnectionFault, it is at its end.
class SmtpMailer::Session {
 public:
  /// `tls` is null if the server is used without.
  Session(const SmtpServer& server, const TlsContext* tls) : server_(server), tls_(tls) {}

  Submission submit(const Mail& mail, Deadline deadline);
  void quit();
  [[nodiscard]] Step step() const { return step_; }  ///< the last that was begun
  [[nodiscard]] bool has_ended() const { return has_ended_; }

 private:
  Deadline begin(Step step);
  SmtpReply answer(Step step);
  SmtpReply ask(Step step, const std::string& command);
  void open();
  void say_hello();
  void start_tls();
  void log_in(const SmtpLogin& login);
  [[nodiscard]] std::string_view missing_extension(const Mail& mail) const;
  std::optional<Submission> send_envelope(const Mail& mail);
  Submission send_message(std::string_view message);
  void end_empty_data();

  const SmtpServer& server_;
  const TlsContext* tls_;
  std::optional<SmtpConnection> connection_;
  Extensions extensions_;
  Step step_ = Step::kConnect;
  Deadline deadline_;
  bool reset_is_due_ = false;  // the server may hold a transaction that was not completed
  bool has_ended_ = false;
};

Deadline SmtpMailer::Session::begin(Step step) {
  step_ = step;
  return std::min(deadline_, std::chrono::steady_clock::now() + traits(step).limit);
}

/// Throws ConnectionFault, too, for an answer that ends the session.
SmtpReply SmtpMailer::Session::answer(Step step) {
  auto reply = connection_->read_reply(begin(step));
  const bool must_succeed = step <= Step::kReset;
  const bool is_closing = reply.code == 421 && step < Step::kMessage;
  if (is_closing || (must_succeed && reply.severity() != 2)) {
    throw ConnectionFault(reply.to_string());
  }
  return reply;
}

/// Says a command and returns the answer, whatever it is.
SmtpReply SmtpMailer::Session::ask(Step step, const std::string& command) {
  const auto deadline = begin(step);
  static_cast<void>(connection_->send(command + "\r\n", deadline));
  return connection_->read_reply(deadline);
}

void SmtpMailer::Session::open() {
  connection_.emplace(server_, begin(Step::kConnect));
  if (server_.security == Security::kImplicitTls) start_tls();
  answer(Step::kGreeting);
  say_hello();
  if (server_.security == Security::kStartTls) {
    if (!extensions_.start_tls) {
      begin(Step::kStartTls);
      throw ConnectionFault("the server does not offer it");
    }
    const auto reply = ask(Step::kStartTls, "STARTTLS");
    if (reply.severity() != 2) throw ConnectionFault(reply.to_string());
    start_tls();
    say_hello();  // what was said before may be anybody's (RFC 3207, 4.2)
  }
  if (server_.login) log_in(*server_.login);
}

void SmtpMailer::Session::say_hello() {
  const auto name = own_name(*connection_);
  auto reply = ask(Step::kHello, "EHLO " + name);
  extensions_ = reply.severity() == 2 ? read_extensions(reply) : Extensions{};
  if (reply.severity() == 5) reply = ask(Step::kHello, "HELO " + name);
  if (reply.severity() != 2) throw ConnectionFault(reply.to_string());
}

void SmtpMailer::Session::start_tls() {
  const auto deadline = begin(Step::kTls);
  // Somebody between us could add answers, which would count as if they had come by TLS.
  if (connection_->has_unread_input()) throw ConnectionFault("the server says more before it");
  connection_->start_tls(*tls_, server_.host, deadline);
}

void SmtpMailer::Session::log_in(const SmtpLogin& login) {
  begin(Step::kAuth);
  const auto exchange = choose_exchange(login, extensions_.mechanisms);
  if (!exchange) throw ConnectionFault("the server offers neither PLAIN nor LOGIN");
  try {
    auto reply = ask(Step::kAuth, "AUTH " + exchange->mechanism);
    for (const auto& response : exchange->responses) {
      if (reply.severity() == 3) reply = ask(Step::kAuth, response);
    }
    if (reply.severity() != 2) throw ConnectionFault(reply.to_string());
  } catch (const ConnectionFault& fault) {
    throw ConnectionFault(without_secrets(fault.what(), login, *exchange));
  }
}

std::string_view SmtpMailer::Session::missing_extension(const Mail& mail) const {
  if (mail.needs_utf8 && !extensions_.utf8) return "SMTPUTF8";
  if (mail.needs_eight_bit && !extensions_.eight_bit) return "8BITMIME";
  return {};
}

Submission SmtpMailer::Session::submit(const Mail& mail, Deadline deadline) {
  deadline_ = deadline;
  if (!connection_) open();
  if (connection_->has_unread_input()) {
    begin(Step::kReset);
    throw ConnectionFault("more answers than commands");
  }
  const auto missing = missing_extension(mail);
  if (!missing.empty()) {
    return {Result::kRefused, "the reply needs " + std::string(missing) + ", which " +
                                  server_.name() + " does not offer"};
  }
  const auto failure = send_envelope(mail);
  return failure ? *failure : send_message(mail.message);
}

std::optional<Submission> SmtpMailer::Session::send_envelope(const Mail& mail) {
  std::vector<std::pair<Step, std::string>> commands;
  if (reset_is_due_) commands.emplace_back(Step::kReset, "RSET\r\n");
  commands.emplace_back(Step::kMail, mail_command(mail, extensions_));
  commands.emplace_back(Step::kRecipient, recipient_command(mail, extensions_));
  commands.emplace_back(Step::kData, "DATA\r\n");
  reset_is_due_ = true;

  // If a command cannot be sent, reading its answer tells why.
  if (extensions_.pipelining) {
    std::string all;
    for (const auto& [step, command] : commands)
      all += command;
    static_cast<void>(connection_->send(all, begin(commands.front().first)));
  }
  std::optional<Submission> failure;
  bool is_recipient_refused = false;
  for (const auto& [step, command] : commands) {
    if (!extensions_.pipelining) {
      if (failure) break;
      static_cast<void>(connection_->send(command, begin(step)));
    }
    try {
      const auto reply = answer(step);
      const bool is_taken = reply.severity() == (step == Step::kData ? 3 : 2);
      if (step == Step::kRecipient) is_recipient_refused = !is_taken;
      if (!is_taken && !failure) failure = judge(step, reply);
      if (is_taken && failure && step == Step::kData) {
        if (is_recipient_refused) {
          end_empty_data();
        } else {
          has_ended_ = true;  // else the recipient would get an empty message
        }
      }
    } catch (const ConnectionFault&) {
      if (!failure) throw;
      has_ended_ = true;  // the failure before it counts
      break;
    }
  }
  return failure;
}

/// A server may ask for a message although it has refused the recipient (RFC 2920, 3.1).
void SmtpMailer::Session::end_empty_data() {
  const auto deadline = begin(Step::kMessage);
  static_cast<void>(connection_->send(".\r\n", deadline));
  connection_->read_reply(deadline);
}

Submission SmtpMailer::Session::send_message(std::string_view message) {
  const auto deadline = begin(Step::kMessage);
  do {
    auto chunk = take_chunk(message);
    if (message.empty()) chunk += ".\r\n";
    if (connection_->has_unread_input() || !connection_->send(chunk, deadline)) {
      const auto reply = answer(Step::kMessage);
      has_ended_ = true;  // it waits for the rest of the message
      return judge(Step::kMessage, reply);
    }
  } while (!message.empty());
  const auto reply = answer(Step::kEndOfMessage);
  if (reply.severity() == 2) reset_is_due_ = false;
  return judge(Step::kEndOfMessage, reply);
}

void SmtpMailer::Session::quit() {
  // Only as much as there is room for: no step of ours depends on it.
  if (connection_) {
    static_cast<void>(connection_->send("QUIT\r\n", std::chrono::steady_clock::now()));
  }
}

SmtpMailer::SmtpMailer(SmtpServer server) : server_(std::move(server)) {
  if (server_.security != Security::kNone) tls_.emplace(server_.ca_file);
}

SmtpMailer::~SmtpMailer() {
  try {
    if (session_) session_->quit();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it ends without, then
  }
}

Submission SmtpMailer::submit(std::string_view envelope_sender, std::string_view recipient,
                              std::string_view message, Deadline deadline) {
  if (has_control_characters(envelope_sender) || has_control_characters(recipient)) {
    return {Result::kRefused, "control characters in an address"};
  }
  const Mail mail{envelope_sender, recipient, message};
  bool was_idle = session_ != nullptr;  // meanwhile the server may have ended the connection
  while (true) {
    if (!session_) session_ = std::make_unique<Session>(server_, tls_ ? &*tls_ : nullptr);
    try {
      auto submission = session_->submit(mail, deadline);
      if (session_->has_ended()) session_.reset();
      return submission;
    } catch (const ConnectionFault& fault) {
      const Step step = session_->step();
      session_.reset();
      if (!was_idle || step > Step::kMail) {
        return {step == Step::kEndOfMessage ? Result::kUnknown : Result::kDeferred,
                describe(step, fault.what())};
      }
      was_idle = false;
    }
  }
}

}  // namespace inforeply
