// What a responder's replies count as in the cache.
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
  std::string handle;               ///< names what is said
  std::optional<Seconds> interval;  ///< nullopt: for good
};

class ReplyTermsSource {
 public:
  explicit ReplyTermsSource(const Settings& settings);
  ReplyTermsSource(const ReplyTermsSource&) = delete;
  ReplyTermsSource& operator=(const ReplyTermsSource&) = delete;
  ~ReplyTermsSource();

  /// Those of the reply that the address's responder gives outside of `[when NAME]` sections;
  /// nullopt if the address has no responder. Throws ConfigError if a file cannot be used.
  [[nodiscard]] std::optional<ReplyTerms> find(const Address& address) const;

 private:
  std::unique_ptr<ResponderSource> responders_;
};

}  // namespace inforeply
