// What an SMTP server says.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "fixtures.hpp"
#include "fuzz/fuzz.hpp"
#include "inforeply/descriptor.hpp"
#include "inforeply/text.hpp"
#include "mailer/smtp_connection.hpp"

namespace inforeply {
namespace {

using fuzz::expect;

constexpr std::size_t kMaxOctets = 100'000;  // that a socket takes while nobody reads
constexpr std::size_t kMaxShown = 600;

class Listener {
 public:
  Listener() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    expect(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
           "bind");
    expect(::listen(socket_.get(), 1) == 0, "listen");
  }
  [[nodiscard]] std::string path() const { return folder_.path("smtp"); }
  [[nodiscard]] Descriptor accept() const {
    return Descriptor(::accept(socket_.get(), nullptr, nullptr));
  }

 private:
  test::TemporaryFolder folder_;
  Descriptor socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

void check_reply(const SmtpReply& reply) {
  expect(reply.code >= 200 && reply.code <= 599, "a code is between 200 and 599");
  expect(!reply.lines.empty(), "a reply has a line");
  const auto shown = reply.to_string();
  expect(shown.size() <= 3 * kMaxShown && shown == to_single_line(shown), "one line", shown);
}

void read_all(SmtpConnection& connection, Deadline deadline) {
  try {
    while (true)
      check_reply(connection.read_reply(deadline));
  } catch (const ConnectionFault& fault) {
    const std::string what = fault.what();
    expect(what == to_single_line(what) && is_valid_utf8(what), "one line says why", what);
    expect(what != kNoAnswer, "an end of the connection is seen");
  }
}

}  // namespace
}  // namespace inforeply

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inforeply;
  static const Listener listener;
  if (size > kMaxOctets) return -1;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  SmtpServer server;
  server.path = listener.path();
  SmtpConnection connection(server, deadline);
  {
    const auto end = listener.accept();
    fuzz::expect(
        ::send(end.get(), data, size, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(size),
        "the socket takes all");
  }
  read_all(connection, deadline);
  return 0;
}
