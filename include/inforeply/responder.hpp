// A responder: the settings and the reply's text for one address, and how they are found.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inforeply/address.hpp"
#include "inforeply/clock.hpp"
#include "inforeply/header.hpp"
#include "inforeply/placeholder.hpp"
#include "inforeply/reason.hpp"

namespace inforeply {

/// RFC 3834, 1.1.
enum class ResponderKind { kPersonal, kGroup, kService };

inline constexpr std::size_t kMaxReplyOctets = std::size_t{64} * 1024;
inline constexpr std::size_t kMaxLargeReplyOctets = std::size_t{1024} * 1024;
inline constexpr std::size_t kMaxHandleOctets = 128;

/// A field of a template file; its body may hold placeholders.
struct TemplateField {
  std::string name;
  TextTemplate body;
};

struct Responder {
  std::string file;
  ResponderKind kind = ResponderKind::kPersonal;
  std::vector<Address> addresses;  ///< the recipient's own, beside the one mail came to
  std::optional<Mailbox> from;
  std::optional<Mailbox> reply_to;
  TextTemplate subject;
  TextTemplate text;                        ///< UTF-8, lines end in LF
  std::vector<TemplateField> extra_fields;  ///< of a template file, those it may set
  std::optional<Seconds> interval;          ///< zero answers every message; nothing: only the first
  std::string handle;                       ///< names what is said
  std::optional<Time> active_from;          ///< inclusive
  std::optional<Time> active_until;         ///< exclusive: a plain date counts to its end
  std::string active_from_text;             ///< as ${active_from} shows it
  std::string active_until_text;
  std::vector<Reason> ignored;      ///< soft rules switched off
  std::string precedence = "bulk";  ///< empty: no such field
  std::string envelope_from;        ///< of the reply; empty for the null sender
  bool allow_large = false;
};

/// Reads a responder file and the files it names. Throws ConfigError for the first fault.
Responder load_responder(const std::string& file);

/// Finds the responder of an address.
class ResponderSource {
 public:
  ResponderSource() = default;
  ResponderSource(const ResponderSource&) = delete;
  ResponderSource& operator=(const ResponderSource&) = delete;
  virtual ~ResponderSource() = default;

  /// Null where there is none for this address. Throws ConfigError for a file that is there and
  /// cannot be used.
  [[nodiscard]] virtual std::unique_ptr<Responder> find(const Address& address) const = 0;
};

/// One file for every address.
std::unique_ptr<ResponderSource> single_responder(std::string file);

/// `folder/domain/local.conf`, the same without the extension, then `folder/domain.conf`: at most
/// three look-ups however many responders there are.
std::unique_ptr<ResponderSource> responder_folder(std::string folder, std::string delimiters);

/// A part of an address as a file name: lower case; `/`, `%`, a leading dot and control characters
/// percent-encoded.
std::string encode_file_name(std::string_view part);

}  // namespace inforeply
