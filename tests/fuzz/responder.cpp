// A responder file and the files that it names, which customers write.
//
// An input is the settings, then behind a line "%%" the content of text.txt, page.html and
// reply.eml.
#include <string>
#include <string_view>

#include "delivery/config_check.hpp"
#include "fixtures.hpp"
#include "fuzz/fuzz.hpp"
#include "fuzz/reply_properties.hpp"
#include "mail/message.hpp"
#include "reply/composer.hpp"
#include "reply/reply.hpp"
#include "responder/choice.hpp"
#include "responder/responder_file.hpp"

namespace inforeply {
namespace {

using fuzz::expect;

constexpr Time kNow{Seconds{1'800'000'000}};
constexpr std::string_view kEnd = "\n%%\n";
constexpr std::string_view kMessage =
    "From: Alice <alice@example.net>\nTo: info@example.org\nSubject: The price of a thing\n"
    "Message-ID: <1@example.net>\nAccept-Language: de\n\nWhat is its price?\n";

/// The number of faults, each of which names the file and says something in one line.
std::size_t count_faults(const std::string& file, const std::string& folder) {
  std::size_t count = 0;
  check_responder(file, kNow, [&](const ConfigError& fault) {
    ++count;
    const std::string_view what = fault.what();
    expect(what.starts_with(folder), "a fault names its file", what);
    expect(what.find_first_of("\r\n") == std::string_view::npos, "a fault is one line", what);
  });
  return count;
}

/// Throws ConfigError as a delivery does.
void answer(const std::string& file, const Message& message) {
  const Sender sender("alice@example.net");
  const auto responder = load_responder(file);
  const auto choice = choose_reply(responder, message, sender, kNow);
  const auto reply = load_reply(responder, *choice.reply, choice.period);
  const auto octets = compose({message, responder, reply, sender, test::address("info@example.org"),
                               "info@example.org", kNow});
  fuzz::check_reply(octets, sender);
}

}  // namespace
}  // namespace inforeply

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inforeply;
  static const test::TemporaryFolder folder;
  static const auto message = parse_message(kMessage);
  const auto text = fuzz::to_text(data, size);
  const auto end = text.find(kEnd);
  const auto content = end == std::string_view::npos ? "" : text.substr(end + kEnd.size());
  for (const auto* name : {"text.txt", "page.html", "reply.eml"})
    static_cast<void>(folder.write(name, content));
  const auto file = folder.write("info.conf", text.substr(0, end));
  const auto faults = count_faults(file, folder.path());
  try {
    answer(file, message);
  } catch (const Error& fault) {
    expect(faults > 0, "the check finds what a delivery finds", fault.what());
  }
  return 0;
}
