// Under which key, and for how long, the cache remembers a responder's replies.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "inforeply/address.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/settings.hpp"

namespace inforeply {

class ResponderSource;

struct ReplyTerms {
  std::string responder;            ///< its address, normalised
  std::string handle;               ///< names the content of the reply
  std::optional<Seconds> interval;  ///< until the next reply; nullopt: there is none
};

class ReplyTermsSource {
 public:
  explicit ReplyTermsSource(const Settings& settings);
  ReplyTermsSource(const ReplyTermsSource&) = delete;
  ReplyTermsSource& operator=(const ReplyTermsSource&) = delete;
  ~ReplyTermsSource();

  /// Returns the terms of the responder's reply outside of `[when NAME]` sections; nullopt if the
  /// address has no responder. Throws ConfigError if a file cannot be used.
  [[nodiscard]] std::optional<ReplyTerms> find(const Address& address) const;

 private:
  std::unique_ptr<ResponderSource> responders_;
};

}  // namespace inforeply
