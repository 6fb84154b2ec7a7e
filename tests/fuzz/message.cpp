// A message and the replies to it, by way of the whole delivery in a world of its own.
#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "delivery/delivery_world.hpp"
#include "fixtures.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/reply_properties.hpp"
#include "inforeply/commands.hpp"
#include "inforeply/text.hpp"
#include "reply/reply.hpp"

namespace inforeply {
namespace {

using fuzz::expect;

const std::string kSoftRules =
    "kind = service\nignore = system-sender\nignore = list\nignore = precedence\n"
    "ignore = suppress-requested\nignore = auto-reply\nignore = spam\nignore = not-addressed\n";
const std::array<std::string, 3> kRecipients = {"text@example.org", "html@example.org",
                                                "template@example.org"};

/// A world with a responder for each form of a reply.
class Desk {
 public:
  Desk() {
    write("text.txt",
          "Dear ${sender_name:-customer},\n\n\"${subject}\" of ${date} came.\n-- \nus\n");
    write("text.de.txt", "Gr\u00FC\u00DFe, ${sender}\n");
    write("page.html",
          "<p title=\"${subject}\">${sender_name}<br>${message_id}</p><img src=\"cid:a.png\">\n");
    write("a.png", "\x89PNG\r\n");
    write("whole.eml",
          "Subject: ${subject} (${sender_name})\nX-About: ${subject}\n"
          "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
          "$SUBJECT ${recipient}\n--b\nContent-Type: text/html\n\n<b>${subject}</b>\n--b--\n");
    add("text@example.org",
        "text = text.txt\ntext.de = text.de.txt\nlanguages = all\nquote = 20\n"
        "subject = ${subject} ${sender_name} ${message_id}\nbcc = copy@example.org\n"
        "[when words]\nsubject-contains = price\nbody-contains = price\n"
        "[when pattern]\nsubject-matches = (?i)a+b|[^a-z]{3}\nsender = @.example.com\n");
    add("html@example.org", "html = page.html\ninline = a.png\nquote = headers\n");
    add("template@example.org", "template = whole.eml\n");
  }

  void answer(const Message& message, const Sender& sender, const std::string& recipient) {
    world_.sent.clear();
    world_.log_lines.clear();
    const Envelope envelope{sender.given, {{recipient, {}}}, "4ABC"};
    expect(delivery(message, envelope).run() == DeliveryStatus::kDone, "done", log());
    const auto preview = delivery(message, envelope).preview(Explanation::kInclude);
    static_cast<void>(delivery(message, envelope).preview(Explanation::kOmit, PreviewForm::kView));
    check_log();
    check_sent(sender, preview);
  }

 private:
  void write(const std::string& name, std::string_view content) {
    static_cast<void>(folder_.write(name, content));
  }
  void add(const std::string& address, const std::string& settings) {
    world_.responder_files[address] = folder_.write(address + ".conf", kSoftRules + settings);
  }
  Delivery delivery(const Message& message, const Envelope& envelope) {
    return {{world_.clock, responders_, log_,
             [this](Severity severity, const LogLine& line) {
               log_.write_formatted(severity, format_log_line(line, settings_.log_format));
             },
             [this](ReplyMode /*mode*/) { return std::make_unique<test::FakeCache>(world_); },
             [this] { return std::make_unique<test::FakeMailer>(world_); }, settings_,
             std::chrono::steady_clock::now() + std::chrono::seconds(5)},
            message,
            envelope};
  }
  [[nodiscard]] std::string log() const {
    return world_.log_lines.empty() ? std::string() : world_.log_lines.front();
  }
  void check_log() const {
    const auto line = log();
    expect(world_.log_lines.size() == 1, "one line in the log");
    expect(line == to_single_line(line) && line.starts_with("4ABC: from=<"), "its form", line);
    const auto marks =
        std::count(line.begin(), line.begin() + static_cast<long>(line.find(" delay=")), '>');
    expect(marks == 2, "nothing forges what it says", line);
  }
  void check_sent(const Sender& sender, const std::string& preview) const {
    for (const auto& sent : world_.sent) {
      expect(sent.envelope_sender.empty(), "null envelope sender", sent.envelope_sender);
      const bool is_first = &sent == &world_.sent.front();
      fuzz::expect_equal(sent.recipient, is_first ? sender.address->to_wire() : "copy@example.org",
                         "recipient");
      expect(preview.ends_with("\n\n" + sent.message), "what is shown is what is sent", preview);
      expect(sent.message.size() <= kMaxReplyOctets, "no large reply");
      if (is_ascii(sender.person.to_wire())) fuzz::check_reply(sent.message, sender);
    }
  }

  test::TemporaryFolder folder_;
  test::FakeWorld world_;
  test::FakeResponders responders_{world_};
  test::FakeLog log_{world_};
  Settings settings_ = default_settings();
};

}  // namespace
}  // namespace inforeply

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inforeply;
  static Desk desk;
  const auto message = parse_message(fuzz::to_text(data, size));
  desk.answer(message, Sender(message.return_path.value_or("alice@example.net")),
              kRecipients[size % kRecipients.size()]);
  return 0;
}
