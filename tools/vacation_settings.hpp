// What panels for users know of a responder: whether and when it is on, and what it says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "inforeply/clock.hpp"
#include "inforeply/responder_writer.hpp"

namespace inforeply {

enum class TextForm {
  kLiteral,   ///< a `$` is a dollar
  kTemplate,  ///< `${subject}` is a placeholder, `$$` a dollar
};

/// A responder as a panel shows it.
struct VacationSettings {
  bool is_enabled = false;
  std::optional<Time> from;
  std::optional<Time> until;  ///< exclusive
  std::optional<std::string> subject;
  std::optional<std::string> text;  ///< nullopt also if it is the default
  std::optional<std::string> html;
  std::optional<Seconds> interval;  ///< nullopt: once
  TimeZone zone;
  /// The name of a text that has placeholders, and so is not literal though that was wanted; empty
  /// if there is none.
  std::string not_literal;
};

VacationSettings shown(const StoredResponder& stored, TextForm form);

/// What is to change. nullopt: it stays; nullopt inside: it goes, or becomes the default.
struct VacationChange {
  template <typename Value>
  using Change = std::optional<std::optional<Value>>;

  std::optional<bool> is_enabled;
  Change<std::string> from;   ///< as `active-from` takes it
  Change<std::string> until;  ///< as `active-until` takes it
  Change<std::string> subject;
  Change<std::string> text;
  Change<std::string> html;
  std::optional<std::string> interval;  ///< as the setting takes it
};

/// Whether it sets nothing but what holds without a responder: off, and all else the default.
bool is_default(const VacationChange& change);

/// What that is in the responder's file. What has the value already is left as it is written there.
/// A new responder is off unless the change says otherwise. If it has neither text nor HTML, it
/// gets a default text. Throws ConfigError for what the file says in several languages or by a
/// template, which such a change would leave half as it was.
ResponderDraft draft_of(const VacationChange& change, const StoredResponder& stored, TextForm form);

}  // namespace inforeply
