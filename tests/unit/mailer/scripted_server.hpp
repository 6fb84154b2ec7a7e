// An SMTP server for tests, in a thread, that answers as it is told and keeps what it hears.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "fixtures.hpp"
#include "inforeply/descriptor.hpp"

namespace inforeply::test {

/// Answers by command (CONNECT, EHLO, …, `.` for the end of a message), given in turn; after the
/// last one the usual ones.
using Answers = std::map<std::string, std::vector<std::string>>;

inline const std::string kClose = "(close)";      // ends the connection instead
inline const std::string kSilence = "(silence)";  // says nothing any more
inline const std::string kRaw = "(raw)";          // before an answer: no line end is added to it
inline const std::string kDeaf = "(deaf)";        // the same, and nothing is read after it

inline const std::string kAllExtensions =
    "250-test.example\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250-8BITMIME\r\n250-DSN\r\n"
    "250 SMTPUTF8";
inline const std::string kNoPipelining = "250-test.example\r\n250-8BITMIME\r\n250 DSN";

class ScriptedServer {
 public:
  explicit ScriptedServer(Answers answers = {}) : answers_(std::move(answers)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_.get(), generic, sizeof address), 0);
    EXPECT_EQ(::listen(listener_.get(), 10), 0);
    thread_ = std::thread([this] { serve(); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() { finish(); }

  [[nodiscard]] std::string path() const { return folder_.path("smtp"); }

  /// Waits until every client has closed its connection, and ends.
  void finish() {
    if (!thread_.joinable()) return;
    const std::uint64_t one = 1;
    EXPECT_EQ(::write(stop_.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
    thread_.join();
  }

  /// All commands in their order, with CONNECT for each connection and `.` for the end of each
  /// message. Only after finish().
  [[nodiscard]] const std::vector<std::string>& heard() const { return heard_; }
  /// The messages as they were sent, without the dot at their end. Only after finish().
  [[nodiscard]] const std::vector<std::string>& messages() const { return messages_; }

 private:
  void serve() {
    while (true) {
      std::array<pollfd, 2> events{{{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
      ::poll(events.data(), events.size(), -1);
      if (events[0].revents == 0) return;
      client_ = Descriptor(::accept(listener_.get(), nullptr, nullptr));
      input_.clear();
      serve_client();
      client_.close();
    }
  }

  void serve_client() {
    heard_.emplace_back("CONNECT");
    std::string verb = "CONNECT";
    bool is_silent = false;
    while (true) {
      const auto text = is_silent ? kSilence : answer(verb);
      if (text == kClose) return;
      is_silent = text == kSilence;
      if (text.starts_with(kDeaf)) {
        say(text.substr(kDeaf.size()));
        pollfd hangup{client_.get(), POLLRDHUP, 0};
        ::poll(&hangup, 1, -1);
        return;
      }
      if (text.starts_with(kRaw)) {
        say(text.substr(kRaw.size()));
      } else if (!is_silent) {
        say(text + "\r\n");
      }
      if (verb == "DATA" && text.starts_with("354")) {
        if (!read_message()) return;
        verb = ".";
        heard_.push_back(verb);
        continue;
      }
      const auto line = read_line();
      if (!line) return;
      heard_.push_back(*line);
      verb = line->substr(0, line->find_first_of(" :"));
    }
  }

  /// A client need not wait for it.
  void say(std::string_view text) {
    static_cast<void>(::send(client_.get(), text.data(), text.size(), MSG_NOSIGNAL));
  }

  std::string answer(const std::string& verb) {
    auto& given = answers_[verb];
    if (!given.empty()) {
      auto text = given.front();
      given.erase(given.begin());
      return text;
    }
    static const std::map<std::string, std::string> kUsual = {{"CONNECT", "220 test.example"},
                                                              {"EHLO", kAllExtensions},
                                                              {"DATA", "354 go on"},
                                                              {"QUIT", "221 bye"}};
    const auto usual = kUsual.find(verb);
    return usual == kUsual.end() ? "250 ok" : usual->second;
  }

  /// The next line without CRLF; nullopt at the end.
  std::optional<std::string> read_line() {
    std::size_t end = 0;
    while ((end = input_.find("\r\n")) == std::string::npos) {
      std::array<char, 4096> buffer;
      const auto count = ::read(client_.get(), buffer.data(), buffer.size());
      if (count <= 0) return std::nullopt;
      input_.append(buffer.data(), static_cast<std::size_t>(count));
    }
    auto line = input_.substr(0, end);
    input_.erase(0, end + 2);
    return line;
  }

  bool read_message() {
    std::string message;
    while (const auto line = read_line()) {
      if (*line == ".") {
        messages_.push_back(message);
        return true;
      }
      message += *line + "\r\n";
    }
    return false;
  }

  TemporaryFolder folder_;
  Descriptor listener_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  Descriptor stop_{::eventfd(0, EFD_CLOEXEC)};
  Descriptor client_;
  std::string input_;
  Answers answers_;
  std::vector<std::string> heard_;
  std::vector<std::string> messages_;
  std::thread thread_;
};

}  // namespace inforeply::test
